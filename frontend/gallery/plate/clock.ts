/** The time that is shown: a slider with keys, steps, and playing. */
import { button, make } from "../../shared/frame";
import { lineIcon } from "../../shared/icon";
import type { Translate } from "../../shared/strings";
import { type Action, keysOf } from "./keys";

/** Time points a second while playing. */
const SPEED = 4;
const ICONS = { earlier: "M10 3L5 8l5 5", later: "M6 3l5 5-5 5", play: "M5 3l8 5-8 5z", pause: "M5 3v10M11 3v10" };

export class Clock {
  readonly element = make("div", "sw-plate-clock");
  readonly #slider = make("input", "sw-plate-slider");
  readonly #text = make("output", "sw-plate-time");
  readonly #play: HTMLButtonElement;
  /** Whoever wants less motion steps through the times by hand. */
  readonly #still = matchMedia("(prefers-reduced-motion: reduce)");
  #names: readonly string[] = [];
  #timer: ReturnType<typeof setInterval> | undefined;

  /** @param moved  another time is shown */
  constructor(
    private readonly t: Translate,
    private readonly moved: (point: number) => void,
    signal: AbortSignal,
  ) {
    this.#slider.type = "range";
    this.#slider.min = "0";
    this.#slider.step = "1";
    this.#slider.setAttribute("aria-label", t("plate.time"));
    this.#slider.addEventListener("input", () => {
      this.stop();
      this.#tell();
    });
    this.#play = this.#button("play", () => this.toggle());
    this.element.setAttribute("role", "group");
    this.element.setAttribute("aria-label", t("plate.time"));
    const [earlier, later] = [this.#button("earlier", () => this.step(-1)), this.#button("later", () => this.step(1))];
    this.element.append(earlier, this.#slider, later, this.#play, this.#text);
    const followMotion = () => {
      this.#play.hidden = this.#still.matches;
      if (this.#still.matches) this.stop();
    };
    this.#still.addEventListener("change", followMotion, { signal });
    followMotion();
    signal.addEventListener("abort", () => clearInterval(this.#timer), { once: true });
  }

  get point(): number {
    return this.#slider.valueAsNumber;
  }

  get playing(): boolean {
    return this.#timer !== undefined;
  }

  /** @param names  one a time point */
  set(names: readonly string[], point: number): void {
    this.#names = names;
    this.element.hidden = names.length < 2;
    if (names.length < 2) this.stop();
    this.#slider.max = String(Math.max(0, names.length - 1));
    this.#slider.value = String(point);
    this.#write();
  }

  step(by: number): void {
    this.stop();
    this.#go(Math.min(this.#names.length - 1, Math.max(0, this.point + by)));
  }

  toggle(): void {
    if (this.playing) this.stop();
    else this.#start();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#writeState();
  }

  #start(): void {
    const last = this.#names.length - 1;
    if (this.#still.matches || last < 1) return;
    if (this.point === last) this.#go(0);
    this.#timer = setInterval(() => {
      this.#go(this.point + 1);
      if (this.point === this.#names.length - 1) this.stop();
    }, 1000 / SPEED);
    this.#writeState();
  }

  #go(point: number): void {
    if (point === this.point) return;
    this.#slider.value = String(point);
    this.#tell();
  }

  #tell(): void {
    this.#write();
    this.moved(this.point);
  }

  #write(): void {
    const name = this.#names[this.point] ?? "";
    const place = this.t("plate.place", { at: this.point + 1, count: this.#names.length });
    this.#text.replaceChildren(make("strong", "", name), make("span", "sw-plate-soft", place));
    this.#slider.setAttribute("aria-valuetext", `${name}, ${place}`);
  }

  #writeState(): void {
    const name = this.playing ? "pause" : "play";
    this.#play.replaceChildren(lineIcon(ICONS[name], "sw-plate-icon"));
    this.#name(this.#play, name, "play");
  }

  #button(action: "earlier" | "later" | "play", run: () => void): HTMLButtonElement {
    const element = button("", run, "sw-plate-square");
    element.append(lineIcon(ICONS[action], "sw-plate-icon"));
    this.#name(element, action, action);
    return element;
  }

  #name(element: HTMLButtonElement, words: string, action: Action): void {
    const name = this.t(`plate.keys.${words}`);
    element.setAttribute("aria-label", name);
    element.title = `${name} (${keysOf(action)})`;
  }
}
