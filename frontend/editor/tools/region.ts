/** A box or a lasso that is being dragged, and what lies in it. */

import type { Ring } from "../../shared/outlines";
import { contains } from "../geometry";
import { rectangle } from "../outlines/shapes";
import type { Pointer } from "./tool";

export class Region {
  #at: Pointer;
  #ring: Ring | null = null;
  readonly #path: number[];

  constructor(readonly from: Pointer, readonly kind: "box" | "lasso", readonly add: boolean) {
    this.#at = from;
    this.#path = [from.x, from.y];
  }

  move(at: Pointer): void {
    this.#at = at;
    this.#path.push(at.x, at.y);
    this.#ring = null;
  }

  get ring(): Ring {
    const { from } = this;
    return (this.#ring ??= this.kind === "box" ? rectangle(from.x, from.y, this.#at.x, this.#at.y) : Float32Array.from(this.#path));
  }

  holds(x: number, y: number): boolean {
    return contains([this.ring], x, y);
  }
}
