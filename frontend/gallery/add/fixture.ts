/** A kernel that takes files in, for the tests: it answers as `widgets/adding.py` does, and fails where it is told to. */
import words from "../../../spheroseg_widgets/widgets/strings/en.json";
import { MockModel } from "../../shared/mock";
import { crc32 } from "./checksum";
import type { AddState, Offer, Outcome, Preview, Row, Taken } from "./wire";

const strings = Object.fromEntries(
  Object.entries({ ...words }).flatMap(([section, texts]) =>
    Object.entries(texts).map(([key, text]) => [`${section}.${key}`, text]),
  ),
);
type OfferedFile = [string[], number, number, number, string];
const none = { n: 0, some: [] };

export const outcome = (more: Partial<Outcome> = {}): Outcome => ({
  id: String(Math.random()), added: 0, known: 0, failed: none, skipped: none, changed: none, warnings: [], wells: 0, map_problem: "", ...more,
}); // prettier-ignore

export class RaisedError extends Error {
  constructor(type: string, message: string) {
    super(message);
    this.name = type;
  }
}

export class FakeKernel {
  readonly model: MockModel;
  /** Bytes that are here, by key; what is whole lies in `stored` under its name. */
  readonly parts = new Map<string, Uint8Array>();
  readonly stored = new Map<string, Uint8Array>();
  readonly offered = new Map<string, OfferedFile>();
  readonly refused: Record<string, string> = {};
  readonly kept: Record<string, Pick<Offer, "stored_as" | "taken">> = {};
  state: AddState = {
    empty: false, demo: true, images: [".tif", ".tiff", ".png"], tables: [".csv", ".xlsx"], unfinished: [],
    file_mb: 50, batch_mb: 500, progress: null, outcome: null,
  }; // prettier-ignore
  sheet: Preview["sheet"];
  /** Calls of `add_chunk` that are under way, and how many there were at once. */
  under = 0;
  most = 0;
  largest = 0;
  /** Before each piece is taken; may wait, or raise. */
  before: (key: string, offset: number) => unknown = () => undefined;
  /** Changes a piece on its way. */
  damage: (key: string, offset: number) => boolean = () => false;

  constructor(traits: Record<string, unknown> = {}) {
    this.model = new MockModel({ strings, can_add: true, from_paths: true, project_name: "plate-7", ...traits });
    this.model.handle("add_state", () => this.state);
    this.model.handle("add_offer", ({ files }) => (files as OfferedFile[]).map((file) => this.#offer(file)));
    this.model.handle("add_chunk", (params, buffers) => this.#take(params as never, buffers[0] as Uint8Array | undefined));
    this.model.handle("add_preview", (params) => this.preview(params as never));
    this.model.handle("add_images", ({ files }) => outcome({ added: ((files ?? []) as unknown[]).length }));
    this.model.handle("add_demo", () => outcome({ added: 96, wells: 24 }));
    this.model.handle("add_discard", () => null);
  }

  /** Forgets what it was told, as a kernel that was started again; what it wrote stays. */
  restart(): void {
    this.offered.clear();
  }

  preview({ files, path, names }: { files?: string[][]; path?: string; names: string }): Preview {
    if (names.includes("{wel}")) throw new RaisedError("ValueError", "unknown field {wel} in the name pattern");
    const all = path ? [["A1_0h.tif"], ["A2_0h.tif"]] : (files ?? []);
    const rows = all.map((parts): Row => {
      const found = /([A-H]\d+)_(\d+)h/.exec(parts.join("/"));
      const [well, hours] = found ? [found[1], Number(found[2])] : [null, null];
      return [parts.join("/"), null, well, hours, 1, null, null, well ? "" : "unparsed", ""];
    });
    const unparsed = rows.filter((row) => row[7] === "unparsed").map((row) => row[0]);
    const of = (at: 2 | 3) => new Set(rows.map((row) => row[at]).filter((value) => value !== null)).size;
    return {
      counts: { files: all.length, plates: 0, wells: of(2), times: of(3), sites: 1, channels: 0 }, rows: rows.slice(0, 200),
      unparsed: [unparsed.length, unparsed.slice(0, 6)], duplicates: [0, []], taken: [0, []], known: [0, []], gaps: [0, []],
      sheet: this.sheet,
    }; // prettier-ignore
  }

  #offer(file: OfferedFile): Offer {
    const [parts, size, modified] = file;
    const name = parts.join("/");
    const key = `${name}-${size}-${modified}`;
    this.offered.set(key, file);
    const here = this.stored.get(name) ?? this.parts.get(key) ?? new Uint8Array(0);
    return { key, have: here.length, checksum: crc32(here), refused: this.refused[name] ?? "", ...(this.kept[name] ?? { stored_as: "", taken: false }) };
  }

  async #take({ key, offset, checksum, whole }: Record<string, never>, sent?: Uint8Array): Promise<Taken> {
    this.under += 1;
    this.most = Math.max(this.most, this.under);
    try {
      await this.before(key, offset);
      const file = this.offered.get(key);
      if (!file) throw new RaisedError("UnknownUploadError", `${key}: offer the file again`);
      return this.#write(file, key, offset, checksum, whole, sent ?? new Uint8Array(0));
    } finally {
      this.under -= 1;
    }
  }

  #write([parts, size]: OfferedFile, key: string, offset: number, checksum: number, whole: number | null, sent: Uint8Array): Taken {
    const name = parts.join("/");
    const here = this.parts.get(key) ?? new Uint8Array(0);
    this.largest = Math.max(this.largest, sent.length);
    if (sent.length === 0 && this.stored.has(name)) return { have: size, stored: name, known: true };
    if (offset !== here.length || crc32(sent) !== checksum || this.damage(key, offset)) return { have: here.length };
    const both = new Uint8Array(here.length + sent.length);
    both.set(here);
    both.set(sent, here.length);
    this.parts.set(key, both);
    if (whole === null || both.length < size) return { have: both.length };
    if (crc32(both) !== whole) {
      this.parts.delete(key);
      return { have: 0 };
    }
    this.parts.delete(key);
    this.stored.set(name, both);
    return { have: size, stored: name, known: false };
  }
}

/** A file of bytes that no two files share. */
export function fileOf(name: string, size: number, seed = name.length, lastModified = 1_700_000_000_000): File {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at++) bytes[at] = (at * 31 + seed * 7 + (at >> 8)) & 0xff;
  return new File([bytes], name, { lastModified });
}

export function transferOf(...files: File[]): DataTransfer {
  const transfer = new DataTransfer();
  for (const file of files) transfer.items.add(file);
  return transfer;
}
