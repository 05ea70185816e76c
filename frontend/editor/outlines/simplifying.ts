/** Fewer vertices, within a stated distance (Python: `outlines/simplify.py`). */

import type { Ring } from "../../shared/outlines";
import type { Rings } from "../geometry";
import { isSound } from "./validity";

/**
 * Leave out vertices that lie within `tolerance` pixels of the line that takes their place (Douglas and Peucker).
 * Rings stay rings and stay apart: where they would not, less is left out.
 */
export function simplify(rings: Rings, tolerance: number): Rings {
  return gently(rings, tolerance, (ring, asked) => thinned(ring, anchors(ring), asked));
}

/** The same, but vertices that were there before stay: those are another's work. */
export function simplifyNew(rings: Rings, before: Rings, tolerance: number): Rings {
  const known = new Set<string>();
  for (const ring of before) for (let i = 0; i < ring.length; i += 2) known.add(`${ring[i]},${ring[i + 1]}`);
  return gently(rings, tolerance, (ring, asked) => {
    const kept: number[] = [];
    for (let i = 0; i < ring.length; i += 2) if (known.has(`${ring[i]},${ring[i + 1]}`)) kept.push(i / 2);
    return thinned(ring, kept.length > 1 ? kept : anchors(ring), asked);
  });
}

/** A ring to look at, not to keep: it may cross itself by as much as `tolerance`, and three vertices are always left. */
export function reduced(ring: Ring, tolerance: number): Ring {
  const n = ring.length / 2;
  if (n <= 4) return ring;
  const [first, second] = anchors(ring);
  // The middle of the longer way between the two.
  const third = second - first > n / 2 ? (first + second) >> 1 : ((second + first + n) >> 1) % n;
  return thinned(ring, [first, second, third].sort((a, b) => a - b), tolerance);
}

/** Leave points out of an open line; its ends stay. */
export function simplifyLine(points: readonly (readonly [number, number])[], tolerance: number): [number, number][] {
  if (points.length < 3) return points.map(([x, y]) => [x, y]);
  const flat = Float64Array.from(points.flat());
  const keep = new Uint8Array(points.length);
  keep[0] = keep[points.length - 1] = 1;
  mark(flat, 0, points.length - 1, tolerance, keep);
  return points.filter((_, i) => keep[i]).map(([x, y]) => [x, y]);
}

function gently(rings: Rings, tolerance: number, thin: (ring: Ring, tolerance: number) => Ring): Rings {
  for (const asked of [tolerance, tolerance / 2, tolerance / 4]) {
    const made = rings.map((ring) => thin(ring, asked));
    if (made.every((ring, i) => ring.length === rings[i].length)) return rings;
    if (isSound(made)) return made;
  }
  return rings;
}

/** Two vertices of a ring that lie far apart: lines between them are what is thinned. */
function anchors(ring: Ring): number[] {
  const farthest = (x: number, y: number) => {
    let best = 0, most = -1;
    for (let i = 0; i < ring.length; i += 2) {
      const distance = (ring[i] - x) ** 2 + (ring[i + 1] - y) ** 2;
      if (distance > most) [best, most] = [i / 2, distance];
    }
    return best;
  };
  const first = farthest(ring[0], ring[1]);
  const second = farthest(ring[2 * first], ring[2 * first + 1]);
  return first < second ? [first, second] : [second, first];
}

/** Thin the lines between vertices that stay, in the order of the ring; three vertices are the least. */
function thinned(ring: Ring, kept: readonly number[], tolerance: number): Ring {
  const n = ring.length / 2;
  if (n <= 3) return ring;
  const twice = new Float64Array(4 * n); // a line may run over the ring's first vertex
  twice.set(ring);
  twice.set(ring, 2 * n);
  const keep = new Uint8Array(2 * n);
  kept.forEach((from, i) => {
    const to = i + 1 < kept.length ? kept[i + 1] : kept[0] + n;
    keep[from] = 1;
    mark(twice, from, to, tolerance, keep);
  });
  const out: number[] = [];
  for (let i = 0; i < n; i++) if (keep[i] || keep[i + n]) out.push(ring[2 * i], ring[2 * i + 1]);
  return out.length < 6 ? ring : Float32Array.from(out);
}

/** Mark the vertices between two that are needed. */
function mark(points: Float64Array, first: number, last: number, tolerance: number, keep: Uint8Array): void {
  const open: [number, number][] = [[first, last]];
  while (open.length) {
    const [from, to] = open.pop()!;
    const ax = points[2 * from], ay = points[2 * from + 1];
    const dx = points[2 * to] - ax, dy = points[2 * to + 1] - ay;
    const length2 = dx * dx + dy * dy;
    let at = -1, most = tolerance * tolerance;
    for (let i = from + 1; i < to; i++) {
      const px = points[2 * i] - ax, py = points[2 * i + 1] - ay;
      const t = length2 > 0 ? Math.min(1, Math.max(0, (px * dx + py * dy) / length2)) : 0;
      const away = (px - t * dx) ** 2 + (py - t * dy) ** 2;
      if (away > most) [at, most] = [i, away];
    }
    if (at < 0) continue;
    keep[at] = 1;
    open.push([from, at], [at, to]);
  }
}
