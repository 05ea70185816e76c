/** Which outlines can be drawn as spots, and how far their sides lie. */

import { describe, expect, it } from "vitest";

import { SIDES, SPOT, spotOf, writeSpot } from "./spot";

const X = 1000, Y = 2000, RADIUS = 14, UNSEEN = 1;
const CENTRE = [X, Y] as const;
/** A ring with its middle at the centre, so far away from it in the direction of each vertex. */
const around = (radius: (angle: number) => number, vertices = 64) => Float32Array.from({ length: 2 * vertices }, (_, i) => {
  const angle = (2 * Math.PI * (i >> 1)) / vertices;
  return i % 2 ? Y + radius(angle) * Math.sin(angle) : X + radius(angle) * Math.cos(angle);
});
/** A box, turned. */
const box = (width: number, height: number, turn: number) => Float32Array.from(
  [[-1, -1], [1, -1], [1, 1], [-1, 1]].flatMap(([across, along]) => {
    const x = (across * width) / 2, y = (along * height) / 2;
    return [X + x * Math.cos(turn) - y * Math.sin(turn), Y + x * Math.sin(turn) + y * Math.cos(turn)];
  }),
);
const dented = (depth: number) => around((angle) => RADIUS - depth * Math.exp(-(((angle - 2) / 0.2) ** 2)));

describe("a spot", () => {
  it("goes as far as its outline in every direction", () => {
    for (const radius of [0.01, 3, RADIUS]) {
      const { centre, sides } = spotOf(around(() => radius), CENTRE, UNSEEN)!;
      expect(centre).toEqual(CENTRE);
      expect(sides).toHaveLength(SIDES);
      for (const side of sides) expect(Math.abs(side - radius)).toBeLessThan(0.02 * radius + 1e-4);
    }
    const { sides } = spotOf(box(12, 6, 0), CENTRE, UNSEEN)!;
    [6, 3, 6, 3].forEach((side, quarter) => expect(sides[4 * quarter]).toBeCloseTo(side, 9));
  });

  it("lies in the middle between what of its outline is farther out and farther in", () => {
    const whole = spotOf(dented(0), CENTRE, UNSEEN)!.sides, some = spotOf(dented(1.5), CENTRE, UNSEEN)!.sides;
    const moved = Array.from(whole, (side, i) => side - some[i]);
    const most = Math.max(...moved);
    expect(most).toBeGreaterThan(0.4);
    expect(most).toBeLessThan(UNSEEN);
    expect(Math.abs(moved.indexOf(most) - (2 / (2 * Math.PI)) * SIDES)).toBeLessThan(1);
    expect(moved.filter((value) => Math.abs(value) > 1e-6).length).toBeLessThan(SIDES / 3);
  });

  it("is not what is large, bent in, or pointed aside of the directions", () => {
    const can = (ring: Float32Array, unseen = UNSEEN) => spotOf(ring, CENTRE, unseen) !== null;
    expect(can(around(() => 15))).toBe(true);
    expect(can(around(() => 17))).toBe(false);
    expect(can(around(() => 17), 2 * UNSEEN)).toBe(true);
    expect(can(dented(1.5))).toBe(true);
    expect(can(dented(3))).toBe(false);
    const between = Math.PI / SIDES;
    expect(can(box(28, 2, 0))).toBe(true);
    expect(can(box(28, 2, between))).toBe(false);
    expect(can(box(4, 2, between))).toBe(true);
    // All its vertices are on the sides, and the way from one to the other leads through the middle.
    const bow = Float32Array.of(-6, -6, 6, 6, 6, -6, -6, 6).map((value, i) => value + CENTRE[i % 2]);
    expect(can(bow)).toBe(false);
  });

  it("is written as its middle, its farthest side, its meta word and its sides as parts of that", () => {
    const data = new DataView(new ArrayBuffer(16 * (SPOT + 1)));
    const sides = Float64Array.from({ length: SIDES }, (_, side) => side / 3);
    writeSpot(data, 16, { centre: CENTRE, sides }, 77);
    expect([0, 4].map((at) => data.getFloat32(16 + at, true))).toEqual([X, Y]);
    expect(data.getFloat32(24, true)).toBeCloseTo(5, 6);
    expect(data.getUint32(28, true)).toBe(77);
    expect(Array.from(sides, (_, side) => data.getUint8(32 + side))).toEqual(Array.from(sides, (_, side) => 17 * side));
    writeSpot(data, 0, { centre: CENTRE, sides: new Float64Array(SIDES) }, 0);
    expect(data.getUint32(16, true)).toBe(0);
  });
});
