/** A histogram with two handles: drag over the bars or move the handles, by pointer or keys, to choose a range. */
import { button, make } from "../shared/frame";
import type { Translate } from "../shared/strings";
import { rangeText, unitOf, valueText } from "./asked";
import { barsOf, type Bins, rangeOf } from "./histogram";
import type { Range, RangedName } from "./view";

/** The drawing's own units; it is stretched to the room there is. */
const WIDTH = 240;
const HEIGHT = 40;
const TALLEST = 36;
const WIDEST = 28;
const SVG = "http://www.w3.org/2000/svg";
/** Bars that Page Up and Page Down go. */
const PAGE = 5;

export class Brush {
  readonly element = make("div", "sw-brush");
  readonly #plot = make("div", "sw-plot");
  readonly #inside = document.createElementNS(SVG, "path");
  readonly #outside = document.createElementNS(SVG, "path");
  readonly #handles: [HTMLElement, HTMLElement];
  readonly #words = make("span", "sw-range");
  readonly #any: HTMLButtonElement;
  #bins: Bins | null = null;
  #chosen: [number, number] = [0, 0];

  constructor(
    private readonly name: RangedName,
    private readonly t: Translate,
    private readonly choose: (range: Range | null) => void,
    signal: AbortSignal,
  ) {
    const title = t(`gallery.column.${name}`);
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
    svg.setAttribute("preserveAspectRatio", "none");
    svg.setAttribute("aria-hidden", "true");
    this.#outside.setAttribute("class", "sw-bars");
    this.#inside.setAttribute("class", "sw-bars sw-chosen");
    svg.append(this.#outside, this.#inside);
    this.#handles = [this.#handle(0, t("gallery.range_from", { column: title })), this.#handle(1, t("gallery.range_to", { column: title }))];
    this.#any = button(t("gallery.any"), () => choose(null), "sw-quiet");
    this.#any.setAttribute("aria-label", t("gallery.remove", { filter: title }));
    this.#plot.append(svg, ...this.#handles);
    this.#drag(signal);
    const foot = make("div", "sw-brush-foot");
    foot.append(this.#words, this.#any);
    this.element.append(this.#plot, foot);
  }

  /** @param heights  by bar, the rows that everything else lets through */
  show(bins: Bins, heights: Int32Array, range: Range | undefined): void {
    this.#bins = bins;
    this.#chosen = range ? barsOf(bins, range) : [0, bins.count - 1];
    const [first, last] = this.#chosen;
    const most = Math.max(1, ...heights);
    const width = WIDTH / bins.count;
    const gap = bins.single ? Math.max(width * 0.35, width - WIDEST) : Math.min(1.5, width / 4);
    let [inside, outside] = ["", ""];
    heights.forEach((height, bar) => {
      if (height === 0) return;
      const top = HEIGHT - Math.max(1, (height / most) * TALLEST);
      const drawn = `M${(bar * width + gap / 2).toFixed(2)} ${HEIGHT}V${top.toFixed(2)}h${(width - gap).toFixed(2)}V${HEIGHT}z`;
      if (bar >= first && bar <= last) inside += drawn;
      else outside += drawn;
    });
    this.#inside.setAttribute("d", inside);
    this.#outside.setAttribute("d", outside);
    this.#handles[0].style.left = `${(first / bins.count) * 100}%`;
    this.#handles[1].style.left = `${((last + 1) / bins.count) * 100}%`;
    const unit = unitOf(this.name);
    const values = [bins.low[first], bins.high[last]];
    this.#handles.forEach((handle, end) => {
      handle.setAttribute("aria-valuemin", String(bins.low[0]));
      handle.setAttribute("aria-valuemax", String(bins.high[bins.count - 1]));
      handle.setAttribute("aria-valuenow", String(values[end]));
      handle.setAttribute("aria-valuetext", `${valueText(this.name, values[end])}${unit}`);
    });
    this.#words.textContent = rangeText(this.name, range ?? [values[0], values[1]], this.t);
    this.#any.hidden = range === undefined;
  }

  #handle(end: 0 | 1, label: string): HTMLElement {
    const handle = make("div", "sw-handle");
    handle.setAttribute("role", "slider");
    handle.setAttribute("aria-label", label);
    handle.tabIndex = 0;
    handle.addEventListener("keydown", (event) => {
      const to = this.#keyed(event.key, this.#chosen[end]);
      if (to === undefined) return;
      event.preventDefault();
      event.stopPropagation();
      this.#move(end, to);
    });
    return handle;
  }

  #keyed(key: string, bar: number): number | undefined {
    switch (key) {
      case "ArrowLeft":
      case "ArrowDown": return bar - 1;
      case "ArrowRight":
      case "ArrowUp": return bar + 1;
      case "PageDown": return bar - PAGE;
      case "PageUp": return bar + PAGE;
      case "Home": return 0;
      case "End": return Infinity;
    } // prettier-ignore
    return undefined;
  }

  /** A handle stops at the other one. */
  #move(end: 0 | 1, bar: number): void {
    if (!this.#bins) return;
    const [first, last] = this.#chosen;
    if (end === 0) this.#choose(Math.min(last, Math.max(0, bar)), last);
    else this.#choose(first, Math.max(first, Math.min(this.#bins.count - 1, bar)));
  }

  #choose(first: number, last: number): void {
    if (!this.#bins || (first === this.#chosen[0] && last === this.#chosen[1])) return;
    this.#chosen = [first, last];
    const range = rangeOf(this.#bins, first, last);
    this.choose(range[0] === null && range[1] === null ? null : range);
  }

  #drag(signal: AbortSignal): void {
    const plot = this.#plot;
    let from: { end: 0 | 1 | null; bar: number } | null = null;
    let wished: [number, number] | null = null;
    let frame = 0;
    const barAt = (event: PointerEvent) => {
      const box = plot.getBoundingClientRect();
      const count = this.#bins?.count ?? 1;
      return Math.min(count - 1, Math.max(0, Math.floor(((event.clientX - box.left) / box.width) * count)));
    };
    // Filtering goes through all rows: once a frame is enough.
    const later = (first: number, last: number) => {
      wished = [first, last];
      frame ||= requestAnimationFrame(() => {
        frame = 0;
        if (wished) this.#choose(...wished);
      });
    };
    plot.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || !this.#bins) return;
      const end = this.#handles.indexOf(event.target as HTMLElement);
      from = { end: end === 0 || end === 1 ? end : null, bar: barAt(event) };
      plot.setPointerCapture(event.pointerId);
      event.preventDefault();
      this.#handles[from.end ?? 0].focus({ preventScroll: true });
      if (from.end === null) later(from.bar, from.bar);
    });
    plot.addEventListener("pointermove", (event) => {
      if (!from) return;
      const bar = barAt(event);
      const [first, last] = wished ?? this.#chosen;
      if (from.end === 0) later(Math.min(bar, last), last);
      else if (from.end === 1) later(first, Math.max(bar, first));
      else later(Math.min(from.bar, bar), Math.max(from.bar, bar));
    });
    const release = () => {
      from = null;
      wished = null;
      cancelAnimationFrame(frame);
      frame = 0;
    };
    plot.addEventListener("pointerup", () => {
      if (wished) this.#choose(...wished);
      release();
    });
    plot.addEventListener("pointercancel", release);
    plot.addEventListener("dblclick", () => this.choose(null));
    signal.addEventListener("abort", () => cancelAnimationFrame(frame), { once: true });
  }
}
