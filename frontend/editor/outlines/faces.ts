/**
 * Rings and the parts of a line within them are a graph; its faces are what the line cuts the outline into. Nothing is
 * bent or lost: parts share the line as their border.
 */

import type { Ring } from "../../shared/outlines";
import { contains, oriented, side, signedArea, type Rings } from "../geometry";
import { GRID } from "./grid";
import type { Point } from "./shapes";

/** A crossing so near to a vertex, in pixels, is that vertex. */
const SAME = 2 / GRID;

/** The faces that a line cuts an outline into, of whatever size; one where it separates nothing. */
export function faces(rings: Rings, line: readonly Point[]): Rings[] {
  const graph = new Graph();
  const stops = crossings(rings, line);
  rings.forEach((ring, r) => graph.addRing(ring, stops.rings[r]));
  graph.addLine(stops.line, (x, y) => contains(rings, x, y));
  graph.prune();
  return graph.faces();
}

interface Stop {
  /** How far along the edge, 0 to 1. */
  at: number;
  x: number;
  y: number;
}

/** Where the line and the rings meet: for each ring, the stops on each of its edges; and the line with its stops. */
function crossings(rings: Rings, line: readonly Point[]): { rings: Stop[][][]; line: Point[] } {
  const segments = line.slice(1).map((to, i) => ({ from: line[i], to, stops: [] as Stop[] }));
  const found = rings.map((ring) => Array.from({ length: ring.length / 2 }, (): Stop[] => []));
  rings.forEach((ring, r) => {
    for (let i = 0; i < ring.length; i += 2) {
      const j = (i + 2) % ring.length;
      const a: Point = [ring[i], ring[i + 1]], b: Point = [ring[j], ring[j + 1]];
      for (const segment of segments) {
        for (const { on, along, x, y } of meetings(a, b, segment.from, segment.to)) {
          found[r][i / 2].push({ at: on, x, y });
          segment.stops.push({ at: along, x, y });
        }
      }
    }
  });
  for (let s = 0; s < segments.length; s++) {
    for (let t = s + 2; t < segments.length; t++) {
      const one = segments[s], other = segments[t];
      for (const { on, along, x, y } of meetings(one.from, one.to, other.from, other.to)) {
        one.stops.push({ at: on, x, y });
        other.stops.push({ at: along, x, y });
      }
    }
  }
  const whole: Point[] = [line[0]];
  for (const { to, stops } of segments) {
    for (const stop of stops.sort((a, b) => a.at - b.at)) whole.push([stop.x, stop.y]);
    whole.push(to);
  }
  return { rings: found, line: whole };
}

interface Meeting {
  on: number;
  along: number;
  x: number;
  y: number;
}

/** Points that two edges share: where they cross, or the ends of one that lie on the other. */
function meetings(a: Point, b: Point, c: Point, d: Point): Meeting[] {
  if (Math.max(a[0], b[0]) < Math.min(c[0], d[0]) - SAME || Math.max(c[0], d[0]) < Math.min(a[0], b[0]) - SAME) return [];
  if (Math.max(a[1], b[1]) < Math.min(c[1], d[1]) - SAME || Math.max(c[1], d[1]) < Math.min(a[1], b[1]) - SAME) return [];
  const out: Meeting[] = [];
  const add = (on: number, along: number, [x, y]: Point) => out.push({ on, along, x, y });
  for (const [on, end] of [[0, a], [1, b]] as const) {
    const along = placeOn(c, d, end);
    if (along !== null) add(on, along, end);
  }
  for (const [along, end] of [[0, c], [1, d]] as const) {
    const on = placeOn(a, b, end);
    if (on !== null && !out.some(({ x, y }) => near([x, y], end))) add(on, along, end);
  }
  if (out.length) return out;
  const cSide = side(...a, ...b, ...c), dSide = side(...a, ...b, ...d);
  const aSide = side(...c, ...d, ...a), bSide = side(...c, ...d, ...b);
  if (cSide > 0 === dSide > 0 || aSide > 0 === bSide > 0) return [];
  const on = aSide / (aSide - bSide), along = cSide / (cSide - dSide);
  const place = (axis: 0 | 1) => Math.round((a[axis] + on * (b[axis] - a[axis])) * GRID) / GRID;
  add(on, along, [place(0), place(1)]);
  return out;
}

