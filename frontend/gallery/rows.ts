/** The project's images as columns: no object a row, so that a hundred thousand of them are as light as a hundred. */
import { timeText } from "../shared/numbers";
import { type ImageState, STATES, stateOf } from "../shared/states";

export type Kind = "i4" | "f4" | "u4" | "u2" | "u1" | "text";
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
  /** These are the first images only, of so many: the rest is still being read. */
  first_of?: number;
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
  least_confidence: Float32Array,
  edited: Uint8Array,
  touches_border: Uint8Array,
  site: Int32Array,
} as const;
export type NumberName = keyof typeof NUMBERS;
export type Numeric = Int32Array | Float32Array | Uint8Array;

const WORDS = ["plate", "well", "status", "outcome", "review", "source", "condition", "model", "tags", "flags"] as const;
export type WordName = (typeof WORDS)[number];
/** Between the words of a row that has several (Python: `widgets/gallery_rows.py`). */
const BETWEEN = "\x1f";

const ARRAYS = { i4: Int32Array, f4: Float32Array, u4: Uint32Array, u2: Uint16Array, u1: Uint8Array } as const;

/** A column of few different words; code 0 is no word. */
export class Words {
  codes = new Uint32Array(0);
  readonly words: string[] = [""];
  readonly #known = new Map([["", 0]]);

  at(row: number): string {
    return this.words[this.codes[row]];
  }

  /** The code of a word, which is given one if it is new. */
  code(word: string): number {
    let code = this.#known.get(word);
    if (code === undefined) {
      code = this.words.push(word) - 1;
      this.#known.set(word, code);
    }
    return code;
  }
}

/** The words of a row that has several. */
export function several(joined: string): string[] {
  return joined === "" ? [] : joined.split(BETWEEN);
}

export class Rows {
  version = 0;
  length = 0;
  /** Counts every answer taken over: what was made of older rows is known by it; and those that brought other names. */
  generation = 0;
  naming = 0;
  /** So many images are in the project, of which the first are here; 0 when all are. */
  firstOf = 0;
  readonly id = (row: number) => this.#numbers.id[row];
  readonly time = (row: number) => this.#numbers.time_h[row];
  readonly objects = (row: number) => this.#numbers.n_objects[row];
  readonly width = (row: number) => this.#numbers.width[row];
  readonly height = (row: number) => this.#numbers.height[row];
  readonly area = (row: number) => this.#numbers.area[row];
  readonly calibrated = (row: number) => this.#numbers.calibrated[row] === 1;
  readonly result = (row: number) => this.#numbers.result[row];
  readonly confidence = (row: number) => this.#numbers.least_confidence[row];
  readonly edited = (row: number) => this.#numbers.edited[row] === 1;
  readonly touchesBorder = (row: number) => this.#numbers.touches_border[row] === 1;
  readonly #numbers: Record<NumberName, Numeric>;
  readonly #words = Object.fromEntries(WORDS.map((name) => [name, new Words()])) as Record<WordName, Words>;
  readonly #texts: Record<string, string[]> = { name: [], reason: [] };
  #states = new Uint8Array(0);
  #places = new Map<number, number>();
  #haystack: string[] | null = null;
  /** Times in words: few different ones, and writing a number takes long. */
  readonly #times = new Map<number, string>();

  constructor() {
    const empty = Object.entries(NUMBERS).map(([name, type]) => [name, new type(0)]);
    this.#numbers = Object.fromEntries(empty) as Record<NumberName, Numeric>;
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
    let renamed = value.whole;
    for (const [name, column] of Object.entries(this.#texts)) {
      const values = text(name);
      for (let i = 0; i < value.rows; i++) {
        renamed ||= name === "name" && column[place(i)] !== values[i];
        column[place(i)] = values[i];
      }
    }
    for (let i = 0; i < value.rows; i++) this.#states[place(i)] = STATES.indexOf(this.#judge(place(i)));
    this.version = value.version;
    this.generation++;
    if (renamed) this.naming++;
    this.firstOf = value.first_of ?? 0;
    if (value.whole) this.#haystack = null;
    else if (this.#haystack) for (let i = 0; i < value.rows; i++) this.#haystack[place(i)] = this.#searched(place(i));
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

  condition(row: number): string {
    return this.#words.condition.at(row);
  }

  model(row: number): string {
    return this.#words.model.at(row);
  }

  outcome(row: number): string {
    return this.#words.outcome.at(row);
  }

  tags(row: number): string[] {
    return several(this.#words.tags.at(row));
  }

  flags(row: number): string[] {
    return several(this.#words.flags.at(row));
  }

  state(row: number): ImageState {
    return STATES[this.#states[row]];
  }

  /** By row, an index into `STATES`. */
  get states(): Uint8Array {
    return this.#states;
  }

  /** A column of numbers as it is, for what goes through all rows. */
  numbers(name: NumberName): Numeric {
    return this.#numbers[name];
  }

  /** A column of words as it is. */
  words(name: WordName): Words {
    return this.#words[name];
  }

  get names(): readonly string[] {
    return this.#texts.name;
  }

  /** What a search looks into, in lower case. */
  haystack(row: number): string {
    this.#haystack ??= Array.from({ length: this.length }, (_, each) => this.#searched(each));
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

  #searched(row: number): string {
    const { plate, well, condition, tags } = this.#words;
    const hours = this.time(row);
    let time = this.#times.get(hours);
    if (time === undefined) this.#times.set(hours, (time = timeText(hours)));
    const said = `${this.name(row)} ${plate.at(row)} ${well.at(row)} ${time} ${condition.at(row)}`.toLowerCase();
    return tags.codes[row] > 0 ? `${said} ${tags.at(row).replaceAll(BETWEEN, " ").toLowerCase()}` : said;
  }

  #resize(length: number): void {
    this.length = length;
    for (const name of Object.keys(NUMBERS) as NumberName[]) this.#numbers[name] = new NUMBERS[name](length);
    for (const column of Object.values(this.#words)) column.codes = new Uint32Array(length);
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

/** A time as filters and views name it (Python: `widgets/gallery_view.py`): six digits are more than float32 holds. */
export function timeKey(hours: number): string {
  return Number.isFinite(hours) ? String(Number(hours.toPrecision(6))) : "";
}

function copy(view: DataView): ArrayBuffer {
  return view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength) as ArrayBuffer;
}

async function inflate(view: DataView): Promise<ArrayBuffer> {
  const packed = new Blob([copy(view)]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(packed).arrayBuffer();
}
