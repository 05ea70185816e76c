/** Comparisons opened from the gallery: which images, in its own place, and back with the selection kept. */
import { expect, it } from "vitest";
import { button } from "../shared/frame";
import type { Host } from "../shared/types";
import { kernel, many } from "./fixture";
import { all, card, cards, one, press, show, soon } from "./testpage";

const wells = () => many(6, (id) => ({ plate: "P1", well: `A0${1 + ((id - 1) % 5)}`, time_h: id > 5 ? 24 : 0 }));
const verb = (label: string) => all(".sw-foot button").find(({ textContent }) => textContent === label);
const back = () => one(".sw-compares button");
const click = (position: number, ctrlKey = false) => card(position).dispatchEvent(new MouseEvent("click", { bubbles: true, ctrlKey }));

/** A host that shows a button in place of each widget, and what it was asked for. */
function hosting(): Host & { readonly asked: string[]; readonly ended: string[] } {
  const [asked, ended]: [string[], string[]] = [[], []];
  const getWidget = async (reference: string) => {
    asked.push(reference);
    return {
      render: async ({ el, signal }: { el: HTMLElement; signal: AbortSignal }) => {
        el.append(button("inner", () => undefined));
        signal.addEventListener("abort", () => ended.push(reference));
      },
    };
  };
  return { asked, ended, getWidget };
}

async function opened(images = wells()) {
  const host = hosting();
  const model = await kernel(images);
  model.handle("compare.open", () => ({ model: "m1" }));
  model.handle("compare.close", () => null);
  await show(model, host);
  await soon(() => expect(cards().length).toBe(images.length));
  return { host, model };
}

it("shows two to four images side by side in its own place, and comes back with them selected", async () => {
  const { host, model } = await opened();
  click(0);
  click(2, true);
  expect(verb("Compare")).toBeTruthy();
  press("c");
  await soon(() => expect(all(".sw-compares-place button").length).toBe(1));
  expect(model.calls("compare.open").map(({ params }) => params)).toEqual([{ ids: [1, 3] }]);
  expect(host.asked).toEqual(["anywidget:m1"]);
  expect(one(".sw-body").hidden && one(".sw-toolbar").hidden && one(".sw-foot").hidden).toBe(true);
  expect(getComputedStyle(one(".sw-act")).display).toBe("none");
  expect(document.activeElement).toBe(one(".sw-compares"));
  expect(all(".sw-head-verbs button").every(({ hidden }) => hidden)).toBe(true);
  one(".sw-compares-place button").dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true, cancelable: true }));
  expect(one(".sw-body").hidden).toBe(false);
  expect(one(".sw-compares").hidden).toBe(true);
  expect(host.ended).toEqual(["anywidget:m1"]);
  await soon(() => expect(model.calls("compare.close").map(({ params }) => params)).toEqual([{ model: "m1" }]));
  await soon(() => expect(model.get("selected_ids")).toEqual([1, 3]));
  await soon(() => expect(one(".sw-grid").contains(document.activeElement)).toBe(true));
});

it("shows the well of one image through time, where it has several times", async () => {
  const { model } = await opened();
  click(1); // the only image of its well
  expect(verb("Through time")).toBeUndefined();
  press("c");
  expect(one(".sw-banner:not([hidden])").textContent).toContain("2 to 4 images");
  expect(model.calls("compare.open").length).toBe(0);
  click(5); // its well has another at another time
  verb("Through time")?.click();
  await soon(() => expect(model.calls("compare.open").map(({ params }) => params)).toEqual([{ ids: [6] }]));
});

it("offers none of five images, and none where the host shows no widgets inside others", async () => {
  await opened();
  press("a", { ctrlKey: true });
  expect(verb("Compare")).toBeUndefined();
  const model = await kernel(wells());
  await show(model);
  await soon(() => expect(cards().length).toBe(6));
  click(0);
  click(2, true);
  expect(verb("Clear selection")).toBeTruthy();
  expect(verb("Compare")).toBeUndefined();
});

it("says why a comparison cannot be shown, and goes back", async () => {
  const { model } = await opened();
  model.handle("compare.open", () => {
    throw new Error("A01: it has images of several sites");
  });
  click(0);
  press("c");
  await soon(() => expect(one(".sw-compares [role=alert]").textContent).toContain("several sites"));
  back().click();
  expect(one(".sw-body").hidden).toBe(false);
  expect(model.calls("compare.close").length).toBe(0);
});

it("closes a comparison that was left before it came", async () => {
  const { host, model } = await opened();
  let answer = () => {};
  model.handle("compare.open", () => new Promise((resolve) => (answer = () => resolve({ model: "late" }))));
  click(0);
  press("c");
  await soon(() => expect(model.calls("compare.open").length).toBe(1));
  back().click();
  answer();
  await soon(() => expect(model.calls("compare.close").map(({ params }) => params)).toEqual([{ model: "late" }]));
  expect(host.asked).toEqual([]);
});
