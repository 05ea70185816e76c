/** Shapes that tools draw: rings of float32, positive. */

import type { Ring } from "../../shared/outlines";
import { GRID } from "./grid";

/** How far the edges of a polygon that stands for an arc may lie from it, in pixels. */
export const ARC = 0.03;

export type Point = readonly [number, number];

const onGrid = (value: number) => Math.round(value * GRID) / GRID;

/** Edges of a whole circle that keep within `ARC` of it. */
function edgesOfCircle(radius: number): number {
  return Math.max(12, 4 * Math.ceil(Math.PI / 4 / Math.acos(1 - Math.min(1, ARC / radius))));
}

/** An ellipse of the exact area. */
export function ellipse(x: number, y: number, radiusX: number, radiusY: number): Ring {
  const edges = edgesOfCircle(Math.max(radiusX, radiusY));
  const stretch = Math.sqrt((2 * Math.PI) / (edges * Math.sin((2 * Math.PI) / edges)));
  const ring = new Float32Array(2 * edges);
  for (let i = 0; i < edges; i++) {
    const angle = (2 * Math.PI * i) / edges;
    ring[2 * i] = onGrid(x + stretch * radiusX * Math.cos(angle));
    ring[2 * i + 1] = onGrid(y + stretch * radiusY * Math.sin(angle));
  }
  return ring;
}

export function rectangle(x0: number, y0: number, x1: number, y1: number): Ring {
  return Float32Array.of(x0, y0, x1, y0, x1, y1, x0, y1);
}

/**
 * What a round brush covers on a straight way. The circles at both ends have the vertices that those of the next
 * piece have: so pieces join in edges that coincide, which is what booleans like best.
 */
export function capsule([ax, ay]: Point, [bx, by]: Point, radius: number): Ring {
  const disc = ellipse(0, 0, radius, radius);
  const [fromX, fromY, toX, toY] = [ax, ay, bx, by].map(onGrid);
  const dx = toX - fromX, dy = toY - fromY;
  const n = disc.length / 2;
  /** Whether the edge that begins at a vertex looks forward: then it lies at the far end. */
  const forward = (i: number) => {
    const a = 2 * (i % n), b = 2 * ((i + 1) % n);
    return (disc[b + 1] - disc[a + 1]) * dx - (disc[b] - disc[a]) * dy > 0;
  };
  const out: number[] = [];
  for (let i = 0; i < n; i++) {
    const ends = [forward(i + n - 1), forward(i)];
    for (const far of ends[0] === ends[1] ? ends.slice(1) : ends) {
      out.push(disc[2 * i] + (far ? toX : fromX), disc[2 * i + 1] + (far ? toY : fromY));
    }
  }
  return Float32Array.from(out);
}
