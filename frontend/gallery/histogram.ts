/** Histograms: a bar a value where there are few of them, else bars of one width, on a logarithmic axis where values span far. */

/** Most bars; also the steps of a handle. */
export const BARS = 40;
/** From this ratio of largest to smallest on, bars are as wide as a factor. */
const FAR = 100;

export interface Bins {
  count: number;
  /** By row, its bar; `count` for a row without a number. */
  codes: Uint8Array;
  /** By bar, the smallest and the largest value in it (of an empty bar its middle): ranges that end there cut no bar. */
  low: Float64Array;
  high: Float64Array;
  /** Whether each bar is one value. */
  single: boolean;
}

/** Bars of a column; none where fewer than two values are known. */
export function binsOf(values: ArrayLike<number>): Bins | null {
  const distinct = new Set<number>();
  let [least, most] = [Infinity, -Infinity];
  for (let row = 0; row < values.length; row++) {
    const value = values[row];
    if (!Number.isFinite(value)) continue;
    if (distinct.size <= BARS) distinct.add(value);
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  if (distinct.size < 2) return null;
  return distinct.size <= BARS ? ofSingles(values, [...distinct]) : ofWidths(values, least, most);
}

function ofSingles(values: ArrayLike<number>, distinct: number[]): Bins {
  const bars = Float64Array.from(distinct).sort();
  const place = new Map(Array.from(bars, (value, bar) => [value, bar]));
  const codes = new Uint8Array(values.length);
  for (let row = 0; row < values.length; row++) codes[row] = place.get(values[row]) ?? bars.length;
  return { count: bars.length, codes, low: bars, high: bars, single: true };
}

function ofWidths(values: ArrayLike<number>, least: number, most: number): Bins {
  const far = least > 0 && most / least >= FAR;
  const [onto, back] = far ? [Math.log, Math.exp] : [(x: number) => x, (x: number) => x];
  const [start, width] = [onto(least), (onto(most) - onto(least)) / BARS];
  const codes = new Uint8Array(values.length).fill(BARS);
  const low = new Float64Array(BARS).fill(Infinity);
  const high = new Float64Array(BARS).fill(-Infinity);
  for (let row = 0; row < values.length; row++) {
    const value = values[row];
    if (!Number.isFinite(value)) continue;
    const bar = Math.min(BARS - 1, Math.max(0, Math.floor((onto(value) - start) / width)));
    codes[row] = bar;
    low[bar] = Math.min(low[bar], value);
    high[bar] = Math.max(high[bar], value);
  }
  for (let bar = 0; bar < BARS; bar++) if (low[bar] > high[bar]) low[bar] = high[bar] = back(start + (bar + 0.5) * width);
  return { count: BARS, codes, low, high, single: false };
}

/** The range that bars from first to last stand for; open at an end that reaches the last bar. */
export function rangeOf(bins: Bins, first: number, last: number): [number | null, number | null] {
  return [first <= 0 ? null : bins.low[first], last >= bins.count - 1 ? null : bins.high[last]];
}

/** The bars that a range takes in; a range set elsewhere need not end at a bar's edge. */
export function barsOf(bins: Bins, [from, to]: readonly [number | null, number | null]): [number, number] {
  let [first, last] = [0, bins.count - 1];
  while (from !== null && first < bins.count - 1 && bins.high[first] < from) first++;
  while (to !== null && last > first && bins.low[last] > to) last--;
  return [first, last];
}
