/**
 * The curves: losses above, the IoU of validation below, over the same steps; a cursor reads them out, by pointer or by
 * keys. Drawn as SVG whenever the curve changes; the cursor lies on top and moves alone.
 */
import { type Axis, linearAxis } from "../shared/axis";
import { type Frame, make } from "../shared/frame";
import { count } from "../shared/numbers";
import { draw } from "../shared/svg";
import { lossAxis, stepAxis } from "./axis";
import { type Curve, iouText, lastUpTo, lossText, nearest, type Progress } from "./state";

// On the 4 px grid; the left margin holds "0.0005".
const LEFT = 48;
const RIGHT = 12;
const TITLE = 24;
const LOSS_HEIGHT = 152;
const IOU_HEIGHT = 72;
const FOOT = 36;
const LEAST_WIDTH = 240;

type Marks = Pick<Progress, "best" | "falls_from">;

interface Panel {
  axis: Axis;
  top: number;
  height: number;
}

interface Plot {
  width: number;
  across: Axis;
  loss: Panel;
  iou: Panel | null;
}

export class Chart {
  readonly element = make("div", "sw-training-chart");
  readonly #legend = make("div", "sw-training-legend");
  readonly #values = new Map<string, HTMLElement>();
  readonly #iouEntry: HTMLElement;
  readonly #validationEntry: HTMLElement;
  readonly #stepped = make("span", "sw-training-at");
  readonly #area = make("div", "sw-training-area");
  readonly #svg = draw("svg", {});
  readonly #cursor = draw("g", { class: "sw-training-cursor" });
  readonly #empty: HTMLElement;
  #curve: Curve | null = null;
  #marks: Marks = { best: null, falls_from: null };
  #plot: Plot | null = null;
  #at: number | null = null; // the step that is read out
  #width = 0;

