/** The rest of the gallery: when it is fetched, what is seen until it is there, and what where it does not come. */
import { beforeEach, expect, it } from "vitest";
import type { MockModel } from "../shared/mock";
import { kernel, many, sentLater } from "./fixture";
import { all, card, cards, one, page, pictures, press, show, soon } from "./testpage";

const plate = () => many(6, (id) => ({ plate: "P1", well: `A0${id}`, time_h: 0 }));
const asked = (model: MockModel) => model.sent.flatMap((one) => (one.kind === "call" ? [one.method] : []));
const waiting = () => all(".sw-reading").filter(({ offsetParent }) => offsetParent !== null).map(({ textContent }) => textContent);
const [ON_ITS_WAY] = ["This part of the gallery is being fetched …"];
const banner = () => all(".sw-banner").find(({ hidden }) => !hidden);
const add = () => all(".sw-head-verbs button")[0];
const review = () => all(".sw-head-verbs button")[1];
const verb = (label: string) => all(".sw-act button").find(({ textContent }) => textContent === label) as HTMLElement;

beforeEach(() => {
  delete (globalThis as Record<symbol, unknown>)[Symbol.for("spheroseg-widgets.later")];
});

/** A kernel that keeps it back until it is let go. */
async function keeping(images = plate(), traits: Record<string, unknown> = {}) {
  const model = await kernel(images, traits);
  model.handle("review.queue", () => ({ items: [{ id: 1, name: "image_000001.tif", plate: "P1", well: "A01", time_h: 0, flags: [], sentences: [] }] }));
  let go = (): void => undefined;
  const gone = new Promise<void>((resolve) => (go = resolve));
  model.handle("later", async () => (await gone, sentLater()));
  return { model, go };
}

/** A kernel that fails to send it until it is told to. */
async function failing(images = plate(), traits: Record<string, unknown> = {}) {
  const { model } = await keeping(images, traits);
  model.handle("later", () => Promise.reject(new Error("gallery_later.js is missing")));
  return { model, mend: () => model.handle("later", sentLater) };
}

it("is fetched after the first screen's pictures, once for two galleries", async () => {
  const model = await show(await kernel(plate()));
  await pictures();
  expect(asked(model).indexOf("later")).not.toBe(0);
  await soon(() => expect(model.calls("later")).toHaveLength(1));
  expect(asked(model).indexOf("later")).toBeGreaterThan(asked(model).indexOf("thumbs"));
  const second = await show(await kernel(plate()));
  await pictures();
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(second.calls("later")).toEqual([]);
  review().click();
  await soon(() => expect(second.calls("review.queue")).toHaveLength(1));
});

it("is fetched where no picture comes, too", async () => {
  const model = await show(await kernel([], { can_add: false }));
  await soon(() => expect(model.calls("later")).toHaveLength(1));
});

it("what needs it before it is there says so, and goes on when it has come", async () => {
  const { model, go } = await keeping();
  await show(model);
  await pictures();
  review().click();
  expect(waiting()).toEqual([]); // a short wait needs no words
  await soon(() => expect(waiting()).toEqual([ON_ITS_WAY]));
  card(0).click();
  press("x");
  await soon(() => expect(waiting()).toEqual([ON_ITS_WAY, ON_ITS_WAY]));
  go();
  await soon(() => expect(one(".sw-review-name")?.textContent).toBe("image_000001.tif"));
  expect(waiting()).toEqual([]);
  expect(model.calls("later")).toHaveLength(1);
});

it("what is typed before a form has come is not done to the images", async () => {
  const { model, go } = await keeping();
  await show(model);
  await pictures();
  card(0).click();
  press("t");
  expect(document.activeElement?.className).toBe("sw-act-place");
  press("x", {}, document.activeElement as HTMLElement);
  go();
  await soon(() => expect(document.activeElement).toBeInstanceOf(HTMLInputElement));
  expect(verb("Tag").getAttribute("aria-expanded")).toBe("true");
});

