/** Rows put together by plate, well row, time or condition. */
import type { Coded } from "./coded";

/** Cards that follow each other under one header; without grouping one for all of them. */
export interface Section {
  /** What they have in common; "" is nothing known, null no grouping. */
  key: string | null;
  /** Position of the first, and how many. */
  first: number;
  count: number;
}

export interface Grouped {
  order: Int32Array;
  sections: Section[];
}

export function ungrouped(order: Int32Array): Grouped {
  return { order, sections: order.length > 0 ? [{ key: null, first: 0, count: order.length }] : [] };
}

/** Groups in their natural order; within each, rows stay as they were. */
export function grouped(order: Int32Array, { codes, values, members }: Coded): Grouped {
  const counts = new Int32Array(values.length);
  const place = (row: number) => members[codes[row]][0];
  for (const row of order) counts[place(row)]++;
  const sections: Section[] = [];
  const next = new Int32Array(values.length);
  let first = 0;
  values.forEach((key, value) => {
    next[value] = first;
    if (counts[value] > 0) sections.push({ key, first, count: counts[value] });
    first += counts[value];
  });
  const together = new Int32Array(order.length);
  for (const row of order) together[next[place(row)]++] = row;
  return { order: together, sections };
}
