/** Reading the image: ruler, probability map, other revisions, small map, uncertain objects, settings that stay. */

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { CanvasRenderer } from "../canvas_renderer";
import { MockAnswer } from "../../shared/mock";
import { OutlineSet } from "../../shared/outlines";
import { drag, frame, IDS, Kernel, point, press, show, SQUARE, until, type Shown } from "../testing";
import { HEAT_COLOURS } from "./heat_colours";
import { Looks } from "./looks";

let shown: Shown | null = null;
beforeEach(() => localStorage.clear());
afterEach(() => {
  shown?.close();
  shown = null;
  vi.restoreAllMocks();
});

const revision = (id: number, over: object = {}) => ({
  id, parent_id: null, source: "model", model: "resunet 2", run_id: id, note: null, note_of: null, author: "ann", created_at: "2026-01-02T03:04:05Z",
  n_objects: 1, current: false, ...over,
});

/** A kernel with a map whose left half is sure and right half empty, and three revisions. */
function layered(): Kernel {
  const kernel = new Kernel();
  const data = Uint8Array.from({ length: 20 * 12 }, (_, i) => (i % 20 < 10 ? 255 : 0));
  kernel.model.handle("layer_heat", () => new MockAnswer({ width: 20, height: 12, covers: [1, 1], run: 7 }, [new DataView(data.buffer)]));
  kernel.model.handle("revisions", ({ image_id }) => (image_id === 1
    ? [revision(5, { source: "edit", run_id: null, model: null, parent_id: 3, current: true }), revision(4), revision(3)]
    : [revision(9, { current: true, run_id: 8 }), revision(8, { run_id: 4 })]));
  kernel.model.handle("layer_outlines", () => {
    const moved = SQUARE.map((place) => place + 5);
    return new MockAnswer({}, [new DataView(OutlineSet.fromRings([[moved]]).encode())]);
  });
  return kernel;
}

const open = async (kernel = layered()) => (shown = await show(kernel));
const text = (selector: string) => shown!.el.querySelector(selector)!.textContent!.replaceAll("\u2009", " ");

/** Colour of a place of the image on a canvas, 0..255. */
function at(canvas: HTMLCanvasElement, x: number, y: number): number[] {
  const copy = document.createElement("canvas");
  Object.assign(copy, { width: canvas.width, height: canvas.height });
  const context = copy.getContext("2d")!;
  context.drawImage(canvas, 0, 0);
  const [sx, sy] = shown!.editor.view.toScreen(x, y).map((place) => Math.round(place * devicePixelRatio));
  return [...context.getImageData(sx, sy, 1, 1).data];
}

/** Colour of the picture right after it was drawn: WebGL keeps it no longer. */
async function picture(x: number, y: number): Promise<number[]> {
  const { editor } = shown!;
  const { renderer } = editor;
  const draw = renderer.draw.bind(renderer);
  let found: number[] = [];
  const spy = vi.spyOn(renderer, "draw").mockImplementation((scene, ratio) => {
    const more = draw(scene, ratio);
    found = at(editor.chrome.picture, x, y);
    return more;
  });
  editor.redrawAll();
  await frame();
  spy.mockRestore();
  return found;
}

describe("the ruler", () => {
  it("measures a drag in um and px, stays under other tools, and goes by Esc", async () => {
    const { editor } = await open();
    press(shown!, "u");
    drag(shown!, [20, 80], [50, 120]);
    await frame();
    expect(text(".sw-editor-words")).toBe("100 µm  ·  50 px");
    press(shown!, "v");
    expect(editor.marks().ruler).toEqual([[20, 80], [50, 120]].map((end) => end.map((place) => expect.closeTo(place, 3))));
    press(shown!, "Escape");
    expect(editor.marks().ruler).toBeNull();
    expect(editor.tool().name).toBe("select");
    expect(shown!.kernel.model.calls("operations")).toHaveLength(0);
  });

  it("keeps to eighths of a turn with Shift, moves by an end, and takes a drag back by Esc", async () => {
    const { editor } = await open();
    press(shown!, "u");
    drag(shown!, [20, 80], [60, 82], { shiftKey: true });
    const line = () => editor.marks().ruler!.map((end) => end.map(Math.round));
    expect(line()).toEqual([[20, 80], [60, 80]]);
    drag(shown!, [60, 80], [60, 110]);
    expect(line()).toEqual([[20, 80], [60, 110]]);
    point(shown!, "pointerdown", 100, 80);
    point(shown!, "pointermove", 150, 80);
    press(shown!, "Escape");
    point(shown!, "pointerup", 150, 80);
    expect(line()).toEqual([[20, 80], [60, 110]]);
    press(shown!, "Delete");
    expect(editor.marks().ruler).toBeNull();
    expect(editor.store.count).toBe(3);
  });

  it("is there in a read-only view", async () => {
    const { editor } = await open(new Kernel({ read_only: true }));
    press(shown!, "u");
    expect(editor.tool().name).toBe("ruler");
  });
});

