/** Every tool by pointer and keys, in the whole editor, with a kernel that is not there. */

import { afterEach, describe, expect, it } from "vitest";

import { OutlineSet } from "../../shared/outlines";
import { area, bounds, type Rings } from "../geometry";
import { isSound } from "../outlines/validity";
import { along, click, drag, frame, IDS, Kernel, point, press, show, until, type Shown } from "../testing";

let shown: Shown | null = null;
const open = async (kernel?: Kernel) => (shown = await show(kernel)).editor;
afterEach(() => {
  shown?.close();
  shown = null;
});

const find = (selector: string) => shown!.el.querySelector<HTMLElement>(selector)!;
const text = (selector: string) => find(selector).textContent!.replaceAll("\u2009", " ");
const said = () => text(".sw-editor-said");
const rings = (slot: number): Rings => shown!.editor.store.rings(slot);
const ids = () => [...shown!.editor.selection.ids];
const areas = () => [...shown!.editor.store.slots()].map((slot) => Math.round(area(rings(slot))));
const undo = () => press(shown!, "z", { ctrlKey: true });
const sent = () => [...shown!.kernel.stored.values()];
const button = (action: string) => find(`button[data-action="${action}"]`);
/** Everything there is, for "as it was". */
const state = () => [...shown!.editor.store.slots()].map((slot) => [
  shown!.editor.store.id(slot), rings(slot).map((ring) => [...ring]), shown!.editor.store.attributes(slot),
]);

describe("select", () => {
  it("takes what has its middle in a box; Shift adds", async () => {
    await open();
    drag(shown!, [90, 10], [145, 70]);
    expect(ids()).toEqual([IDS[1]]);
    drag(shown!, [5, 5], [70, 70], { shiftKey: true });
    expect(ids()).toEqual([IDS[1], IDS[0]]);
    drag(shown!, [70, 5], [80, 70]);
    expect(ids()).toEqual([]);
  });

  it("shows the box while it is dragged, and Esc takes it back", async () => {
    const editor = await open();
    click(shown!, 120, 40);
    point(shown!, "pointerdown", 5, 5);
    point(shown!, "pointermove", 70, 70);
    expect(editor.current.marks().region).toBeTruthy();
    press(shown!, "Escape");
    point(shown!, "pointerup", 70, 70);
    expect(ids()).toEqual([IDS[1]]);
    expect(editor.current.marks().region).toBeNull();
  });

  it("takes with a lasso, also from inside an outline", async () => {
    await open();
    along(shown!, [[25, 25], [75, 10], [150, 15], [150, 50], [110, 66], [90, 65], [90, 70], [30, 110], [10, 40], [25, 25]], { altKey: true });
    expect(ids()).toEqual([IDS[0], IDS[1]]);
    expect(shown!.editor.store.count).toBe(3);
  });

  it("moves what is selected by a drag inside it, within the image, as one step", async () => {
    await open();
    const before = state();
    click(shown!, 25, 40);
    drag(shown!, [25, 40], [35, 50]);
    expect(bounds(rings(0)).map(Math.round)).toEqual([30, 30, 70, 70]);
    expect(rings(0).length).toBe(2);
    drag(shown!, [35, 50], [-90, -90]);
    expect(bounds(rings(0))).toEqual([0, 0, 40, 40]);
    undo();
    undo();
    expect(state()).toEqual(before);
    await until(() => sent().length === 4);
  });

  it("moves several together, and one of several by a click is selected alone", async () => {
    await open();
    press(shown!, "a", { ctrlKey: true });
    drag(shown!, [110, 30], [110, 20]);
    expect([0, 1, 2].map((slot) => bounds(rings(slot))[1])).toEqual([10, 10, 70]);
    click(shown!, 110, 30);
    expect(ids()).toEqual([IDS[1]]);
  });

  it("moves by keys, pixel by pixel", async () => {
    await open();
    click(shown!, 120, 40);
    press(shown!, "ArrowRight", { shiftKey: true });
    press(shown!, "ArrowDown", { shiftKey: true });
    press(shown!, "ArrowLeft", { shiftKey: true });
    expect(bounds(rings(1))).toEqual([100, 21, 140, 61]);
  });
});

