/** Outlines of few pixels in one go, line and fill: as a point each, of which the shader knows how far its sides lie. */

import type { Ring } from "../../shared/outlines";

/** Directions in which it is known how far an outline goes, a full turn in equal steps. */
export const SIDES = 16;
/** Texels of a spot: its middle, the farthest side and the meta word; its sides, a byte each as a part of the farthest. */
export const SPOT = 2;
/** A spot is at most so many times larger, from its middle, than what is left out unseen: of more pixels it would cost more. */
const LARGEST = 16;

const TURN = (2 * Math.PI) / SIDES, COS = Math.cos(TURN), SIN = Math.sin(TURN);
const RIGHT = Float64Array.from({ length: SIDES }, (_, side) => Math.cos(side * TURN));
const DOWN = Float64Array.from({ length: SIDES }, (_, side) => Math.sin(side * TURN));

export interface Spot {
  centre: readonly [number, number];
  /** How far it goes from there, in each direction. */
  sides: Float64Array;
}

/** A ring as what lies within its sides; null where it is large, or lies beside them by more than `unseen`. */
export function spotOf(ring: Ring, centre: readonly [number, number], unseen: number): Spot | null {
  const [x0, y0] = centre, n = ring.length;
  const sides = new Float64Array(SIDES), touching = new Uint32Array(SIDES), depths = new Float64Array(SIDES);
  for (let side = 0; side < SIDES; side++) {
    for (let i = 0; i < n; i += 2) {
      const away = (ring[i] - x0) * RIGHT[side] + (ring[i + 1] - y0) * DOWN[side];
      if (away > sides[side]) {
        sides[side] = away;
        touching[side] = i;
      }
    }
    if (sides[side] > LARGEST * unseen) return null;
  }
  // Where two sides meet lies beyond the line between the vertices that they touch.
  for (let side = 0; side < SIDES; side++) {
    const next = (side + 1) % SIDES, from = touching[side], to = touching[next];
    if (from === to) continue; // both sides meet in that vertex
    const along = (sides[next] - sides[side] * COS) / SIN;
    const ax = ring[from] - x0, ay = ring[from + 1] - y0, bx = ring[to] - x0 - ax, by = ring[to + 1] - y0 - ay;
    const x = RIGHT[side] * sides[side] - DOWN[side] * along - ax, y = DOWN[side] * sides[side] + RIGHT[side] * along - ay;
    if (Math.abs(x * by - y * bx) > unseen * Math.hypot(bx, by)) return null;
  }
  // Vertices and the middles between them, each within the side it is nearest to.
  for (let i = 0, j = n - 2; i < n; j = i, i += 2) {
    for (const part of [1, 0.5]) {
      const x = ring[i] * part + ring[j] * (1 - part) - x0, y = ring[i + 1] * part + ring[j + 1] * (1 - part) - y0;
      let least = Infinity, nearest = 0;
      for (let side = 0; side < SIDES; side++) {
        const depth = sides[side] - x * RIGHT[side] - y * DOWN[side];
        if (depth < least) {
          least = depth;
          nearest = side;
        }
      }
      if (least > 2 * unseen) return null;
      if (least > depths[nearest]) depths[nearest] = least;
    }
  }
  // In the middle between what lies farthest out and farthest in.
  return { centre, sides: sides.map((away, side) => Math.max(0, away - depths[side] / 2)) };
}

export function writeSpot(data: DataView, at: number, { centre, sides }: Spot, meta: number): void {
  const farthest = Math.max(...sides);
  [...centre, farthest].forEach((value, i) => data.setFloat32(at + 4 * i, value, true));
  data.setUint32(at + 12, meta, true);
  sides.forEach((value, i) => data.setUint8(at + 16 + i, farthest ? Math.round((255 * value) / farthest) : 0));
}
