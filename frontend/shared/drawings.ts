/** Outlines of the results that are looked at, as the kernel sends them (Python: `widgets/outline_answer.py`). */
import { OutlineSet } from "./outlines";
import { Pager, Recent } from "./pager";
import { RpcError, type Rpc } from "./rpc";

const MOST_DRAWINGS = 3_000;
const MOST_BYTES = 64 * 1024 * 1024;

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

/** What several `lengths` of one buffer hold. */
export function cut(buffer: DataView, lengths: readonly number[]): DataView[] {
  let at = buffer.byteOffset;
  return lengths.map((length) => {
    at += length;
    return new DataView(buffer.buffer, at - length, length);
  });
}

/** The kernel is gone: the banner says so, and what was asked for is asked again when it is back. */
export function lost(error: unknown): boolean {
  return error instanceof RpcError && error.type === "KernelLost";
}

export class Drawings {
  readonly #kept = new Recent<Drawing>(MOST_DRAWINGS, MOST_BYTES);
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
