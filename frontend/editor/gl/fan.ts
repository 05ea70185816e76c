/** Small outlines in one go, line and fill: as triangles between their line and a place that sees all of it. */

import type { Ring } from "../../shared/outlines";

/** The centroid of a ring, where all of its line is seen from there and runs around it the way an outer ring does; else null. */
export function fanCentre(ring: Ring): readonly [number, number] | null {
  const n = ring.length;
  const [x0, y0] = ring;
  let twice = 0, x = 0, y = 0;
  for (let i = 2; i < n - 2; i += 2) {
    const ax = ring[i] - x0, ay = ring[i + 1] - y0, bx = ring[i + 2] - x0, by = ring[i + 3] - y0;
    const cross = ax * by - bx * ay;
    twice += cross;
    x += (ax + bx) * cross;
    y += (ay + by) * cross;
  }
  if (twice <= 0) return null;
  x = x0 + x / (3 * twice);
  y = y0 + y / (3 * twice);
  for (let i = 0, j = n - 2; i < n; j = i, i += 2) {
    if ((ring[j] - x) * (ring[i + 1] - y) <= (ring[i] - x) * (ring[j + 1] - y)) return null;
  }
  return [x, y];
}

/** The triangles of a fan: of so many pairs of corners, numbered from `first` on, each with the next and with the centre after them. */
export function fanIndices(first: number, pairs: number): number[] {
  return Array.from({ length: 3 * (pairs - 1) }, (_, i) => first + (i % 3 ? Math.floor(i / 3) + (i % 3) - 1 : pairs));
}
