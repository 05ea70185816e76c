/** A small map of an image that is larger than the view: where the view is, and a way to go elsewhere. */

import { make } from "../../shared/frame";
import type { View } from "../../shared/view";
import { shade, type Pixels, type Window } from "../pixels";

/** Longest edge, CSS pixels. */
const SIZE = 132;
/** Parts of the image beyond the view that do not count, image pixels. */
const SLACK = 1;

export class Minimap {
  readonly element = make("canvas", "sw-editor-minimap");
  #picture: ImageData | null = null;
  #made = "";
  #pixels: Pixels | null = null;
  #scale = 1;

  /** @param go shows a place of the image in the middle of the view */
  constructor(label: string, go: (x: number, y: number) => void) {
    const { element } = this;
    element.hidden = true;
    element.setAttribute("role", "img");
    element.setAttribute("aria-label", label);
    element.title = label;
    const move = (event: PointerEvent) => {
      // What lies under it is not what is pressed.
      event.stopPropagation();
      if (event.type === "pointermove" && !(event.buttons & 1)) return;
      event.preventDefault();
      if (event.type === "pointerdown" && event.isTrusted) element.setPointerCapture(event.pointerId);
      const box = element.getBoundingClientRect();
      go((event.clientX - box.left) / this.#scale, (event.clientY - box.top) / this.#scale);
    };
    element.addEventListener("pointerdown", move);
    element.addEventListener("pointermove", move);
    element.addEventListener("dblclick", (event) => event.stopPropagation());
  }

  /** Show where the view is, of an image of so many pixels; nothing where it is whole in sight. */
  show(pixels: Pixels | null, width: number, height: number, view: View, window: Window, wanted: boolean): void {
    const [left, top, right, bottom] = view.visible();
    const whole = left <= SLACK && top <= SLACK && right >= width - SLACK && bottom >= height - SLACK;
    this.element.hidden = !wanted || whole || !pixels || !width;
    if (this.element.hidden || !pixels) return;
    this.#scale = SIZE / Math.max(width, height);
    this.#draw(pixels, width, height, window);
    const context = this.element.getContext("2d")!;
    context.putImageData(this.#picture!, 0, 0);
    const [x0, y0, x1, y1] = [Math.max(0, left), Math.max(0, top), Math.min(width, right), Math.min(height, bottom)]
      .map((place) => place * this.#scale);
    for (const [line, colour] of [[4, "#000000"], [2, "#ffffff"]] as const) {
      context.lineWidth = line;
      context.strokeStyle = colour;
      context.strokeRect(x0, y0, Math.max(3, x1 - x0), Math.max(3, y1 - y0));
    }
  }

  /** The image made small: each of its pixels is one of those that were sent, which is enough to know the place. */
  #draw(pixels: Pixels, width: number, height: number, window: Window): void {
    const key = JSON.stringify([window, width, height]);
    if (this.#pixels === pixels && this.#made === key) return;
    [this.#pixels, this.#made] = [pixels, key];
    const columns = Math.max(1, Math.round(width * this.#scale)), rows = Math.max(1, Math.round(height * this.#scale));
    const picture = new ImageData(columns, rows);
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const value = pixels.valueAt(((column + 0.5) * width) / columns, ((row + 0.5) * height) / rows) ?? window.low;
        const grey = 255 * shade(window, value);
        picture.data.set([grey, grey, grey, 255], 4 * (row * columns + column));
      }
    }
    Object.assign(this.element, { width: columns, height: rows });
    this.element.style.width = `${columns}px`;
    this.element.style.height = `${rows}px`;
    this.#picture = picture;
  }
}
