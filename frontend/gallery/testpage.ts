/** A page with a gallery in it, for the tests, and what a person sees and does there. A new one for each test. */
import { afterEach, beforeEach, expect, vi } from "vitest";
import type { MockModel } from "../shared/mock";
import type { Host } from "../shared/types";
import widget from "./index";
import "./later"; // its style sheets: the kernel of the tests sends its script alone

export let page: HTMLElement;
export let life: AbortController;

beforeEach(() => {
  page = document.createElement("div");
  page.style.width = "1000px";
  document.body.append(page);
  life = new AbortController();
});

afterEach(() => {
  life.abort();
  page.remove();
});

export async function show(model: MockModel, host?: Host): Promise<MockModel> {
  await widget.render({ model, el: page, signal: life.signal, host });
  return model;
}

export const all = (selector: string) => [...page.querySelectorAll<HTMLElement>(selector)];
export const one = (selector: string) => page.querySelector<HTMLElement>(selector) as HTMLElement;
export const cards = () => all(".sw-cell:not([hidden])");
export const card = (position: number) => one(`.sw-cell[data-position="${position}"]`);
export const chip = (state: string) => one(`.sw-chip[data-state="${state}"]`);
export const soon = (check: () => void) => vi.waitFor(check, { timeout: 5000, interval: 10 });

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
