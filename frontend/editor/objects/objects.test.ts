/** The list of objects: what it shows, sorts and finds, and that a row and its outline are one thing. */

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { MockAnswer } from "../../shared/mock";
import { OutlineSet } from "../../shared/outlines";
import { click, frame, IDS, Kernel, point, press, show, until, type Shown } from "../testing";

let shown: Shown | null = null;
beforeEach(() => localStorage.clear());
afterEach(() => {
  shown?.close();
  shown = null;
});

const open = async (kernel?: Kernel) => {
  shown = await show(kernel);
  press(shown, "q");
  await frame();
  return shown;
};
const list = () => shown!.el.querySelector<HTMLElement>("[role=grid]")!;
/** Rows from top to bottom. */
const rows = () => [...list().querySelectorAll<HTMLElement>(".sw-editor-list-space > .sw-editor-row")]
  .sort((a, b) => Number(a.getAttribute("aria-rowindex")) - Number(b.getAttribute("aria-rowindex")));
const cells = (name: string) => rows().map((row) => row.querySelector(`.sw-editor-cell-${name}`)!.textContent!.replaceAll("\u2009", " "));
const row = (number: number) => rows().find((one) => one.querySelector(".sw-editor-cell-number")!.textContent === `#${number}`)!;
const selected = () => [...shown!.editor.selection.ids].map((id) => IDS.indexOf(id));
const sort = (by: string) => list().querySelector<HTMLElement>(`[data-by=${by}]`)!.click();
const key = (name: string, init: KeyboardEventInit = {}) => list().dispatchEvent(
  new KeyboardEvent("keydown", { key: name, bubbles: true, cancelable: true, ...init }),
);
const find = (words: string) => {
  const field = shown!.el.querySelector<HTMLInputElement>(".sw-editor-search")!;
  field.value = words;
  field.dispatchEvent(new Event("input"));
};

/** So many squares of 4 px in an image of 1000 x 1000, each a little larger than the one before. */
class Many extends Kernel {
  constructor(private readonly many: number) {
    super();
  }

  override document(image: number): MockAnswer {
    const { value } = super.document(image);
    const ids = Array.from({ length: this.many }, (_, i) => `22222222-0000-7000-8000-${String(i).padStart(12, "0")}`);
    const squares = ids.map((_, i) => {
      const x = (i % 100) * 2, y = Math.floor(i / 100), side = 1 + i / this.many;
      return [Float32Array.of(x, y, x + side, y, x + side, y + side, x, y + side)];
    });
    const bytes = (array: ArrayBufferView) => new DataView(array.buffer, array.byteOffset, array.byteLength);
    return new MockAnswer({ ...(value as object), ids }, [
      new DataView(OutlineSet.fromRings(squares).encode()), bytes(new Uint8Array(ids.length)),
      bytes(Float32Array.from(ids, (_, i) => 1 - i / ids.length)), bytes(new Uint8Array(ids.length)),
    ]);
  }
}

