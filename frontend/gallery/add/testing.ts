/** A page on which images are added, for the tests, and what a person sees and does there. */
import { afterEach, beforeEach, expect, vi } from "vitest";
import widget from "../../add/index";
import { FakeKernel, transferOf } from "./fixture";

export let page: HTMLElement;
export let kernel: FakeKernel;
let life: AbortController;

/** Makes a page and a kernel before each test, and ends the view after. */
export function freshPages(): void {
  beforeEach(() => {
    page = document.createElement("div");
    page.style.width = "1000px";
    document.body.replaceChildren(page);
    life = new AbortController();
    kernel = new FakeKernel();
  });
  afterEach(() => life.abort());
}

export const soon = (check: () => void) => vi.waitFor(check, { timeout: 8000, interval: 10 });
export const one = <E extends HTMLElement = HTMLElement>(selector: string) => page.querySelector<E>(selector) as E;
export const all = (selector: string) => [...page.querySelectorAll<HTMLElement>(selector)];
export const said = () => page.innerText.replace(/\s+/g, " ");
export const rows = () => all("tbody tr").map((row) => row.innerText.replace(/\s+/g, " ").trim());
export const buttons = () => all("button").filter((element) => element.offsetParent !== null) as HTMLButtonElement[];
export const find = (label: string) => buttons().find((element) => element.innerText.trim() === label);
export const press = (label: string) => {
  const found = find(label);
  if (!found) throw new Error(`no button "${label}" in: ${said()}`);
  found.click();
};

/** Shows the page, of the test's kernel unless another is given to it. */
export async function show(other = kernel): Promise<void> {
  kernel = other;
  widget.render({ model: kernel.model, el: page, signal: life.signal });
  await soon(() => expect(one<HTMLButtonElement>(".sw-add-zone").disabled).toBe(false));
}

export function drop(...files: File[]): void {
  one(".sw-adding").dispatchEvent(
    new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: transferOf(...files) }),
  );
}

/** Drops files and waits until they are looked at. */
export async function stage(...files: File[]): Promise<void> {
  drop(...files);
  await soon(() => expect(one(".sw-button-main").getAttribute("aria-disabled")).toBe("false"));
}