describe("vertices", () => {
  it("in a box are picked, move together and go together", async () => {
    const editor = await open();
    click(shown!, 25, 40);
    press(shown!, "e");
    drag(shown!, [15, 15], [65, 25]);
    expect(editor.current.marks().picked).toHaveLength(2);
    drag(shown!, [20, 20], [20, 10]);
    expect(bounds(rings(0))).toEqual([20, 10, 60, 60]);
    press(shown!, "ArrowUp", { shiftKey: true });
    expect(bounds(rings(0))).toEqual([20, 9, 60, 60]);
    press(shown!, "Delete");
    expect(said()).toContain("three vertices");
    click(shown!, 5, 100); // lets go of what is picked, not of the outline
    expect(ids()).toEqual([IDS[0]]);
    drag(shown!, [27, 27], [53, 53]);
    expect(editor.current.marks().picked).toHaveLength(4);
    press(shown!, "Delete"); // all of the hole
    expect(rings(0).length).toBe(1);
    undo();
    undo();
    undo();
    expect(rings(0).length).toBe(2);
    expect(bounds(rings(0))).toEqual([20, 20, 60, 60]);
  });

  it("are added to what is picked with Shift, and a crossing springs back", async () => {
    const editor = await open();
    click(shown!, 120, 40);
    press(shown!, "e");
    click(shown!, 100, 20);
    click(shown!, 140, 60, { shiftKey: true });
    expect(editor.current.marks().picked).toHaveLength(2);
    drag(shown!, [140, 60], [90, 55]);
    expect(said()).toContain("cross itself");
    expect(areas()[1]).toBe(1600);
  });
});

describe("draw", () => {
  it("freehand, simplified on release, as one step", async () => {
    const editor = await open();
    press(shown!, "d");
    along(shown!, Array.from({ length: 60 }, (_, i): [number, number] => [80 + 15 * Math.cos(i / 10), 90 + 15 * Math.sin(i / 10)]));
    expect(editor.store.count).toBe(4);
    expect(isSound(rings(3))).toBe(true);
    expect(area(rings(3))).toBeGreaterThan(600);
    expect(rings(3)[0].length / 2).toBeLessThan(60);
    expect(ids()).toEqual([editor.store.id(3)]);
    undo();
    expect(editor.store.count).toBe(3);
  });

  it("mends a loop at the end of a freehand outline, and refuses a figure of eight", async () => {
    const editor = await open();
    press(shown!, "d");
    along(shown!, [[70, 80], [110, 80], [110, 110], [70, 110], [69, 79], [72, 78]]);
    expect(editor.store.count).toBe(4);
    along(shown!, [[10, 70], [50, 110], [50, 70], [10, 110]]);
    expect(said()).toContain("cross itself");
    expect(editor.store.count).toBe(4);
    expect(editor.current.marks().path).toBeUndefined();
  });

  it("as a hole of the object it lies in; outside of all it is refused", async () => {
    const editor = await open();
    const before = state();
    press(shown!, "r");
    press(shown!, "i");
    expect(button("draw.hole").getAttribute("aria-pressed")).toBe("true");
    drag(shown!, [110, 30], [120, 40]);
    expect(areas()).toEqual([1200, 1500, 1600]);
    expect(rings(1).length).toBe(2);
    drag(shown!, [70, 80], [90, 100]);
    expect(said()).toContain("inside an object");
    undo();
    expect(state()).toEqual(before);
    press(shown!, "i");
    drag(shown!, [110, 30], [120, 40]);
    expect(editor.store.count).toBe(4);
  });

  it("as ellipse and rectangle, with Shift alike on both sides, with Alt from the middle", async () => {
    await open();
    press(shown!, "l");
    drag(shown!, [70, 70], [90, 110]);
    expect(areas()[3]).toBeCloseTo(Math.PI * 10 * 20, -1);
    drag(shown!, [5, 70], [15, 110], { shiftKey: true });
    expect(bounds(rings(4)).map(Math.round)).toEqual([5, 70, 45, 110]);
    press(shown!, "r");
    drag(shown!, [120, 90], [130, 100], { altKey: true });
    expect(bounds(rings(5)).map(Math.round)).toEqual([110, 80, 130, 100]);
    point(shown!, "pointerdown", 60, 70);
    point(shown!, "pointermove", 70, 100);
    press(shown!, "Escape");
    point(shown!, "pointerup", 70, 100);
    expect(shown!.editor.store.count).toBe(6);
  });

  it("is cut off at the edge of the image", async () => {
    await open();
    press(shown!, "l");
    drag(shown!, [-20, 90], [20, 110]);
    expect(bounds(rings(3))[0]).toBe(0);
    expect(areas()[3]).toBeLessThan(330);
  });
});

