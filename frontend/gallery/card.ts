/** One image: picture, outlines, name, badge. Cards are used again for other images as the grid scrolls. */
import type { Drawing } from "../shared/drawings";
import { make } from "../shared/frame";
import { mark, setMark } from "../shared/marks";
import { halves } from "../shared/names";
import { Outlined } from "./outlined";
import type { Picture } from "./pictures";
import { facts, size, where } from "./text";
import type { Item, Look } from "./virtual";

export class Card implements Item {
  readonly element = make("div", "sw-cell");
  /** The row of the table that is shown, and its image. */
  row = -1;
  id = -1;
  readonly #picture = new Outlined("sw-frame");
  readonly #reason = make("p", "sw-reason");
  readonly #facts = make("p", "sw-facts");
  readonly #head = make("span", "sw-name-head");
  readonly #tail = make("span", "sw-name-tail");
  readonly #mark = mark("new");
  readonly #state = make("span");
  readonly #place = make("span", "sw-place");

  constructor(key: string) {
    this.element.id = key;
    this.element.setAttribute("role", "gridcell");
    const frame = this.#picture.element;
    frame.append(this.#reason, this.#facts);
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
    const seen = this.#picture.show(picture);
    this.#reason.textContent = seen ? "" : (reason ?? "");
    this.#reason.hidden = seen || reason === undefined;
    this.element.classList.toggle("sw-waiting", !seen && reason === undefined);
  }

  setOutlines(drawing: Drawing | undefined, { rows, cell, picture, ratio, halo }: Look): void {
    this.#picture.draw(drawing, {
      width: cell, height: picture, imageWidth: rows.width(this.row), imageHeight: rows.height(this.row), ratio, halo,
    }); // prettier-ignore
  }
}
