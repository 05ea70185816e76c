/** The spheroid's area over time, with a line at the time that is shown: a slider through the series. */
import { type Axis, linearAxis } from "../shared/axis";
import { make } from "../shared/frame";
import { three } from "../shared/numbers";
import type { Translate } from "../shared/strings";
import { draw } from "../shared/svg";
import { onSlide } from "./slide";
import { areaText, hours, type Seen, stateWords } from "./state";

const LEFT = 56;
const RIGHT = 12;
const TOP = 28;
const HEIGHT = 64;
const FOOT = 20;

interface Plot {
  width: number;
  across: { at(hours: number): number };
  up: Axis;
}

export class Trend {
  readonly element = make("div", "sw-compare-trend");
  readonly #svg = draw("svg", {});
  readonly #now = draw("g", { class: "sw-compare-now" });
  #images: readonly Seen[] = [];
  #at = 0;
  #width = 0;
  #plot: Plot | null = null;

  /** @param go  called with the picture that was picked */
  constructor(
    private readonly t: Translate,
    private readonly go: (index: number) => void,
    signal: AbortSignal,
  ) {
    const { element } = this;
    element.tabIndex = 0;
    element.setAttribute("role", "slider");
    element.setAttribute("aria-label", t("compare.trend"));
    element.setAttribute("aria-valuemin", "1");
    this.#svg.setAttribute("aria-hidden", "true");
    element.append(this.#svg);
    const point = (clientX: number) => this.#point(clientX);
    const by = (steps: number) => this.go(Math.min(this.#images.length - 1, Math.max(0, this.#at + steps)));
    onSlide(element, { down: point, move: point, by, leap: () => Math.max(1, Math.round(this.#images.length / 10)) }, signal);
    const observer = new ResizeObserver(() => requestAnimationFrame(() => this.#fit()));
    observer.observe(element);
    signal.addEventListener("abort", () => observer.disconnect(), { once: true });
  }

  show(images: readonly Seen[]): void {
    this.#images = images;
    this.element.setAttribute("aria-valuemax", String(images.length));
    this.#draw();
  }

  mark(index: number): void {
    this.#at = index;
    const image = this.#images[index];
    this.element.setAttribute("aria-valuenow", String(index + 1));
    this.element.setAttribute("aria-valuetext", [hours(image), stateWords(image, this.t)[1], this.#area(image)].filter(Boolean).join(", "));
    this.#mark();
  }

  #area(image: Seen): string {
    return image.area === null ? "" : areaText(image.area, this.#calibrated);
  }

  /** All areas are in one unit: that of the first image. */
  get #calibrated(): boolean {
    return this.#images[0]?.pixel_size_um !== null;
  }

  #value(image: Seen): number | null {
    return (image.pixel_size_um !== null) === this.#calibrated ? image.area : null;
  }

  #fit(): void {
    const width = Math.floor(this.element.clientWidth);
    if (width === 0 || width === this.#width) return;
    this.#width = width;
    this.#draw();
  }

  #draw(): void {
    if (this.#width === 0 || this.#images.length === 0) return;
    const times = this.#images.map(({ time_h }) => time_h as number);
    const [first, span] = [times[0], times[times.length - 1] - times[0] || 1];
    const known = this.#images.map((image) => this.#value(image)).filter((area) => area !== null);
    const up = linearAxis(0, Math.max(0, ...known) || 1, 3);
    const across = { at: (hours: number) => (hours - first) / span };
    this.#plot = { width: this.#width, across, up };
    const bottom = TOP + HEIGHT;
    this.#svg.setAttribute("width", String(this.#width));
    this.#svg.setAttribute("height", String(bottom + FOOT));
    const parts: SVGElement[] = [label(0, 11, this.t(this.#calibrated ? "compare.area_um" : "compare.area_px"), "start", "title")];
    for (const { value } of up.ticks) {
      const y = this.#y(value);
      parts.push(draw("path", { class: "sw-compare-grid", d: `M${LEFT} ${y}H${this.#width - RIGHT}` }));
      parts.push(label(LEFT - 8, y + 3.5, three(value), "end"));
    }
    parts.push(label(LEFT, bottom + 15, hours(this.#images[0]), "start"));
    parts.push(label(this.#width - RIGHT, bottom + 15, hours(this.#images[this.#images.length - 1]), "end"));
    parts.push(draw("path", { class: "sw-compare-line", d: this.#line() }));
    for (const image of this.#images) parts.push(this.#point_of(image));
    this.#svg.replaceChildren(...parts, this.#now);
    this.#mark();
  }

  /** The line is broken where nothing was measured, or where it was excluded. */
  #line(): string {
    let d = "";
    let pen = "M";
    for (const image of this.#images) {
      const area = this.#value(image);
      if (area === null || image.excluded) pen = "M";
      else {
        d += `${pen}${this.#x(image)} ${this.#y(area)}`;
        pen = "L";
      }
    }
    return d || "M0 0";
  }

  /** A dot; an arrow upwards for what is a lower bound; a cross at the foot for what is missing; hollow where excluded. */
  #point_of(image: Seen): SVGElement {
    const area = this.#value(image);
    const x = this.#x(image);
    const [state, words] = stateWords(image, this.t);
    const kind = image.excluded ? "excluded" : area === null ? "missing" : image.outcome === "censored" ? "censored" : "measured";
    const y = this.#y(area ?? 0);
    const shapes: Record<string, string> = {
      missing: `M${x - 3} ${y - 3}l6 6m0 -6l-6 6`,
      censored: `M${x - 4} ${y + 3}h8l-4 -7z`,
    };
    const point = shapes[kind] ? draw("path", { d: shapes[kind] }) : draw("circle", { cx: x, cy: y, r: 2.5 });
    point.setAttribute("class", `sw-compare-dot sw-is-${kind}`);
    point.setAttribute("data-state", state);
    const title = draw("title", {});
    title.textContent = [hours(image), words, this.#area(image)].filter(Boolean).join(" · ");
    point.append(title);
    return point;
  }

  #mark(): void {
    const image = this.#images[this.#at];
    if (!this.#plot || !image) return;
    const x = this.#x(image);
    const area = this.#value(image);
    const said = [hours(image), area === null ? stateWords(image, this.t)[1] : this.#area(image)].join(" · ");
    const parts: SVGElement[] = [draw("path", { d: `M${Math.round(x) + 0.5} ${TOP - 4}V${TOP + HEIGHT}` })];
    if (area !== null) parts.push(draw("circle", { cx: x, cy: this.#y(area), r: 4.5 }));
    const anchor = x > this.#width - 80 ? "end" : x < LEFT + 80 ? "start" : "middle";
    parts.push(label(anchor === "start" ? Math.max(x, LEFT + 16) : x, 11, said, anchor, "reading")); // beside the title
    this.#now.replaceChildren(...parts);
  }

  #x(image: Seen): number {
    return LEFT + this.#plot!.across.at(image.time_h as number) * (this.#width - LEFT - RIGHT);
  }

  #y(area: number): number {
    return TOP + (1 - this.#plot!.up.at(area)) * HEIGHT;
  }

  #point(clientX: number): void {
    if (!this.#plot) return;
    const x = clientX - this.element.getBoundingClientRect().left;
    let nearest = 0;
    this.#images.forEach((image, i) => {
      if (Math.abs(this.#x(image) - x) < Math.abs(this.#x(this.#images[nearest]) - x)) nearest = i;
    });
    this.go(nearest);
  }
}

function label(x: number, y: number, text: string, anchor: "start" | "middle" | "end", kind = "tick"): SVGElement {
  const element = draw("text", { x, y, "text-anchor": anchor, class: `sw-compare-text sw-is-${kind}` });
  element.textContent = text;
  return element;
}
