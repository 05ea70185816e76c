/** Asks the kernel for the object at a place (Python: `widgets/assisting.py`), and for the outlines of the time before. */

import { OutlineSet } from "../../shared/outlines";
import type { Rpc } from "../../shared/rpc";
import type { Box, Rings } from "../geometry";
import { patiently } from "../patience";
import { simplify } from "../outlines/simplifying";
import { levelSet } from "./level_set";

/** As a run's outlines are simplified: no point moves further, in image pixels. */
const TOLERANCE = 0.1;

interface FieldInfo {
  /** Place of the field's corner in image pixels, and image pixels a pixel of it. */
  left: number;
  top: number;
  across: number;
  down: number;
  width: number;
  height: number;
  /** Probability of the outline that is proposed, and between which it can be moved. */
  level: number;
  least: number;
  most: number;
  by: "maps" | "network";
  model: string;
}

/** The probabilities of one object: outlines at any threshold are made of them here, at once. */
export class Proposal {
  constructor(readonly info: FieldInfo, private readonly values: Uint8Array) {}

  outline(level: number): Rings | null {
    const { left, top, across, down, width, height } = this.info;
    const found = levelSet(this.values, width, height, level);
    if (!found) return null;
    return simplify(found.map((ring) => ring.map((value, i) => (i % 2 ? top + value * down : left + value * across))), TOLERANCE);
  }
}

export interface Earlier {
  name: string;
  time_h: number;
  outlines: { rings: Rings; className: string }[];
}

export class Proposer {
  #asked = 0;

  constructor(private readonly rpc: Rpc, /** The open image; null while there is none. */ readonly image: () => number | null) {}

  /** Find the object in a box, or at a click, which is a box of no size; null where there is none. */
  async ask(box: Box, signal: AbortSignal, stage: (name: string) => void): Promise<Proposal | null> {
    const ask = ++this.#asked;
    const leave = this.rpc.on<{ ask: number; stage: string }>("assist", (told) => {
      if (told.ask === ask) stage(told.stage);
    });
    try {
      const params = { image_id: this.image(), box, ask };
      const { value, buffers } = await patiently(() => this.rpc.call<FieldInfo | null>("assist", params, { signal }), signal);
      if (!value) return null;
      const [blob] = buffers;
      return new Proposal(value, new Uint8Array(blob.buffer, blob.byteOffset, blob.byteLength));
    } finally {
      leave();
    }
  }

  /** The outlines of the same well and site at the time before; null where there is none. */
  async earlier(): Promise<Earlier | null> {
    const params = { image_id: this.image() };
    const asked = () => this.rpc.call<{ name: string; time_h: number; classes: string[] } | null>("earlier", params);
    const { value, buffers } = await patiently(asked, new AbortController().signal);
    if (!value) return null;
    const set = OutlineSet.decode(buffers[0]);
    return { ...value, outlines: value.classes.map((className, i) => ({ rings: set.rings(i), className })) };
  }
}
