import { describe, expect, it } from "vitest";
import { OutlineSet } from "./outlines";

const ring = (...xy: number[]) => new Float32Array(xy);

describe("OutlineSet", () => {
  const set = OutlineSet.fromRings([
    [ring(0, 0, 10, 0, 10, 10), ring(2, 1, 8, 1, 8, 5)],
    [ring(20, 20, 30, 20, 30, 30, 20, 30)],
  ]);

  it("gives back the rings of each object, the outer first", () => {
    expect(set.length).toBe(2);
    expect(set.rings(0).map((r) => r.length / 2)).toEqual([3, 3]);
    expect([...set.rings(1)[0]]).toEqual([20, 20, 30, 20, 30, 30, 20, 30]);
  });

  it("packs and unpacks without a change, also from an odd place in memory", () => {
    const blob = set.encode();
    const shifted = new Uint8Array(blob.byteLength + 3);
    shifted.set(new Uint8Array(blob), 3);
    for (const view of [new DataView(blob), new DataView(shifted.buffer, 3)]) {
      const back = OutlineSet.decode(view);
      expect(back).toEqual(set);
    }
  });

  it("refuses a damaged blob", () => {
    const blob = set.encode();
    expect(() => OutlineSet.decode(blob.slice(0, -8))).toThrow("truncated");
    expect(() => OutlineSet.decode(new ArrayBuffer(40))).toThrow("not a blob");
  });

  it("has an empty set that packs", () => {
    expect(OutlineSet.decode(OutlineSet.empty().encode()).length).toBe(0);
  });
});