describe("brush and eraser", () => {
  it("add to the selected object, live, and as one step", async () => {
    const editor = await open();
    const before = state();
    click(shown!, 120, 40);
    press(shown!, "b");
    point(shown!, "pointerdown", 135, 40);
    point(shown!, "pointermove", 150, 40);
    await frame();
    expect(editor.preview!.hides).toBe(IDS[1]);
    expect(area(editor.preview!.shapes[0].rings)).toBeGreaterThan(1700);
    expect(text(".sw-editor-object")).toContain("#2");
    expect(shown!.kernel.model.calls("operations")).toHaveLength(0);
    point(shown!, "pointermove", 165, 40);
    point(shown!, "pointerup", 165, 40);
    expect(areas()[1]).toBeGreaterThan(2200);
    expect(isSound(rings(1))).toBe(true);
    await until(() => sent().length === 1);
    undo();
    expect(state()).toEqual(before);
  });

  it("make a new object where nothing is, of the class that is set", async () => {
    const editor = await open();
    press(shown!, "2");
    press(shown!, "b");
    along(shown!, [[80, 90], [110, 95]]);
    expect(editor.store.count).toBe(4);
    expect(editor.store.attributes(3).classIndex).toBe(1);
    expect(ids()).toEqual([editor.store.id(3)]);
  });

  it("go on with the object a stroke begins in when nothing is selected; a stroke apart is an object", async () => {
    const editor = await open();
    press(shown!, "b");
    along(shown!, [[110, 40], [95, 40]]);
    expect(editor.store.count).toBe(3);
    expect(areas()[1]).toBeGreaterThan(1700);
    along(shown!, [[80, 100], [90, 100]]);
    expect(editor.store.count).toBe(4);
    expect(areas()[1]).toBeLessThan(2200);
    expect(editor.store.attributes(3).classIndex).toBe(1);
  });

  it("enclose holes, and fill them", async () => {
    await open();
    click(shown!, 25, 40);
    press(shown!, "b");
    press(shown!, "<");
    press(shown!, "<");
    along(shown!, [[40, 40], [41, 41]]);
    expect(shown!.editor.current.marks().brush!.radius).toBeCloseTo(15 / 1.15 ** 2, 6);
    expect(rings(0).length).toBe(1 + 4); // the corners of the hole
    expect(areas()[0]).toBeGreaterThan(1500);
    along(shown!, [[33, 33], [47, 33], [47, 47], [33, 47], [33, 33]]);
    expect(rings(0).length).toBe(1);
    expect(areas()[0]).toBe(1600);
  });

  it("rub an object in two; the larger part keeps the id, the other names it", async () => {
    const editor = await open();
    const before = state();
    click(shown!, 120, 40);
    press(shown!, "B", { shiftKey: true });
    shown!.editor.current.wheel(-8);
    along(shown!, [[130, 10], [130, 70]]);
    expect(editor.store.count).toBe(4);
    expect(bounds(rings(1))[2]).toBeLessThan(130);
    await until(() => sent().length === 2);
    expect(sent().find(({ outline_id }) => outline_id !== IDS[1])).toMatchObject({ parents: [IDS[1]], class_name: "core" });
    expect(new Set(sent().map(({ step }) => step)).size).toBe(1);
    undo();
    expect(state()).toEqual(before);
  });

  it("rub it away whole, and refuse to rub nothing", async () => {
    const editor = await open();
    press(shown!, "B", { shiftKey: true });
    shown!.editor.current.wheel(10);
    along(shown!, [[120, 40], [122, 42]]);
    expect(editor.store.count).toBe(2);
    undo();
    expect(editor.store.count).toBe(3);
    along(shown!, [[75, 90], [80, 90]]);
    expect(said()).toContain("begin in an outline");
  });

  it("change their size by Alt and the wheel, which does not zoom then", async () => {
    const editor = await open();
    press(shown!, "b");
    point(shown!, "pointermove", 100, 60);
    const scale = editor.view.scale;
    editor.chrome.stage.dispatchEvent(new WheelEvent("wheel", { deltaY: -100, altKey: true, bubbles: true, cancelable: true }));
    expect(editor.current.marks().brush!.radius).toBeCloseTo(15 * 1.15, 6);
    await frame();
    expect(editor.view.scale).toBe(scale);
    press(shown!, ">");
    expect(editor.current.marks().brush!.radius).toBeCloseTo(15 * 1.15 ** 2, 6);
    await frame();
    const shownSize = Number((find(".sw-editor-strip .sw-editor-field") as HTMLInputElement).value);
    expect(shownSize).toBeCloseTo(60 * 1.15 ** 2, 0); // 30 px of 2 um, twice enlarged
  });

  it("end without a trace when what they change is undone, or gone, meanwhile; two dabs do not fit the view", async () => {
    const editor = await open();
    click(shown!, 120, 40);
    press(shown!, "ArrowDown", { shiftKey: true });
    press(shown!, "b");
    point(shown!, "pointerdown", 130, 40);
    point(shown!, "pointermove", 150, 40);
    undo();
    point(shown!, "pointermove", 160, 40);
    point(shown!, "pointerup", 160, 40);
    expect([editor.preview, areas()[1]]).toEqual([null, 1600]);
    point(shown!, "pointerdown", 130, 40);
    point(shown!, "pointermove", 150, 40);
    editor.store.remove(IDS[1]); // by another page
    point(shown!, "pointerup", 160, 40);
    expect([editor.preview, editor.store.count]).toEqual([null, 2]);
    editor.view.zoomAt(10, 10, 3);
    const { scale } = editor.view;
    editor.chrome.stage.dispatchEvent(new MouseEvent("dblclick", { bubbles: true }));
    expect(editor.view.scale).toBe(scale);
  });

  it("draw live within 50 ms a movement at 1,000 vertices", async () => {
    const kernel = new Kernel();
    const big = Float32Array.from({ length: 2000 }, (_, k) => {
      const angle = (Math.PI * (k >> 1)) / 500;
      return k % 2 ? 60 + (45 + 3 * Math.sin(9 * angle)) * Math.sin(angle) : 100 + (45 + 3 * Math.sin(9 * angle)) * Math.cos(angle);
    });
    const document = kernel.document.bind(kernel);
    kernel.document = (image) => {
      const answer = document(image);
      answer.buffers[0] = new DataView(OutlineSet.fromRings([[big], [big.map((v, i) => v / 9 + (i % 2))], [big.map((v) => v / 9)]]).encode());
      return answer;
    };
    await open(kernel);
    click(shown!, 100, 60);
    press(shown!, "b");
    point(shown!, "pointerdown", 140, 60);
    const times: number[] = [];
    for (let i = 1; i <= 60; i++) {
      const began = performance.now();
      point(shown!, "pointermove", 100 + 45 * Math.cos(i / 10), 60 + 45 * Math.sin(i / 10));
      times.push(performance.now() - began);
    }
    point(shown!, "pointerup", 100, 60);
    times.sort((a, b) => a - b);
    console.log(`brush over 1,000 vertices, a movement: median ${times[30].toFixed(1)} ms, p95 ${times[57].toFixed(1)} ms`);
    expect(times[30]).toBeLessThan(50);
    expect(isSound(rings(0))).toBe(true);
  });
});

