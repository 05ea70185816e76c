/** How a training stands: `widgets/training_state.py` and `widgets/training_curve.py` as the traits carry them. */
export interface Progress {
  name: string;
  kind: "finetuning" | "training";
  state: "ready" | "training" | "stopping" | "stopped" | "finished" | "failed";
  reason: string;
  step: number;
  /** Null where time ends it sooner. */
  steps: number | null;
  seconds: number;
  seconds_left: number | null;
  minutes: number | null;
  share: number;
  /** The share and the step from which the learning rate falls. */
  falls_at: number;
  falls_from: number | null;
  loss: number | null;
  validation_loss: number | null;
  validation_iou: number | null;
  best: { step: number; loss: number; iou: number } | null;
  base: string | null;
  images: number;
  held_out: number;
}

/** The curve as it travels: flat little-endian float32 arrays. */
export type Columns = Partial<
  Record<"step" | "loss" | "validation_step" | "validation_loss" | "validation_iou", DataView>
>;

export interface Curve {
  step: Float32Array;
  loss: Float32Array;
  validationStep: Float32Array;
  validationLoss: Float32Array;
  validationIou: Float32Array;
}

/** Whether the trait says anything. */
export function hasTraining(progress: Partial<Progress>): progress is Progress {
  return progress.state !== undefined;
}

export function isLive(progress: Progress): boolean {
  return progress.state === "training" || progress.state === "stopping";
}

export function curveOf(columns: Columns): Curve {
  return {
    step: floats(columns.step),
    loss: floats(columns.loss),
    validationStep: floats(columns.validation_step),
    validationLoss: floats(columns.validation_loss),
    validationIou: floats(columns.validation_iou),
  };
}

/** Three significant digits, those that are 0 as well: a number that changes keeps its width. */
export function lossText(loss: number): string {
  return Number(loss.toPrecision(3)) >= 100 ? loss.toFixed(0) : loss.toPrecision(3);
}

export function iouText(iou: number): string {
  return iou.toFixed(3);
}

/** The index of the last value that is at most `wanted`, or -1; the values rise. */
export function lastUpTo(values: Float32Array, wanted: number): number {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] <= wanted) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** The index of the value nearest to `wanted`, or -1 where there is none. */
export function nearest(values: Float32Array, wanted: number): number {
  const before = lastUpTo(values, wanted);
  if (before < 0) return values.length ? 0 : -1;
  const after = Math.min(before + 1, values.length - 1);
  return values[after] - wanted < wanted - values[before] ? after : before;
}

function floats(view: DataView | undefined): Float32Array {
  if (view === undefined) return new Float32Array(0);
  // A copy: a buffer may begin anywhere in the message, and an array of floats may not.
  return new Float32Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength) as ArrayBuffer);
}
