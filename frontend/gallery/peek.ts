/** A close look at one image, beside the grid's own keys: arrows go on to the next, Space or Esc close it. */
import type { Drawing } from "../shared/drawings";
import { button, make } from "../shared/frame";
import type { Translate } from "../shared/strings";
import { draw } from "./overlay";
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
  readonly #frame = make("div", "sw-peek-frame");
  readonly #image = make("img", "sw-picture");
  readonly #canvas = make("canvas", "sw-outlines");
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
    this.#image.alt = "";
    this.#frame.append(this.#image, this.#canvas, this.#reason);
    const head = make("div", "sw-peek-head");
    const words = make("div", "sw-peek-words");
    words.append(this.#name, this.#facts);
    head.append(words, button(t("gallery.close"), close));
    this.element.append(head, this.#frame);
    const observer = new ResizeObserver(() => this.#paint());
    observer.observe(this.#frame);
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
    if (picture) this.#image.src = picture.url;
    this.#image.hidden = !picture;
    this.#reason.textContent = picture ? "" : (reason ?? this.t("gallery.picture_loading"));
    this.#reason.hidden = Boolean(picture);
    this.#paint();
  }

  hide(): void {
    this.element.hidden = true;
    this.#seen = null;
  }

  #paint(): void {
    const { clientWidth: width, clientHeight: height } = this.#frame;
    if (!this.#seen || !width || !height) return;
    const { rows, row, picture, drawing, halo } = this.#seen;
    this.#canvas.hidden = !picture || !drawing;
    const ratio = Math.min(2, window.devicePixelRatio || 1);
    const [imageWidth, imageHeight] = [rows.width(row), rows.height(row)];
    draw(this.#canvas, drawing, { width, height, imageWidth, imageHeight, ratio, halo });
  }
}
