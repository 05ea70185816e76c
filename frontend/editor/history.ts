/** Undo and redo of changes to outlines, bounded by the memory they hold. It knows nothing of the kernel's state. */

import type { Aside, Attributes } from "./store";
import { countVertices, type Rings } from "./geometry";

/** One outline before and after; null is "not there". */
export interface Change {
  id: string;
  before: Rings | null;
  after: Rings | null;
  /** Attributes before and after; of one that is not there, those it has when it is. */
  was: Attributes;
  attributes: Attributes;
}

/** Outlines locked or hidden that were not, or no longer so. */
export interface Mark {
  kind: Aside;
  ids: readonly string[];
  on: boolean;
}

export interface Step {
  /** Key of the string that names it ("move vertex"). */
  label: string;
  changes: readonly Change[];
  marks?: readonly Mark[];
}

const VERTEX_BYTES = 8;
const STEP_BYTES = 200;

function bytes(step: Step): number {
  let sum = STEP_BYTES;
  for (const { before, after } of step.changes) {
    sum += VERTEX_BYTES * (countVertices(before ?? []) + countVertices(after ?? []));
  }
  return sum;
}

function turned(step: Step): Step {
  const changes = step.changes.map(({ id, before, after, was, attributes }) => (
    { id, before: after, after: before, was: attributes, attributes: was }
  ));
  return { label: step.label, changes: changes.reverse(), marks: step.marks?.map((mark) => ({ ...mark, on: !mark.on })) };
}

export class History {
  #done: Step[] = [];
  #undone: Step[] = [];
  #bytes = 0;

  constructor(readonly mostBytes = 64 * 2 ** 20) {}

  /** What `undo` would take back. */
  get undoable(): Step | null {
    return this.#done.at(-1) ?? null;
  }

  /** What `redo` would do again. */
  get redoable(): Step | null {
    return this.#undone.at(-1) ?? null;
  }

  /** Remember a step; what was undone cannot be redone after it. */
  push(step: Step): void {
    for (const gone of this.#undone) this.#bytes -= bytes(gone);
    this.#undone = [];
    this.#done.push(step);
    this.#bytes += bytes(step);
    this.#trim();
  }

  /** What was done before everything that is remembered. */
  precede(steps: readonly Step[]): void {
    this.#done.unshift(...steps);
    for (const step of steps) this.#bytes += bytes(step);
    this.#trim();
  }

  /** The newest step stays, however large: one can always undo what one just did. */
  #trim(): void {
    while (this.#bytes > this.mostBytes && this.#done.length > 1) this.#bytes -= bytes(this.#done.shift()!);
  }

  /** The step that takes the last one back, or null. */
  undo(): Step | null {
    const step = this.#done.pop();
    if (!step) return null;
    this.#undone.push(step);
    return turned(step);
  }

  redo(): Step | null {
    const step = this.#undone.pop();
    if (!step) return null;
    this.#done.push(step);
    return step;
  }

  /** Forget steps that touch an outline: the kernel did not take its change, so they start from what never was. */
  forget(id: string): void {
    const stays = (step: Step) => !step.changes.some((change) => change.id === id);
    this.#done = this.#done.filter(stays);
    this.#undone = this.#undone.filter(stays);
    this.#bytes = [...this.#done, ...this.#undone].reduce((sum, step) => sum + bytes(step), 0);
  }

  clear(): void {
    this.#done = [];
    this.#undone = [];
    this.#bytes = 0;
  }
}
