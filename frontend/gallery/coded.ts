/** Columns as codes: which of a few values each row has. Filters with counts, groups and sorting go by them. */
import { STATES } from "../shared/states";
import { type Rows, several, type WordName, timeKey } from "./rows";

export interface Coded {
  /** By row. */
  codes: ArrayLike<number>;
  /** What is told apart, in natural order; "" is nothing known and comes last. */
  values: readonly string[];
  /** By code, the places in `values`: one, or several (tags). */
  members: readonly (readonly number[])[];
  /** By value, how many rows have it. */
  totals: Int32Array;
}

/** Columns that have values to tick; the order is that of the panel. */
export const CODED = [
  "state", "plate", "well", "time_h", "condition", "tags", "flags", "n_objects", "model", "edited", "touches_border",
] as const; // prettier-ignore
export type CodedName = (typeof CODED)[number];
/** What images can be put together by. */
export const GROUPS = ["plate", "well_row", "time_h", "condition"] as const;
export type GroupName = (typeof GROUPS)[number];

const NATURAL = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
const NO_YES = ["no", "yes"];

/** Columns of some rows, each coded when it is asked for and again when rows have changed. */
export class Codings {
  readonly #kept = new Map<string, { generation: number; coded: Coded }>();

  constructor(private readonly rows: Rows) {}

  of(name: CodedName | GroupName): Coded {
    const kept = this.#kept.get(name);
    if (kept?.generation === this.rows.generation) return kept.coded;
    const coded = this.#code(name);
    this.#kept.set(name, { generation: this.rows.generation, coded });
    return coded;
  }

  #code(name: CodedName | GroupName): Coded {
    const { rows } = this;
    switch (name) {
      case "state": return whole({ codes: rows.states, values: STATES, members: STATES.map((_, code) => [code]) });
      case "edited":
      case "touches_border": return whole({ codes: rows.numbers(name), values: NO_YES, members: [[0], [1]] });
      case "time_h": return ofNumbers(rows.numbers(name), timeKey);
      case "n_objects": return ofNumbers(rows.numbers(name), (count) => (count < 0 ? "" : String(count)));
      case "tags":
      case "flags": return ofWords(rows, name, (joined) => (joined ? several(joined) : [""]));
      case "well_row": return ofWords(rows, "well", (well) => [wellRow(well)]);
      default: return ofWords(rows, name, (word) => [word]);
    } // prettier-ignore
  }
}

/** Adds up per value what was counted per code. */
export function byValue({ values, members }: Omit<Coded, "totals">, byCode: ArrayLike<number>): Int32Array {
  const counts = new Int32Array(values.length);
  members.forEach((places, code) => {
    for (const place of places) counts[place] += byCode[code];
  });
  return counts;
}

/** `B07` -> `B`; "" where the name is none of a well. */
export function wellRow(well: string): string {
  return /^([A-Za-z]{1,2})\d+$/.exec(well)?.[1].toUpperCase() ?? "";
}

/** Nothing known comes last. */
function ordered(values: Iterable<string>, compare: (a: string, b: string) => number): string[] {
  return [...values].sort((a, b) => Number(a === "") - Number(b === "") || compare(a, b));
}

function whole(coded: Omit<Coded, "totals">): Coded {
  const { codes, members } = coded;
  const byCode = new Int32Array(members.length);
  for (let row = 0; row < codes.length; row++) byCode[codes[row]]++;
  return { ...coded, totals: byValue(coded, byCode) };
}

function ofWords(rows: Rows, name: WordName, split: (word: string) => string[]): Coded {
  const { codes, words } = rows.words(name);
  const parts = words.map(split);
  const values = ordered(new Set(parts.flat()), NATURAL.compare);
  const places = new Map(values.map((value, place) => [value, place]));
  return whole({ codes, values, members: parts.map((some) => some.map((value) => places.get(value) as number)) });
}

function ofNumbers(column: ArrayLike<number>, key: (value: number) => string): Coded {
  const codes = new Uint32Array(column.length);
  const known = new Map<number, number>();
  for (let row = 0; row < column.length; row++) {
    let code = known.get(column[row]);
    if (code === undefined) known.set(column[row], (code = known.size));
    codes[row] = code;
  }
  const keys = [...known.keys()].map(key);
  const values = ordered(new Set(keys), (a, b) => Number(a) - Number(b));
  const places = new Map(values.map((value, place) => [value, place]));
  return whole({ codes, values, members: keys.map((value) => [places.get(value) as number]) });
}
