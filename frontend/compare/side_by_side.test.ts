/** Images side by side: moved together, with outlines and contrast, and what where one cannot be shown. */
import { describe, expect, it } from "vitest";
import { overlapsAt, widths } from "../shared/apart";
import { MockAnswer } from "../shared/mock";
import { kernel, seen, type TilesAsked, tilesOf } from "./fixture";
import { freshPages, action, all, asked, bars, crossings, frames, leave, note, one, page, pointer, press, settled, show, shown, soon, stages } from "./testing";

freshPages();

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
    leave();
    expect(model.listeners).toBe(0);
  });
});
