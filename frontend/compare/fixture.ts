/** Compared images without a kernel, for the tests: answered as the kernel answers (`widgets/compare.py`). */
import words from "../../spheroseg_widgets/widgets/strings/en.json";
import { MockAnswer, MockModel } from "../shared/mock";
import { OutlineSet } from "../shared/outlines";
import type { Mode } from "./keys";
import type { Revision, Seen, Told } from "./state";
import { TILE } from "./tiles";

export const strings = Object.fromEntries(
  (["common", "gallery", "compare"] as const).flatMap((section) =>
    Object.entries(words[section]).map(([key, text]) => [`${section}.${key}`, text]),
  ),
);

export function seen(id: number, more: Partial<Seen> = {}): Seen {
  return {
    id, name: `VID1335_B07_1_0${id}d00h00m.tif`, plate: "P1", well: "B07", status: "done", review: "unreviewed",
    outcome: "measured", reason: "", width: 1408, height: 1040, time_h: 24 * id, pixel_size_um: 1.24, excluded: false,
    result: 100 + id, objects: 1, area: 40_000 + 1_288.7 * id, ...more,
  }; // prettier-ignore
}

export function revision(id: number, more: Partial<Revision> = {}): Revision {
  return {
    id, source: "model", model: "resunet-spheroid", version: "7", run: id, author: "me", objects: 1, area: 1000 * id,
    created_at: "2026-03-01T10:00:00Z", holds: false, ...more,
  }; // prettier-ignore
}

/** What lies in the middle of an image, of a share of its width and height. */
export function box(share: number): OutlineSet {
  const [x, y] = [(1408 * share) / 2, (1040 * share) / 2];
  const ring = [704 - x, 520 - y, 704 + x, 520 - y, 704 + x, 520 + y, 704 - x, 520 + y];
  return OutlineSet.fromRings([[Float32Array.from(ring)]]);
}

/** The grey value that every pixel of an image has: one that grows with its id under the common contrast. */
export const greyOf = (id: number, shared: boolean) => (shared ? 40 + 10 * id : 128);

async function jpeg(width: number, height: number, grey: number): Promise<Uint8Array> {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d") as OffscreenCanvasRenderingContext2D;
  context.fillStyle = `rgb(${grey} ${grey} ${grey})`;
  context.fillRect(0, 0, width, height);
  return new Uint8Array(await (await canvas.convertToBlob({ type: "image/jpeg", quality: 0.95 })).arrayBuffer());
}

function joined(parts: Uint8Array[]): DataView {
  return new DataView(new Uint8Array(parts.flatMap((part) => [...part])).buffer);
}

export interface TilesAsked {
  image: number;
  level: number;
  tiles: [number, number][];
  shared: boolean;
}

export async function tilesOf(images: readonly Seen[], { image, level, tiles, shared }: TilesAsked): Promise<MockAnswer> {
  const { width, height } = images.find(({ id }) => id === image) as Seen;
  const side = (length: number, at: number) => Math.ceil(Math.min(TILE * 2 ** level, length - at * TILE * 2 ** level) / 2 ** level);
  const parts = await Promise.all(tiles.map(([c, r]) => jpeg(side(width, c), side(height, r), greyOf(image, shared))));
  const value = { failed: null, contrast: shared ? "shared" : "own", tiles, lengths: parts.map(({ length }) => length) };
  return new MockAnswer(value, [joined(parts)]);
}

/** A kernel that compares these images. Those with a reason cannot be read. */
export function kernel(mode: Mode, told: Partial<Told>, traits: Record<string, unknown> = {}): MockModel {
  const document: Told = { title: "", images: [], gone: [], revisions: [], pixels: 0, ...told };
  const model = new MockModel({
    strings, mode, project_name: "plate-7", results: document.revisions.slice(0, 2).map(({ id }) => id), autoplay: false,
    image_id: mode === "series" ? document.images[0].id : null, show_outlines: true, shared_contrast: true, ...traits,
  }); // prettier-ignore
  model.handle("document", () => structuredClone(document));
  model.handle("tiles", (params) => {
    const asked = params as unknown as TilesAsked;
    const reason = document.images.find(({ id }) => id === asked.image)?.reason;
    if (reason) return new MockAnswer({ failed: reason, contrast: "", tiles: [], lengths: [] });
    return tilesOf(document.images, asked);
  });
  model.handle("outlines", ({ results }) => {
    const all = results as number[];
    // Revisions 1 and 2 are told apart by their size.
    const blobs = all.map((result) => new Uint8Array(box(result === 2 ? 0.6 : 0.4).encode()));
    const value = { results: all, lengths: blobs.map(({ length }) => length), objects: all.map(() => 1) };
    const bytes = joined(all.map(() => Uint8Array.of(0)));
    return new MockAnswer(value, [joined(blobs), bytes, bytes]);
  });
  return model;
}
