/** Which rows are shown, and how many there would be. */
import { STATES } from "../shared/states";
import type { Rows } from "./rows";

export interface Filter {
  /** Words that must all occur in the name, plate, well or time. */
  text: string;
  /** Indices into `STATES`; empty is all of them. */
  states: ReadonlySet<number>;
}

export interface Found {
  /** Rows that are shown, in order. */
  order: Int32Array;
  /** By state, how many rows the text alone leaves. */
  counts: Int32Array;
  /** Rows that the text alone leaves. */
  total: number;
}

export function find(rows: Rows, { text, states }: Filter): Found {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const counts = new Int32Array(STATES.length);
  const order = new Int32Array(rows.length);
  let shown = 0;
  let total = 0;
  for (let row = 0; row < rows.length; row++) {
    if (words.length > 0) {
      const haystack = rows.haystack(row);
      if (!words.every((word) => haystack.includes(word))) continue;
    }
    const state = rows.stateCode(row);
    counts[state]++;
    total++;
    if (states.size === 0 || states.has(state)) order[shown++] = row;
  }
  return { order: order.slice(0, shown), counts, total };
}
