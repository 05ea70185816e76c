import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { overlapsAt, widths } from "../shared/apart";
import type { MockModel } from "../shared/mock";
import { MockAnswer } from "../shared/mock";
import { greyOf, kernel, revision, seen, type TilesAsked, tilesOf } from "./fixture";
import widget from "./index";
import { WHOLE } from "./strip";

let page: HTMLElement;
let life: AbortController;

beforeEach(() => {
  page = document.createElement("div");
  page.style.width = "1000px";
  document.body.append(page);
  life = new AbortController();
});

afterEach(() => {
  life.abort();
  page.remove();
  vi.restoreAllMocks();
});

async function show(model: MockModel): Promise<MockModel> {
  await widget.render({ model, el: page, signal: life.signal });
  return model;
}

const soon = (check: () => void) => vi.waitFor(check, { timeout: 5000, interval: 10 });
const frames = (count = 2) => new Promise<void>((resolve) => {
  const next = (left: number): unknown => (left ? requestAnimationFrame(() => next(left - 1)) : resolve());
  next(count);
});
const one = (selector: string) => page.querySelector<HTMLElement>(selector) as HTMLElement;
const all = (selector: string) => [...page.querySelectorAll<HTMLElement>(selector)];
const stages = () => all(".sw-compare-stage");
const bars = () => all(".sw-scale-bar").map(({ textContent }) => textContent);
const action = (name: string) => one(`[data-action=${name}]`) as HTMLButtonElement;
const note = (pane = 0) => all(".sw-compare-note")[pane];
const press = (key: string, target: Element = one(".sw-compare-panes"), more: KeyboardEventInit = {}) =>
  target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more }));
const asked = (model: MockModel) => model.calls("tiles").map(({ params }) => params as unknown as TilesAsked);

