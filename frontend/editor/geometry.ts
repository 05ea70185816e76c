/** Geometry of rings in image pixels. */

import type { Ring } from "../shared/outlines";

/** Outer ring first (positive shoelace area), then holes (negative). */
export type Rings = readonly Ring[];
/** Least x, least y, largest x, largest y. */
export type Box = [number, number, number, number];

/** Shoelace area, positive when x turns towards y; taken from the first vertex, so that far places do not cancel. */
export function signedArea(ring: Ring): number {
  const n = ring.length;
  const x0 = ring[0], y0 = ring[1];
  let twice = 0;
  for (let i = 2; i < n - 2; i += 2) {
    twice += (ring[i] - x0) * (ring[i + 3] - y0) - (ring[i + 2] - x0) * (ring[i + 1] - y0);
  }
  return twice / 2;
}

/** Area of an object: holes subtract through their direction. */
export function area(rings: Rings): number {
  let sum = 0;
  for (const ring of rings) sum += signedArea(ring);
  return sum;
}

/** Turn the rings the right way round: outer positive, holes negative. */
export function oriented(rings: Rings): Rings {
  return rings.map((ring, index) => (signedArea(ring) > 0 === (index === 0) ? ring : reversed(ring)));
}

function reversed(ring: Ring): Ring {
  const out = new Float32Array(ring.length);
  for (let i = 0, j = ring.length - 2; j >= 0; i += 2, j -= 2) {
    out[i] = ring[j];
    out[i + 1] = ring[j + 1];
  }
  return out;
}

export function bounds(rings: Rings): Box {
  const box: Box = [Infinity, Infinity, -Infinity, -Infinity];
  const outer = rings[0];
  if (!outer) return box;
  for (let i = 0; i < outer.length; i += 2) {
    const x = outer[i], y = outer[i + 1];
    if (x < box[0]) box[0] = x;
    if (y < box[1]) box[1] = y;
    if (x > box[2]) box[2] = x;
    if (y > box[3]) box[3] = y;
  }
  return box;
}

/** Even-odd over all rings: inside the outer one and in none of the holes. */
export function contains(rings: Rings, x: number, y: number): boolean {
  let inside = false;
  for (const ring of rings) {
    const n = ring.length;
    for (let i = 0, j = n - 2; i < n; j = i, i += 2) {
      const yi = ring[i + 1], yj = ring[j + 1];
      if (yi > y !== yj > y && x < ((ring[j] - ring[i]) * (y - yi)) / (yj - yi) + ring[i]) inside = !inside;
    }
  }
  return inside;
}

/** A place on an outline: ring and vertex; for an edge, the vertex it starts at and the nearest point on it. */
export interface Place {
  ring: number;
  vertex: number;
  x: number;
  y: number;
  distance: number;
}

/** The vertex nearest to a point, or null when none lies within `reach` pixels. */
export function nearestVertex(rings: Rings, x: number, y: number, reach: number): Place | null {
  let best: Place | null = null;
  let least = reach;
  rings.forEach((ring, r) => {
    for (let i = 0; i < ring.length; i += 2) {
      const distance = Math.hypot(ring[i] - x, ring[i + 1] - y);
      if (distance <= least) {
        least = distance;
        best = { ring: r, vertex: i / 2, x: ring[i], y: ring[i + 1], distance };
      }
    }
  });
  return best;
}

/** The point on an edge nearest to a point, or null when none lies within `reach` pixels. */
export function nearestEdge(rings: Rings, x: number, y: number, reach: number): Place | null {
  let best: Place | null = null;
  let least = reach;
  rings.forEach((ring, r) => {
    const n = ring.length;
    for (let i = 0; i < n; i += 2) {
      const j = (i + 2) % n;
      const ax = ring[i], ay = ring[i + 1];
      const dx = ring[j] - ax, dy = ring[j + 1] - ay;
      const length2 = dx * dx + dy * dy;
      const t = length2 > 0 ? Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / length2)) : 0;
      const px = ax + t * dx, py = ay + t * dy;
      const distance = Math.hypot(px - x, py - y);
      if (distance <= least) {
        least = distance;
        best = { ring: r, vertex: i / 2, x: px, y: py, distance };
      }
    }
  });
  return best;
}

/** Twice the area of the triangle a, b, c: its sign says on which side of the line a, b the point c lies. */
export function side(ax: number, ay: number, bx: number, by: number, cx: number, cy: number): number {
  return (bx - ax) * (cy - ay) - (by - ay) * (cx - ax);
}

/** Whether two segments share a point; touching counts. */
export function segmentsCross(
  ax: number, ay: number, bx: number, by: number, cx: number, cy: number, dx: number, dy: number,
): boolean {
  if (Math.max(ax, bx) < Math.min(cx, dx) || Math.max(cx, dx) < Math.min(ax, bx)) return false;
  if (Math.max(ay, by) < Math.min(cy, dy) || Math.max(cy, dy) < Math.min(ay, by)) return false;
  const c = side(ax, ay, bx, by, cx, cy), d = side(ax, ay, bx, by, dx, dy);
  const a = side(cx, cy, dx, dy, ax, ay), b = side(cx, cy, dx, dy, bx, by);
  return ((c >= 0 && d <= 0) || (c <= 0 && d >= 0)) && ((a >= 0 && b <= 0) || (a <= 0 && b >= 0));
}

/**
 * Whether the edges beside a vertex cross another edge of the object: what moving that vertex can break.
 * The two edges next to each of them share a vertex with it and are left out.
 */
export function crossesAt(rings: Rings, ringIndex: number, vertex: number): boolean {
  const own = rings[ringIndex];
  const count = own.length / 2;
  if (count < 3) return true;
  const before = (vertex + count - 1) % count;
  for (const start of [before, vertex]) {
    const end = (start + 1) % count;
    const ax = own[2 * start], ay = own[2 * start + 1], bx = own[2 * end], by = own[2 * end + 1];
    for (let r = 0; r < rings.length; r++) {
      const ring = rings[r];
      const n = ring.length / 2;
      for (let i = 0; i < n; i++) {
        const j = (i + 1) % n;
        if (r === ringIndex && (i === start || j === start || i === end)) continue;
        if (segmentsCross(ax, ay, bx, by, ring[2 * i], ring[2 * i + 1], ring[2 * j], ring[2 * j + 1])) return true;
      }
    }
  }
  return false;
}

/** The rings with a vertex put in after `vertex`. */
export function withInserted(rings: Rings, ring: number, vertex: number, x: number, y: number): Rings {
  const old = rings[ring];
  const longer = new Float32Array(old.length + 2);
  const at = 2 * (vertex + 1);
  longer.set(old.subarray(0, at));
  longer[at] = x;
  longer[at + 1] = y;
  longer.set(old.subarray(at), at + 2);
  return rings.map((given, index) => (index === ring ? longer : given));
}

/** The rings without some vertices: a hole that keeps fewer than three goes, an outer ring gives null. */
export function withoutVertices(rings: Rings, gone: (ring: number, vertex: number) => boolean): Rings | null {
  const kept = rings.map((ring, r) => ring.filter((_, i) => !gone(r, i >> 1)));
  return kept[0].length < 6 ? null : kept.filter((ring) => ring.length >= 6);
}

export function countVertices(rings: Rings): number {
  let sum = 0;
  for (const ring of rings) sum += ring.length / 2;
  return sum;
}