describe("slice", () => {
  it("cuts at the second click, not before and not on hover", async () => {
    const editor = await open();
    const before = state();
    press(shown!, "s");
    click(shown!, 90, 30);
    point(shown!, "pointermove", 150, 30);
    expect(editor.store.count).toBe(3);
    click(shown!, 150, 30);
    expect(areas()).toEqual([1200, 1200, 1600, 400]);
    expect(ids()).toEqual([IDS[1], editor.store.id(3)]);
    await until(() => sent().length === 2);
    expect(sent()[1]).toMatchObject({ parents: [IDS[1]], class_name: "core" });
    undo();
    expect(state()).toEqual(before);
  });

  it("bends on clicks inside; only the drawn line cuts", async () => {
    const editor = await open();
    press(shown!, "s");
    click(shown!, 90, 30);
    click(shown!, 120, 50);
    expect(editor.store.count).toBe(3);
    press(shown!, "Enter"); // it ends inside
    expect(said()).toContain("does not lead through");
    expect(editor.store.count).toBe(3);
    click(shown!, 90, 30);
    click(shown!, 120, 50);
    click(shown!, 150, 30);
    expect(editor.store.count).toBe(4);
    expect(areas()[1] + areas()[3]).toBe(1600);
  });

  it("gives a hole to the part that contains it, and cuts one that lies in the way", async () => {
    await open();
    press(shown!, "s");
    click(shown!, 10, 55);
    click(shown!, 70, 55);
    expect([rings(0).length, rings(3).length]).toEqual([2, 1]);
    undo();
    click(shown!, 40, 10);
    click(shown!, 40, 70);
    expect([rings(0).length, areas()[0]]).toEqual([1, 600]);
  });

  it("by a drag cuts on release; Esc takes the line back point by point", async () => {
    const editor = await open();
    press(shown!, "s");
    along(shown!, [[90, 30], [110, 35], [150, 30]]);
    expect(editor.store.count).toBe(4);
    undo();
    click(shown!, 90, 30);
    click(shown!, 95, 25);
    press(shown!, "Escape");
    expect(editor.current.marks().knots).toHaveLength(1);
    press(shown!, "Escape");
    expect(editor.current.marks().path).toBeUndefined();
    expect(editor.current.name).toBe("slice");
    press(shown!, "Escape");
    expect(editor.current.name).toBe("select");
  });

  it("cuts only what is selected, and all it leads through when nothing is", async () => {
    const editor = await open();
    press(shown!, "s");
    click(shown!, 10, 25);
    click(shown!, 150, 25);
    expect(editor.store.count).toBe(5);
    undo();
    editor.selection.set([IDS[0]]);
    click(shown!, 10, 25);
    click(shown!, 150, 25);
    expect(editor.store.count).toBe(4);
    expect(areas()[1]).toBe(1600);
  });
});

