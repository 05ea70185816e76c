/** Small outlines in one go, line and fill: as triangles between their line and a place that sees all of it. */

import type { Ring } from "../../shared/outlines";
import { type Band, pairsOf } from "./band";

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

/**
 * The triangles of a fan, by three the numbers of their corners: the centre, which stands after the pairs of the band, and
 * two pairs. Round corners are cut off: at this size nobody sees it.
 */
export function fanIndices(start: number, band: Band): number[] {
  const centre = start + pairsOf(band), closing = pairsOf(band) - 1;
  return band.first.flatMap((first, i) => {
    const next = band.first[i + 1] ?? closing, last = next - 1;
    const edge = [centre, start + last, start + next];
    return last > first ? [centre, start + first, start + last, ...edge] : edge;
  });
}
