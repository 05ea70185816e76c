/** The divider between two revisions of one image: what is left of it has the first outlines, what is right the second. */
import { make } from "../shared/frame";
import type { Translate } from "../shared/strings";
import { onSlide } from "./slide";

const STEP = 0.02;
/** Steps of a leap. */
const LEAP = 5;

export class Divider {
  readonly element = make("div", "sw-compare-divider");
  #at = 0.5;

  /** @param moved  called with the new place, 0 to 1 */
  constructor(
    private readonly t: Translate,
    private readonly moved: (at: number) => void,
    signal: AbortSignal,
  ) {
    const { element } = this;
    element.tabIndex = 0;
    element.setAttribute("role", "slider");
    element.setAttribute("aria-label", t("compare.divider"));
    element.setAttribute("aria-orientation", "horizontal");
    element.setAttribute("aria-valuemin", "0");
    element.setAttribute("aria-valuemax", "100");
    const [left, right] = ["A", "B"].map((letter) => make("span", "sw-compare-side", letter));
    element.append(left, make("span", "sw-compare-grip"), right);
    const move = (clientX: number) => {
      const box = element.parentElement?.getBoundingClientRect();
      if (box) this.set((clientX - box.left) / box.width);
    };
    onSlide(element, { move, by: (steps) => this.set(this.#at + steps * STEP), leap: () => LEAP }, signal);
    this.#show();
  }

  get at(): number {
    return this.#at;
  }

  set(at: number): void {
    this.#at = Math.min(1, Math.max(0, at));
    this.#show();
    this.moved(this.#at);
  }

  #show(): void {
    const percent = Math.round(100 * this.#at);
    this.element.style.left = `${100 * this.#at}%`;
    this.element.dataset.end = this.#at === 0 ? "left" : this.#at === 1 ? "right" : "";
    this.element.setAttribute("aria-valuenow", String(percent));
    this.element.setAttribute("aria-valuetext", this.t("compare.divider_at", { first: percent, second: 100 - percent }));
  }
}