describe("the list", () => {
  it("shows number, class, area in um2, confidence and marks, and how many there are of each class", async () => {
    await open();
    expect(cells("number")).toEqual(["#1", "#2", "#3"]);
    expect(cells("class")).toEqual(["spheroid", "core", "spheroid"]);
    expect(cells("area")).toEqual(["4 800", "6 400", "6 400"]); // a pixel is 2 um wide, the first has a hole of 400 px2
    expect(cells("confidence")).toEqual(["0.90", "0.80", "0.40"]);
    expect(cells("flags")).toEqual(["", "", "edge · low confidence"]);
    expect([...shown!.el.querySelectorAll(".sw-editor-chip")].map((chip) => chip.textContent)).toEqual(["spheroid2", "core1"]);
    expect(list().getAttribute("aria-rowcount")).toBe("4");
  });

  it("sorts by a column, and the other way round; what has no value comes last both ways", async () => {
    const { editor } = await open();
    sort("confidence");
    expect(cells("number")).toEqual(["#3", "#2", "#1"]);
    expect(list().querySelector("[aria-sort=ascending]")!.textContent).toContain("Conf");
    press(shown!, "r");
    point(shown!, "pointerdown", 70, 70);
    point(shown!, "pointermove", 80, 90);
    point(shown!, "pointerup", 80, 90);
    await until(() => rows().length === 4);
    expect(cells("number")).toEqual(["#3", "#2", "#1", "#4"]);
    sort("confidence");
    expect(cells("number")).toEqual(["#1", "#2", "#3", "#4"]);
    sort("class");
    expect(cells("number")).toEqual(["#2", "#1", "#3", "#4"]);
    sort("flags");
    expect(cells("number")[0]).toBe("#3");
    expect(editor.store.count).toBe(4);
  });

  it("finds by number, class and mark", async () => {
    await open();
    find("2");
    expect(cells("number")).toEqual(["#2"]);
    find("low");
    expect(cells("number")).toEqual(["#3"]);
    find("spher");
    expect(cells("number")).toEqual(["#1", "#3"]);
    find("nothing");
    expect(rows()).toHaveLength(0);
    expect(shown!.el.querySelector(".sw-editor-objects .sw-editor-note")!.textContent).toBe("No object is like this.");
    find("");
    shown!.el.querySelectorAll<HTMLElement>(".sw-editor-chip")[1].click();
    expect(cells("number")).toEqual(["#2"]);
    shown!.el.querySelectorAll<HTMLElement>(".sw-editor-chip")[1].click();
    const marks = shown!.el.querySelector<HTMLSelectElement>(".sw-editor-filters select")!;
    marks.value = "border";
    marks.dispatchEvent(new Event("change"));
    expect(cells("number")).toEqual(["#3"]);
  });

  it("holds ten thousand outlines with a few rows in the document, and sorts them at once", async () => {
    shown = await show(new Many(10_000));
    press(shown, "o"); // the list is what counts here
    const opened = performance.now();
    press(shown, "q");
    expect(performance.now() - opened).toBeLessThan(500);
    await frame();
    expect(list().getAttribute("aria-rowcount")).toBe("10001");
    expect(rows().length).toBeLessThan(60);
    const began = performance.now();
    sort("area");
    sort("area");
    expect(performance.now() - began).toBeLessThan(500);
    const again = performance.now();
    for (let i = 0; i < 20; i++) shown.editor.objects.refresh();
    expect((performance.now() - again) / 20).toBeLessThan(10); // at every frame
    expect(cells("number").slice(0, 2)).toEqual(["#10000", "#9999"]);
    list().scrollTop = 1e9;
    await frame();
    expect(cells("number").at(-1)).toBe("#1");
    expect(rows().length).toBeLessThan(60);
  });
});

