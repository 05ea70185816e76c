/** Axes of losses and steps (the static face has the same in Python). */
import { type Axis, linearAxis, niceStep } from "../shared/axis";
import { count } from "../shared/numbers";

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

/** The axis of steps: from 0 to the last one, ticks at whole numbers. */
export function stepAxis(last: number, wanted: number): Axis {
  const end = Math.max(1, last);
  const tick = Math.max(1, niceStep(end / wanted));
  const ticks = [];
  for (let value = 0; value <= end; value += tick) ticks.push({ value, name: count(value) });
  return { at: (value) => value / end, ticks, logarithmic: false };
}
