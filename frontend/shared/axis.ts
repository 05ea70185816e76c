/** Axes: where a value lies, and which values are named. */

export interface Axis {
  /** 0 at the axis' beginning, 1 at its end. */
  at(value: number): number;
  ticks: { value: number; name: string }[];
  logarithmic: boolean;
}

/** A linear axis from tick to tick, of about `wanted` of them at 1, 2 or 5 times a power of ten. */
export function linearAxis(low: number, high: number, wanted: number): Axis {
  const span = high - low || Math.abs(high) / 10 || 1;
  const tick = niceStep(span / wanted);
  const first = Math.floor(low / tick + 1e-9);
  const last = Math.max(first + 1, Math.ceil(high / tick - 1e-9));
  const digits = Math.max(0, -Math.floor(Math.log10(tick) + 1e-9));
  const ticks = [];
  for (let number = first; number <= last; number += 1) {
    ticks.push({ value: number * tick, name: (number * tick).toFixed(digits) });
  }
  return { at: (value) => (value / tick - first) / (last - first), ticks, logarithmic: false };
}

export function niceStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= rough * 0.999)!;
}
