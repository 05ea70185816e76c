/**
 * Which rows are shown, and how many each other choice would show.
 *
 * Faceted search: the counts of a facet are of the rows that everything else lets through. One pass a criterion notes by
 * row how many refuse it and which one did last; a row refused by one alone still counts for that one's facet.
 */
import { byValue, type CodedName, type Codings } from "./coded";
import type { Bins } from "./histogram";
import type { Numerics } from "./numeric";
import type { Rows } from "./rows";
import type { Ask, Range, RangedName } from "./view";

/** What the kernel said about an expression: by row, 1 where it holds. */
export type Matching = Uint8Array | null;

export class Sieve {
  /** Rows looked at since it was made: the work done, whatever the machine. */
  visits = 0;
  #refusals = new Uint8Array(0);
  #last = new Uint8Array(0);
  #criteria: string[] = [];
  #text: { text: string; generation: number; found: Uint8Array } | null = null;

  constructor(
    private readonly rows: Rows,
    private readonly codings: Codings,
    private readonly numerics: Numerics,
  ) {}

  /** Judges all rows. */
  run(ask: Ask, matching: Matching = null): void {
    const { length } = this.rows;
    if (this.#refusals.length !== length) {
      this.#refusals = new Uint8Array(length);
      this.#last = new Uint8Array(length);
    } else this.#refusals.fill(0);
    this.#criteria = [];
    if (ask.text.trim() !== "") {
      const found = this.#search(ask.text);
      this.#judge("text", (row) => found[row] === 1);
    }
    if (matching !== null) this.#judge("expression", (row) => matching[row] === 1);
    for (const [name, values] of Object.entries(ask.facets) as [CodedName, readonly string[]][]) this.#tick(name, values);
    for (const [name, range] of Object.entries(ask.ranges) as [RangedName, Range][]) this.#between(name, range);
  }

  /** Whether a row is shown. */
  shows(row: number): boolean {
    return this.#refusals[row] === 0;
  }

  /** Rows in the given order (or as they were added) that are shown. */
  order(sorted: Int32Array | null): Int32Array {
    const { length } = this.rows;
    const order = new Int32Array(length);
    let shown = 0;
    for (let i = 0; i < length; i++) {
      const row = sorted === null ? i : sorted[i];
      order[shown] = row;
      if (this.#refusals[row] === 0) shown++;
    }
    this.visits += length;
    return order.slice(0, shown);
  }

  /** By value of a facet, the rows that it would show together with everything else that is asked for. */
  counts(name: CodedName): Int32Array {
    const coded = this.codings.of(name);
    const byCode = new Int32Array(coded.members.length);
    this.#others(`facet ${name}`, (row) => byCode[coded.codes[row]]++);
    return byValue(coded, byCode);
  }

  /** Rows that everything but a facet lets through: what its "All" would show. */
  without(name: CodedName): number {
    let rows = 0;
    this.#others(`facet ${name}`, () => rows++);
    return rows;
  }

  /** By bar of a histogram, the rows that everything else lets through. */
  heights(name: RangedName, bins: Bins): Int32Array {
    const heights = new Int32Array(bins.count + 1); // the last holds rows without a number
    this.#others(`range ${name}`, (row) => heights[bins.codes[row]]++);
    return heights.subarray(0, bins.count);
  }

  /** Calls for every row that is shown, or would be but for one criterion. */
  #others(criterion: string, visit: (row: number) => void): void {
    const own = this.#criteria.indexOf(criterion);
    const { length } = this.rows;
    for (let row = 0; row < length; row++) {
      const refused = this.#refusals[row];
      if (refused === 0 || (refused === 1 && this.#last[row] === own)) visit(row);
    }
    this.visits += length;
  }

  #judge(criterion: string, passes: (row: number) => boolean): void {
    const place = this.#criteria.push(criterion) - 1;
    const { length } = this.rows;
    for (let row = 0; row < length; row++) {
      if (passes(row)) continue;
      this.#refusals[row]++;
      this.#last[row] = place;
    }
    this.visits += length;
  }

  #tick(name: CodedName, chosen: readonly string[]): void {
    const { codes, values, members } = this.codings.of(name);
    const wanted = new Set(chosen);
    const good = members.map((places) => places.some((place) => wanted.has(values[place])));
    this.#judge(`facet ${name}`, (row) => good[codes[row]]);
  }

  #between(name: RangedName, [from, to]: Range): void {
    const [low, high] = [from ?? -Infinity, to ?? Infinity];
    const values = this.numerics.of(name);
    this.#judge(`range ${name}`, (row) => values[row] >= low && values[row] <= high);
  }

  #search(text: string): Uint8Array {
    const { rows } = this;
    if (this.#text?.text === text && this.#text.generation === rows.generation) return this.#text.found;
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    const found = new Uint8Array(rows.length);
    for (let row = 0; row < rows.length; row++) {
      const haystack = rows.haystack(row);
      found[row] = Number(words.every((word) => haystack.includes(word)));
    }
    this.visits += rows.length;
    this.#text = { text, generation: rows.generation, found };
    return found;
  }
}
