/** The rows, what is asked of them, and what that gives: the order that every mode shows. */
import { Codings } from "./coded";
import { type Matching, Sieve } from "./sieve";
import { grouped, type Section, ungrouped } from "./groups";
import { type Bins, binsOf } from "./histogram";
import { Numerics } from "./numeric";
import type { Rows } from "./rows";
import { Orders } from "./sort";
import { EVERYTHING, type RangedName, type View } from "./view";

export class Finder {
  view: View = EVERYTHING;
  /** Rows that are shown: filtered, sorted, grouped. */
  order: Int32Array = new Int32Array(0);
  sections: Section[] = [];
  readonly codings: Codings;
  readonly numerics: Numerics;
  readonly sieve: Sieve;
  readonly orders: Orders;
  #positions: Int32Array | null = null;
  readonly #bins = new Map<RangedName, { generation: number; bins: Bins | null }>();

  constructor(readonly rows: Rows) {
    this.codings = new Codings(rows);
    this.numerics = new Numerics(rows);
    this.sieve = new Sieve(rows, this.codings, this.numerics);
    this.orders = new Orders(rows, this.codings, this.numerics);
  }

  /** Works out what is shown now. */
  run(matching: Matching = null): void {
    const { view } = this;
    this.sieve.run(view, matching);
    const order = this.sieve.order(this.orders.of(view.sort));
    const put = view.group === null ? ungrouped(order) : grouped(order, this.codings.of(view.group));
    this.order = put.order;
    this.sections = put.sections;
    this.#positions = null;
  }

  /** Images that are flagged and that nobody has judged. */
  flagged(): number {
    const { rows } = this;
    const [flags, review] = [rows.words("flags"), rows.words("review")];
    const unreviewed = review.code("unreviewed");
    let flagged = 0;
    for (let row = 0; row < rows.length; row++) flagged += Number(flags.codes[row] > 0 && review.codes[row] === unreviewed);
    return flagged;
  }

  /** Where an image is shown, or -1. */
  positionOf(id: number): number {
    const row = this.rows.place(id);
    if (row === undefined) return -1;
    if (this.#positions === null) {
      this.#positions = new Int32Array(this.rows.length).fill(-1);
      for (let position = 0; position < this.order.length; position++) this.#positions[this.order[position]] = position;
    }
    return this.#positions[row];
  }

  /** Bars of a column; null where there is nothing to choose. */
  bins(name: RangedName): Bins | null {
    const { generation } = this.rows;
    const kept = this.#bins.get(name);
    if (kept?.generation === generation) return kept.bins;
    const bins = binsOf(this.numerics.of(name));
    this.#bins.set(name, { generation, bins });
    return bins;
  }
}