describe("several outlines", () => {
  /** A square that overlaps the second outline, drawn and selected after it. */
  const overlap = () => {
    press(shown!, "r");
    drag(shown!, [130, 50], [150, 70]);
    press(shown!, "v");
    shown!.editor.selection.set([IDS[1], shown!.editor.store.id(3)]);
  };

  it("merge into the first, in one step that the kernel takes whole", async () => {
    const editor = await open();
    overlap();
    const before = state();
    press(shown!, "m");
    expect(areas()).toEqual([1200, 1900, 1600]);
    expect(ids()).toEqual([IDS[1]]);
    await until(() => sent().length === 3);
    const [, put, gone] = sent();
    expect([put.kind, gone.kind, put.step === gone.step]).toEqual(["put", "delete", true]);
    expect(put.parents).toEqual([editor.store.id(3)]);
    undo();
    expect(state()).toEqual(before);
  });

  it("that do not meet are not merged, and it is said", async () => {
    await open();
    press(shown!, "a", { ctrlKey: true });
    press(shown!, "m");
    expect(said()).toContain("overlap or touch");
    click(shown!, 120, 40);
    press(shown!, "m");
    expect(said()).toContain("two outlines");
    await frame();
    expect(button("object.merge")).toHaveProperty("disabled", true);
  });

  it("subtract from the first and stay; intersect and go", async () => {
    const editor = await open();
    overlap();
    press(shown!, "M", { shiftKey: true });
    expect(areas()).toEqual([1200, 1500, 1600, 400]);
    undo();
    press(shown!, "N", { shiftKey: true });
    expect(areas()).toEqual([1200, 100, 1600]);
    undo();
    expect(editor.store.count).toBe(4);
  });

  it("come back with both when the kernel refuses a merge", async () => {
    const kernel = new Kernel();
    const editor = await open(kernel);
    overlap();
    await until(() => sent().length === 1);
    const added = editor.store.id(3);
    kernel.verdict = ({ outline_id }) => ({ state: "refused", reason: "crosses", geometry: outline_id === IDS[1] ? 0 : 1 });
    kernel.model.handle("operations", (params) => {
      const answer = kernel.operations(params.operations as never);
      const square = (x: number, y: number, size: number) => Float32Array.of(x, y, x + size, y, x + size, y + size, x, y + size);
      answer.buffers.splice(0, 1, ...[square(100, 20, 40), square(130, 50, 20)].map((ring) => new DataView(OutlineSet.fromRings([[ring]]).encode())));
      return answer;
    });
    press(shown!, "m");
    expect(editor.store.count).toBe(3);
    await until(() => editor.store.count === 4);
    expect(areas()).toEqual([1200, 1600, 1600, 400]);
    expect(editor.store.slot(added)).toBe(3);
  });
});

describe("holes", () => {
  it("are filled", async () => {
    await open();
    click(shown!, 25, 40);
    press(shown!, "g");
    expect([areas()[0], rings(0).length]).toEqual([1600, 1]);
    undo();
    expect(rings(0).length).toBe(2);
    click(shown!, 120, 40);
    press(shown!, "g");
    expect(said()).toContain("no hole");
  });

  it("become objects that fill them; of several the one that is pointed at", async () => {
    const editor = await open();
    click(shown!, 25, 40);
    press(shown!, "r");
    press(shown!, "i");
    drag(shown!, [22, 22], [27, 27]);
    expect(rings(0).length).toBe(3);
    point(shown!, "pointermove", 80, 80);
    press(shown!, "I", { shiftKey: true });
    expect(said()).toContain("Point at the hole");
    point(shown!, "pointermove", 40, 40);
    press(shown!, "I", { shiftKey: true });
    expect(area(rings(3))).toBe(400);
    expect(rings(0).length).toBe(3);
    await until(() => sent().some(({ parents }) => parents[0] === IDS[0]));
    undo();
    expect(editor.store.count).toBe(3);
  });
});

