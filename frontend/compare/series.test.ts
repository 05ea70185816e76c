/** A series over time: strip, curve and player. */
import { describe, expect, it, vi } from "vitest";
import { greyOf, kernel, seen, type TilesAsked, tilesOf } from "./fixture";
import { WHOLE } from "./strip";
import { freshPages, action, all, asked, crossings, frames, leave, note, one, page, pointer, press, settled, show, shown, soon } from "./testing";

freshPages();

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
    leave();
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
    leave();
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
