/** A close look at one image, beside the grid's own keys: arrows go on to the next, Space or Esc close it. */
import type { Drawing } from "../shared/drawings";
import { button, make } from "../shared/frame";
import type { Translate } from "../shared/strings";
import { Outlined } from "./outlined";
import type { Picture } from "./pictures";
import type { Rows } from "./rows";
import { facts } from "./text";

export interface Seen {
  rows: Rows;
  row: number;
  picture: Picture | undefined;
  reason: string | undefined;
  drawing: Drawing | undefined;
  halo: string;
}

export class Peek {
  readonly element = make("section", "sw-peek");
  readonly #picture = new Outlined("sw-peek-frame");
  readonly #reason = make("p", "sw-reason");
  readonly #name = make("strong", "sw-peek-name");
  readonly #facts = make("span", "sw-peek-facts");
  #seen: Seen | null = null;

  constructor(
    private readonly t: Translate,
    close: () => void,
    signal: AbortSignal,
  ) {
    this.element.hidden = true;
    this.element.setAttribute("aria-label", t("gallery.peek"));
    this.#picture.element.append(this.#reason);
    const head = make("div", "sw-peek-head");
    const words = make("div", "sw-peek-words");
    words.append(this.#name, this.#facts);
    head.append(words, button(t("gallery.close"), close));
    this.element.append(head, this.#picture.element);
    const observer = new ResizeObserver(() => this.#paint());
    observer.observe(this.#picture.element);
    signal.addEventListener("abort", () => observer.disconnect(), { once: true });
  }

  get open(): boolean {
    return !this.element.hidden;
  }

  show(seen: Seen): void {
    this.#seen = seen;
    this.element.hidden = false;
    const { rows, row, picture, reason } = seen;
    this.#name.textContent = rows.name(row);
    const state = this.t(`gallery.state.${rows.state(row)}`);
    this.#facts.textContent = [state, facts(rows, row, this.t), rows.reason(row)].filter(Boolean).join(" · ");
    const there = this.#picture.show(picture);
    this.#reason.textContent = there ? "" : (reason ?? this.t("gallery.picture_loading"));
    this.#reason.hidden = there;
    this.#paint();
  }

  hide(): void {
    this.element.hidden = true;
    this.#seen = null;
  }

  #paint(): void {
    const { clientWidth: width, clientHeight: height } = this.#picture.element;
    if (!this.#seen || !width || !height) return;
    const { rows, row, drawing, halo } = this.#seen;
    const ratio = Math.min(2, window.devicePixelRatio || 1);
    const [imageWidth, imageHeight] = [rows.width(row), rows.height(row)];
    this.#picture.draw(drawing, { width, height, imageWidth, imageHeight, ratio, halo });
  }
}
