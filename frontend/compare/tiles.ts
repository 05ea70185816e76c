/** The pixels that are looked at, tile by tile, at the resolution of the screen (Python: `widgets/compare_pixels.py`). */
import { cut, lost } from "../shared/drawings";
import { messageOf } from "../shared/frame";
import type { At } from "../shared/overlay";
import { Recent } from "../shared/pager";
import type { Rpc } from "../shared/rpc";

/** Edge of a tile, px; level n shows a pixel for every 2^n by 2^n of the image. */
export const TILE = 512;
/** The kernel answers so many calls at once. */
const MOST_CALLS = 2;
const LONGEST_CALL = 12;
const MOST_TILES = 600;
const MOST_BYTES = 256 * 1024 * 1024;
/** A level that is this much too coarse is good enough, as a power of two. */
const COARSER = 0.3;

export type Place = [column: number, row: number];

export interface Wanted {
  image: number;
  level: number;
  tiles: Place[];
}

interface TilesValue {
  failed: string | null;
  contrast: "shared" | "own" | "";
  tiles: Place[];
  lengths: number[];
}

interface Size {
  width: number;
  height: number;
}

/** The level at which one tile holds the whole image. */
export function lastLevel({ width, height }: Size): number {
  return Math.max(0, Math.ceil(Math.log2(Math.max(width, height) / TILE)));
}

/** The level for an image of which a pixel takes so many pixels of the screen. */
export function levelFor(image: Size, scale: number): number {
  return Math.min(lastLevel(image), Math.max(0, Math.floor(Math.log2(1 / scale) + COARSER)));
}

/** The tiles of a level that are seen in a pane of a size. */
export function seenTiles(image: Size, level: number, at: At, pane: Size): Place[] {
  const side = TILE * 2 ** level * at.scale;
  const range = (offset: number, room: number, length: number): [number, number] => [
    Math.max(0, Math.floor(-offset / side)),
    Math.min(Math.ceil(length / (TILE * 2 ** level)), Math.ceil((room - offset) / side)),
  ];
  const [left, right] = range(at.left, pane.width, image.width);
  const [top, bottom] = range(at.top, pane.height, image.height);
  const places: Place[] = [];
  for (let row = top; row < bottom; row++) for (let column = left; column < right; column++) places.push([column, row]);
  return places;
}

export class Tiles {
  readonly #kept = new Recent<ImageBitmap, string>(MOST_TILES, MOST_BYTES, (bitmap) => bitmap.close());
  readonly #reasons = new Map<number, string>();
  readonly #calls = new Map<AbortController, { image: number; keys: string[] }>();
  #wanted: readonly Wanted[] = [];
  /** One contrast for all images, or each its own; what came for the other one is kept. */
  shared = true;
  /** Whether one contrast can be found for all images; null before it was asked for. */
  comparable: boolean | null = null;

  /** @param arrived  called with the image of which something has come */
  constructor(
    private readonly rpc: Rpc,
    private readonly signal: AbortSignal,
    private readonly arrived: (image: number) => void,
  ) {
    signal.addEventListener("abort", () => this.forget(), { once: true });
  }

  get(image: number, level: number, place: Place): ImageBitmap | undefined {
    return this.#kept.get(keyOf(this.shared, image, level, place));
  }

  /** Why an image cannot be shown. */
  reason(image: number): string | undefined {
    return this.#reasons.get(image);
  }

  /** Whether all these tiles are here, or never will be. */
  has({ image, level, tiles }: Wanted): boolean {
    return this.#reasons.has(image) || tiles.every((place) => this.#kept.peek(keyOf(this.shared, image, level, place)));
  }

  /** Says what is looked at now, the most wanted first; what is no longer wanted is cancelled. */
  want(wanted: readonly Wanted[]): void {
    this.#wanted = wanted;
    const still = new Set(
      wanted.flatMap(({ image, level, tiles }) => tiles.map((place) => keyOf(this.shared, image, level, place))),
    );
    for (const [call, { keys }] of [...this.#calls]) {
      if (keys.some((key) => still.has(key))) continue;
      this.#calls.delete(call);
      call.abort();
    }
    this.#pull();
  }

  /** Forgets why images could not be shown: they are asked for again. */
  forgive(): void {
    this.#reasons.clear();
  }

  /** Forgets all pixels: the files may be others now. */
  forget(): void {
    for (const call of this.#calls.keys()) call.abort();
    this.#calls.clear();
    this.#kept.clear();
    this.#reasons.clear();
    this.comparable = null;
  }

  #pull(): void {
    while (!this.signal.aborted && this.#calls.size < MOST_CALLS) {
      const next = this.#next();
      if (next === null) return;
      void this.#ask(next);
    }
  }

  /** The missing tiles of the most wanted image that has any; one call an image, as its file is read once for all of them. */
  #next(): Wanted | null {
    const underway = new Set([...this.#calls.values()].map(({ image }) => image));
    for (const { image, level, tiles } of this.#wanted) {
      if (this.#reasons.has(image) || underway.has(image)) continue;
      const missing = tiles.filter((place) => this.#kept.peek(keyOf(this.shared, image, level, place)) === undefined);
      if (missing.length > 0) return { image, level, tiles: missing.slice(0, LONGEST_CALL) };
    }
    return null;
  }

  async #ask({ image, level, tiles }: Wanted): Promise<void> {
    const call = new AbortController();
    const shared = this.shared;
    const key = (place: Place) => keyOf(shared, image, level, place);
    this.#calls.set(call, { image, keys: tiles.map(key) });
    try {
      const params = { image, level, tiles, shared };
      const { value, buffers } = await this.rpc.call<TilesValue>("tiles", params, { signal: call.signal });
      if (value.failed !== null) this.#reasons.set(image, value.failed);
      else if (value.tiles.length === 0) throw new Error("The kernel left this out of its answer.");
      else {
        if (shared) this.comparable = value.contrast === "shared";
        const bitmaps = await Promise.all(cut(buffers[0], value.lengths).map(decoded));
        bitmaps.forEach((bitmap, i) => {
          if (call.signal.aborted) bitmap.close();
          else this.#kept.set(key(value.tiles[i]), bitmap, 4 * bitmap.width * bitmap.height);
        });
      }
    } catch (error) {
      if (call.signal.aborted || this.signal.aborted) return;
      if (lost(error)) return; // the banner says so; they are asked for again when the kernel is back
      this.#reasons.set(image, messageOf(error));
    } finally {
      this.#calls.delete(call);
    }
    if (call.signal.aborted) return;
    this.arrived(image);
    this.#pull();
  }
}

function keyOf(shared: boolean, image: number, level: number, [column, row]: Place): string {
  return `${shared ? "shared" : "own"}/${image}/${level}/${column}/${row}`;
}

/** Off the main thread; what is no JPEG rejects. */
function decoded(jpeg: DataView): Promise<ImageBitmap> {
  return createImageBitmap(new Blob([jpeg as DataView<ArrayBuffer>], { type: "image/jpeg" }));
}
