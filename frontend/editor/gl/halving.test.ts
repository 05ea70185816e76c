/** A plane at half its size. */

import { describe, expect, it } from "vitest";

import { halved } from "./halving";

describe("a plane at half its size", () => {
  it("has the mean of four numbers in the place of each four", () => {
    const data = Uint16Array.of(0, 2, 60_000, 65_535, 4, 7, 65_535, 65_535);
    expect(halved({ width: 4, height: 2, data })).toEqual({ width: 2, height: 1, data: Uint16Array.of(3, 64_151) });
  });

  it("keeps the last column and row of an odd size, and the kind of its numbers", () => {
    const data = Uint8Array.of(10, 20, 30, 30, 40, 50, 100, 200, 255);
    expect(halved({ width: 3, height: 3, data })).toEqual({ width: 2, height: 2, data: Uint8Array.of(25, 40, 150, 255) });
    expect(halved({ width: 1, height: 1, data: Uint8Array.of(9) })).toEqual({ width: 1, height: 1, data: Uint8Array.of(9) });
  });
});