describe("the probability map", () => {
  it.each(["webgl2", "canvas2d"] as const)("lies over the image where there is something, drawn by %s", async (kind) => {
    if (kind === "canvas2d") {
      const context = HTMLCanvasElement.prototype.getContext;
      vi.spyOn(HTMLCanvasElement.prototype, "getContext").mockImplementation(function (this: HTMLCanvasElement, name: string, ...rest: never[]) {
        return name === "webgl2" ? null : context.call(this, name as "2d", ...rest);
      } as never);
    }
    const { editor } = await open();
    expect(editor.renderer.kind).toBe(kind);
    if (kind === "canvas2d") expect(editor.renderer).toBeInstanceOf(CanvasRenderer);
    editor.reading.looks.set({ heat: 1 });
    const [left, right] = [await picture(10, 100), await picture(150, 75)];
    expect(left[0]).toBe(left[1]);
    press(shown!, "P", { shiftKey: true });
    await until(() => editor.reading.heat.heat !== null);
    const painted = await picture(10, 100);
    [253, 231, 37].forEach((part, i) => expect(Math.abs(painted[i] - part)).toBeLessThan(4));
    expect(await picture(150, 75)).toEqual(right);
    point(shown!, "pointermove", 10, 100);
    expect(text(".sw-editor-readout")).toContain("probability 1.00");
    press(shown!, "P", { shiftKey: true });
    expect(await picture(10, 100)).toEqual(left);
  });

  it("lies under the outlines", async () => {
    const { editor } = await open();
    editor.reading.looks.set({ heat: 1, width: 6 });
    const line = await picture(20, 40);
    press(shown!, "P", { shiftKey: true });
    await until(() => editor.reading.heat.heat !== null);
    const covered = await picture(20, 40);
    line.forEach((part, i) => expect(Math.abs(covered[i] - part)).toBeLessThan(12));
  });

  it("is asked for again for the next image, and says why there is none", async () => {
    const kernel = layered();
    const { editor } = await open(kernel);
    press(shown!, "P", { shiftKey: true });
    press(shown!, "Q", { shiftKey: true });
    await until(() => text(".sw-editor-layers").includes("of run 7"));
    kernel.model.handle("layer_heat", () => {
      throw new Error("image-2.tif: there are no probability maps of it");
    });
    press(shown!, ".");
    await until(() => text(".sw-editor-layers").includes("no probability maps of it"));
    expect(editor.reading.heat.heat).toBeNull();
    expect(kernel.model.calls("layer_heat").map(({ params }) => params.image_id)).toEqual([1, 2]);
  });

  it("rises in brightness from colour to colour", () => {
    const bright = (i: number) => 0.2126 * HEAT_COLOURS[4 * i] + 0.7152 * HEAT_COLOURS[4 * i + 1] + 0.0722 * HEAT_COLOURS[4 * i + 2];
    for (let i = 8; i < 256; i++) expect(bright(i)).toBeGreaterThan(bright(i - 8));
    expect([HEAT_COLOURS[3], HEAT_COLOURS[4 * 255 + 3]]).toEqual([0, 255]);
  });
});

describe("other outlines", () => {
  it("are listed with author and model, shown dashed, and stay chosen by run in the next image", async () => {
    const { editor, kernel } = await open();
    press(shown!, "Q", { shiftKey: true });
    await until(() => shown!.el.querySelectorAll(".sw-editor-ghost-choice").length === 4);
    expect(kernel.model.calls("layer_outlines")).toHaveLength(0);
    const offers = () => [...shown!.el.querySelectorAll<HTMLElement>(".sw-editor-ghost-choice")];
    expect(offers()[2].textContent).toMatch(/Revision 4.*resunet 2.*ann.*1 object.*run 4/);
    expect(editor.reading.ghost.element.hidden || at(editor.reading.ghost.element, 45, 25)[3] === 0).toBe(true);
    offers()[2].click();
    await until(() => editor.reading.ghost.shown?.id === 4);
    await frame();
    const dashes = Array.from({ length: 30 }, (_, i) => at(editor.reading.ghost.element, 27 + i, 25)[3] > 128);
    expect([dashes.some((one) => one), dashes.every((one) => one)]).toEqual([true, false]);
    expect(offers()[2].getAttribute("aria-pressed")).toBe("true");
    expect(kernel.model.calls("layer_outlines")[0].params.revision).toBe(4);
    press(shown!, ".");
    await until(() => editor.reading.ghost.shown?.id === 8);
    expect(kernel.model.calls("layer_outlines")[1].params).toEqual({ image_id: 2, revision: 8 });
    expect(editor.store.count).toBe(3); // they are looked at only
  });

  it("are by key those that the shown ones were made from, and go by the same key", async () => {
    const { editor } = await open();
    press(shown!, "G", { shiftKey: true });
    await until(() => editor.reading.ghost.shown !== null);
    expect(editor.reading.ghost.shown!.id).toBe(3);
    press(shown!, "G", { shiftKey: true });
    await until(() => editor.reading.ghost.shown === null);
    await frame();
    expect(editor.reading.ghost.element.hidden).toBe(true);
  });
});

