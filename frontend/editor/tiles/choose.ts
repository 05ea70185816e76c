/** Which tiles of a large image's pyramid a view needs (Python: `widgets/editor_pixels.py`). */

import type { Box } from "../geometry";

/** Edge of a tile, and the pixels of its neighbours around it, in pixels of its level. */
export const TILE = 512, APRON = 1;
/** How much sooner than at half the size the coarser level is taken: what is read from it is hardly softer. */
const SOONER = 0.3;

export interface Place {
  /** A pixel of level n stands for 2^n by 2^n of the image. */
  level: number;
  column: number;
  row: number;
}

/** The level that is drawn where an image pixel takes so many device pixels; `coarsest` is the last there is. */
export function levelAt(scale: number, coarsest: number): number {
  return Math.min(coarsest, Math.max(0, Math.floor(Math.log2(1 / scale) + SOONER)));
}

/** Tiles of a level that a box of the image touches, those nearest to its middle first. */
export function tilesIn([x0, y0, x1, y1]: Box, level: number, width: number, height: number): Place[] {
  const edge = TILE * 2 ** level;
  const range = (from: number, to: number, size: number) => {
    const first = Math.max(0, Math.floor(from / edge)), last = Math.min(Math.ceil(size / edge), Math.ceil(to / edge));
    return Array.from({ length: Math.max(0, last - first) }, (_, i) => first + i);
  };
  const away = ({ column, row }: Place) => Math.hypot((column + 0.5) * edge - (x0 + x1) / 2, (row + 0.5) * edge - (y0 + y1) / 2);
  return range(y0, y1, height)
    .flatMap((row) => range(x0, x1, width).map((column) => ({ level, column, row })))
    .sort((a, b) => away(a) - away(b));
}
