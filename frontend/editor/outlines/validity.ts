/** Whether an outline can be stored and measured: rings that are simple, and holes that lie within. */

import Flatbush from "flatbush";

import { bounds, contains, side, type Rings } from "../geometry";

/** Below so many edges every pair is looked at; above, an index finds the near ones. */
const FEW = 48;

interface Edges {
  count: number;
  /** Ends of each edge: ax, ay, bx, by. */
  ends: Float64Array;
  ring: Uint32Array;
  /** Number of the edge that follows it along its ring. */
  next: Uint32Array;
}

/**
 * True when no ring crosses or touches itself or another one, but for holes that touch in one point, and every hole
 * lies inside the outer ring and outside the others: what shapely calls valid.
 */
export function isSound(rings: Rings): boolean {
  if (!rings.length || rings.some((ring) => ring.length < 6)) return false;
  const edges = edgesOf(rings);
  const touches = new Map<number, [number, number]>();
  for (const [e, f] of pairs(edges)) if (!agree(edges, e, f, rings.length, touches)) return false;
  return nested(rings, touches) && connected(rings.length, touches);
}

function edgesOf(rings: Rings): Edges {
  const count = rings.reduce((sum, ring) => sum + ring.length / 2, 0);
  const edges = { count, ends: new Float64Array(4 * count), ring: new Uint32Array(count), next: new Uint32Array(count) };
  let at = 0;
  rings.forEach((ring, r) => {
    const n = ring.length / 2;
    for (let i = 0; i < n; i++) {
      const j = (i + 1) % n;
      edges.ends.set([ring[2 * i], ring[2 * i + 1], ring[2 * j], ring[2 * j + 1]], 4 * (at + i));
      edges.ring[at + i] = r;
      edges.next[at + i] = at + j;
    }
    at += n;
  });
  return edges;
}

/** Pairs of edges whose boxes meet. */
function* pairs({ count, ends }: Edges): Generator<[number, number]> {
  const box = (e: number): [number, number, number, number] => {
    const [ax, ay, bx, by] = ends.subarray(4 * e, 4 * e + 4);
    return [Math.min(ax, bx), Math.min(ay, by), Math.max(ax, bx), Math.max(ay, by)];
  };
  if (count <= FEW) {
    for (let e = 0; e < count; e++) for (let f = e + 1; f < count; f++) yield [e, f];
    return;
  }
  const index = new Flatbush(count, 8, Float64Array);
  for (let e = 0; e < count; e++) index.add(...box(e));
  index.finish();
  for (let e = 0; e < count; e++) for (const f of index.search(...box(e), (other) => other > e)) yield [e, f];
}

/** Whether two edges may lie as they do. */
function agree({ ends, ring, next }: Edges, e: number, f: number, rings: number, touches: Map<number, [number, number]>): boolean {
  const [ax, ay, bx, by] = ends.subarray(4 * e, 4 * e + 4);
  const [cx, cy, dx, dy] = ends.subarray(4 * f, 4 * f + 4);
  const c = side(ax, ay, bx, by, cx, cy), d = side(ax, ay, bx, by, dx, dy);
  const a = side(cx, cy, dx, dy, ax, ay), b = side(cx, cy, dx, dy, bx, by);
  if (ring[e] === ring[f] && (next[e] === f || next[f] === e)) {
    // Neighbours share an end; they must not lie upon each other beyond it.
    const back = (bx - ax) * (dx - cx) + (by - ay) * (dy - cy) < 0;
    return !(back && a === 0 && b === 0 && c === 0 && d === 0);
  }
  if ((c > 0 && d > 0) || (c < 0 && d < 0) || (a > 0 && b > 0) || (a < 0 && b < 0)) return true;
  const points: [number, number][] = [];
  if (c === 0 && within(ax, ay, bx, by, cx, cy)) points.push([cx, cy]);
  if (d === 0 && within(ax, ay, bx, by, dx, dy)) points.push([dx, dy]);
  if (a === 0 && within(cx, cy, dx, dy, ax, ay)) points.push([ax, ay]);
  if (b === 0 && within(cx, cy, dx, dy, bx, by)) points.push([bx, by]);
  const collinear = a === 0 && b === 0 && c === 0 && d === 0;
  if (!points.length) return collinear;
  if (ring[e] === ring[f] || points.some(([x, y]) => x !== points[0][0] || y !== points[0][1])) return false;
  const key = Math.min(ring[e], ring[f]) * rings + Math.max(ring[e], ring[f]);
  const known = touches.get(key);
  if (known) return known[0] === points[0][0] && known[1] === points[0][1];
  touches.set(key, points[0]);
  return true;
}

function within(ax: number, ay: number, bx: number, by: number, x: number, y: number): boolean {
  return x >= Math.min(ax, bx) && x <= Math.max(ax, bx) && y >= Math.min(ay, by) && y <= Math.max(ay, by);
}

/** Rings that touch in a circle would part the inside. */
function connected(rings: number, touches: Map<number, [number, number]>): boolean {
  const group = Array.from({ length: rings }, (_, ring) => ring);
  const root = (ring: number): number => (group[ring] === ring ? ring : root(group[ring]));
  for (const key of touches.keys()) {
    const [a, b] = [root(Math.floor(key / rings)), root(key % rings)];
    if (a === b) return false;
    group[a] = b;
  }
  return true;
}

/** No two rings cross: so one point of a hole says where all of it lies. */
function nested(rings: Rings, touches: Map<number, [number, number]>): boolean {
  for (let h = 1; h < rings.length; h++) {
    for (let other = 0; other < rings.length; other++) {
      if (other === h) continue;
      const touch = touches.get(Math.min(h, other) * rings.length + Math.max(h, other));
      const hole = rings[h];
      let at = 0;
      while (touch && hole[at] === touch[0] && hole[at + 1] === touch[1]) at += 2;
      const [x0, y0, x1, y1] = bounds([rings[other]]);
      const inside = hole[at] >= x0 && hole[at] <= x1 && hole[at + 1] >= y0 && hole[at + 1] <= y1
        && contains([rings[other]], hole[at], hole[at + 1]);
      if (inside !== (other === 0)) return false;
    }
  }
  return true;
}
