/** A page on which images are added, for the tests, and what a person sees and does there. */
import { beforeEach, expect } from "vitest";
import widget from "../../add/index";
import { all, freshPages as freshEmptyPages, life, one, page, soon } from "../../shared/testing";
import { FakeKernel, transferOf } from "./fixture";

export { all, one, page, soon } from "../../shared/testing";

export let kernel: FakeKernel;

/** Makes a page and a kernel before each test, and ends the view after. */
export function freshPages(): void {
  freshEmptyPages();
  beforeEach(() => {
    kernel = new FakeKernel();
  });
}

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