  constructor(
    private readonly frame: Frame,
    signal: AbortSignal,
  ) {
    const { t } = frame;
    this.#legend.append(this.#entry("training_loss", "training"));
    this.#validationEntry = this.#entry("validation_loss", "validation");
    this.#iouEntry = this.#entry("validation_iou", "iou");
    this.#legend.append(this.#validationEntry, this.#iouEntry, this.#stepped);
    this.#empty = make("p", "sw-training-empty", t("training.no_rows"));
    this.#svg.setAttribute("aria-hidden", "true");
    this.#area.tabIndex = 0;
    this.#area.setAttribute("role", "slider");
    this.#area.setAttribute("aria-label", t("training.chart"));
    this.#area.append(this.#svg);
    this.element.append(this.#legend, this.#area, this.#empty);
    const on = <K extends keyof HTMLElementEventMap>(type: K, run: (event: HTMLElementEventMap[K]) => void) =>
      this.#area.addEventListener(type, run, { signal });
    on("pointermove", (event) => this.#point(event.clientX));
    on("pointerdown", (event) => this.#point(event.clientX));
    on("pointerleave", () => this.#read(null));
    on("blur", () => this.#read(null));
    on("keydown", (event) => this.#key(event));
    // In the next frame: drawing changes the height, which an observer must not do while it is told of one.
    const observer = new ResizeObserver(() => requestAnimationFrame(() => this.#fit()));
    observer.observe(this.element);
    signal.addEventListener("abort", () => observer.disconnect(), { once: true });
  }

  /** @param live whether more will come: room is kept for the first curve, so that nothing below it jumps */
  show(curve: Curve, marks: Marks, live: boolean): void {
    this.#empty.dataset.live = String(live);
    this.#curve = curve;
    this.#marks = marks;
    this.#draw();
  }

  #entry(key: string, mark: string): HTMLElement {
    const entry = make("span", `sw-training-entry sw-is-${mark}`, this.frame.t(`training.${key}`));
    const value = make("b", "sw-training-value");
    entry.append(value);
    this.#values.set(key, value);
    return entry;
  }

  #fit(): void {
    const width = Math.floor(this.element.clientWidth);
    if (width === 0 || width === this.#width) return;
    this.#width = width;
    this.#draw();
  }

  #draw(): void {
    const curve = this.#curve;
    const known = curve !== null && curve.step.length + curve.validationStep.length > 0;
    this.#empty.hidden = known;
    this.#area.hidden = !known;
    this.#validationEntry.hidden = !known || curve.validationStep.length === 0;
    this.#iouEntry.hidden = this.#validationEntry.hidden;
    this.#legend.hidden = !known;
    if (!known || this.#width === 0) return;
    const plot = (this.#plot = layOut(curve, Math.max(LEAST_WIDTH, this.#width)));
    const lowest = plot.iou ?? plot.loss;
    const height = lowest.top + lowest.height + FOOT;
    this.#svg.setAttribute("width", String(plot.width));
    this.#svg.setAttribute("height", String(height));
    const { t } = this.frame;
    const parts: SVGElement[] = [...this.#grid(plot.loss, plot.loss.axis.logarithmic ? "axis_loss_log" : "axis_loss")];
    if (plot.iou) parts.push(...this.#grid(plot.iou, "axis_iou"));
    parts.push(...this.#fall(plot));
    for (const { value, name } of plot.across.ticks) {
      const at = x(plot, value);
      const [place, anchor] = at > plot.width - 24 ? [plot.width, "end"] : [at, "middle"];
      parts.push(label(place, lowest.top + lowest.height + 16, name, anchor));
    }
    parts.push(label(plot.width - RIGHT, height - 4, t("training.axis_step"), "end", "sw-training-title"));
    parts.push(line(plot, plot.loss, curve.step, curve.loss, "training"));
    parts.push(...this.#validation(plot, plot.loss, curve.validationStep, curve.validationLoss, this.#marks.best?.loss));
    if (plot.iou) {
      parts.push(...this.#validation(plot, plot.iou, curve.validationStep, curve.validationIou, this.#marks.best?.iou));
    }
    this.#svg.replaceChildren(...parts, this.#cursor);
    this.#area.setAttribute("aria-valuemin", "0");
    this.#area.setAttribute("aria-valuemax", String(lastStep(curve)));
    this.#read(this.#at);
  }

  #grid({ axis, top, height }: Panel, title: string): SVGElement[] {
    const right = this.#plot!.width - RIGHT;
    const parts: SVGElement[] = [label(0, top - 10, this.frame.t(`training.${title}`), "start", "sw-training-title")];
    for (const { value, name } of axis.ticks) {
      const y = Math.round(top + (1 - axis.at(value)) * height) + 0.5;
      parts.push(draw("path", { class: "sw-training-grid", d: `M${LEFT} ${y}H${right}` }));
      parts.push(label(LEFT - 8, y + 3.5, name, "end"));
    }
    return parts;
  }

  /** The stretch over which the learning rate falls, shaded and named. */
  #fall(plot: Plot): SVGElement[] {
    if (this.#marks.falls_from === null) return [];
    const begin = x(plot, this.#marks.falls_from);
    const wide = plot.width - RIGHT - begin;
    if (wide < 1) return [];
    const bands = [plot.loss, ...(plot.iou ? [plot.iou] : [])].map(({ top, height }) =>
      draw("rect", { class: "sw-training-fall", x: begin, y: top, width: wide, height }),
    );
    // Named where the name fits; the line above the curves says it as well.
    if (wide < 104) return bands;
    return [...bands, label(begin + 4, plot.loss.top + 12, this.frame.t("training.falling"), "start")];
  }

  #validation(plot: Plot, panel: Panel, steps: Float32Array, values: Float32Array, best?: number): SVGElement[] {
    const parts = [line(plot, panel, steps, values, "validation")];
    // Dots say that validation looked at single steps; so many that they touch would only thicken the line.
    if (steps.length <= (plot.width - LEFT) / 12) {
      const dots = [...steps].map((step, index) => dot(x(plot, step), y(panel, values[index]), 2.5, "validation"));
      parts.push(...dots);
    }
    const mark = this.#marks.best;
    if (mark !== null && best !== undefined && Number.isFinite(best)) {
      parts.push(dot(x(plot, mark.step), y(panel, best), 5.5, "best"));
      if (panel === plot.iou) return parts; // named once
      // Above it: below lies the training loss.
      const at = Math.max(panel.top + 10, y(panel, best) - 10);
      parts.push(label(x(plot, mark.step), at, this.frame.t("training.best"), "middle", "sw-training-best"));
    }
    return parts;
  }

  #point(clientX: number): void {
    const plot = this.#plot;
    if (plot === null || this.#curve === null) return;
    const share = (clientX - this.#area.getBoundingClientRect().left - LEFT) / (plot.width - LEFT - RIGHT);
    const wanted = Math.min(1, Math.max(0, share)) * lastStep(this.#curve);
    const steps = pointsOf(this.#curve);
    this.#read(steps[nearest(steps, wanted)]);
  }

  #key(event: KeyboardEvent): void {
    if (this.#curve === null || event.ctrlKey || event.metaKey || event.altKey) return;
    const steps = pointsOf(this.#curve);
    const last = steps.length - 1;
    const here = this.#at === null ? null : nearest(steps, this.#at);
    const leap = Math.max(1, Math.round(steps.length / 10));
    const moves: Record<string, number> = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -leap, PageUp: leap };
    let to: number | null;
    if (event.key === "Home") to = 0;
    else if (event.key === "End") to = last;
    else if (event.key === "Escape") to = null;
    else if (event.key in moves) to = here === null ? last : Math.min(last, Math.max(0, here + moves[event.key]));
    else return;
    event.preventDefault();
    event.stopPropagation();
    this.#read(to === null ? null : steps[to]);
  }

  /** Reads a step out: the line, the dots, and the values in the legend; without one, the newest values. */
  #read(step: number | null): void {
    const { t } = this.frame;
    const [curve, plot] = [this.#curve, this.#plot];
    this.#at = step;
    if (curve === null || plot === null) return;
    // What was known at that step: the training loss up to it, and the validation before it.
    const at = step ?? lastStep(curve);
    const trained = lastUpTo(curve.step, at);
    const judged = lastUpTo(curve.validationStep, at);
    const said = [t("training.at_step", { step: count(at) })];
    const tell = (key: string, value: number | undefined, text: (value: number) => string) => {
      const known = value !== undefined && Number.isFinite(value);
      this.#values.get(key)!.textContent = known ? text(value) : "–";
      if (known) said.push(`${t(`training.${key}`)} ${text(value)}`);
    };
    tell("training_loss", curve.loss[trained], lossText);
    tell("validation_loss", curve.validationLoss[judged], lossText);
    tell("validation_iou", curve.validationIou[judged], iouText);
    this.#stepped.textContent = step === null ? "" : said[0];
    this.#area.setAttribute("aria-valuenow", String(at));
    this.#area.setAttribute("aria-valuetext", said.join(", "));
    this.#cursor.replaceChildren();
    if (step === null) return;
    const lowest = plot.iou ?? plot.loss;
    const across = Math.round(x(plot, step)) + 0.5;
    this.#cursor.append(draw("path", { d: `M${across} ${plot.loss.top}V${lowest.top + lowest.height}` }));
    const place = (panel: Panel, index: number, steps: Float32Array, values: Float32Array, name: string) => {
      if (index < 0 || !Number.isFinite(values[index])) return;
      this.#cursor.append(dot(x(plot, steps[index]), y(panel, values[index]), 4, name));
    };
    place(plot.loss, trained, curve.step, curve.loss, "training");
    place(plot.loss, judged, curve.validationStep, curve.validationLoss, "validation");
    if (plot.iou) place(plot.iou, judged, curve.validationStep, curve.validationIou, "validation");
  }
}

function layOut(curve: Curve, width: number): Plot {
  const losses = [...curve.loss, ...curve.validationLoss].filter(Number.isFinite);
  const ious = [...curve.validationIou].filter(Number.isFinite);
  const top = TITLE + LOSS_HEIGHT + TITLE + 4;
  return {
    width,
    across: stepAxis(lastStep(curve), Math.max(2, Math.min(8, Math.floor((width - LEFT) / 64)))),
    loss: { axis: lossAxis(Math.min(...losses), Math.max(...losses)), top: TITLE, height: LOSS_HEIGHT },
    iou: ious.length ? { axis: linearAxis(Math.min(...ious), Math.max(...ious), 3), top, height: IOU_HEIGHT } : null,
  };
}

/** All steps that something is known of, rising. */
function pointsOf(curve: Curve): Float32Array {
  return Float32Array.from(new Set([...curve.step, ...curve.validationStep])).sort();
}

function lastStep(curve: Curve): number {
  return Math.max(0, curve.step.at(-1) ?? 0, curve.validationStep.at(-1) ?? 0);
}

function x(plot: Plot, step: number): number {
  return LEFT + plot.across.at(step) * (plot.width - LEFT - RIGHT);
}

function y(panel: Panel, value: number): number {
  return panel.top + (1 - Math.min(1, Math.max(0, panel.axis.at(value)))) * panel.height;
}

function line(plot: Plot, panel: Panel, steps: Float32Array, values: Float32Array, name: string): SVGElement {
  const places: string[] = [];
  steps.forEach((step, index) => {
    if (Number.isFinite(values[index])) places.push(`${x(plot, step).toFixed(1)} ${y(panel, values[index]).toFixed(1)}`);
  });
  return draw("path", { class: `sw-training-line sw-is-${name}`, d: places.length ? `M${places.join("L")}` : "" });
}

function dot(cx: number, cy: number, r: number, name: string): SVGElement {
  return draw("circle", { class: `sw-training-dot sw-is-${name}`, cx, cy, r });
}

function label(x: number, y: number, text: string, anchor: string, name = ""): SVGElement {
  const element = draw("text", { x, y, "text-anchor": anchor, class: `sw-training-label ${name}`.trim() });
  element.textContent = text;
  return element;
}