it("a form that was closed before it came stays closed", async () => {
  const { model, go } = await keeping();
  await show(model);
  await pictures();
  card(0).click();
  verb("Exclude").click();
  verb("Tag").click();
  press("Escape");
  go();
  await soon(() => expect(model.calls("later")).toHaveLength(1));
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(all(".sw-act-form")).toEqual([]);
  verb("Tag").click();
  expect(all(".sw-act-form")).toHaveLength(1);
});

it("files that are dropped before it is there are taken when it has come", async () => {
  const { model, go } = await keeping();
  model.handle("add_preview", () => ({ error: "not asked here" }));
  model.handle("add_offer", () => []);
  await show(model);
  await pictures();
  const transfer = new DataTransfer();
  transfer.items.add(new File([Uint8Array.of(1)], "B07_24h.tif"));
  one(".sw-content").dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }));
  await soon(() => expect(waiting()).toEqual([ON_ITS_WAY]));
  go();
  await soon(() => expect(one(".sw-adding")?.textContent).toContain("B07_24h.tif"));
});

it("an empty project and a view of the plate fetch it at once", async () => {
  const { model, go } = await keeping([]);
  await show(model);
  await soon(() => expect(waiting()).toEqual([ON_ITS_WAY]));
  go();
  await soon(() => expect(one(".sw-adding")?.offsetHeight).toBeGreaterThan(0));

  delete (globalThis as Record<symbol, unknown>)[Symbol.for("spheroseg-widgets.later")];
  const { model: other, go: on } = await keeping(plate(), { view: { mode: "plate" } });
  await show(other);
  await soon(() => expect(waiting()).toEqual([ON_ITS_WAY]));
  on();
  await soon(() => expect(page.querySelector('.sw-plate [aria-label^="A01"]')).toBeTruthy());
  expect(waiting()).toEqual([]);
});

it("where it does not come in idle time nothing is said; each that needs it says why, and comes by another click", async () => {
  const { model, mend } = await failing();
  await show(model);
  await pictures();
  await soon(() => expect(model.calls("later")).toHaveLength(1));
  expect(banner()).toBeUndefined();

  const why = "This part of the gallery could not be fetched: gallery_later.js is missing";
  review().click();
  await soon(() => expect(banner()?.textContent).toContain(why));
  add().click();
  await soon(() => expect(banner()?.querySelector("button")?.textContent).toBe("Retry"));
  add().click(); // tries again, and closes nothing
  await soon(() => expect(model.calls("later").length).toBeGreaterThan(3));
  await soon(() => expect(banner()?.textContent).toContain(why));
  card(0).click();
  verb("Exclude").click();
  await soon(() => expect(one(".sw-act-words")?.textContent).toBe(`Exclude: ${why}`));
  expect(one(".sw-act-place").hidden).toBe(true);

  mend();
  verb("Exclude").click();
  await soon(() => expect(all(".sw-act-form")).toHaveLength(1));
  add().click();
  await soon(() => expect(one(".sw-adding")?.offsetHeight).toBeGreaterThan(0));
  expect(banner()).toBeUndefined();
  review().click();
  await soon(() => expect(one(".sw-review-name")?.textContent).toBe("image_000001.tif"));
});

it("where the plate does not come its place says why, and another try brings it", async () => {
  const { model, mend } = await failing();
  await show(model);
  await pictures();
  one('.sw-mode[data-mode="plate"]').click();
  await soon(() => expect(page.querySelector(".sw-stage [role=alert]")?.textContent).toContain("gallery_later.js is missing"));
  expect(cards().filter(({ offsetParent }) => offsetParent !== null)).toEqual([]);
  one('.sw-mode[data-mode="grid"]').click(); // the rest works on
  await soon(() => expect(cards().filter(({ offsetParent }) => offsetParent !== null)).toHaveLength(6));
  one('.sw-mode[data-mode="plate"]').click();
  mend();
  all(".sw-stage button").find(({ textContent }) => textContent === "Retry")!.click();
  await soon(() => expect(page.querySelector('.sw-plate [aria-label^="A01"]')).toBeTruthy());
});
