/** A page with a gallery in it, for the tests, and what a person sees and does there. A new one for each test. */
import { expect } from "vitest";
import type { MockModel } from "../shared/mock";
import { all, freshPages, life, one, page, soon } from "../shared/testing";
import type { Host } from "../shared/types";
import widget from "./index";
import "./later"; // its style sheets: the kernel of the tests sends its script alone

export { all, life, one, page, soon } from "../shared/testing";

freshPages();

export async function show(model: MockModel, host?: Host): Promise<MockModel> {
  await widget.render({ model, el: page, signal: life.signal, host });
  return model;
}

export const cards = () => all(".sw-cell:not([hidden])");
export const card = (position: number) => one(`.sw-cell[data-position="${position}"]`);
export const chip = (state: string) => one(`.sw-chip[data-state="${state}"]`);

const allCards = (what: string) =>
  soon(() => {
    expect(cards().length).toBeGreaterThan(0);
    expect(all(`.sw-cell:not([hidden]) ${what}`).length).toBe(cards().length);
  });
export const pictures = () => allCards("img[src]");
export const drawn = () => allCards("canvas:not([hidden])");

export const press = (key: string, more: KeyboardEventInit = {}, on = one(".sw-grid:not([hidden])")) =>
  on.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more }));

export function search(text: string): void {
  const field = one(".sw-search") as HTMLInputElement;
  field.value = text;
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

/** Chooses in a list of the toolbar: 0 sorts, 1 groups. */
export function choose(which: 0 | 1, value: string): void {
  const select = all(".sw-toolbar select")[which] as HTMLSelectElement;
  select.value = value;
  select.dispatchEvent(new Event("change", { bubbles: true }));
}
