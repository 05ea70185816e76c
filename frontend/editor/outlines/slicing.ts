/** Cutting an outline along a line (Python: `slice_along` in `outlines/operations.py`). */

import { signedArea, type Rings } from "../geometry";
import { algebra, NoResult } from "./algebra";
import { LEAST_AREA } from "./grid";
import type { Point } from "./shapes";
import { isSound } from "./validity";

/** The parts into which a line cuts an outline; the outline alone when it separates nothing. */
export function slice(rings: Rings, line: readonly Point[]): Rings[] {
  const faces = algebra().faces(rings, line);
  if (faces.length < 2) return [rings];
  const parts = faces.filter((part) => signedArea(part[0]) >= LEAST_AREA);
  if (!parts.every(isSound)) throw new NoResult("the parts would cross themselves");
  return parts;
}
