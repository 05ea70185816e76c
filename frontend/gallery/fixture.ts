/** A project of made-up images for the tests, answered as the kernel answers (`widgets/gallery_rows.py`). */
import words from "../../spheroseg_widgets/widgets/strings/en.json";
import { MockAnswer, MockModel } from "../shared/mock";
import { OutlineSet } from "../shared/outlines";
import script from "./later.ts?script";
import { type Column, type Kind, Rows, type RowsValue } from "./rows";

export interface Fake {
  id: number;
  name: string;
  well?: string;
  plate?: string;
  time_h?: number;
  status?: string;
  outcome?: string;
  review?: string;
  source?: string;
  n_objects?: number;
  excluded?: number;
  width?: number;
  height?: number;
  area?: number;
  calibrated?: number;
  result?: number;
  least_confidence?: number;
  edited?: number;
  touches_border?: number;
  site?: number;
  condition?: string;
  model?: string;
  /** Several are joined by \x1f, as the kernel sends them. */
  tags?: string;
  flags?: string;
  reason?: string;
}

const NUMBERS: [keyof Fake, Kind, number][] = [
  ["id", "i4", 0], ["time_h", "f4", NaN], ["n_objects", "i4", -1], ["excluded", "u1", 0], ["width", "i4", 640],
  ["height", "i4", 512], ["area", "f4", NaN], ["calibrated", "u1", 0], ["result", "i4", 0],
  ["least_confidence", "f4", NaN], ["edited", "u1", 0], ["touches_border", "u1", 0], ["site", "i4", 1],
]; // prettier-ignore
const WORDS = ["plate", "well", "status", "outcome", "review", "source", "condition", "model", "tags", "flags"] as const;

export function measured(id: number, more: Partial<Fake> = {}): Fake {
  return {
    id, name: `image_${String(id).padStart(6, "0")}.tif`, status: "done", outcome: "measured", review: "unreviewed",
    n_objects: 1, area: 41_288.7, calibrated: 1, result: 1000 + id, ...more,
  }; // prettier-ignore
}

/** Measured images with ids from 1 on. */
export const many = (count: number, more: (id: number) => Partial<Fake> = () => ({})) =>
  Array.from({ length: count }, (_, i) => measured(i + 1, more(i + 1)));

export function pack(images: Fake[], version: number, at: number[] | null = null): MockAnswer {
  const columns: Column[] = [];
  const parts: Uint8Array[] = [];
  let offset = 0;
  const add = (name: string, kind: Kind, data: ArrayBufferView, categories: string[] | null = null) => {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    columns.push([name, kind, offset, bytes.length, categories]);
    const padded = new Uint8Array(Math.ceil(bytes.length / 8) * 8);
    padded.set(bytes);
    parts.push(padded);
    offset += padded.length;
  };
  const arrays = { i4: Int32Array, f4: Float32Array, u1: Uint8Array } as const;
  if (at) add("at", "i4", Int32Array.from(at));
  for (const [name, kind, missing] of NUMBERS) {
    const values = images.map((image) => (image[name] as number | undefined) ?? missing);
    add(name, kind, arrays[kind as keyof typeof arrays].from(values));
  }
  for (const name of WORDS) {
    const all = images.map((image) => image[name] ?? "");
    const categories = [...new Set(all)];
    const places = new Map(categories.map((word, code) => [word, code]));
    add(name, "u2", Uint16Array.from(all.map((word) => places.get(word) as number)), categories);
  }
  for (const name of ["name", "reason"] as const) {
    add(name, "text", new TextEncoder().encode(images.map((image) => image[name] ?? "").join("\0")));
  }
  const buffer = new Uint8Array(offset);
  let place = 0;
  for (const part of parts) {
    buffer.set(part, place);
    place += part.length;
  }
  const count = at ? 0 : images.length;
  const value: RowsValue = { version, count, whole: !at, rows: images.length, deflated: false, columns };
  return new MockAnswer(value, [new DataView(buffer.buffer)]);
}

export async function rowsOf(images: Fake[]): Promise<Rows> {
  const rows = new Rows();
  const { value, buffers } = pack(images, 1);
  await rows.apply(value as RowsValue, buffers[0]);
  return rows;
}

/** A grey picture of 8 x 6 pixels. */
export async function picture(): Promise<Uint8Array> {
  const canvas = new OffscreenCanvas(8, 6);
  const context = canvas.getContext("2d") as OffscreenCanvasRenderingContext2D;
  context.fillStyle = "#808080";
  context.fillRect(0, 0, 8, 6);
  return new Uint8Array(await (await canvas.convertToBlob({ type: "image/jpeg" })).arrayBuffer());
}

function joined(parts: Uint8Array[]): DataView {
  return new DataView(new Uint8Array(parts.flatMap((part) => [...part])).buffer);
}

/** Lower left half of an image of 640 x 512. */
export const TRIANGLE = OutlineSet.fromRings([[Float32Array.of(10, 10, 600, 500, 10, 500)]]);

/** The part of the gallery that comes after the first screen, as the kernel sends it but for its style sheet. */
export const sentLater = () => new MockAnswer(null, [new DataView(new TextEncoder().encode(script).buffer)]);

/** A kernel with these images. Broken ones are those with a reason. */
export async function kernel(images: Fake[], traits: Record<string, unknown> = {}): Promise<MockModel> {
  const jpeg = await picture();
  const strings = Object.fromEntries(
    (["common", "gallery", "act", "archive", "add", "plate", "review", "flags"] as const).flatMap((section) =>
      Object.entries(words[section]).map(([key, text]) => [`${section}.${key}`, text]),
    ),
  );
  const model = new MockModel({
    strings, project_name: "plate-7", rows_version: 1, selected_ids: [], opened: null, opens: false, cell_size: 168,
    height: 560, show_outlines: true, show_filters: false, view: {}, run: {},
    flags_state: "there", can_add: true, can_act: true, from_paths: true, ...traits,
  }); // prettier-ignore
  const reasons = new Map(images.filter((image) => image.reason).map((image) => [image.id, image.reason]));
  model.handle("rows", () => pack(images, 1));
  model.handle("later", sentLater);
  model.handle("add_state", () => ({
    empty: images.length === 0, demo: true, images: [".tif"], tables: [".csv"], unfinished: [], file_mb: 512, batch_mb: 4096,
    progress: null, outcome: null,
  })); // prettier-ignore
  model.handle("thumbs", ({ ids }) => {
    const good = (ids as number[]).filter((id) => !reasons.has(id));
    const failed = (ids as number[]).filter((id) => reasons.has(id)).map((id) => [id, reasons.get(id)]);
    const value = { ids: good, lengths: good.map(() => jpeg.length), failed, pending: [], mime: "image/jpeg" };
    return new MockAnswer(value, [joined(good.map(() => jpeg))]);
  });
  model.handle("outlines", ({ results }) => {
    const all = results as number[];
    const blob = new Uint8Array(TRIANGLE.encode());
    const value = { results: all, lengths: all.map(() => blob.length), objects: all.map(() => 1) };
    const bytes = all.map(() => Uint8Array.of(0));
    return new MockAnswer(value, [joined(all.map(() => blob)), joined(bytes), joined(bytes)]);
  });
  return model;
}