describe("reshape", () => {
  const field = () => find(".sw-editor-strip .sw-editor-field") as HTMLInputElement;
  const type = async (value: string) => {
    field().value = value;
    field().dispatchEvent(new Event("change"));
    await new Promise((resolve) => setTimeout(resolve, 60));
    await frame();
  };
  const choose = (kind: string) => {
    const menu = find(".sw-editor-settings .sw-editor-choice") as HTMLSelectElement;
    menu.value = kind;
    menu.dispatchEvent(new Event("change"));
  };

  it("grows by micrometres: the preview and the change of area first, Enter applies, one undo", async () => {
    const editor = await open();
    const before = state();
    click(shown!, 120, 40);
    press(shown!, "t");
    choose("grow");
    await type("10"); // um, two a pixel
    expect(area(editor.preview!.shapes[0].rings)).toBeCloseTo(1600 + 160 * 5 + Math.PI * 25, -1);
    expect(editor.preview!.hides).toBeNull();
    expect(text(".sw-editor-words")).toMatch(/area \+54\.\d % \(\+3 510 µm²\)/);
    expect(shown!.kernel.model.calls("operations")).toHaveLength(0);
    press(shown!, "Enter");
    expect(areas()[1]).toBeCloseTo(2478, -1);
    expect(editor.current.name).toBe("select");
    expect(editor.preview).toBeNull();
    undo();
    expect(state()).toEqual(before);
  });

  it("shrinks to several parts or to nothing, and Esc leaves everything as it was", async () => {
    const editor = await open();
    click(shown!, 25, 40);
    press(shown!, "t");
    choose("shrink");
    await type("4");
    expect(editor.preview!.shapes).toHaveLength(1);
    await type("60");
    expect(editor.preview!.shapes).toHaveLength(0);
    press(shown!, "Escape");
    expect([editor.preview, editor.current.name, areas()[0]]).toEqual([null, "select", 1200]);
    press(shown!, "t");
    press(shown!, "Enter");
    expect(editor.store.count).toBe(2);
    undo();
    expect(areas()).toEqual([1200, 1600, 1600]);
  });

  it("simplifies and smooths what is selected meanwhile, too", async () => {
    const editor = await open();
    press(shown!, "t");
    await frame();
    expect(text(".sw-editor-words")).toContain("Select outlines");
    press(shown!, "Enter");
    expect(said()).toContain("Select an outline");
    click(shown!, 120, 40);
    choose("smooth");
    await type("12");
    expect(text(".sw-editor-words")).toMatch(/^4 → \d\d vertices/);
    field().focus();
    field().dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
    expect(areas()[1]).toBeGreaterThan(1400);
    expect(rings(1)[0].length).toBeGreaterThan(20);
    press(shown!, "t");
    choose("simplify");
    await type("20");
    press(shown!, "Enter");
    expect(rings(1)[0].length).toBeLessThan(20);
    expect(editor.work.history.undoable!.label).toBe("editor.did.simplify");
  });

  it("shows lengths in pixels when asked", async () => {
    await open();
    click(shown!, 120, 40);
    press(shown!, "t");
    expect(field().value).toBe("2");
    find(".sw-editor-unit").click();
    expect([field().value, text(".sw-editor-unit")]).toEqual(["1", "px"]);
  });
});

describe("classes", () => {
  it("are assigned by number, and undone", async () => {
    const editor = await open();
    const before = state();
    click(shown!, 25, 40);
    press(shown!, "2");
    expect(editor.store.attributes(0).classIndex).toBe(1);
    await until(() => sent().length === 1);
    expect(sent()[0]).toMatchObject({ kind: "put", class_name: "core", outline_id: IDS[0] });
    undo();
    expect(state()).toEqual(before);
    press(shown!, "9"); // there is no ninth
    expect(state()).toEqual(before);
  });

  it("are chosen from the menu, and new ones named there", async () => {
    const editor = await open();
    click(shown!, 120, 40);
    press(shown!, "c");
    const menu = find(".sw-editor-class select") as HTMLSelectElement;
    expect(document.activeElement).toBe(menu);
    expect(menu.value).toBe("1");
    menu.value = "new";
    menu.dispatchEvent(new Event("change"));
    const name = find(".sw-editor-class-name") as HTMLInputElement;
    expect(document.activeElement).toBe(name);
    name.value = " debris ";
    name.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
    expect(editor.store.attributes(1).classIndex).toBe(2);
    expect(document.activeElement).toBe(editor.chrome.stage);
    await until(() => sent().length === 1);
    expect(sent()[0].class_name).toBe("debris");
    await frame();
    expect([...menu.options].map(({ text }) => text)).toEqual(["several classes", "1 spheroid", "2 core", "3 debris", "New class…"]);
    expect(text(".sw-editor-object")).toContain("#2 debris");
  });
});

