/** Thumbnails and outlines of the images that are looked at. */
import { messageOf } from "../shared/frame";
import { OutlineSet } from "../shared/outlines";
import { RpcError, type Rpc } from "../shared/rpc";
import { Pager, Recent } from "./pager";

/** Longest edges in which the kernel makes thumbnails, px (`widgets/thumbnails.py`). */
const SIZES = [128, 256, 512] as const;
const MOST_PICTURES = 3_000;
const MOST_BYTES = 64 * 1024 * 1024;

export interface Picture {
  url: string;
  size: number;
}

interface Thumbs {
  ids: number[];
  lengths: number[];
  failed: [number, string][];
  pending: number[];
  mime: string;
}

/** Outlines of a result with what is known of each object. */
export interface Drawing {
  outlines: OutlineSet;
  /** Per object, its class as the project counts them. */
  classes: Uint8Array;
  /** Per object: 1 touches the border, 2 low confidence. */
  flags: Uint8Array;
}

interface OutlinesValue {
  results: number[];
  lengths: number[];
  objects: number[];
}

/** The thumbnail size for a card of so many CSS pixels. */
export function sizeFor(pixels: number, ratio: number): number {
  return SIZES.find((size) => size >= pixels * ratio * 0.85) ?? SIZES[SIZES.length - 1];
}

/** What several `lengths` of one buffer hold. */
function cut(buffer: DataView, lengths: readonly number[]): DataView[] {
  let at = buffer.byteOffset;
  return lengths.map((length) => {
    at += length;
    return new DataView(buffer.buffer, at - length, length);
  });
}

/** Whether a call failed because the kernel is gone: the banner says so. */
export function lost(error: unknown): boolean {
  return error instanceof RpcError && error.type === "KernelLost";
}

export class Pictures {
  size: number = SIZES[1];
  readonly #kept: Recent<Picture>;
  readonly #reasons = new Map<number, string>();
  readonly #pager: Pager;

  /** @param ready  called with the ids of pictures, or reasons, that have come */
  constructor(
    private readonly rpc: Rpc,
    signal: AbortSignal,
    private readonly ready: (ids: number[]) => void,
    most = MOST_PICTURES,
  ) {
    this.#kept = new Recent(most, MOST_BYTES, ({ url }) => URL.revokeObjectURL(url));
    const load = (ids: number[], cancel: AbortSignal) => this.#load(ids, cancel);
    const has = (id: number) => this.#reasons.has(id) || (this.#kept.peek(id)?.size ?? 0) >= this.size;
    this.#pager = new Pager({ has, load, failed: (ids, error) => this.#failed(ids, error) }, signal);
    signal.addEventListener("abort", () => this.#kept.clear(), { once: true });
  }

  get(id: number): Picture | undefined {
    return this.#kept.get(id);
  }

  reason(id: number): string | undefined {
    return this.#reasons.get(id);
  }

  /** Forgets why pictures could not be made: their rows have changed, or the kernel is back. */
  forgive(ids: Iterable<number> = [...this.#reasons.keys()]): void {
    for (const id of ids) this.#reasons.delete(id);
  }

  want(ids: readonly number[]): void {
    for (const id of ids) this.#kept.get(id); // what is looked at is kept
    this.#pager.want(ids);
  }

  async #load(ids: number[], signal: AbortSignal): Promise<number[]> {
    const size = this.size;
    const { value, buffers } = await this.rpc.call<Thumbs>("thumbs", { ids, size }, { signal });
    const parts = value.ids.length > 0 ? cut(buffers[0], value.lengths) : [];
    value.ids.forEach((id, i) => {
      // A copy: the message's buffer would stay alive as long as one picture of it.
      const blob = new Blob([parts[i] as DataView<ArrayBuffer>], { type: value.mime });
      this.#kept.set(id, { url: URL.createObjectURL(blob), size }, blob.size);
    });
    for (const [id, reason] of value.failed) this.#reasons.set(id, reason);
    this.ready([...value.ids, ...value.failed.map(([id]) => id)]);
    return value.pending;
  }

  #failed(ids: number[], error: unknown): void {
    if (lost(error)) return; // the banner says so; they are asked for again when the kernel is back
    for (const id of ids) this.#reasons.set(id, messageOf(error));
    this.ready(ids);
  }
}

export class Drawings {
  readonly #kept = new Recent<Drawing>(MOST_PICTURES, MOST_BYTES);
  readonly #missing = new Set<number>();
  readonly #pager: Pager;

  /** @param ready  called with the ids of results whose outlines have come */
  constructor(
    private readonly rpc: Rpc,
    signal: AbortSignal,
    private readonly ready: (results: number[]) => void,
  ) {
    const load = (ids: number[], cancel: AbortSignal) => this.#load(ids, cancel);
    const has = (id: number) => this.#missing.has(id) || this.#kept.peek(id) !== undefined;
    this.#pager = new Pager({ has, load, failed: (ids, error) => this.#failed(ids, error) }, signal);
  }

  get(result: number): Drawing | undefined {
    return this.#kept.get(result);
  }

  /** Results never change, so what is here stays right. */
  want(results: readonly number[]): void {
    for (const result of results) this.#kept.get(result);
    this.#pager.want(results);
  }

  async #load(results: number[], signal: AbortSignal): Promise<number[]> {
    const { value, buffers } = await this.rpc.call<OutlinesValue>("outlines", { results }, { signal });
    const blobs = cut(buffers[0], value.lengths);
    const classes = cut(buffers[1], value.objects);
    const flags = cut(buffers[2], value.objects);
    const bytes = (view: DataView) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength).slice();
    value.results.forEach((result, i) => {
      // Copied out of the page, which goes when its pictures go.
      const blob = bytes(blobs[i]).buffer;
      const drawing = { outlines: OutlineSet.decode(blob), classes: bytes(classes[i]), flags: bytes(flags[i]) };
      this.#kept.set(result, drawing, blob.byteLength);
    });
    for (const result of results) if (!this.#kept.peek(result)) this.#missing.add(result);
    this.ready(value.results);
    return [];
  }

  #failed(results: number[], error: unknown): void {
    if (!lost(error)) for (const result of results) this.#missing.add(result);
  }
}
