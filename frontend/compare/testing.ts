/** A page with a comparison in it, for the tests, and what a person sees and does there. */
import { expect } from "vitest";
import type { MockModel } from "../shared/mock";
import { all, life, one, page, soon } from "../shared/testing";
import { greyOf, type TilesAsked } from "./fixture";
import widget from "./index";

export { all, freshPages, leave, one, page, soon } from "../shared/testing";

export async function show(model: MockModel): Promise<MockModel> {
  await widget.render({ model, el: page, signal: life.signal });
  return model;
}

export const frames = (count = 2) => new Promise<void>((resolve) => {
  const next = (left: number): unknown => (left ? requestAnimationFrame(() => next(left - 1)) : resolve());
  next(count);
});
export const stages = () => all(".sw-compare-stage");
export const bars = () => all(".sw-scale-bar").map(({ textContent }) => textContent);
export const action = (name: string) => one(`[data-action=${name}]`) as HTMLButtonElement;
export const note = (pane = 0) => all(".sw-compare-note")[pane];
export const press = (key: string, target: Element = one(".sw-compare-panes"), more: KeyboardEventInit = {}) =>
  target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more }));
export const asked = (model: MockModel) => model.calls("tiles").map(({ params }) => params as unknown as TilesAsked);

/** Waits until nothing more is asked for; gives how often pixels were. */
export async function settled(model: MockModel): Promise<number> {
  let before = -1;
  while (before !== asked(model).length) {
    before = asked(model).length;
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
  return before;
}

type Rgb = [number, number, number];

/** The colour of a pane's picture at a share of its width and height. */
function colourAt(x: number, y: number, pane = 0): Rgb {
  const canvas = stages()[pane].querySelector("canvas") as HTMLCanvasElement;
  const context = canvas.getContext("2d") as CanvasRenderingContext2D;
  const [red, green, blue, opacity] = context.getImageData(Math.floor(x * canvas.width), Math.floor(y * canvas.height), 1, 1).data;
  return opacity === 0 ? [-1, -1, -1] : [red, green, blue];
}

const isGrey = ([red, green, blue]: Rgb, grey: number) => Math.abs(red - grey) < 4 && red === green && green === blue;

/** Where outlines cross the middle row of a pane, as shares of its width. */
export function crossings(pane = 0): number[] {
  const canvas = stages()[pane].querySelector("canvas") as HTMLCanvasElement;
  const { width, height } = canvas;
  const row = (canvas.getContext("2d") as CanvasRenderingContext2D).getImageData(0, Math.floor(height * 0.45), width, 1).data;
  const coloured = Array.from({ length: width }, (_, x) => row[4 * x + 2] - row[4 * x] > 60);
  return coloured.flatMap((is, x) => (is && !coloured[x - 1] ? [x / width] : []));
}

export const shown = (pane = 0, id = pane + 1, shared = true) => soon(() => expect(isGrey(colourAt(0.5, 0.5, pane), greyOf(id, shared))).toBe(true));

export function pointer(type: string, target: Element, x: number, y: number, more: PointerEventInit = {}): void {
  const box = target.getBoundingClientRect();
  const event = { bubbles: true, cancelable: true, pointerId: 1, isPrimary: true, button: 0, ...more };
  target.dispatchEvent(new PointerEvent(type, { ...event, clientX: box.left + x, clientY: box.top + y }));
}
