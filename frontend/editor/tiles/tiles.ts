/** Tiles of the image that is shown: asked for as the view needs them, no longer when it does not, kept while there is room. */

import type { Rpc } from "../../shared/rpc";
import type { View } from "../../shared/view";
import type { Box } from "../geometry";
import type { Pixels, Plane } from "../pixels";
import { APRON, levelAt, type Place, TILE, tilesIn } from "./choose";

/** Tiles a call may ask for, and calls that are answered at once. */
const A_CALL = 8, CALLS = 2;
/** Bytes of tiles that are kept. */
const MOST_BYTES = 128 << 20;
/** Part of the view around it that is asked for when all in it is there. */
const AROUND = 0.25;
/** Milliseconds after a failure in which nothing is asked for. */
const PAUSE = 1000;

export interface Tile extends Place {
  /** With its apron. */
  width: number;
  height: number;
  data: Uint8Array | Uint16Array;
}

/** What of the tiles is drawn: coarse ones first, finer ones over them. */
export interface Shown {
  tiles: readonly Tile[];
  /** Whether they cover all of the image that is in view. */
  whole: boolean;
}

interface Source {
  image: number;
  plane: Plane | null;
  pixels: Pixels;
  width: number;
  height: number;
}

const keyOf = ({ level, column, row }: Place) => `${level} ${column} ${row}`;

export class Tiles {
  #source: Source | null = null;
  /** In the order in which they were needed last. */
  readonly #held = new Map<string, Tile>();
  #bytes = 0;
  readonly #calls = new Map<AbortController, Place[]>();
  #until = 0;

  /** @param arrived is called when there is more to draw */
  constructor(private readonly rpc: Rpc, private readonly arrived: () => void) {}

  /** Another image or plane is shown, of so many image pixels; null for none. */
  follow(source: Source | null): void {
    for (const call of this.#calls.keys()) call.abort();
    this.#calls.clear();
    this.#held.clear();
    this.#bytes = this.#until = 0;
    this.#source = source;
  }

  /** What is drawn at `ratio` device pixels a CSS pixel; asks for what is missing. */
  show(view: View, ratio: number): Shown {
    const source = this.#source;
    const coarsest = source?.pixels.info.levels ?? 0;
    const level = levelAt(view.scale * ratio, coarsest);
    if (!source || level >= coarsest) return this.#ask([], []), { tiles: [], whole: false };
    const { width, height } = source;
    const box = view.visible();
    const inView = tilesIn(box, level, width, height);
    const missing = inView.filter((place) => !this.#touch(place));
    const around = missing.length ? [] : tilesIn(wider(box), level, width, height);
    this.#ask(missing, around.filter((place) => !this.#held.has(keyOf(place))));
    const levels = missing.length ? Array.from({ length: coarsest - 1 - level }, (_, i) => coarsest - 1 - i) : [];
    const drawn = [...levels.flatMap((one) => tilesIn(box, one, width, height)), ...inView];
    const tiles = drawn.map((place) => this.#held.get(keyOf(place))).filter((tile) => tile !== undefined);
    return { tiles, whole: !missing.length };
  }

  /** The number stored for a pixel of the image, null where its tile is not there. */
  at(x: number, y: number): number | null {
    const [column, row] = [Math.floor(x / TILE), Math.floor(y / TILE)];
    const tile = this.#held.get(keyOf({ level: 0, column, row }));
    if (!tile) return null;
    return tile.data[(Math.floor(y) - row * TILE + APRON) * tile.width + Math.floor(x) - column * TILE + APRON] ?? null;
  }

  /** Whether a tile is there; it counts as needed now. */
  #touch(place: Place): boolean {
    const key = keyOf(place), tile = this.#held.get(key);
    if (!tile) return false;
    this.#held.delete(key);
    this.#held.set(key, tile);
    return true;
  }

  #ask(missing: readonly Place[], around: readonly Place[]): void {
    const wanted = [...missing, ...around];
    const keys = new Set(wanted.map(keyOf));
    for (const [call, places] of this.#calls) {
      if (places.some((place) => keys.has(keyOf(place)))) continue;
      this.#calls.delete(call);
      call.abort();
    }
    const asked = new Set([...this.#calls.values()].flat().map(keyOf));
    const left = wanted.filter((place) => !asked.has(keyOf(place)));
    while (left.length && this.#calls.size < CALLS && performance.now() > this.#until) void this.#fetch(left.splice(0, A_CALL));
  }

  async #fetch(places: Place[]): Promise<void> {
    const { image, plane, pixels, width, height } = this.#source!;
    const call = new AbortController();
    this.#calls.set(call, places);
    try {
      const tiles = places.map(({ level, column, row }) => [level, column, row]);
      const params = { image_id: image, ...(plane && { plane }), tiles };
      const { buffers } = await this.rpc.call("tiles", params, { signal: call.signal });
      if (call.signal.aborted) return;
      places.forEach((place, i) => {
        const size = (at: number, whole: number) => Math.min(TILE, Math.ceil(whole / 2 ** place.level) - at * TILE) + 2 * APRON;
        this.#keep({ ...place, width: size(place.column, width), height: size(place.row, height), data: pixels.numbers(buffers[i]) });
      });
    } catch {
      if (call.signal.aborted) return;
      this.#until = performance.now() + PAUSE; // what is there is shown meanwhile; the banner says what is wrong with the kernel
      setTimeout(this.arrived, PAUSE);
    } finally {
      this.#calls.delete(call);
    }
    this.arrived();
  }

  #keep(tile: Tile): void {
    if (tile.data.length !== tile.width * tile.height) throw new Error("a tile is truncated");
    this.#held.set(keyOf(tile), tile);
    this.#bytes += tile.data.byteLength;
    for (const [key, old] of this.#held) {
      if (this.#bytes <= MOST_BYTES || old === tile) return;
      this.#held.delete(key);
      this.#bytes -= old.data.byteLength;
    }
  }
}

function wider([x0, y0, x1, y1]: Box): Box {
  const dx = AROUND * (x1 - x0), dy = AROUND * (y1 - y0);
  return [x0 - dx, y0 - dy, x1 + dx, y1 + dy];
}
