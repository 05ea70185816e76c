/** Which outlines can be drawn as fans. */

import { describe, expect, it } from "vitest";

import { signedArea } from "../geometry";
import { PAIR } from "./band";
import { fanCentre, fanIndices } from "./fan";

const ring = (...points: readonly (readonly [number, number])[]) => Float32Array.from(points.flat());
const SQUARE = ring([10, 10], [20, 10], [20, 20], [10, 20]);
const STAR = ring(...Array.from({ length: 10 }, (_, i) => {
  const radius = i % 2 ? 4 : 10, angle = (Math.PI * i) / 5;
  return [1000 + radius * Math.cos(angle), 2000 + radius * Math.sin(angle)] as const;
}));

describe("the centre of a fan", () => {
  it("is the centroid, of what sees all of its line from there", () => {
    expect(fanCentre(SQUARE)).toEqual([15, 15]);
    const [x, y] = fanCentre(STAR)!;
    expect(x).toBeCloseTo(1000, 2);
    expect(y).toBeCloseTo(2000, 2);
    // More vertices on one side do not draw it there.
    expect(fanCentre(ring([10, 10], [12, 10], [14, 10], [16, 10], [20, 10], [20, 20], [10, 20]))).toEqual([15, 15]);
  });

  it("is not there where a part of the line is hidden from it", () => {
    const hook = ring([0, 0], [30, 0], [30, 30], [26, 30], [26, 4], [0, 4]);
    expect(signedArea(hook)).toBeGreaterThan(0);
    expect(fanCentre(hook)).toBeNull();
  });

  it("is not there for what runs the other way, crosses itself or has no area", () => {
    expect(fanCentre(SQUARE.map((_, i) => SQUARE[6 - (i & ~1) + (i & 1)]))).toBeNull();
    expect(fanCentre(ring([0, 0], [10, 10], [10, 0], [0, 10]))).toBeNull();
    expect(fanCentre(ring([0, 0], [10, 0], [5, 0]))).toBeNull();
    expect(fanCentre(ring([3, 3], [3, 3], [3, 3]))).toBeNull();
  });
});

describe("the triangles of a fan", () => {
  it("lie between the centre and the ends of each edge, the later one last, and cut sharp corners off", () => {
    const pairs = (count: number) => new Array<number>(PAIR * count).fill(0);
    expect(fanIndices(100, { pairs: pairs(4), first: [0, 1, 2] })).toEqual([104, 100, 101, 104, 101, 102, 104, 102, 103]);
    expect(fanIndices(100, { pairs: pairs(6), first: [0, 1, 4] })).toEqual([
      106, 100, 101, 106, 101, 103, 106, 103, 104, 106, 104, 105,
    ]);
  });
});
