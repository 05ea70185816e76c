/** Two results of an image, with a divider between them. */
import { describe, expect, it } from "vitest";
import { kernel, revision, seen } from "./fixture";
import { freshPages, action, all, bars, crossings, frames, one, pointer, press, show, soon, stages } from "./testing";

freshPages();

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