/** Waits until nothing more is asked for; gives how often pixels were. */
async function settled(model: MockModel): Promise<number> {
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
function crossings(pane = 0): number[] {
  const canvas = stages()[pane].querySelector("canvas") as HTMLCanvasElement;
  const { width, height } = canvas;
  const row = (canvas.getContext("2d") as CanvasRenderingContext2D).getImageData(0, Math.floor(height * 0.45), width, 1).data;
  const coloured = Array.from({ length: width }, (_, x) => row[4 * x + 2] - row[4 * x] > 60);
  return coloured.flatMap((is, x) => (is && !coloured[x - 1] ? [x / width] : []));
}

const shown = (pane = 0, id = pane + 1, shared = true) => soon(() => expect(isGrey(colourAt(0.5, 0.5, pane), greyOf(id, shared))).toBe(true));

function pointer(type: string, target: Element, x: number, y: number, more: PointerEventInit = {}): void {
  const box = target.getBoundingClientRect();
  const event = { bubbles: true, cancelable: true, pointerId: 1, isPrimary: true, button: 0, ...more };
  target.dispatchEvent(new PointerEvent(type, { ...event, clientX: box.left + x, clientY: box.top + y }));
}

function wheel(target: Element, x: number, y: number, deltaY: number): void {
  const box = target.getBoundingClientRect();
  const at = { clientX: box.left + x, clientY: box.top + y };
  target.dispatchEvent(new WheelEvent("wheel", { bubbles: true, cancelable: true, deltaY, ...at }));
}

describe("side by side", () => {
  it("shows each image with its name, what is known of it, picture, outlines and scale bar", async () => {
    const model = await show(kernel("side", { images: [seen(1), seen(2, { outcome: "censored" })] }));
    await shown(0);
    await shown(1);
    expect(all(".sw-compare-name").map(({ textContent }) => textContent)).toEqual([seen(1).name, seen(2).name]);
    expect(all(".sw-compare-facts")[1].textContent).toBe("B07 · 48 h · 42\u2009600 µm² · Cut off");
    expect(all(".sw-compare-caption path").map((path) => path.getAttribute("d")).every(Boolean)).toBe(true);
    expect(one(".sw-compare-linked").textContent).toBe("linked in µm");
    await soon(() => expect(crossings(0).length).toBe(2));
    expect(crossings(1)).toEqual(crossings(0));
    expect(bars()[0]).toMatch(/µm$/);
    expect(bars()[1]).toBe(bars()[0]);
    expect(asked(model).slice(0, 2).map(({ image, level }) => [image, level])).toEqual([[1, 2], [2, 2]]); // the coarse of all first
  });

  it("asks for no finer pixels than the screen shows, and for the finest when it is zoomed", async () => {
    const model = await show(kernel("side", { images: [seen(1), seen(2)] }));
    await shown(0);
    const finest = () => Math.min(...asked(model).map(({ level }) => level));
    expect(finest()).toBeGreaterThan(0);
    for (let turn = 0; turn < 8; turn++) wheel(stages()[0], 200, 150, -200);
    await soon(() => expect(finest()).toBe(0));
    await frames();
    const close = asked(model).filter(({ level }) => level === 0);
    expect(close.every(({ tiles }) => tiles.length <= 4)).toBe(true); // what is seen, not the whole image
  });

  it("moves all panes together: wheel, drag, arrows, buttons, 0", async () => {
    await show(kernel("side", { images: [seen(1), seen(2)] }));
    await shown(0);
    await shown(1);
    await soon(() => expect(crossings(1).length).toBe(2));
    const [before, bar] = [crossings(1), bars()[1]];
    const at = stages()[0].clientWidth * before[0];
    wheel(stages()[0], at, 100, -350);
    await soon(() => expect(bars()[1]).not.toBe(bar));
    await frames();
    expect(crossings(1)[0]).toBeCloseTo(before[0], 1); // what lay under the pointer is still there, in the other pane too
    expect(bars()[0]).toBe(bars()[1]);
    const zoomed = crossings(1)[0];
    pointer("pointerdown", stages()[0], 100, 100);
    pointer("pointermove", stages()[0], 150, 100);
    pointer("pointerup", stages()[0], 150, 100);
    pointer("pointermove", stages()[0], 250, 100); // released: nothing moves
    await soon(() => expect(crossings(1)[0]).toBeCloseTo(zoomed + 50 / stages()[1].clientWidth, 2));
    const dragged = crossings(1)[0];
    press("ArrowLeft");
    await soon(() => expect(crossings(1)[0]).toBeGreaterThan(dragged + 0.02));
    press("0");
    await soon(() => expect(bars()[1]).toBe(bar));
    await soon(() => expect(crossings(1)).toEqual(before));
    action("zoom_in").click();
    action("zoom_in").click();
    await soon(() => expect(crossings(1)).not.toEqual(before));
    stages()[1].dispatchEvent(new MouseEvent("dblclick", { bubbles: true }));
    await soon(() => expect(crossings(1)).toEqual(before));
  });

  it("is pinched and moved by two fingers", async () => {
    await show(kernel("side", { images: [seen(1), seen(2)] }));
    await soon(() => expect(crossings(1).length).toBe(2));
    const width = () => crossings(1)[1] - crossings(1)[0];
    const before = width();
    const [stage] = stages();
    const touch = { pointerType: "touch", isPrimary: false };
    pointer("pointerdown", stage, 200, 100, { ...touch, pointerId: 11 });
    pointer("pointerdown", stage, 260, 100, { ...touch, pointerId: 12 });
    pointer("pointermove", stage, 170, 100, { ...touch, pointerId: 11 });
    pointer("pointermove", stage, 290, 100, { ...touch, pointerId: 12 });
    await soon(() => expect(width() / before).toBeCloseTo(2, 1));
    const pinched = crossings(1)[0];
    pointer("pointermove", stage, 210, 100, { ...touch, pointerId: 11 });
    pointer("pointermove", stage, 330, 100, { ...touch, pointerId: 12 });
    await soon(() => expect(crossings(1)[0]).toBeCloseTo(pinched + 40 / stage.clientWidth, 1));
    pointer("pointerup", stage, 210, 100, { ...touch, pointerId: 11 });
    pointer("pointercancel", stage, 330, 100, { ...touch, pointerId: 12 });
    expect(one(".sw-compare-panes").dataset.dragging).toBeUndefined();
  });

  it("marks in the other panes where the pointer is", async () => {
    await show(kernel("side", { images: [seen(1), seen(2)] }));
    await shown(1);
    pointer("pointermove", stages()[0], 120, 80);
    const cursor = stages()[1].querySelector(".sw-compare-cursor") as HTMLElement;
    expect([cursor.hidden, cursor.style.transform]).toEqual([false, "translate(120px, 80px)"]);
    one(".sw-compare-panes").dispatchEvent(new PointerEvent("pointerleave"));
    expect(cursor.hidden).toBe(true);
  });

  it("shows and hides outlines without asking again, by button, key and from Python", async () => {
    const model = await show(kernel("side", { images: [seen(1), seen(2)] }));
    await soon(() => expect(crossings(0).length).toBe(2));
    const before = model.calls("outlines").length;
    press("o");
    await soon(() => expect(crossings(0).length).toBe(0));
    expect(model.get("show_outlines")).toBe(false);
    expect(model.saved).toContain("show_outlines");
    expect(action("outlines").getAttribute("aria-pressed")).toBe("false");
    model.update({ show_outlines: true });
    await soon(() => expect(crossings(0).length).toBe(2));
    expect(model.calls("outlines").length).toBe(before);
  });

  it("has one contrast for all images, and each its own when asked", async () => {
    const model = await show(kernel("side", { images: [seen(1), seen(2)] }));
    await shown(0, 1);
    await shown(1, 2);
    await settled(model);
    press("c");
    await shown(0, 1, false);
    await shown(1, 2, false);
    expect(model.get("shared_contrast")).toBe(false);
    const before = await settled(model);
    action("contrast").click();
    await shown(1, 2);
    expect(await settled(model)).toBe(before); // kept
  });

  it("says that grey values of different kinds have no common contrast", async () => {
    const model = kernel("side", { images: [seen(1), seen(2)] });
    model.handle("tiles", async (params) => {
      const { value, buffers } = await tilesOf([seen(1), seen(2)], params as unknown as TilesAsked);
      return new MockAnswer({ ...(value as object), contrast: "own" }, buffers);
    });
    await show(model);
    await soon(() => expect(action("contrast").disabled).toBe(true));
    expect(action("contrast").title).toContain("grey values are of different kinds");
    press("c");
    expect(model.get("shared_contrast")).toBe(true);
  });

  it("shows why an image cannot be shown, in its place, and the others", async () => {
    const hostile = "<img src=x onerror=alert(1)> is truncated";
    const images = [seen(1), seen(2, { reason: hostile, result: 0, outcome: "", status: "failed", area: null })];
    await show(kernel("side", { images, gone: [{ id: 3, name: "c.tif", reason: "This image is no longer in the project." }] }));
    await shown(0);
    await soon(() => expect(note(1).textContent).toBe(hostile));
    expect(note(2).textContent).toBe("This image is no longer in the project.");
    expect([note(0).hidden, note(1).hidden, note(2).hidden]).toEqual([true, false, false]);
    expect(page.querySelector("img")).toBeNull();
    expect(all(".sw-scale-bar").map(({ hidden }) => hidden)).toEqual([false, true, true]);
  });

  it("shows an image that has no result without outlines, and takes them when they come", async () => {
    const bare = seen(2, { result: 0, outcome: "", status: "new", objects: -1, area: null });
    const model = await show(kernel("side", { images: [seen(1), bare] }));
    await shown(1);
    await soon(() => expect(crossings(0).length).toBe(2));
    expect(crossings(1)).toEqual([]);
    expect(model.calls("outlines").flatMap(({ params }) => params.results)).not.toContain(0);
    model.handle("document", () => ({ title: "", images: [seen(1), seen(2)], gone: [], revisions: [], pixels: 0 }));
    model.event("changed", null);
    await soon(() => expect(crossings(1).length).toBe(2));
    expect(all(".sw-compare-facts")[1].textContent).toContain("Measured");
  });

  it("asks for the pixels again when the files may be others", async () => {
    const model = await show(kernel("side", { images: [seen(1), seen(2)] }));
    await shown(1);
    const before = await settled(model);
    model.event("changed", null);
    await soon(() => expect(model.calls("document").length).toBe(2));
    expect(await settled(model)).toBe(before);
    model.handle("document", () => ({ title: "", images: [seen(1), seen(2)], gone: [], revisions: [], pixels: 1 }));
    model.event("changed", null);
    await soon(() => expect(asked(model).length).toBeGreaterThan(before));
    await shown(1);
  });

  it("lies in as many columns as make the pictures largest", async () => {
    const columns = () => one(".sw-compare-panes").style.getPropertyValue("--sw-columns");
    await show(kernel("side", { images: [seen(1), seen(2)] }));
    await soon(() => expect(columns()).toBe("2"));
    page.style.width = "380px";
    await soon(() => expect(columns()).toBe("1"));
    await soon(() => expect(stages().every(({ clientWidth }) => clientWidth > 370)).toBe(true));
    expect(page.scrollWidth).toBeLessThanOrEqual(380);
    expect(overlapsAt(page, widths(340, 1400))).toEqual([]);
  });

  it("says that nothing can be shown, and tries again", async () => {
    const model = kernel("side", { images: [seen(1), seen(2)] });
    model.handle("document", () => {
      throw new Error("the store is locked");
    });
    await show(model);
    const card = () => one("[role=alert]");
    await soon(() => expect(card().innerText).toContain("the store is locked"));
    model.handle("document", () => ({ title: "", images: [seen(1), seen(2)], gone: [], revisions: [], pixels: 0 }));
    card().querySelector("button")!.click();
    await shown(1);
    expect(card().hidden).toBe(true);
  });

  it("has its keys in the help", async () => {
    await show(kernel("side", { images: [seen(1), seen(2)] }));
    press("?");
    expect(one(".sw-compare-help").hidden).toBe(false);
    expect(one(".sw-compare-help").textContent).toContain("Same contrast");
    expect(one(".sw-compare-help").textContent).not.toContain("Play");
    expect(action("help").getAttribute("aria-expanded")).toBe("true");
    press("Escape");
    expect(one(".sw-compare-help").hidden).toBe(true);
  });

  it("ends with its view", async () => {
    const model = await show(kernel("side", { images: [seen(1), seen(2)] }));
    await shown(1);
    life.abort();
    expect(model.listeners).toBe(0);
  });
});

describe("the swipe", () => {
  const divider = () => one("[role=slider]");
  const selects = () => all(".sw-compare-choice select") as HTMLSelectElement[];
  const revisions = [revision(1), revision(2, { source: "edit", author: "ann", holds: true })];
  const swipe = () => kernel("swipe", { images: [seen(1)], revisions });

  it("shows the first result left of the divider and the second one right of it", async () => {
    await show(swipe());
    await soon(() => expect(crossings().length).toBe(2));
    const [left, right] = crossings();
    expect(0.5 - left).toBeLessThan(right - 0.5 - 0.02); // the second one is larger
    divider().focus();
    for (let times = 0; times < 30; times++) press("ArrowRight", divider());
    await soon(() => expect(crossings()[1] - 0.5).toBeCloseTo(0.5 - left, 2));
    expect(divider().getAttribute("aria-valuenow")).toBe("100");
    expect(divider().getAttribute("aria-valuetext")).toBe("100 % of A, 0 % of B");
  });

  it("has a divider that keys and pointers move, and that keeps the picture still", async () => {
    await show(swipe());
    await soon(() => expect(crossings().length).toBe(2));
    const now = () => Number(divider().getAttribute("aria-valuenow"));
    expect([divider().getAttribute("aria-valuemin"), divider().getAttribute("aria-valuemax"), now()]).toEqual(["0", "100", 50]);
    for (const [key, value, more] of [
      ["ArrowLeft", 48, {}], ["ArrowRight", 60, { shiftKey: true }], ["PageDown", 50, {}], ["Home", 0, {}], ["End", 100, {}],
    ] as const) {
      if (key === "ArrowRight") press("ArrowRight", divider());
      press(key, divider(), more);
      expect(now(), key).toBe(value);
    }
    press("Home", divider());
    const [bar, width] = [bars()[0], stages()[0].clientWidth];
    const box = divider().getBoundingClientRect();
    const grip = box.width / 2;
    pointer("pointerdown", divider(), grip, 50);
    const to = stages()[0].getBoundingClientRect().left + 0.25 * width - box.left;
    divider().dispatchEvent(new PointerEvent("pointermove", { bubbles: true, pointerId: 1, clientX: box.left + to }));
    expect(now()).toBe(25);
    window.dispatchEvent(new PointerEvent("pointerup", { pointerId: 1 })); // released outside
    divider().dispatchEvent(new PointerEvent("pointermove", { bubbles: true, pointerId: 1, clientX: box.left + width }));
    expect(now()).toBe(25);
    await frames();
    expect(bars()[0]).toBe(bar);
    expect(one(".sw-compare-panes").dataset.dragging).toBeUndefined();
  });

  it("shows one result alone by a key", async () => {
    await show(swipe());
    await soon(() => expect(crossings().length).toBe(2));
    const half = () => crossings().map((at) => Math.abs(at - 0.5));
    press("1");
    await soon(() => expect(half()[0]).toBeCloseTo(half()[1], 2));
    const first = half()[0];
    press("2");
    await soon(() => expect(half()[0]).toBeGreaterThan(first + 0.02));
    expect(half()[0]).toBeCloseTo(half()[1], 2);
  });

  it("names the results, chooses others and exchanges them", async () => {
    const model = await show(swipe());
    await soon(() => expect(selects().map(({ value }) => value)).toEqual(["1", "2"]));
    expect([...selects()[0].options].map(({ text }) => text)[0]).toBe("resunet-spheroid 7, run 1");
    expect(one(".sw-compare-difference").textContent).toBe("B is 100 % larger");
    expect(one(".sw-compare-choice .sw-compare-facts").textContent).toBe("1 object, 1\u2009000 µm²");
    press("x");
    await soon(() => expect(selects().map(({ value }) => value)).toEqual(["2", "1"]));
    expect(model.get("results")).toEqual([2, 1]);
    expect(one(".sw-compare-difference").textContent).toBe("B is 50 % smaller");
    selects()[1].value = "2";
    selects()[1].dispatchEvent(new Event("change"));
    expect(model.get("results")).toEqual([2, 2]);
    expect(one(".sw-compare-difference").textContent).toBe("The same area");
    model.update({ results: [1, 2] });
    await soon(() => expect(selects().map(({ value }) => value)).toEqual(["1", "2"]));
    expect(action("contrast").hidden).toBe(true);
  });

  it("offers a revision that was saved meanwhile", async () => {
    const model = await show(swipe());
    await soon(() => expect(selects()[0].options.length).toBe(2));
    const more = [revision(3, { source: "import" }), ...revisions];
    model.handle("document", () => ({ title: "", images: [seen(1)], gone: [], revisions: more, pixels: 0 }));
    model.event("changed", null);
    await soon(() => expect(selects()[0].options.length).toBe(3));
    expect(selects().map(({ value }) => value)).toEqual(["1", "2"]);
  });
});

describe("a series", () => {
  const series = (count: number, more: Record<string, unknown> = {}) =>
    kernel("series", { title: "P1 B07", images: Array.from({ length: count }, (_, i) => seen(i + 1, { pixel_size_um: 1.24 })) }, more);
  const place = () => one(".sw-compare-place").textContent;
  const options = () => all("[role=option]");
  const trend = () => one(".sw-compare-trend");
  const current = () => options().filter((option) => option.getAttribute("aria-selected") === "true").map(({ dataset }) => Number(dataset.index));

  it("has a film strip with times and outcomes, and the area over time", async () => {
    const images = [seen(1), seen(2, { outcome: "not_found", area: null }), seen(3, { excluded: true }), seen(4, { outcome: "censored" }), seen(5)];
    await show(kernel("series", { title: "P1 B07", images }));
    await soon(() => expect(options().length).toBe(5));
    expect(one(".sw-compare-title").textContent).toBe("P1 B07");
    expect(options().map((option) => option.getAttribute("aria-label"))).toEqual([
      "24 h, Measured, 41\u2009300 µm²", "48 h, Not found", "72 h, Excluded, 43\u2009900 µm²", "96 h, Cut off, 45\u2009200 µm²",
      "120 h, Measured, 46\u2009400 µm²",
    ]);
    expect([options()[1].getAttribute("aria-setsize"), options()[1].getAttribute("aria-posinset")]).toEqual(["5", "2"]);
    expect(all(".sw-compare-time").map(({ textContent }) => textContent)).toEqual(["24 h", "48 h", "72 h", "96 h", "120 h"]);
    await soon(() => expect(all(".sw-compare-dot").length).toBe(5));
    const kinds = all(".sw-compare-dot").map((dot) => dot.getAttribute("class")?.split("sw-is-")[1]);
    expect(kinds).toEqual(["measured", "missing", "excluded", "censored", "measured"]);
    const line = page.querySelector(".sw-compare-line")?.getAttribute("d") ?? "";
    expect([line.match(/M/g)?.length, line.match(/L/g)?.length]).toEqual([2, 1]); // broken where nothing counts
    await soon(() => {
      const strip = options().map((option) => option.querySelector("canvas") as HTMLCanvasElement);
      const greys = strip.map((canvas) => canvas.getContext("2d")!.getImageData(canvas.width / 2, canvas.height / 2, 1, 1).data[0]);
      greys.forEach((grey, i) => expect(Math.abs(grey - greyOf(i + 1, true))).toBeLessThan(4));
    });
  });

  it("steps by keys and clicks, tells the kernel, and follows it", async () => {
    const model = await show(series(6));
    await shown(0, 1);
    press(".");
    await shown(0, 2);
    expect([place(), current()]).toEqual(["2 of 6 · 48 h", [1]]);
    press("ArrowRight", one(".sw-compare-strip"));
    await shown(0, 3);
    press("ArrowRight"); // over the picture it moves the view
    await frames();
    expect(place()).toBe("3 of 6 · 72 h");
    press("End", one(".sw-compare-strip"));
    press(",");
    expect(place()).toBe("5 of 6 · 120 h");
    options()[3].click();
    expect([place(), current()]).toEqual(["4 of 6 · 96 h", [3]]);
    await soon(() => expect([model.get("image_id"), model.saved.includes("image_id")]).toEqual([4, true]));
    model.update({ image_id: 2 });
    await shown(0, 2);
    expect(one(".sw-compare-strip").getAttribute("aria-activedescendant")).toBe(options()[1].id);
    model.update({ image_id: null });
    expect(place()).toBe("2 of 6 · 48 h");
  });

  it("has a slider over the curve that marks the time that is shown", async () => {
    await show(series(11));
    await soon(() => expect(all(".sw-compare-dot").length).toBe(11));
    const value = () => [trend().getAttribute("aria-valuenow"), trend().getAttribute("aria-valuetext")];
    expect([trend().getAttribute("role"), trend().getAttribute("aria-valuemax"), ...value()]).toEqual(["slider", "11", "1", "24 h, Measured, 41\u2009300 µm²"]);
    press("ArrowRight", trend());
    press("PageUp", trend());
    expect(value()[0]).toBe("3");
    expect(one(".sw-is-reading").textContent).toBe("72 h · 43\u2009900 µm²");
    press("End", trend());
    expect(value()[0]).toBe("11");
    press("Home", trend());
    const dots = all(".sw-compare-dot").map((dot) => Number(dot.getAttribute("cx")));
    pointer("pointerdown", trend(), dots[4] + 3, 40);
    expect(value()[0]).toBe("5");
    pointer("pointermove", trend(), dots[7] - 2, 40);
    pointer("pointerup", trend(), dots[7] - 2, 40);
    pointer("pointermove", trend(), dots[1], 40);
    expect(value()[0]).toBe("8");
    await shown(0, 8);
  });

  it("plays by Space, in the order of time, from the beginning again, until it is stopped", async () => {
    const model = await show(series(4));
    await shown(0, 1);
    for (const _ of "xx") press(">");
    expect((one(".sw-compare-player select") as HTMLSelectElement).value).toBe("16");
    const seenPlaces: string[] = [];
    new MutationObserver(() => seenPlaces.push(place() ?? "")).observe(one(".sw-compare-place"), { childList: true });
    press(" ");
    expect(action("play").getAttribute("aria-label")).toBe("Pause");
    await soon(() => expect(seenPlaces.length).toBeGreaterThan(5));
    press(" ");
    expect(action("play").getAttribute("aria-label")).toBe("Play");
    const first = [2, 3, 4, 1, 2].map((number) => `${number} of 4 · ${24 * number} h`);
    expect(seenPlaces.slice(0, 5)).toEqual(first);
    const rest = place();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(place()).toBe(rest);
    await soon(() => expect(model.get("image_id")).toBe(Number(rest?.[0])));
    expect(model.saved.filter((name) => name === "image_id").length).toBe(1); // once it rests
  });

  it("stops at the end without loop, begins anew from there, and stops when a picture is picked", async () => {
    await show(series(3));
    await shown(0, 1);
    for (const _ of "xx") press(">");
    press("l");
    expect(action("loop").getAttribute("aria-pressed")).toBe("false");
    action("play").click();
    await soon(() => expect(place()).toBe("3 of 3 · 72 h"));
    await soon(() => expect(action("play").getAttribute("aria-label")).toBe("Play"));
    action("play").click();
    expect(place()).toBe("1 of 3 · 24 h");
    options()[1].click();
    expect([place(), action("play").getAttribute("aria-label")]).toEqual(["2 of 3 · 48 h", "Play"]);
  });

  it("waits for a picture while it plays, and asks for those to come", async () => {
    const model = series(9);
    let slow = false;
    const images = Array.from({ length: 9 }, (_, i) => seen(i + 1));
    let release: () => void = () => {};
    const gate = new Promise<void>((resolve) => (release = resolve));
    model.handle("tiles", async (params) => {
      const one = params as unknown as TilesAsked;
      if (slow && one.image === 3) await gate;
      return tilesOf(images, one);
    });
    slow = true;
    await show(model);
    await shown(0, 1);
    for (const _ of "xx") press(">");
    press(" ");
    await soon(() => expect(place()).toBe("2 of 9 · 48 h"));
    await settled(model);
    expect(place()).toBe("2 of 9 · 48 h");
    expect(new Set(asked(model).map(({ image }) => image)).size).toBeGreaterThan(6);
    release();
    await soon(() => expect(place()).toBe("3 of 9 · 72 h"));
  });

  it("plays by itself where it is asked to, and not where less motion is wished", async () => {
    await show(series(5, { autoplay: true }));
    await soon(() => expect(place()).toBe("2 of 5 · 48 h"));
    life.abort();
    life = new AbortController();
    const query = window.matchMedia.bind(window);
    vi.spyOn(window, "matchMedia").mockImplementation((text) =>
      text.includes("reduced-motion") ? ({ ...query(text), matches: true, addEventListener: () => {} }) as MediaQueryList : query(text),
    );
    await show(series(5, { autoplay: true }));
    await shown(0, 1);
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(place()).toBe("1 of 5 · 24 h");
    press(" "); // by hand it plays all the same
    await soon(() => expect(place()).toBe("2 of 5 · 48 h"));
  });

  it("keeps of a long series only the pictures that are seen", async () => {
    const model = await show(series(400));
    await shown(0, 1);
    expect(options().length).toBeLessThan(30);
    one(".sw-compare-strip").scrollLeft = 20_000;
    await soon(() => expect(options().some(({ dataset }) => Number(dataset.index) === 202)).toBe(true));
    expect(options().length).toBeLessThan(30);
    await soon(() => expect(asked(model).some(({ image }) => image === 203)).toBe(true));
    press("End", one(".sw-compare-strip"));
    await soon(() => expect(current()).toEqual([399]));
    expect(asked(model).length).toBeLessThan(120);
    life.abort();
    life = new AbortController();
    await show(series(WHOLE));
    await soon(() => expect(options().length).toBe(WHOLE));
  });

  it("draws the pictures of the strip anew only where they are others", async () => {
    await show(series(4));
    const strip = () => options().map((option) => option.querySelector("canvas") as HTMLCanvasElement);
    await soon(() => expect(options().length).toBe(4));
    await soon(() => expect(strip().every(({ width }) => width !== 300)).toBe(true));
    await soon(() => expect(crossings().length).toBe(2));
    await new Promise((resolve) => setTimeout(resolve, 200));
    const cleared = vi.spyOn(HTMLCanvasElement.prototype, "width", "set");
    press("ArrowRight");
    press("+");
    await frames(4);
    expect(cleared).not.toHaveBeenCalled();
    press("o");
    await frames(4);
    expect(cleared).toHaveBeenCalledTimes(4);
  });

  it("shows the reason of a broken file in its place, and goes on", async () => {
    await show(kernel("series", { images: [seen(1), seen(2, { reason: "the TIFF is truncated", outcome: "unusable", area: null, result: 0 }), seen(3)] }));
    await shown(0, 1);
    press(".");
    await soon(() => expect(note().textContent).toBe("the TIFF is truncated"));
    await soon(() => expect(options()[1].classList.contains("sw-compare-broken")).toBe(true));
    press(".");
    await shown(0, 3);
    expect(note().hidden).toBe(true);
  });

  it("stays at its picture when others come before it", async () => {
    const model = await show(kernel("series", { images: [seen(2), seen(4)] }));
    await shown(0, 2);
    press("."); // the kernel has not heard of it yet
    model.handle("document", () => ({ title: "", images: [seen(2), seen(3), seen(4)], gone: [], revisions: [], pixels: 0 }));
    model.event("changed", null);
    await soon(() => expect(place()).toBe("3 of 3 · 96 h"));
  });
});