describe("a row and its outline", () => {
  it("are one: a click selects and zooms, Shift takes a range, Ctrl one more or one less", async () => {
    const { editor } = await open();
    const before = editor.view.scale;
    row(2).click();
    expect(selected()).toEqual([1]);
    expect(editor.view.scale).toBeGreaterThan(before);
    const [x, y] = editor.view.toImage(editor.view.width / 2, editor.view.height / 2);
    expect([Math.round(x), Math.round(y)]).toEqual([120, 40]);
    row(3).dispatchEvent(new MouseEvent("click", { bubbles: true, shiftKey: true }));
    expect(selected()).toEqual([1, 2]);
    row(2).dispatchEvent(new MouseEvent("click", { bubbles: true, ctrlKey: true }));
    expect(selected()).toEqual([2]);
    row(1).dispatchEvent(new MouseEvent("click", { bubbles: true, ctrlKey: true }));
    expect(selected()).toEqual([2, 0]);
    expect(rows().map((one) => one.getAttribute("aria-selected"))).toEqual(["true", "false", "true"]);
  });

  it("light up together, whichever is pointed at", async () => {
    const { editor } = await open();
    point(shown!, "pointermove", 120, 40);
    await frame();
    expect(row(2).hasAttribute("data-hovered")).toBe(true);
    point(shown!, "pointermove", 5, 110);
    point(shown!, "pointerleave", 5, 110);
    await frame();
    expect(rows().some((one) => one.hasAttribute("data-hovered"))).toBe(false);
    const context = editor.chrome.overlay.getContext("2d")!;
    const [sx, sy] = editor.view.toScreen(20, 40).map((place) => Math.round(place * devicePixelRatio));
    const painted = () => context.getImageData(sx - 3, sy, 7, 1).data.some((value) => value > 0);
    expect(painted()).toBe(false);
    row(1).dispatchEvent(new PointerEvent("pointerenter"));
    await frame();
    expect(editor.hovered).toBe(IDS[0]);
    expect(painted()).toBe(true);
    row(1).dispatchEvent(new PointerEvent("pointerleave"));
    expect(editor.hovered).toBeNull();
  });

  it("are hidden and locked from the row, which can be undone", async () => {
    const { editor } = await open();
    row(2).click();
    row(2).querySelectorAll<HTMLElement>(".sw-editor-aside")[1].click();
    await frame();
    expect(editor.store.isAside("locked", IDS[1])).toBe(true);
    expect(row(2).querySelectorAll(".sw-editor-aside")[1].getAttribute("aria-pressed")).toBe("true");
    row(2).querySelectorAll<HTMLElement>(".sw-editor-aside")[0].click();
    await frame();
    expect(editor.store.isAside("hidden", IDS[1])).toBe(true);
    expect(selected()).toEqual([]);
    row(2).click(); // what is hidden is shown where it is, and not selected
    expect(selected()).toEqual([]);
    press(shown!, "z", { ctrlKey: true });
    press(shown!, "z", { ctrlKey: true });
    expect(["hidden", "locked"].some((kind) => editor.store.isAside(kind as "hidden", IDS[1]))).toBe(false);
  });

  it("shows the area while a vertex is dragged, unconfirmed until the kernel has measured it", async () => {
    const { kernel } = await open();
    kernel.verdict = () => ({ area_px2: 2345 });
    click(shown!, 120, 40);
    kernel.failing = "no room on the disk";
    point(shown!, "pointerdown", 140, 60);
    point(shown!, "pointermove", 150, 70);
    point(shown!, "pointermove", 160, 80);
    await frame();
    const area = () => row(2).querySelector<HTMLElement>(".sw-editor-cell-area")!;
    expect([area().textContent!.replaceAll("\u2009", " "), area().hasAttribute("data-pending")]).toEqual(["9 600", true]);
    point(shown!, "pointerup", 160, 80);
    await frame();
    expect([area().textContent!.replaceAll("\u2009", " "), area().hasAttribute("data-pending")]).toEqual(["9 600", true]);
    kernel.failing = null;
    shown!.editor.work.retry();
    await until(() => !area().hasAttribute("data-pending"), 12_000);
    expect(area().textContent!.replaceAll("\u2009", " ")).toBe("9 380"); // what the kernel said, 2345 px2
  });
});

describe("keys in the list", () => {
  it("go from object to object, extend, zoom, delete, and give the focus back", async () => {
    const { editor } = await open();
    expect(document.activeElement).toBe(list());
    key("ArrowDown");
    expect(selected()).toEqual([1]);
    expect(list().getAttribute("aria-activedescendant")).toBe(row(2).id);
    const { scale } = editor.view;
    key("Enter");
    expect(editor.view.scale).toBeGreaterThan(scale);
    key("ArrowDown", { shiftKey: true });
    expect(selected()).toEqual([1, 2]);
    key("Home");
    key("ArrowDown", { ctrlKey: true });
    expect(selected()).toEqual([0]);
    key(" ");
    expect(selected()).toEqual([0, 1]);
    key("Delete");
    await until(() => rows().length === 1);
    expect(editor.store.count).toBe(1);
    key("Escape");
    expect(document.activeElement).toBe(editor.chrome.stage);
    press(shown!, "q");
    expect(shown!.el.querySelector<HTMLElement>(".sw-editor-side")!.hidden).toBe(true);
  });
});

it("stands below the picture where there is little room, and takes none of its own away", async () => {
  await open();
  shown!.el.style.width = "400px";
  await frame();
  const stage = shown!.editor.chrome.stage.getBoundingClientRect();
  const side = shown!.el.querySelector(".sw-editor-side")!.getBoundingClientRect();
  expect(side.top).toBeGreaterThanOrEqual(stage.bottom - 1);
  expect(stage.height).toBeGreaterThan(150);
  expect(stage.width).toBeGreaterThan(300);
});

it("is open again next time when it was left open", async () => {
  await open();
  shown!.close();
  shown = await show();
  expect(shown.editor.side.open).toBe("objects");
});
