/** Which wells are selected, and where the keyboard is. -1 is the header before the first row or column. */
import type { Modifiers } from "../selection";
import type { Format } from "./wells";

export interface Place {
  row: number;
  column: number;
}

export type Move = "left" | "right" | "up" | "down" | "row_start" | "row_end" | "first" | "last";

/** Where a key leads: up and left as far as the headers. */
export function step(move: Move, { row, column }: Place, { rows, columns }: Format): Place {
  switch (move) {
    case "left": return { row, column: Math.max(-1, column - 1) };
    case "right": return { row, column: Math.min(columns - 1, column + 1) };
    case "up": return { row: Math.max(-1, row - 1), column };
    case "down": return { row: Math.min(rows - 1, row + 1), column };
    case "row_start": return { row, column: 0 };
    case "row_end": return { row, column: columns - 1 };
    case "first": return { row: 0, column: 0 };
    case "last": return { row: rows - 1, column: columns - 1 };
  } // prettier-ignore
}

export function isWell({ row, column }: Place): boolean {
  return row >= 0 && column >= 0;
}

/** How the place of a well is written where one number is needed; the widest plate has 48 columns. */
const STRIDE = 64;

export class SelectedWells {
  active: Place = { row: 0, column: 0 };
  #anchor: Place = { row: 0, column: 0 };
  readonly #wells = new Set<number>();
  /** What was selected before a rectangle is drawn that adds to it. */
  #kept: number[] = [];

  constructor(public format: Format) {}

  get size(): number {
    return this.#wells.size;
  }

  has(row: number, column: number): boolean {
    return this.#wells.has(row * STRIDE + column);
  }

  /** In the plate's order. */
  places(): Place[] {
    return [...this.#wells].sort((a, b) => a - b).map((well) => ({ row: Math.floor(well / STRIDE), column: well % STRIDE }));
  }

  clear(): void {
    this.#wells.clear();
    this.#kept = [];
  }

  replace(places: Iterable<Place>): void {
    this.clear();
    for (const place of places) this.#add(place);
  }

  /** A click on a well or header, or a key that leads there. */
  pick(place: Place, { shift = false, ctrl = false }: Modifiers = {}): void {
    if (shift) this.span(place);
    else {
      const all = this.#covered(place, place);
      const taken = ctrl && all.every((well) => this.#wells.has(well));
      if (!ctrl) this.#wells.clear();
      for (const well of all) if (taken) this.#wells.delete(well); else this.#wells.add(well); // prettier-ignore
      this.#anchor = place;
      this.#kept = ctrl ? [...this.#wells] : [];
    }
    this.active = place;
  }

  /** The rectangle from where the selection began to here; it replaces the one before. */
  span(place: Place): void {
    this.#wells.clear();
    for (const well of this.#kept) this.#wells.add(well);
    for (const well of this.#covered(this.#anchor, place)) this.#wells.add(well);
    this.active = place;
  }

  /** The keyboard goes somewhere without selecting. */
  go(place: Place): void {
    this.active = place;
  }

  /** All wells; the keyboard stays where it is. */
  all(): void {
    const { active } = this;
    this.pick({ row: -1, column: -1 });
    this.active = active;
  }

  /** A header stands for its whole row or column, the corner for the plate. */
  #covered(from: Place, to: Place): number[] {
    const { rows, columns } = this.format;
    const range = (a: number, b: number, count: number) => (Math.min(a, b) < 0 ? [0, count - 1] : [Math.min(a, b), Math.max(a, b)]);
    const [top, bottom] = range(from.row, to.row, rows);
    const [left, right] = range(from.column, to.column, columns);
    const wells: number[] = [];
    for (let row = top; row <= bottom; row++) for (let column = left; column <= right; column++) wells.push(row * STRIDE + column);
    return wells;
  }

  #add({ row, column }: Place): void {
    this.#wells.add(row * STRIDE + column);
  }
}
