/** Moving an outline outwards or inwards by a distance (Python: `outlines/operations.py`). */

import type { Ring } from "../../shared/outlines";
import type { Rings } from "../geometry";
import { combine, polygonOf } from "./booleans";
import { ARC } from "./shapes";
import { simplify } from "./simplifying";

type Pair = [number, number];

/** Vertices that matter less than this, in pixels, cost time and change nothing that is seen. */
const FINE = 0.05;

/**
 * Move an outline outwards by so many pixels, or inwards by a negative number. Holes become smaller as it grows; what
 * shrinks may fall apart or be gone.
 */
export function grow(rings: Rings, distance: number): Rings[] {
  if (distance === 0) return [rings];
  const fine = simplify(rings, FINE);
  const bands = fine.map((ring) => [band(ring, distance)]);
  const made = combine(distance > 0 ? "union" : "difference", polygonOf(fine), bands);
  return made.map((part) => simplify(part, FINE));
}

/**
 * All within the distance of a ring, on one side of it. Quads along its edges and sectors at its corners, each turning
 * the same way, have a border that is one closed line once inner edges cancel: there along the moved edges, back
 * along the ring. What that line goes round, once or more often, is the band.
 *
 * A hole is negative, so that "outwards" is into it, as it must be.
 */
function band(ring: Ring, distance: number): Pair[] {
  const n = ring.length / 2;
  const along: Pair[] = Array.from({ length: n }, (_, i): Pair => [ring[2 * i], ring[2 * i + 1]]);
  if (distance < 0) along.reverse();
  const reach = Math.abs(distance);
  const step = 2 * Math.acos(1 - Math.min(1, ARC / reach));
  const out: Pair[] = [];
  for (let i = 0; i < n; i++) {
    const [before, here, after] = [along[(i + n - 1) % n], along[i], along[(i + 1) % n]];
    const into = Math.atan2(before[0] - here[0], here[1] - before[1]); // where the edge's outer side looks
    let turn = Math.atan2(here[0] - after[0], after[1] - here[1]) - into;
    if (turn <= -Math.PI) turn += 2 * Math.PI;
    if (turn > Math.PI) turn -= 2 * Math.PI;
    const at = (angle: number): Pair => [here[0] + reach * Math.cos(angle), here[1] + reach * Math.sin(angle)];
    out.push(at(into));
    const steps = turn > 0 ? Math.ceil(turn / step) : 1;
    if (turn < 0) out.push(here);
    for (let k = 1; k <= steps; k++) out.push(at(into + (turn * k) / steps));
  }
  return [...out, out[0], along[0], ...along.slice(1).reverse(), along[0]];
}
