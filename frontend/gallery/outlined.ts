/** A picture with its outlines over it: of a card, a line, the closer look, the review. */
import type { Drawing } from "../shared/drawings";
import { make } from "../shared/frame";
import { draw, type Place } from "./overlay";
import type { Picture } from "./pictures";

export class Outlined {
  readonly element: HTMLElement;
  readonly #image = make("img", "sw-picture");
  readonly #canvas = make("canvas", "sw-outlines");
  #shown: string | null = null;

  constructor(className: string) {
    this.element = make("div", className);
    this.#image.alt = ""; // the words are beside it
    this.#image.draggable = false;
    this.#image.decoding = "async";
    this.element.append(this.#image, this.#canvas);
  }

  /** Shows a picture, or none; returns whether there is one. */
  show(picture: Picture | undefined): boolean {
    const url = picture?.url ?? null;
    if (url !== this.#shown) {
      this.#shown = url;
      if (url) this.#image.src = url;
      else this.#image.removeAttribute("src");
    }
    this.#image.hidden = url === null;
    if (url === null) this.#canvas.hidden = true;
    return url !== null;
  }

  /** Draws outlines over the picture; none without one. */
  draw(drawing: Drawing | undefined, place: Place): void {
    this.#canvas.hidden = drawing === undefined || this.#shown === null;
    if (!this.#canvas.hidden) draw(this.#canvas, drawing, place);
  }
}
