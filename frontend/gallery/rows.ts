/** The project's images as columns: no object a row, so that a hundred thousand of them are as light as a hundred. */
import { timeText } from "../shared/numbers";
import { type ImageState, STATES, stateOf } from "../shared/states";

export type Kind = "i4" | "f4" | "u2" | "u1" | "text";
/** name, kind, offset and bytes in the buffer, and what the codes of a category mean. */
export type Column = [string, Kind, number, number, string[] | null];

/** The answer of the kernel's `rows` (Python: `widgets/gallery_rows.py`). */
export interface RowsValue {
  version: number;
  count: number;
  whole: boolean;
  rows: number;
  deflated: boolean;
  columns: Column[];
}

const NUMBERS = {
  id: Int32Array,
  time_h: Float32Array,
  n_objects: Int32Array,
  excluded: Uint8Array,
  width: Int32Array,
  height: Int32Array,
  area: Float32Array,
  calibrated: Uint8Array,
  result: Int32Array,
} as const;
type NumberName = keyof typeof NUMBERS;
type Numeric = Int32Array | Float32Array | Uint8Array;

const ARRAYS = { i4: Int32Array, f4: Float32Array, u2: Uint16Array, u1: Uint8Array } as const;

/** A column of few different words. */
class Words {
  codes = new Uint16Array(0);
  words: string[] = [];

  at(row: number): string {
    return this.words[this.codes[row]] ?? "";
  }

  /** The code of a word, which is given one if it is new. */
  code(word: string): number {
    const known = this.words.indexOf(word);
    return known >= 0 ? known : this.words.push(word) - 1;
  }
}

export class Rows {
  version = 0;
  length = 0;
  readonly id = (row: number) => this.#numbers.id[row];
  readonly time = (row: number) => this.#numbers.time_h[row];
  readonly objects = (row: number) => this.#numbers.n_objects[row];
  readonly width = (row: number) => this.#numbers.width[row];
  readonly height = (row: number) => this.#numbers.height[row];
  readonly area = (row: number) => this.#numbers.area[row];
  readonly calibrated = (row: number) => this.#numbers.calibrated[row] === 1;
  readonly result = (row: number) => this.#numbers.result[row];
  readonly #numbers: Record<NumberName, Numeric>;
  readonly #words: Record<string, Words> = {};
  readonly #texts: Record<string, string[]> = { name: [], reason: [] };
  #states = new Uint8Array(0);
  #places = new Map<number, number>();
  #haystack: string[] | null = null;

  constructor() {
    const empty = Object.entries(NUMBERS).map(([name, type]) => [name, new type(0)]);
    this.#numbers = Object.fromEntries(empty) as Record<NumberName, Numeric>;
    for (const name of ["plate", "well", "status", "outcome", "review", "source"]) this.#words[name] = new Words();
  }

  /** Takes over an answer; returns the ids that changed, or null when rows came or went. */
  async apply(value: RowsValue, buffer: DataView): Promise<number[] | null> {
    const bytes = value.deflated ? await inflate(buffer) : copy(buffer);
    const parts = new Map(value.columns.map((column) => [column[0], column]));
    const numbers = (name: string): ArrayLike<number> => {
      const [, kind, offset, length] = parts.get(name) as Column;
      const type = ARRAYS[kind as keyof typeof ARRAYS];
      return new type(bytes, offset, length / type.BYTES_PER_ELEMENT);
    };
    const text = (name: string): string[] => {
      const [, , offset, length] = parts.get(name) as Column;
      return value.rows ? new TextDecoder().decode(new Uint8Array(bytes, offset, length)).split("\0") : [];
    };
    if (value.whole) this.#resize(value.rows);
    const at = value.whole ? null : numbers("at");
    const place = (i: number) => (at ? at[i] : i);
    for (const name of Object.keys(NUMBERS) as NumberName[]) {
      const values = numbers(name);
      const column = this.#numbers[name];
      if (!at) column.set(values);
      else for (let i = 0; i < at.length; i++) column[at[i]] = values[i];
    }
    for (const [name, column] of Object.entries(this.#words)) {
      const meant = (parts.get(name) as Column)[4] ?? [];
      const codes = numbers(name);
      const own = meant.map((word) => column.code(word));
      for (let i = 0; i < value.rows; i++) column.codes[place(i)] = own[codes[i]];
    }
    for (const [name, column] of Object.entries(this.#texts)) {
      const values = text(name);
      for (let i = 0; i < value.rows; i++) column[place(i)] = values[i];
    }
    for (let i = 0; i < value.rows; i++) this.#states[place(i)] = STATES.indexOf(this.#judge(place(i)));
    this.version = value.version;
    this.#haystack = null;
    if (value.whole) {
      this.#places = new Map(Array.from({ length: this.length }, (_, row) => [this.id(row), row]));
      return null;
    }
    return Array.from({ length: value.rows }, (_, i) => this.id(place(i)));
  }

  place(id: number): number | undefined {
    return this.#places.get(id);
  }

  name(row: number): string {
    return this.#texts.name[row];
  }

  reason(row: number): string {
    return this.#texts.reason[row];
  }

  well(row: number): string {
    return this.#words.well.at(row);
  }

  plate(row: number): string {
    return this.#words.plate.at(row);
  }

  outcome(row: number): string {
    return this.#words.outcome.at(row);
  }

  state(row: number): ImageState {
    return STATES[this.#states[row]];
  }

  /** Index into `STATES`. */
  stateCode(row: number): number {
    return this.#states[row];
  }

  /** What a search looks into, in lower case. */
  haystack(row: number): string {
    this.#haystack ??= Array.from({ length: this.length }, (_, i) =>
      `${this.name(i)} ${this.plate(i)} ${this.well(i)} ${timeText(this.time(i))}`.toLowerCase(),
    );
    return this.#haystack[row];
  }

  /** Height over width of the pictures: the middle one of a few, so that most fill their card. */
  aspect(): number {
    const step = Math.max(1, Math.floor(this.length / 101));
    const some: number[] = [];
    for (let row = 0; row < this.length; row += step) {
      if (this.width(row) > 0) some.push(this.height(row) / this.width(row));
    }
    some.sort((a, b) => a - b);
    return some.length ? Math.min(1.25, Math.max(0.6, some[some.length >> 1])) : 0.75;
  }

  #resize(length: number): void {
    this.length = length;
    for (const name of Object.keys(NUMBERS) as NumberName[]) this.#numbers[name] = new NUMBERS[name](length);
    for (const column of Object.values(this.#words)) column.codes = new Uint16Array(length);
    for (const name of Object.keys(this.#texts)) this.#texts[name] = new Array<string>(length).fill("");
    this.#states = new Uint8Array(length);
  }

  #judge(row: number): ImageState {
    return stateOf({
      status: this.#words.status.at(row), review: this.#words.review.at(row), outcome: this.outcome(row),
      excluded: this.#numbers.excluded[row] === 1, result: this.result(row),
    }); // prettier-ignore
  }
}

function copy(view: DataView): ArrayBuffer {
  return view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength) as ArrayBuffer;
}

async function inflate(view: DataView): Promise<ArrayBuffer> {
  const packed = new Blob([copy(view)]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(packed).arrayBuffer();
}
