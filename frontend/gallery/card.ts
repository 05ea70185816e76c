/** One image: picture, outlines, name, badge. Cards are used again for other images as the grid scrolls. */
import type { Drawing } from "../shared/drawings";
import { make } from "../shared/frame";
import { mark, setMark } from "../shared/marks";
import { halves } from "../shared/names";
import { draw } from "./overlay";
import type { Picture } from "./pictures";
import { facts, size, where } from "./text";
import type { Item, Look } from "./virtual";

export class Card implements Item {
  readonly element = make("div", "sw-cell");
  /** The row of the table that is shown, and its image. */
  row = -1;
  id = -1;
  readonly #image = make("img", "sw-picture");
  readonly #canvas = make("canvas", "sw-outlines");
  readonly #reason = make("p", "sw-reason");
  readonly #facts = make("p", "sw-facts");
  readonly #head = make("span", "sw-name-head");
  readonly #tail = make("span", "sw-name-tail");
  readonly #mark = mark("new");
  readonly #state = make("span");
  readonly #place = make("span", "sw-place");
  #shown: string | null = null;

  constructor(key: string) {
    this.element.id = key;
    this.element.setAttribute("role", "gridcell");
    const frame = make("div", "sw-frame");
    this.#image.alt = ""; // the cell has the words
    this.#image.draggable = false;
    this.#image.decoding = "async";
    frame.append(this.#image, this.#canvas, this.#reason, this.#facts);
    const name = make("div", "sw-name");
    name.append(this.#head, this.#tail);
    const badge = make("div", "sw-badge");
    badge.append(this.#mark, this.#state, this.#place);
    this.element.append(frame, name, badge);
  }

  /** Shows an image's words; its picture follows by `setPicture`. */
  show(row: number, position: number, column: number, look: Look): void {
    const { rows, t } = look;
    const id = rows.id(row);
    if (id !== this.id) this.setPicture(undefined, undefined);
    this.row = row;
    this.id = id;
    const name = rows.name(row);
    const state = rows.state(row);
    const words = t(`gallery.state.${state}`);
    const known = facts(rows, row, t);
    const { element } = this;
    element.dataset.position = String(position);
    element.dataset.state = state;
    element.setAttribute("aria-colindex", String(column + 1));
    element.setAttribute("aria-label", [name, words, known].filter(Boolean).join(", "));
    element.title = name;
    [this.#head.textContent, this.#tail.textContent] = halves(name);
    this.#state.textContent = words;
    this.#place.textContent = where(rows, row);
    this.#facts.textContent = size(rows, row, t);
    setMark(this.#mark, state);
  }

  setMarks({ selected, active, opened }: { selected: boolean; active: boolean; opened: boolean }): void {
    this.element.setAttribute("aria-selected", String(selected));
    this.element.classList.toggle("sw-active", active);
    this.element.classList.toggle("sw-opened", opened);
  }

  setPicture(picture: Picture | undefined, reason: string | undefined): void {
    const url = picture?.url ?? null;
    if (url !== this.#shown) {
      this.#shown = url;
      if (url) this.#image.src = url;
      else this.#image.removeAttribute("src");
    }
    this.#image.hidden = url === null;
    this.#reason.textContent = url === null ? (reason ?? "") : "";
    this.#reason.hidden = url !== null || reason === undefined;
    this.element.classList.toggle("sw-waiting", url === null && reason === undefined);
  }

  setOutlines(drawing: Drawing | undefined, { rows, cell, picture, ratio, halo }: Look): void {
    this.#canvas.hidden = drawing === undefined || this.#shown === null;
    if (this.#canvas.hidden) return;
    draw(this.#canvas, drawing, {
      width: cell, height: picture, imageWidth: rows.width(this.row), imageHeight: rows.height(this.row), ratio, halo,
    }); // prettier-ignore
  }
}
