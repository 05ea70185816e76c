/**
 * Outlines that were copied, in this page and in the kernel: they can be pasted into another image, another editor of
 * the notebook, and after a reload. The browser's own clipboard is only there on secure pages.
 */

import { OutlineSet } from "../shared/outlines";
import type { Rpc } from "../shared/rpc";
import type { Rings } from "./geometry";
import { uuid7 } from "./uuid";

export interface Copied {
  /** When it was copied, as a UUIDv7: they sort by time. */
  stamp: string;
  outlines: readonly { rings: Rings; className: string }[];
}

/** A kernel that is busy must not keep one from pasting what was copied here. */
const PATIENCE = 400;

export class Clipboard {
  #own: Copied | null = null;

  constructor(private readonly rpc: Rpc) {}

  copy(outlines: Copied["outlines"]): void {
    this.#own = { stamp: uuid7(), outlines };
    const set = OutlineSet.fromRings(outlines.map(({ rings }) => rings));
    const params = { stamp: this.#own.stamp, classes: outlines.map(({ className }) => className) };
    // Without it, what was copied can still be pasted here.
    this.rpc.call("copy", params, { buffers: [set.encode()] }).catch(() => undefined);
  }

  /** What was copied last, here or elsewhere; null when nothing was. */
  async paste(): Promise<Copied | null> {
    const late = new Promise<null>((resolve) => setTimeout(() => resolve(null), this.#own ? PATIENCE : 20 * PATIENCE));
    const theirs = await Promise.race([this.#ask().catch(() => null), late]);
    return theirs && (!this.#own || theirs.stamp > this.#own.stamp) ? theirs : this.#own;
  }

  async #ask(): Promise<Copied | null> {
    const { value, buffers } = await this.rpc.call<{ stamp: string; classes: string[] } | null>("paste");
    if (!value) return null;
    const set = OutlineSet.decode(buffers[0]);
    return { stamp: value.stamp, outlines: value.classes.map((className, i) => ({ rings: set.rings(i), className })) };
  }
}
