/**
 * Merge, subtract and intersect (Python: `outlines/operations.py`). What comes out can be stored: valid once it is
 * rounded to float32, turned the right way round, without slivers.
 */

import type { MultiPolygon, Polygon } from "polygon-clipping";

import type { Ring } from "../../shared/outlines";
import { bounds, oriented, signedArea, type Box, type Rings } from "../geometry";
import { algebra, NoResult } from "./algebra";
import { GRID, LEAST_AREA } from "./grid";
import { isSound } from "./validity";

/** Loops that make up no more than this part of the area are cut away; else the user decides (`validity.py`). */
const MOST_LOST = 0.1;

type Kind = "union" | "difference" | "intersection";

/** Merge objects; those that meet become one, the others stay. */
export function union(objects: readonly Rings[]): Rings[] {
  if (objects.length < 2) return [...objects];
  const [first, ...rest] = objects.map(polygonOf);
  return combine("union", first, rest);
}

/** What of an object others do not cover: as it was when they do not meet it, empty when they cover it. */
export function difference(from: Rings, others: readonly Rings[]): Rings[] {
  const near = others.filter((other) => boxesMeet(bounds(from), bounds(other)));
  return near.length ? combine("difference", polygonOf(from), near.map(polygonOf)) : [from];
}

/** What all of them cover. */
export function intersection(objects: readonly Rings[]): Rings[] {
  const [first, ...rest] = objects;
  if (!rest.length) return objects.length ? [first] : [];
  return combine("intersection", polygonOf(first), rest.map(polygonOf));
}

/** What lies within the image: as it was when all of it does. */
export function clipped(rings: Rings, width: number, height: number): Rings[] {
  const [x0, y0, x1, y1] = bounds(rings);
  if (x0 >= 0 && y0 >= 0 && x1 <= width && y1 <= height) return [rings];
  return intersection([rings, [Float32Array.of(0, 0, width, 0, width, height, 0, height)]]);
}

/** What a ring drawn by hand encloses: small loops are cut away; null when it falls into parts of comparable size. */
export function mended(ring: Ring): Rings | null {
  const given = oriented([ring]);
  if (isSound(given)) return given;
  const parts = combine("union", polygonOf(given), []);
  const areas = parts.map((part) => signedArea(part[0]));
  const most = Math.max(...areas), sum = areas.reduce((a, b) => a + b, 0);
  return parts.length && sum - most <= MOST_LOST * sum ? parts[areas.indexOf(most)] : null;
}

/** Run polygon-clipping until what it gives is sound; rounded inputs help where it loses its way. */
export function combine(kind: Kind, subject: Polygon, others: readonly Polygon[]): Rings[] {
  const { clipping } = algebra();
  for (const grid of [0, GRID, GRID / 8]) {
    try {
      const [first, ...rest] = grid ? [subject, ...others].map((one) => snapped(one, grid)) : [subject, ...others];
      const parts = settled(clipping[kind](first, ...rest));
      if (parts) return parts;
    } catch {
      // "Unable to complete output ring": edges that all but coincide. They do on a grid.
    }
  }
  throw new NoResult("no sound outline comes of this");
}

export function polygonOf(rings: Rings): Polygon {
  return rings.map((ring) => Array.from({ length: ring.length / 2 }, (_, i): [number, number] => [ring[2 * i], ring[2 * i + 1]]));
}

export function boxesMeet(a: Box, b: Box): boolean {
  return a[0] <= b[2] && b[0] <= a[2] && a[1] <= b[3] && b[1] <= a[3];
}

function snapped(polygon: Polygon, grid: number): Polygon {
  return polygon.map((ring) => ring.map(([x, y]): [number, number] => [Math.round(x * grid) / grid, Math.round(y * grid) / grid]));
}

/** Round what came out; rounding may make lines cross that nearly touched, which another union takes apart. */
function settled(given: MultiPolygon): Rings[] | null {
  let made = given;
  for (let round = 0; round < 3; round++) {
    const parts = made.map(rounded).filter((part) => part !== null);
    if (parts.every(isSound)) return parts;
    made = algebra().clipping.union(parts.map(polygonOf));
  }
  return null;
}

/** A polygon as rings; null for a sliver. */
function rounded(polygon: Polygon): Rings | null {
  const rings = polygon.map(ringOf).filter((ring) => Math.abs(signedArea(ring)) >= LEAST_AREA);
  if (!rings.length || Math.abs(signedArea(ringOf(polygon[0]))) < LEAST_AREA) return null;
  return oriented(rings);
}

/** Vertices that were there keep their place to the bit; new ones go to the grid. */
function ringOf(points: readonly (readonly [number, number])[]): Ring {
  // Added to 0, what was rounded to -0 is 0.
  const round = (value: number) => (value === Math.fround(value) ? value : Math.round(value * GRID) / GRID) + 0;
  const out: number[] = [];
  for (const point of points) {
    const x = round(point[0]), y = round(point[1]);
    if (out.at(-2) !== x || out.at(-1) !== y) out.push(x, y);
  }
  while (out.length > 2 && out[0] === out.at(-2) && out[1] === out.at(-1)) out.length -= 2;
  return Float32Array.from(out);
}