describe("locked and hidden", () => {
  it("outlines refuse every change, visibly, until they are unlocked", async () => {
    const editor = await open();
    click(shown!, 120, 40);
    press(shown!, "L", { shiftKey: true });
    await until(() => (shown!.kernel.model.get<string[]>("locked_ids")).length === 1);
    expect(button("object.lock").getAttribute("aria-pressed")).toBe("true");
    const before = state();
    const refused = (act: () => void) => {
      editor.chrome.say("");
      act();
      expect(said()).toContain("locked");
      expect(state()).toEqual(before);
    };
    refused(() => drag(shown!, [120, 40], [125, 45]));
    refused(() => press(shown!, "Delete"));
    refused(() => press(shown!, "1"));
    refused(() => press(shown!, "ArrowLeft", { shiftKey: true }));
    press(shown!, "b");
    refused(() => along(shown!, [[135, 40], [150, 40]]));
    press(shown!, "s");
    refused(() => {
      click(shown!, 90, 30);
      click(shown!, 150, 30);
    });
    press(shown!, "t");
    refused(() => press(shown!, "Enter"));
    press(shown!, "v");
    point(shown!, "pointerdown", 140, 60); // its vertices have no handles
    point(shown!, "pointermove", 150, 70);
    point(shown!, "pointerup", 150, 70);
    expect(state()).toEqual(before);
    editor.selection.set([IDS[1]]);
    press(shown!, "L", { shiftKey: true });
    press(shown!, "Delete");
    expect(editor.store.count).toBe(2);
  });

  it("are undone as any other step; what was done before is not undone on a locked outline", async () => {
    const editor = await open();
    click(shown!, 120, 40);
    press(shown!, "ArrowDown", { shiftKey: true });
    press(shown!, "L", { shiftKey: true });
    undo();
    expect(editor.store.isAside("locked", IDS[1])).toBe(false);
    press(shown!, "Z", { ctrlKey: true, shiftKey: true });
    expect(editor.store.isAside("locked", IDS[1])).toBe(true);
    shown!.kernel.model.update({ locked_ids: [] }); // from the notebook
    expect(editor.store.isAside("locked", IDS[1])).toBe(false);
    shown!.kernel.model.update({ locked_ids: [IDS[1]] });
    undo();
    undo();
    expect(bounds(rings(1))[1]).toBe(20);
  });

  it("outlines are not found while hidden, and come back all at once", async () => {
    const editor = await open();
    click(shown!, 120, 40);
    press(shown!, "H", { shiftKey: true });
    expect(ids()).toEqual([]);
    click(shown!, 120, 40);
    press(shown!, "a", { ctrlKey: true });
    expect(ids()).toEqual([IDS[0], IDS[2]]);
    await frame();
    expect(text('button[data-action="object.show_all"]')).toBe("1 hidden: show");
    expect(shown!.kernel.model.get("hidden_ids")).toEqual([IDS[1]]);
    button("object.show_all").click();
    click(shown!, 120, 40);
    expect(ids()).toEqual([IDS[1]]);
    undo();
    expect(editor.store.isAside("hidden", IDS[1])).toBe(true);
  });
});

