/** Outlines that are drawn small: reduced by less than is seen. */

import { describe, expect, it } from "vitest";

import { nearestEdge } from "../geometry";
import { reduced } from "../outlines/simplifying";
import { toleranceAt } from "./level";

const circle = (vertices: number, radius: number) => Float32Array.from({ length: 2 * vertices }, (_, i) => {
  const angle = (2 * Math.PI * (i >> 1)) / vertices;
  return 50 + radius * (i % 2 ? Math.sin(angle) : Math.cos(angle));
});

describe("reduced outlines", () => {
  it.each([0.01, 0.1, 0.3, 0.8, 1.5, 3])("lie beside the whole ones by less than half a pixel of a screen at scale %s", (scale) => {
    const tolerance = toleranceAt(scale);
    expect(tolerance * scale).toBeLessThan(0.5);
    expect(tolerance * scale * 4).toBeGreaterThan(0.3); // and no finer than it need be
  });

  it("are whole where a pixel of the image is some pixels of the screen", () => {
    expect([4, 8, 64].map(toleranceAt)).toEqual([0, 0, 0]);
  });

  it("have few vertices, none of the whole outline's far from them", () => {
    const whole = circle(100, 14);
    const few = reduced(whole, 2);
    expect(few.length).toBeLessThan(whole.length / 4);
    for (let i = 0; i < whole.length; i += 2) expect(nearestEdge([few], whole[i], whole[i + 1], 2.01)).not.toBeNull();
  });

  it("keep three vertices at least", () => {
    expect(reduced(circle(100, 1), 32)).toHaveLength(6);
  });
});
