import { count, three } from "../../shared/numbers";
import type { Translate } from "../../shared/strings";
import { changed, divided, removed } from "../changes";
import { area, countVertices, type Rings } from "../geometry";
import type { Change } from "../history";
import { NoResult } from "../outlines/algebra";
import { clipped } from "../outlines/booleans";
import { grow } from "../outlines/growing";
import { simplify } from "../outlines/simplifying";
import { smooth } from "../outlines/smoothing";
import { movable } from "./moving";
import { reasonOf } from "./placing";
import { QuietTool, type Control, type Pointer } from "./tool";

type Kind = "simplify" | "smooth" | "grow" | "shrink";

interface Outcome {
  id: string;
  before: Rings;
  parts: Rings[];
}

/** Milliseconds after which a preview shows what it has: of hundreds of outlines not all. */
const PATIENCE = 200;
/** Between a movement of the slider and the preview, in milliseconds: the slider stays quick with many outlines. */
const PAUSE = 30;

/**
 * Simplify, smooth, grow or shrink what is selected: the preview follows the slider, the strip says what it does to the
 * area, Enter applies, Esc leaves everything as it was.
 */
export class ReshapeTool extends QuietTool {
  readonly name = "reshape";
  #kind: Kind = "simplify";
  #amounts: Record<Kind, number> = { simplify: 1, smooth: 3, grow: 3, shrink: 3 };
  #outcomes: Outcome[] = [];
  /** Why there are none; "" where there may be. */
  #refused = "";
  #timer: ReturnType<typeof setTimeout> | undefined;

  override readonly controls: readonly Control[] = [
    {
      kind: "choice", label: "editor.reshape.kind",
      options: (["simplify", "smooth", "grow", "shrink"] as const).map((value) => ({ value, label: `editor.reshape.${value}` })),
      get: () => this.#kind,
      set: (value) => {
        this.#kind = value as Kind;
        this.#compute();
      },
    },
    {
      kind: "length", label: "editor.reshape.amount", least: 0.1, most: 100,
      get: () => this.#amounts[this.#kind],
      set: (value) => {
        this.#amounts[this.#kind] = value;
        clearTimeout(this.#timer);
        this.#timer = setTimeout(() => this.#compute(), PAUSE);
      },
    },
    { kind: "button", action: "edit.finish", label: "editor.apply", main: true },
    { kind: "button", action: "edit.back", label: "editor.cancel" },
    { kind: "words", text: (t) => this.#said(t) },
  ];

  override down(at: Pointer): void {
    const { store, selection, reach } = this.host;
    const slot = store.hit(at.x, at.y, reach);
    if (slot === null) return;
    if (at.shift) selection.toggle(store.id(slot));
    else selection.set([store.id(slot)]);
  }

  override enter(): void {
    this.#compute();
  }

  override changed(): void {
    this.#compute();
  }

  override leave(): void {
    clearTimeout(this.#timer);
    this.host.preview = null;
    this.host.redraw();
  }

  /** A second finger moves the picture; the preview stays. */
  override cancel(): void {}

  override back(): boolean {
    this.host.useTool("select");
    return true;
  }

  override finish(): boolean {
    clearTimeout(this.#timer);
    this.#compute(Infinity);
    const { host } = this;
    if (this.#refused) {
      host.refuse(this.#refused);
      return true;
    }
    const changes = this.#outcomes.flatMap(({ id, before, parts }): Change[] => {
      if (parts.length === 1 && parts[0] === before) return [];
      if (!parts.length) return [removed(host.store, id)];
      return parts.length === 1 ? [changed(host.store, id, parts[0])] : divided(host.store, id, parts);
    });
    if (!host.selection.ids.size) host.refuse("editor.refused.nothing_selected");
    else if (!movable(host).length) host.refuse("editor.refused.locked");
    else if (!changes.length) host.refuse("editor.refused.no_change");
    else if (host.commit(`editor.did.${this.#kind}`, changes)) host.useTool("select");
    return true;
  }

  #compute(patience = PATIENCE): void {
    const { host } = this;
    const { store } = host;
    const until = performance.now() + patience;
    this.#outcomes = [];
    this.#refused = "";
    try {
      for (const id of host.readOnly ? [] : movable(host)) {
        const before = store.rings(store.slot(id)!);
        this.#outcomes.push({ id, before, parts: this.#reshaped(before) });
        if (performance.now() > until) break;
      }
    } catch (error) {
      if (!(error instanceof NoResult)) throw error;
      this.#outcomes = [];
      this.#refused = reasonOf(error);
    }
    // The outline as it is stays in sight below: that is what the preview is compared with.
    host.preview = this.#outcomes.length ? {
      hides: null,
      shapes: this.#outcomes.flatMap(({ id, parts }) => {
        const { classIndex } = store.attributes(store.slot(id)!);
        return parts.map((rings) => ({ id, rings, classIndex }));
      }),
    } : null;
    host.redraw();
  }

  #reshaped(rings: Rings): Rings[] {
    const amount = this.#amounts[this.#kind];
    const { width, height } = this.host;
    if (this.#kind === "simplify") return [simplify(rings, amount)];
    if (this.#kind === "smooth") {
      const made = smooth(rings, amount);
      return made === rings ? [rings] : clipped(simplify(made, 0.05), width, height);
    }
    return grow(rings, this.#kind === "grow" ? amount : -amount).flatMap((part) => clipped(part, width, height));
  }

  #said(t: Translate): string {
    if (!this.host.selection.ids.size) return t("editor.reshape.select");
    if (this.#refused) return t(this.#refused);
    const sum = (of: (outcome: Outcome) => number) => this.#outcomes.reduce((all, outcome) => all + of(outcome), 0);
    const areas = [sum(({ before }) => area(before)), sum(({ parts }) => parts.reduce((all, part) => all + area(part), 0))];
    const vertices = [sum(({ before }) => countVertices(before)), sum(({ parts }) => parts.reduce((all, part) => all + countVertices(part), 0))];
    if (!areas[0]) return t("editor.refused.locked");
    const size = this.host.pixelSize;
    const change = areas[1] - areas[0];
    const sign = change < 0 ? "\u2212" : "+";
    const shown = this.#outcomes.length, all = movable(this.host).length;
    const words = t(size === null ? "editor.reshape.change_px" : "editor.reshape.change_um", {
      percent: `${sign}${three((100 * Math.abs(change)) / areas[0])}`,
      area: `${sign}${three(Math.abs(change) * (size ?? 1) ** 2)}`,
      before: count(vertices[0]), after: count(vertices[1]),
    });
    return shown < all ? `${words} ${t("editor.reshape.part", { shown, all })}` : words;
  }
}
