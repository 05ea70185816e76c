/** The images of a plate by time, well and site. */
import { type Format, formatsWith } from "./wells";

/** What the plate shows of the project's images: columns of one length, an entry an image. */
export interface PlateImages {
  readonly length: number;
  readonly id: ArrayLike<number>;
  /** Codes into `plates`. */
  readonly plate: ArrayLike<number>;
  readonly plates: readonly string[];
  /** Of the well, from 0; both -1 in none (see `placesOf`). */
  readonly row: ArrayLike<number>;
  readonly column: ArrayLike<number>;
  /** Hours; NaN where it is not known. */
  readonly time: ArrayLike<number>;
  /** Which view of its well an image is (its site, or site and channel as one number); without it they count in order. */
  readonly site?: ArrayLike<number>;
  /** Codes into `STATES` (`../../shared/states`). */
  readonly state: ArrayLike<number>;
  /** 0 without a flag, else one more than the place of the worst one in `FLAGS`. */
  readonly flag: ArrayLike<number>;
  /** Of all outlines, um^2 where `calibrated`, else px^2; NaN where nothing was measured. */
  readonly area: ArrayLike<number>;
  readonly calibrated: ArrayLike<number>;
  /** Least of an image's outlines, 0 to 1; NaN without one. */
  readonly confidence: ArrayLike<number>;
  /** Codes into `conditions`, which lie in the plate map's order; "" is none. */
  readonly condition: ArrayLike<number>;
  readonly conditions: readonly string[];
}

/** Wells that were imaged one after the other belong to one time point if they lie no further apart, h. */
const LONGEST_ROUND = 1;

/** One plate: which image shows a well at a time. */
export class PlateSeries {
  /** Entries of `PlateImages` that lie in a well of this plate, in their order. */
  readonly entries: readonly number[];
  /** Time points, h; NaN for images without a time, last. Empty without images. */
  readonly times: readonly number[];
  /** Images that a well may have at a time. */
  readonly sites: number;
  /** The least standard plate that holds the wells. */
  readonly least: Format;
  /** Standard plates that hold the wells. */
  readonly formats: readonly Format[];
  readonly #cells: Int32Array;

  constructor(
    readonly images: PlateImages,
    readonly code: number,
  ) {
    const { row, column, plate, length } = images;
    const entries: number[] = [];
    let [rows, columns] = [0, 0];
    for (let at = 0; at < length; at++) {
      if (plate[at] !== code || row[at] < 0) continue;
      entries.push(at);
      rows = Math.max(rows, row[at] + 1);
      columns = Math.max(columns, column[at] + 1);
    }
    this.entries = entries;
    this.formats = formatsWith(rows, columns);
    this.least = this.formats[0];
    const ranks = ranksOf(images.site, entries);
    const points = timePoints(images, entries, ranks);
    this.times = points.times;
    const place = (at: number) => images.row[at] * this.least.columns + images.column[at];
    const { wells } = this;
    // Images of the same well, time and site (of several channels, say) are shown beside each other, none is hidden.
    const seen = new Uint8Array(points.times.length * wells * ranks.count);
    const nth = new Uint8Array(entries.length);
    let most = 1;
    entries.forEach((at, i) => {
      const cell = (points.of[i] * wells + place(at)) * ranks.count + ranks.of[i];
      nth[i] = seen[cell]++;
      most = Math.max(most, seen[cell]);
    });
    this.sites = ranks.count * most;
    this.#cells = new Int32Array(points.times.length * wells * this.sites).fill(-1);
    entries.forEach((at, i) => {
      this.#cells[(points.of[i] * wells + place(at)) * this.sites + ranks.of[i] * most + nth[i]] = at;
    });
  }

  get wells(): number {
    return this.least.rows * this.least.columns;
  }

  /** The entry that shows a well at a time point; -1 where there is none. */
  at(point: number, row: number, column: number, site: number): number {
    const { least } = this;
    if (point < 0 || point >= this.times.length || row >= least.rows || column >= least.columns) return -1;
    return this.#cells[(point * this.wells + row * least.columns + column) * this.sites + site];
  }

  /** The entries that show a well at a time point. */
  within(point: number, row: number, column: number): number[] {
    return Array.from({ length: this.sites }, (_, site) => this.at(point, row, column, site)).filter((entry) => entry >= 0);
  }

  /** All entries of a time point. */
  during(point: number): number[] {
    const size = this.wells * this.sites;
    return [...this.#cells.subarray(point * size, (point + 1) * size)].filter((entry) => entry >= 0);
  }

  /** The time point nearest to an hour; null is an image's without a time. */
  pointAt(hours: number | null): number {
    const { times } = this;
    if (hours === null) return Math.max(0, times.findIndex(Number.isNaN));
    const distance = (time: number) => (Number.isNaN(time) ? Infinity : Math.abs(time - hours));
    return times.reduce((best, time, at) => (distance(time) < distance(times[best]) ? at : best), 0);
  }
}

/** Codes of the plates that have images in wells, in their names' order. */
export function platesOf({ length, plate, row, plates }: PlateImages): number[] {
  const found = new Set<number>();
  for (let at = 0; at < length; at++) if (row[at] >= 0) found.add(plate[at]);
  const natural = new Intl.Collator(undefined, { numeric: true });
  return [...found].sort((a, b) => natural.compare(plates[a], plates[b]));
}

interface Ranks {
  count: number;
  /** By place in `entries`. */
  of: Uint16Array;
}

function ranksOf(site: ArrayLike<number> | undefined, entries: readonly number[]): Ranks {
  if (!site) return { count: 1, of: new Uint16Array(entries.length) };
  const numbers = [...new Set(entries.map((at) => site[at]))].sort((a, b) => a - b);
  const rank = new Map(numbers.map((number, place) => [number, place]));
  return { count: Math.max(1, numbers.length), of: Uint16Array.from(entries, (at) => rank.get(site[at]) as number) };
}

/** Times that differ by less than a round of imaging takes are one time point. */
function timePoints(images: PlateImages, entries: readonly number[], ranks: Ranks): { times: number[]; of: Int32Array } {
  const { time, row, column } = images;
  const late = (i: number) => (Number.isNaN(time[entries[i]]) ? Infinity : time[entries[i]]);
  const order = entries.map((_, i) => i).sort((a, b) => (late(a) === late(b) ? a - b : late(a) - late(b)));
  const before = new Map<number, number>();
  let least = Infinity;
  for (const i of order) {
    const view = (row[entries[i]] * 1024 + column[entries[i]]) * ranks.count + ranks.of[i];
    const step = late(i) - (before.get(view) ?? NaN);
    if (step > 0) least = Math.min(least, step);
    before.set(view, late(i));
  }
  const round = Math.min(LONGEST_ROUND, least / 2);
  const times: number[] = [];
  const of = new Int32Array(entries.length);
  let began = NaN;
  for (const i of order) {
    const now = late(i);
    if (times.length === 0 || (now !== began && !(now - began <= round))) {
      began = now;
      times.push(Number.isFinite(now) ? now : NaN);
    }
    of[i] = times.length - 1;
  }
  return { times, of };
}
