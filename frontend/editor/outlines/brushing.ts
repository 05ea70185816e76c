/** A stroke of a round brush or eraser, applied piece by piece while it goes on. */

import { bounds, type Rings } from "../geometry";
import { NoResult } from "./algebra";
import { boxesMeet, difference, union } from "./booleans";
import { capsule, type Point } from "./shapes";

export class Stroke {
  #parts: Rings[];
  #last: Point | null = null;

  constructor(readonly kind: "paint" | "erase", given: readonly Rings[], readonly radius: number) {
    this.#parts = [...given];
  }

  /** What there is after the pieces so far. */
  get parts(): readonly Rings[] {
    return this.#parts;
  }

  /** Go on to a point; the first one is a dab. */
  to(point: Point): void {
    const piece = [capsule(this.#last ?? point, point, this.radius)];
    try {
      this.#parts = this.kind === "paint" ? this.#painted(piece) : this.#parts.flatMap((part) => difference(part, [piece]));
      this.#last = point;
    } catch (error) {
      // The next piece begins where the last one that could be joined ended.
      if (!(error instanceof NoResult)) throw error;
    }
  }

  #painted(piece: Rings): Rings[] {
    const box = bounds(piece);
    const [near, far] = [[] as Rings[], [] as Rings[]];
    for (const part of this.#parts) (boxesMeet(box, bounds(part)) ? near : far).push(part);
    return [...far, ...union([...near, piece])];
  }
}