it("lists the revision that was saved meanwhile", async () => {
  const { kernel } = await open();
  press(shown!, "Q", { shiftKey: true });
  await until(() => shown!.el.querySelectorAll(".sw-editor-ghost-choice").length === 4);
  kernel.base = 6;
  kernel.version++;
  kernel.model.handle("revisions", () => [
    revision(6, { source: "edit", run_id: null, model: null, parent_id: 5, current: true }), revision(5, { source: "edit", run_id: null, model: null, parent_id: 3 }), revision(4), revision(3),
  ]);
  kernel.model.event("version", { image_id: 1, version: null });
  await until(() => shown!.el.querySelectorAll(".sw-editor-ghost-choice").length === 5);
  expect(text(".sw-editor-ghosts")).toMatch(/Revision 5.*edited/);
});

describe("settings", () => {
  it("of opacity and width act on the picture and stay", async () => {
    const { editor } = await open();
    const full = await picture(20, 40);
    const image = await picture(12, 40);
    press(shown!, "Q", { shiftKey: true });
    const [opacity, width] = [...shown!.el.querySelectorAll<HTMLInputElement>(".sw-editor-layers input[type=range]")];
    opacity.value = "0.2";
    opacity.dispatchEvent(new Event("input"));
    await frame();
    const faint = await picture(20, 40);
    const far = (colour: number[]) => Math.hypot(...colour.slice(0, 3).map((part, i) => part - image[i]));
    expect(far(faint)).toBeLessThan(0.5 * far(full));
    opacity.value = "1";
    opacity.dispatchEvent(new Event("input"));
    width.value = "6";
    width.dispatchEvent(new Event("input"));
    const beside = 1 / editor.view.scale;
    const wide = await picture(20 + beside, 40);
    [0x56, 0xb4, 0xe9].forEach((part, i) => expect(Math.abs(wide[i] - part)).toBeLessThan(25)); // the class's colour
    expect(new Looks().values).toMatchObject({ opacity: 1, width: 6 });
  });

  it("are as usual where the browser kept something else than settings", () => {
    localStorage.setItem("spheroseg.editor.looks", '{"opacity": "much", "width": 99, "minimap": 1}');
    expect(new Looks().values).toMatchObject({ opacity: 1, width: 6, minimap: true });
    localStorage.setItem("spheroseg.editor.looks", "{");
    expect(new Looks().values.opacity).toBe(1);
  });
});

describe("going", () => {
  it("leads from the most uncertain object to the next by ] and back by [", async () => {
    const { editor } = await open();
    const chosen = () => IDS.indexOf(editor.selection.only!);
    press(shown!, "]");
    expect(chosen()).toBe(2);
    expect(text(".sw-editor-said")).toBe("Place 1 of 3 in order of uncertainty: confidence 0.40.");
    press(shown!, "]");
    expect(chosen()).toBe(1);
    press(shown!, "[");
    press(shown!, "[", { ctrlKey: true, altKey: true, modifierAltGraph: true }); // as AltGr gives it
    expect(chosen()).toBe(0);
    const [x, y] = editor.view.toImage(editor.view.width / 2, editor.view.height / 2);
    expect([Math.round(x), Math.round(y)]).toEqual([40, 40]);
  });

  it("zooms to what is selected by Z, and says so where nothing is", async () => {
    const { editor } = await open();
    press(shown!, "z");
    expect(text(".sw-editor-said")).toBe("Select an outline first.");
    editor.selection.set([IDS[0], IDS[1]]);
    press(shown!, "z");
    const [x0, y0, x1, y1] = editor.view.visible();
    expect([x0 < 20, y0 < 20, x1 > 140, y1 > 60]).toEqual([true, true, true, true]);
  });

  it("shows a small map while the image is larger than the view, which leads elsewhere", async () => {
    const { editor } = await open();
    const { element } = editor.reading.minimap;
    expect(element.hidden).toBe(true);
    editor.view.zoomAt(0, 0, 4);
    editor.redrawAll();
    await frame();
    expect(element.hidden).toBe(false);
    const box = element.getBoundingClientRect();
    element.dispatchEvent(new PointerEvent("pointerdown", { bubbles: true, clientX: box.left + box.width * 0.75, clientY: box.top + box.height * 0.5, buttons: 1 }));
    const [x, y] = editor.view.toImage(editor.view.width / 2, editor.view.height / 2);
    expect(Math.abs(x - 150) + Math.abs(y - 60)).toBeLessThan(5);
    expect(editor.selection.ids.size).toBe(0);
    press(shown!, "F", { shiftKey: true });
    await frame();
    expect(element.hidden).toBe(true);
  });
});
