/** Axes: where a value lies, and which values are named (the static face has the same in Python). */
import { count } from "../shared/numbers";

export interface Axis {
  /** 0 at the axis' beginning, 1 at its end. */
  at(value: number): number;
  ticks: { value: number; name: string }[];
  logarithmic: boolean;
}

/** Times between the least and the largest loss from which the axis is logarithmic. */
const LOGARITHMIC_FROM = 4;

export function lossAxis(low: number, high: number): Axis {
  if (!(low > 0) || high / low < LOGARITHMIC_FROM) return linearAxis(low, high, 4);
  const [a, b] = [Math.log10(low) - 0.02, Math.log10(high) + 0.02];
  const ticks = [];
  for (let exponent = Math.floor(a); exponent <= Math.ceil(b); exponent += 1) {
    for (const factor of [1, 2, 5]) {
      const value = Number(`${factor}e${exponent}`);
      if (Math.log10(value) >= a && Math.log10(value) <= b) ticks.push({ value, name: String(value) });
    }
  }
  return { at: (value) => (Math.log10(Math.max(value, 1e-12)) - a) / (b - a), ticks, logarithmic: true };
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

/** The axis of steps: from 0 to the last one, ticks at whole numbers. */
export function stepAxis(last: number, wanted: number): Axis {
  const end = Math.max(1, last);
  const tick = Math.max(1, niceStep(end / wanted));
  const ticks = [];
  for (let value = 0; value <= end; value += tick) ticks.push({ value, name: count(value) });
  return { at: (value) => value / end, ticks, logarithmic: false };
}

function niceStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= rough * 0.999)!;
}
