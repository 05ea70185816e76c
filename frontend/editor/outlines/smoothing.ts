/** A low-pass along a ring that keeps its size (Python: `outlines/smoothing.py`, where it is explained). */

import type { Ring } from "../../shared/outlines";
import { oriented, type Rings } from "../geometry";
import { GRID } from "./grid";
import { isSound } from "./validity";

const STEPS = 3;
const SHORTEST = 8;
const MOST_VERTICES = 8192;
const REACH = 4;

/** Take out of an outline what is shorter than `length` pixels; as it was when it would cross itself. */
export function smooth(rings: Rings, length: number): Rings {
  if (length <= 0) return rings;
  const made = oriented(rings.map((ring) => smoothRing(ring, length)));
  return isSound(made) ? made : rings;
}

function smoothRing(ring: Ring, length: number): Ring {
  const n = ring.length / 2;
  const at = new Float64Array(n + 1);
  for (let i = 0; i < n; i++) {
    const j = (2 * i + 2) % ring.length;
    at[i + 1] = at[i] + Math.hypot(ring[j] - ring[2 * i], ring[j + 1] - ring[2 * i + 1]);
  }
  const around = at[n];
  if (around < SHORTEST * length) return ring;
  const count = Math.min(MOST_VERTICES, Math.ceil((around * STEPS) / length));
  const weights = gaussian((length * count) / around);
  const axes = [0, 1].map((axis) => {
    const even = new Float64Array(count);
    for (let i = 0, k = 0; i < count; i++) {
      const where = (i * around) / count;
      while (at[k + 1] <= where && k + 1 < n) k++;
      const share = at[k + 1] > at[k] ? (where - at[k]) / (at[k + 1] - at[k]) : 0;
      const from = ring[2 * k + axis], to = ring[(2 * k + 2 + axis) % ring.length];
      even[i] = from + share * (to - from);
    }
    const once = filtered(even, weights), twice = filtered(once, weights);
    return once.map((value, i) => 2 * value - twice[i]);
  });
  return Float32Array.from({ length: 2 * count }, (_, i) => Math.round(axes[i % 2][i >> 1] * GRID) / GRID);
}

function gaussian(sigma: number): Float64Array {
  const reach = Math.floor(REACH * sigma + 0.5);
  const weights = Float64Array.from({ length: 2 * reach + 1 }, (_, i) => Math.exp(-0.5 * ((i - reach) / sigma) ** 2));
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / sum);
}

/** Round and round: the values are those of a closed ring. */
function filtered(values: Float64Array, weights: Float64Array): Float64Array {
  const n = values.length, reach = (weights.length - 1) / 2;
  return values.map((_, i) => {
    let sum = 0;
    for (let k = -reach; k <= reach; k++) sum += weights[k + reach] * values[(((i + k) % n) + n) % n];
    return sum;
  });
}