describe("copies", () => {
  it("are pasted in their place in the next image, with class and hole", async () => {
    const editor = await open();
    press(shown!, "a", { ctrlKey: true });
    press(shown!, "c", { ctrlKey: true });
    expect(said()).toBe("3 outlines copied.");
    await until(() => shown!.kernel.copied !== null);
    press(shown!, ".");
    await until(() => text(".sw-editor-name") === "image-2.tif");
    press(shown!, "Delete");
    press(shown!, "v", { ctrlKey: true });
    await until(() => editor.store.count === 6);
    expect([3, 4, 5].map((slot) => area(rings(slot)))).toEqual([1200, 1600, 1600]);
    expect([...rings(3)[1]]).toEqual([...rings(0)[1]]);
    expect(editor.store.attributes(4).classIndex).toBe(1);
    expect(ids()).toEqual([3, 4, 5].map((slot) => editor.store.id(slot)));
    undo();
    expect(editor.store.count).toBe(3);
  });

  it("of another editor are pasted when they are newer; without any it is said", async () => {
    const editor = await open();
    press(shown!, "v", { ctrlKey: true });
    await until(() => said().startsWith("Nothing was copied"));
    click(shown!, 120, 40);
    press(shown!, "c", { ctrlKey: true });
    await until(() => shown!.kernel.copied !== null);
    const theirs = OutlineSet.fromRings([[Float32Array.of(70, 80, 90, 80, 90, 100, 70, 100)]]).encode();
    shown!.kernel.copied = { params: { stamp: "ffffffff-0000-7000-8000-000000000000", classes: ["debris"] }, blob: theirs };
    press(shown!, "v", { ctrlKey: true });
    await until(() => editor.store.count === 4);
    expect(areas()[3]).toBe(400);
    expect(editor.work.classes.names[editor.store.attributes(3).classIndex]).toBe("debris");
  });

  it("can be pasted while the kernel is busy", async () => {
    const editor = await open();
    click(shown!, 120, 40);
    press(shown!, "c", { ctrlKey: true });
    shown!.kernel.model.silent = true;
    press(shown!, "v", { ctrlKey: true });
    await until(() => editor.store.count === 4);
  });

  it("lie beside what was duplicated, and are selected", async () => {
    const editor = await open();
    click(shown!, 180, 100); // at the image's edge: the copy goes to the other side
    press(shown!, "d", { ctrlKey: true });
    expect(area(rings(3))).toBe(1600);
    expect(bounds(rings(3))[2]).toBeLessThan(200);
    expect(ids()).toEqual([editor.store.id(3)]);
    undo();
    expect(editor.store.count).toBe(3);
  });
});

describe("touch and pen", () => {
  const finger = (id: number) => ({ pointerType: "touch", pointerId: id });

  it("zoom and move with two fingers while any tool is on, and leave nothing of the first finger's press", async () => {
    const editor = await open();
    for (const key of ["v", "e", "d", "r", "b", "s", "t"]) {
      press(shown!, key);
      const { scale } = editor.view;
      point(shown!, "pointerdown", 80, 80, finger(1));
      point(shown!, "pointerdown", 100, 80, finger(2));
      point(shown!, "pointermove", 120, 80, finger(2));
      expect(editor.view.scale, key).toBeGreaterThan(1.5 * scale);
      point(shown!, "pointerup", 80, 80, finger(1));
      point(shown!, "pointermove", 100, 90, finger(2));
      point(shown!, "pointerup", 100, 90, finger(2));
      expect(editor.current.marks().knots ?? [], key).toHaveLength(0);
      expect(editor.preview?.shapes ?? [], key).toHaveLength(0);
      editor.fit();
    }
    expect(areas()).toEqual([1200, 1600, 1600]);
    expect(shown!.kernel.model.calls("operations")).toHaveLength(0);
  });

  it("keep the selection when a second finger comes down", async () => {
    await open();
    click(shown!, 120, 40, finger(1));
    point(shown!, "pointerdown", 80, 90, finger(1));
    point(shown!, "pointerdown", 100, 90, finger(2));
    point(shown!, "pointerup", 80, 90, finger(1));
    point(shown!, "pointerup", 100, 90, finger(2));
    expect(ids()).toEqual([IDS[1]]);
  });

  it("draw with a pen, whatever the hand that holds it does; a finger then moves the picture", async () => {
    const editor = await open();
    press(shown!, "d");
    const pen = { pointerType: "pen", pointerId: 7 };
    point(shown!, "pointerdown", 70, 80, pen);
    point(shown!, "pointerdown", 150, 110, finger(3)); // the palm
    point(shown!, "pointerdown", 160, 110, finger(4));
    for (const [x, y] of [[90, 80], [90, 100], [70, 100], [70, 90]] as const) point(shown!, "pointermove", x, y, pen);
    point(shown!, "pointerup", 70, 85, pen);
    expect(editor.store.count).toBe(4);
    expect(areas()[3]).toBeGreaterThan(350);
    for (const id of [3, 4]) point(shown!, "pointerup", 150, 110, finger(id));
    const { x } = editor.view;
    drag(shown!, [100, 100], [110, 100], finger(5));
    expect(editor.view.x).toBeGreaterThan(x);
    expect(editor.store.count).toBe(4);
  });
});
