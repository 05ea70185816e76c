/** The outlines of the open image as they are shown, what was done to them, and which are selected. */
import type { Classes } from "./classes";
import type { ImageInfo } from "./document";
import { bounds, type Rings } from "./geometry";
import { History, type Change, type Step } from "./history";
import type { Operation, Verdict } from "./operations";
import { Selection } from "./selection";
import { FLAG, OutlineStore, type Attributes } from "./store";

/** An outline within so many pixels of the image's edge is cut by it (`outlines/flags.py`). */
const EDGE = 0.75;

export class Sheet {
  readonly store = new OutlineStore();
  readonly history = new History();
  readonly selection = new Selection();
  /** Areas (px2) as the kernel measured what it stored. */
  readonly #measured = new WeakMap<Rings, number>();

  constructor(
    private readonly classes: Classes,
    private readonly image: () => ImageInfo,
  ) {}

  /** Area of an outline as the kernel measured what it stored, px2; undefined where it has not. */
  measured(slot: number): number | undefined {
    return this.#measured.get(this.store.rings(slot));
  }

  /** Do a step, or the reverse of one. */
  apply(step: Step): void {
    for (const { id, after, attributes } of step.changes) {
      if (after) this.store.put(id, after, attributes);
      else this.store.remove(id);
    }
    for (const { kind, ids, on } of step.marks ?? []) this.store.setAside(kind, ids, on);
    this.deselect((id) => this.store.isAside("hidden", id));
  }

  /** Do what somebody did elsewhere or before. */
  show({ kind, outline, rings, className, parents, primary }: Operation): void {
    if (kind === "delete" || !rings) return this.store.remove(outline);
    const known = { classIndex: this.classes.number(className), parents, flags: primary ? FLAG.primary : 0 };
    this.store.put(outline, rings, this.#attributes(rings, known));
  }

  /** Do it, as steps that can be undone. */
  again(operations: readonly Operation[]): void {
    const steps = new Map<string, Operation[]>();
    for (const one of operations) steps.set(one.step, [...(steps.get(one.step) ?? []), one]);
    for (const group of steps.values()) this.history.push({ label: group[0].label, changes: group.map((one) => this.#done(one)) });
  }

  isLocked({ changes }: Step): boolean {
    return changes.some(({ id }) => this.store.isAside("locked", id));
  }

  /** A step as a person's: what a person drew has no confidence of a model, and its place says whether the edge cuts it. */
  byHand(step: Step): Step {
    return { ...step, changes: step.changes.map((change) => this.#marked(change)) };
  }

  /** Take over what the kernel made of an outline, or that it refused it. */
  heed({ outline, state, rings }: Verdict): void {
    if (rings) {
      const slot = this.store.slot(outline);
      const known = slot === undefined ? { classIndex: 0, parents: [], flags: 0 } : this.store.attributes(slot);
      this.store.put(outline, rings, this.#attributes(rings, known));
    } else {
      this.store.remove(outline);
    }
    if (state !== "refused") return;
    this.history.forget(outline);
    this.deselect();
  }

  /** Note the area that the kernel measured. */
  confirm({ outline, area_px2 }: Verdict): void {
    const slot = this.store.slot(outline);
    if (slot !== undefined && typeof area_px2 === "number") this.#measured.set(this.store.rings(slot), area_px2);
  }

  /** Deselect what is not there any more, and what else is named. */
  deselect(also: (id: string) => boolean = () => false): void {
    this.selection.set([...this.selection.ids].filter((id) => this.#there(id) && !also(id)));
  }

  #done(operation: Operation): Change {
    const id = operation.outline;
    const state = () => {
      const slot = this.store.slot(id);
      return { rings: this.#there(id) ? this.store.rings(slot!) : null, attributes: slot === undefined ? null : this.store.attributes(slot) };
    };
    const before = state();
    this.show(operation);
    const after = state();
    const attributes = after.attributes ?? { classIndex: 0, confidence: NaN, flags: 0, parents: [] };
    return { id, before: before.rings, after: after.rings, was: before.attributes ?? attributes, attributes };
  }

  #marked(change: Change): Change {
    if (change.after === change.before) return change; // only what is said of it is another
    return { ...change, attributes: this.#attributes(change.after ?? change.before ?? [], change.attributes) };
  }

  #attributes(rings: Rings, { classIndex, parents, flags }: Pick<Attributes, "classIndex" | "parents" | "flags">): Attributes {
    const { width, height } = this.image();
    const box = bounds(rings);
    const cut = box[0] <= EDGE || box[1] <= EDGE || box[2] >= width - EDGE || box[3] >= height - EDGE;
    return { classIndex, parents, confidence: NaN, flags: FLAG.edited | (cut ? FLAG.border : 0) | (flags & FLAG.primary) };
  }

  #there(id: string): boolean {
    const slot = this.store.slot(id);
    return slot !== undefined && this.store.alive(slot);
  }
}