/** How far along an edge a point lies, 0 to 1; null when it does not lie on it. */
function placeOn(a: Point, b: Point, p: Point): number | null {
  const dx = b[0] - a[0], dy = b[1] - a[1];
  const length2 = dx * dx + dy * dy;
  if (length2 === 0) return near(a, p) ? 0 : null;
  const t = Math.min(1, Math.max(0, ((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / length2));
  return near([a[0] + t * dx, a[1] + t * dy], p) ? t : null;
}

function near(a: Point, b: Point): boolean {
  return Math.abs(a[0] - b[0]) < SAME && Math.abs(a[1] - b[1]) < SAME;
}

interface Edge {
  from: number;
  to: number;
  /** An edge of a ring, from its first vertex to its second; else of the line. */
  ring: boolean;
}

/** Nodes and edges; each edge has two sides, walked in opposite directions. */
class Graph {
  #points: Point[] = [];
  #nodes = new Map<string, number>();
  #edges: Edge[] = [];
  #known = new Set<string>();

  addRing(ring: Ring, stops: readonly Stop[][]): void {
    const walk: number[] = [];
    for (let i = 0; i < ring.length; i += 2) {
      const start: Point = [ring[i], ring[i + 1]];
      const end: Point = [ring[(i + 2) % ring.length], ring[(i + 3) % ring.length]];
      walk.push(this.#node(start));
      for (const { x, y } of [...stops[i / 2]].sort((a, b) => a.at - b.at)) {
        walk.push(near([x, y], start) ? this.#node(start) : near([x, y], end) ? this.#node(end) : this.#node([x, y]));
      }
    }
    walk.forEach((from, i) => this.#edge(from, walk[(i + 1) % walk.length], true));
  }

  /** Add the pieces of the line that lie inside. */
  addLine(line: readonly Point[], inside: (x: number, y: number) => boolean): void {
    for (let i = 1; i < line.length; i++) {
      const [a, b] = [line[i - 1], line[i]];
      const from = this.#nearest(a), to = this.#nearest(b);
      if (inside((a[0] + b[0]) / 2, (a[1] + b[1]) / 2)) this.#edge(from, to, false);
    }
  }

  /** Take away what of the line separates nothing: loose ends, and bridges with the same face on both sides. */
  prune(): void {
    for (;;) {
      const face = this.#walk().of;
      const degree = new Map<number, number>();
      for (const { from, to } of this.#edges) for (const node of [from, to]) degree.set(node, (degree.get(node) ?? 0) + 1);
      const stays = this.#edges.filter(({ from, to, ring }, e) =>
        ring || (degree.get(from)! > 1 && degree.get(to)! > 1 && face[2 * e] !== face[2 * e + 1]));
      if (stays.length === this.#edges.length) return;
      this.#edges = stays;
    }
  }

  /** Faces within the outline, each with the rings that lie in it as its holes. */
  faces(): Rings[] {
    const { cycles } = this.#walk();
    const outers: Ring[] = [], holes: Ring[] = [];
    for (const cycle of cycles) {
      // A ring walked against its direction has the outside, or a hole of the outline, beside it.
      if (cycle.some((half) => this.#edges[half >> 1].ring && half % 2 === 1)) continue;
      for (const loop of loops(cycle.map((half) => this.#start(half)))) {
        const ring = Float32Array.from(loop.flatMap((node) => [...this.#points[node]]));
        (signedArea(ring) > 0 ? outers : holes).push(ring);
      }
    }
    const parts: Ring[][] = outers.map((outer) => [outer]);
    for (const hole of holes) {
      const x = (hole[0] + hole[2]) / 2, y = (hole[1] + hole[3]) / 2;
      const around = parts.filter(([outer]) => outer !== hole && contains([outer], x, y) && !sameRing(outer, hole));
      const parent = around.sort((a, b) => signedArea(a[0]) - signedArea(b[0]))[0];
      parent?.push(hole);
    }
    return parts.map((part) => oriented(part));
  }

  /** Walk along every side of every edge, keeping the face on one hand. */
  #walk(): { cycles: number[][]; of: Int32Array } {
    const around = new Map<number, number[]>();
    for (let half = 0; half < 2 * this.#edges.length; half++) {
      const start = this.#start(half);
      around.set(start, [...(around.get(start) ?? []), half]);
    }
    const turn = new Int32Array(2 * this.#edges.length);
    for (const halves of around.values()) {
      halves.sort((a, b) => this.#angle(a) - this.#angle(b));
      halves.forEach((half, i) => (turn[half] = halves[(i + halves.length - 1) % halves.length]));
    }
    const of = new Int32Array(2 * this.#edges.length).fill(-1);
    const cycles: number[][] = [];
    for (let first = 0; first < of.length; first++) {
      if (of[first] >= 0) continue;
      const cycle: number[] = [];
      for (let half = first; of[half] < 0; half = turn[half ^ 1]) {
        of[half] = cycles.length;
        cycle.push(half);
      }
      cycles.push(cycle);
    }
    return { cycles, of };
  }

  #start(half: number): number {
    const { from, to } = this.#edges[half >> 1];
    return half % 2 ? to : from;
  }

  #angle(half: number): number {
    const [x0, y0] = this.#points[this.#start(half)], [x1, y1] = this.#points[this.#start(half ^ 1)];
    return Math.atan2(y1 - y0, x1 - x0);
  }

  #node(point: Point): number {
    const key = `${point[0]},${point[1]}`;
    let node = this.#nodes.get(key);
    if (node === undefined) {
      node = this.#points.push(point) - 1;
      this.#nodes.set(key, node);
    }
    return node;
  }

  /** The node of a stop: a vertex of a ring that lies there, else its own. */
  #nearest(point: Point): number {
    const found = this.#points.findIndex((known) => near(known, point));
    return found >= 0 ? found : this.#node(point);
  }

  #edge(from: number, to: number, ring: boolean): void {
    const key = from < to ? `${from},${to}` : `${to},${from}`;
    if (from === to || this.#known.has(key)) return;
    this.#known.add(key);
    this.#edges.push({ from, to, ring });
  }
}

/** A closed walk that comes to a node twice, taken apart there: what it cuts off touches the rest in one point. */
function loops(walk: readonly number[]): number[][] {
  const out: number[][] = [];
  const open: number[] = [];
  for (const node of walk) {
    const before = open.indexOf(node);
    if (before >= 0) out.push(open.splice(before));
    open.push(node);
  }
  return [...out, open];
}

/** The two sides of one closed line have the same vertices. */
function sameRing(a: Ring, b: Ring): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < b.length; i += 2) if (b[i] === a[0] && b[i + 1] === a[1]) return true;
  return false;
}
