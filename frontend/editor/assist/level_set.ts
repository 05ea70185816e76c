/** The outline of one object at any level of its probability (Python: `ObjectField.outline` in `segmentation/proposing.py`). */

import type { Ring } from "../../shared/outlines";
import { contains, oriented, signedArea, type Rings } from "../geometry";

/** Holes of a smaller area, in square pixels, are left out. */
const LEAST_HOLE = 4;

/** The neighbours of a cell's corner, around it: left, top, right, bottom edge. */
const LEFT = 0, TOP = 1, RIGHT = 2, BOTTOM = 3;
/** From which edge to which the line runs, by the corners above the level (1 upper left, 2 upper right, 4 lower right, 8 lower left). */
const LINES: readonly (readonly (readonly [number, number])[])[] = [
  [], [[TOP, LEFT]], [[RIGHT, TOP]], [[RIGHT, LEFT]], [[BOTTOM, RIGHT]], [[TOP, LEFT], [BOTTOM, RIGHT]], [[BOTTOM, TOP]],
  [[BOTTOM, LEFT]], [[LEFT, BOTTOM]], [[TOP, BOTTOM]], [[RIGHT, TOP], [LEFT, BOTTOM]], [[RIGHT, BOTTOM]], [[LEFT, RIGHT]],
  [[TOP, RIGHT]], [[LEFT, TOP]], [],
];

/**
 * The largest piece of what exceeds `level` (0 to 1), with its holes, in pixels of the field; null where nothing does.
 * What the field's edge cuts ends on that edge.
 */
export function levelSet(values: Uint8Array, width: number, height: number, level: number): Rings | null {
  const limit = Math.floor(level * 255) + 0.5;
  // One repeated pixel carries the field to the edge and past it; the outer one closes the line.
  const at = (column: number, row: number): number => {
    if (column < -1 || row < -1 || column > width || row > height) return -1;
    return values[Math.min(height - 1, Math.max(0, row)) * width + Math.min(width - 1, Math.max(0, column))];
  };
  const across = width + 4;
  const next = new Map<number, { to: number; x: number; y: number }>();
  for (let row = -2; row <= height; row++) {
    for (let column = -2; column <= width; column++) {
      const a = at(column, row), b = at(column + 1, row), c = at(column + 1, row + 1), d = at(column, row + 1);
      const lines = LINES[Number(a > limit) + 2 * Number(b > limit) + 4 * Number(c > limit) + 8 * Number(d > limit)];
      if (!lines.length) continue;
      // Each edge of the grid has a number: twice its upper left corner's, and one more where it runs down.
      const corner = 2 * ((row + 2) * across + column + 2);
      const edges = [corner + 1, corner, corner + 3, corner + 2 * across];
      const share = (p: number, q: number) => (limit - p) / (q - p);
      const cut = (edge: number): [number, number] => {
        if (edge === LEFT) return [column, row + share(a, d)];
        if (edge === TOP) return [column + share(a, b), row];
        if (edge === RIGHT) return [column + 1, row + share(b, c)];
        return [column + share(d, c), row + 1];
      };
      for (const [from, to] of lines) {
        const [x, y] = cut(from);
        next.set(edges[from], { to: edges[to], x: x + 0.5, y: y + 0.5 });
      }
    }
  }
  return largest(follow(next, width, height));
}

function follow(next: Map<number, { to: number; x: number; y: number }>, width: number, height: number): Ring[] {
  const rings: Ring[] = [];
  for (const first of next.keys()) {
    const ring: number[] = [];
    for (let edge = first, step = next.get(edge); step; edge = step.to, step = next.get(edge)) {
      next.delete(edge);
      const x = Math.fround(Math.min(width, Math.max(0, step.x))), y = Math.fround(Math.min(height, Math.max(0, step.y)));
      if (ring.at(-2) !== x || ring.at(-1) !== y) ring.push(x, y);
    }
    if (ring.length > 2 && ring[0] === ring.at(-2) && ring[1] === ring.at(-1)) ring.length -= 2;
    if (ring.length >= 6) rings.push(Float32Array.from(ring));
  }
  return rings;
}

/** The ring that encloses most, and the holes in it: they run the other way round. */
function largest(rings: readonly Ring[]): Rings | null {
  const areas = rings.map(signedArea);
  const most = areas.reduce((best, value) => (Math.abs(value) > Math.abs(best) ? value : best), 0);
  if (!most) return null;
  const outer = rings[areas.indexOf(most)];
  const holes = rings.filter((ring, i) => (
    areas[i] * most < 0 && Math.abs(areas[i]) >= LEAST_HOLE && contains([outer], ring[0], ring[1])
  ));
  return oriented([outer, ...holes]);
}
