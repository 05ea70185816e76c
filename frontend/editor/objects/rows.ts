/** The outlines as rows of a table: what is known of each, and which of them in which order. */

import { area } from "../geometry";
import { FLAG, type Aside } from "../store";
import type { Work } from "../work";

export const SORTS = ["number", "class", "area", "confidence", "flags"] as const;
export type SortBy = (typeof SORTS)[number];
/** What an object can be marked with, in the order in which it counts. */
export const MARKS = ["border", "low", "edited", "primary", "locked", "hidden"] as const;
export type Mark = (typeof MARKS)[number];
const BITS: Partial<Record<Mark, number>> = { border: FLAG.border, low: FLAG.lowConfidence, edited: FLAG.edited, primary: FLAG.primary };

export interface Wanted {
  /** Words that must all be found in number, class or marks. */
  text: string;
  /** Number of a class; null for all. */
  classIndex: number | null;
  mark: Mark | null;
  by: SortBy;
  descending: boolean;
}

export class Rows {
  /** Areas by slot, NaN where not measured yet: a million vertices are not gone through at every stroke. */
  #areas = new Float64Array(0);

  /** @param markWord the word for a mark, as it is looked for */
  constructor(private readonly work: Work, private readonly markWord: (mark: Mark) => string) {
    work.store.onChange((slots) => {
      if (slots === "all") this.#areas = new Float64Array(0);
      else for (const slot of slots) this.#areas[slot] = NaN;
    });
  }

  /** Area of an outline, px2: as the kernel measured it, else as it is measured here. */
  area(slot: number): number {
    const { store } = this.work;
    const measured = this.work.measured(slot);
    if (measured !== undefined) return measured;
    if (slot >= this.#areas.length) {
      const longer = new Float64Array(Math.max(store.length, 2 * this.#areas.length)).fill(NaN);
      longer.set(this.#areas);
      this.#areas = longer;
    }
    if (Number.isNaN(this.#areas[slot])) this.#areas[slot] = area(store.rings(slot));
    return this.#areas[slot];
  }

  marks(slot: number): Mark[] {
    const { store } = this.work;
    const { flags } = store.attributes(slot);
    const id = store.id(slot);
    return MARKS.filter((mark) => (BITS[mark] ? flags & BITS[mark] : store.isAside(mark as Aside, id)));
  }

  /** How many outlines there are of each class, by its number. */
  counts(): number[] {
    const { store, classes } = this.work;
    const counts = new Array<number>(classes.names.length).fill(0);
    for (const slot of store.slots()) counts[store.attributes(slot).classIndex]++;
    return counts;
  }

  /** The slots that are wanted, in order; what has no value comes last both ways. */
  find({ text, classIndex, mark, by, descending }: Wanted): number[] {
    const { store } = this.work;
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    const found = [...store.slots()].filter((slot) => (
      (classIndex === null || store.attributes(slot).classIndex === classIndex)
      && (mark === null || this.marks(slot).includes(mark))
      && words.every((word) => this.#says(slot, word))
    ));
    if (by === "number" && !descending) return found;
    const values = new Map(found.map((slot) => [slot, this.#value(slot, by)]));
    const sign = descending ? -1 : 1;
    return found.sort((a, b) => {
      const [x, y] = [values.get(a)!, values.get(b)!];
      if (x === y) return a - b;
      if (Number.isNaN(x) || Number.isNaN(y)) return Number.isNaN(x) ? (Number.isNaN(y) ? a - b : 1) : -1;
      return x < y ? -sign : sign;
    });
  }

  #says(slot: number, word: string): boolean {
    // "12" and "#12" name one object; "1" is not meant to find the tenth as well.
    const number = String(slot + 1);
    if (/^#?\d+$/.test(word)) return word.replace("#", "") === number;
    const name = this.work.classes.names[this.work.store.attributes(slot).classIndex] ?? "";
    return name.toLowerCase().includes(word) || this.marks(slot).some((mark) => this.markWord(mark).toLowerCase().includes(word));
  }

  #value(slot: number, by: SortBy): number | string {
    const { store, classes } = this.work;
    const { classIndex, confidence } = store.attributes(slot);
    switch (by) {
      case "number": return slot;
      case "class": return classes.names[classIndex].toLowerCase();
      case "area": return this.area(slot);
      case "confidence": return confidence;
      // Those with the gravest mark are the first: border before low confidence before all others.
      case "flags": return this.marks(slot).reduce((sum, mark) => sum - 2 ** (MARKS.length - MARKS.indexOf(mark)), 0);
    }
  }
}
