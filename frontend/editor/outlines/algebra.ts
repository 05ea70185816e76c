/**
 * What joins and cuts outlines. It is large and no picture needs it, so it comes after the first one (`../later.ts`);
 * what asks for it before is told so.
 */

import type { Algebra } from "../later";

/** The geometry is such that no sound outline came of it. */
export class NoResult extends Error {}

/** What joins and cuts outlines is not here yet. */
export class NotYet extends NoResult {}

let here: Algebra | null = null;

export function supply(algebra: Algebra | null): void {
  here = algebra;
}

export function isHere(): boolean {
  return here !== null;
}

export function algebra(): Algebra {
  if (here === null) throw new NotYet("what joins and cuts outlines is not here yet");
  return here;
}
