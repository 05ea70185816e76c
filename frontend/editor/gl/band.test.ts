/** The band along a ring, of which lines are drawn. */

import { describe, expect, it } from "vitest";

import type { Ring } from "../../shared/outlines";
import { type Band, bandOf, FARTHEST, PAIR, pairsOf } from "./band";
import { packAcross } from "./shaders";

const SQUARE = Float32Array.of(0, 0, 10, 0, 10, 10, 0, 10);
/** A ring of so many vertices whose turns are all the same. */
const regular = (vertices: number, radius = 50) => Float32Array.from({ length: 2 * vertices }, (_, i) => {
  const angle = (2 * Math.PI * (i >> 1)) / vertices;
  return radius * (i % 2 ? Math.sin(angle) : Math.cos(angle));
});

/** Both corners of a pair, where the band is so wide. */
function corners({ pairs }: Band, number: number, width: number): [number, number][] {
  const [x, y, , dx, dy] = pairs.slice(PAIR * number, PAIR * (number + 1));
  return [1, -1].map((side) => [x + (side * dx * width) / 2, y + (side * dy * width) / 2]);
}

/** How far a point lies from the line through an edge of a ring. */
function distance(ring: Ring, edge: number, [x, y]: readonly number[]): number {
  const n = ring.length / 2, next = (edge + 1) % n;
  const [ax, ay] = [ring[2 * edge], ring[2 * edge + 1]];
  const [dx, dy] = [ring[2 * next] - ax, ring[2 * next + 1] - ay];
  return Math.abs(dx * (y - ay) - dy * (x - ax)) / Math.hypot(dx, dy);
}

describe("the band along a ring", () => {
  it.each([5, 7, 24])("has its corners half its width from both edges of each of %s vertices", (vertices) => {
    const ring = regular(vertices);
    const band = bandOf(ring);
    expect(pairsOf(band)).toBe(vertices + 1);
    for (let i = 0; i < vertices; i++) {
      for (const corner of corners(band, i, 3)) {
        for (const edge of [i, (i + vertices - 1) % vertices]) expect(distance(ring, edge, corner)).toBeCloseTo(1.5, 5);
      }
    }
  });

  it("ends with the pair that it begins with, and knows the length up to there", () => {
    for (const ring of [regular(9), SQUARE]) {
      const band = bandOf(ring), last = pairsOf(band) - 1;
      expect(corners(band, last, 2)).toEqual(corners(band, 0, 2));
      expect(band.pairs[2]).toBe(0);
    }
    const { pairs } = bandOf(SQUARE);
    expect(pairs.at(-PAIR + 2)).toBeCloseTo(40);
  });

  it("goes around a sharp corner, as far from it as from the edges", () => {
    const band = bandOf(SQUARE);
    // A quarter turn is two steps: three pairs at each corner, and at the end the first one again.
    expect(pairsOf(band)).toBe(4 * 3 + 1);
    expect(band.first).toEqual([0, 3, 6, 9]);
    for (let number = 3; number < 6; number++) {
      for (const [x, y] of corners(band, number, 4)) expect(Math.hypot(x - 10, y)).toBeCloseTo(2);
    }
    const outer = corners(band, 4, 4).find(([x]) => x > 10)!;
    expect(outer[0] - 10).toBeCloseTo(Math.SQRT2);
    expect(outer[1]).toBeCloseTo(-Math.SQRT2);
  });

  it("passes a vertex that stands twice as if it stood once", () => {
    const doubled = Float32Array.of(0, 0, 10, 0, 10, 0, 10, 10, 0, 10, 0, 0);
    const places = (band: Band) => new Set(Array.from({ length: pairsOf(band) }, (_, i) => corners(band, i, 2).flat().map((value) => value.toFixed(3)).join()));
    expect(places(bandOf(doubled))).toEqual(places(bandOf(SQUARE)));
  });

  it("is a dot about a ring that is one point", () => {
    const band = bandOf(Float32Array.of(5, 5, 5, 5, 5, 5));
    const reached = [[1, 0], [-1, 0], [0, 1], [0, -1]].map(([dx, dy]) => Math.max(
      ...Array.from({ length: pairsOf(band) }, (_, i) => corners(band, i, 2).map(([x, y]) => (x - 5) * dx + (y - 5) * dy)).flat(),
    ));
    for (const far of reached) expect(far).toBeGreaterThan(0.8);
  });

  it("stays near the line whatever its turns, and is kept by ten bits a number", () => {
    for (let seed = 1; seed < 40; seed++) {
      const ring = Float32Array.from({ length: 24 }, (_, i) => 50 * Math.sin(seed * (i + 1) ** 2));
      const { pairs } = bandOf(ring);
      for (let i = 0; i < pairs.length; i += PAIR) {
        const across = pairs.slice(i + 3, i + 5);
        expect(Math.hypot(...across)).toBeLessThan(FARTHEST);
        const word = packAcross(across[0], across[1]) >>> 0;
        expect(word & 0xfff).toBe(0);
        const kept = [(word >>> 12) & 1023, word >>> 22].map((ten) => (ten / 511.5 - 1) * FARTHEST);
        kept.forEach((value, k) => expect(Math.abs(value - across[k])).toBeLessThan(0.0015));
      }
    }
  });
});
