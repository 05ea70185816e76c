/** Brush and eraser: what they add, make, part and take away, and how they end. */

import { describe, expect, it } from "vitest";

import { OutlineSet } from "../../shared/outlines";
import { area, bounds } from "../geometry";
import { isSound } from "../outlines/validity";
import { along, areas, click, everything, find, frame, freshEditors, ids, IDS, Kernel, open, point, press, rings, said, sent, shown, text, undo, until } from "../testing";

freshEditors();

describe("brush and eraser", () => {
  it("add to the selected object, live, and as one step", async () => {
    const { editor } = await open();
    const before = everything();
    click(shown, 120, 40);
    press(shown, "b");
    point(shown, "pointerdown", 135, 40);
    point(shown, "pointermove", 150, 40);
    await frame();
    expect(editor.preview!.hides).toBe(IDS[1]);
    expect(area(editor.preview!.shapes[0].rings)).toBeGreaterThan(1700);
    expect(text(".sw-editor-object")).toContain("#2");
    expect(shown.kernel.model.calls("operations")).toHaveLength(0);
    point(shown, "pointermove", 165, 40);
    point(shown, "pointerup", 165, 40);
    expect(areas()[1]).toBeGreaterThan(2200);
    expect(isSound(rings(1))).toBe(true);
    await until(() => sent().length === 1);
    undo();
    expect(everything()).toEqual(before);
  });

  it("make a new object where nothing is, of the class that is set", async () => {
    const { editor } = await open();
    press(shown, "2");
    press(shown, "b");
    along(shown, [[80, 90], [110, 95]]);
    expect(editor.store.count).toBe(4);
    expect(editor.store.attributes(3).classIndex).toBe(1);
    expect(ids()).toEqual([editor.store.id(3)]);
  });

  it("go on with the object a stroke begins in when nothing is selected; a stroke apart is an object", async () => {
    const { editor } = await open();
    press(shown, "b");
    along(shown, [[110, 40], [95, 40]]);
    expect(editor.store.count).toBe(3);
    expect(areas()[1]).toBeGreaterThan(1700);
    along(shown, [[80, 100], [90, 100]]);
    expect(editor.store.count).toBe(4);
    expect(areas()[1]).toBeLessThan(2200);
    expect(editor.store.attributes(3).classIndex).toBe(1);
  });

  it("enclose holes, and fill them", async () => {
    await open();
    click(shown, 25, 40);
    press(shown, "b");
    press(shown, "<");
    press(shown, "<");
    along(shown, [[40, 40], [41, 41]]);
    expect(shown.editor.current.marks().brush!.radius).toBeCloseTo(15 / 1.15 ** 2, 6);
    expect(rings(0).length).toBe(1 + 4); // the corners of the hole
    expect(areas()[0]).toBeGreaterThan(1500);
    along(shown, [[33, 33], [47, 33], [47, 47], [33, 47], [33, 33]]);
    expect(rings(0).length).toBe(1);
    expect(areas()[0]).toBe(1600);
  });

  it("rub an object in two; the larger part keeps the id, the other names it", async () => {
    const { editor } = await open();
    const before = everything();
    click(shown, 120, 40);
    press(shown, "B", { shiftKey: true });
    shown.editor.current.wheel(-8);
    along(shown, [[130, 10], [130, 70]]);
    expect(editor.store.count).toBe(4);
    expect(bounds(rings(1))[2]).toBeLessThan(130);
    await until(() => sent().length === 2);
    expect(sent().find(({ outline_id }) => outline_id !== IDS[1])).toMatchObject({ parents: [IDS[1]], class_name: "core" });
    expect(new Set(sent().map(({ step }) => step)).size).toBe(1);
    undo();
    expect(everything()).toEqual(before);
  });

  it("rub it away whole, and refuse to rub nothing", async () => {
    const { editor } = await open();
    press(shown, "B", { shiftKey: true });
    shown.editor.current.wheel(10);
    along(shown, [[120, 40], [122, 42]]);
    expect(editor.store.count).toBe(2);
    undo();
    expect(editor.store.count).toBe(3);
    along(shown, [[75, 90], [80, 90]]);
    expect(said()).toContain("begin in an outline");
  });

  it("change their size by Alt and the wheel, which does not zoom then", async () => {
    const { editor } = await open();
    press(shown, "b");
    point(shown, "pointermove", 100, 60);
    const scale = editor.view.scale;
    editor.chrome.stage.dispatchEvent(new WheelEvent("wheel", { deltaY: -100, altKey: true, bubbles: true, cancelable: true }));
    expect(editor.current.marks().brush!.radius).toBeCloseTo(15 * 1.15, 6);
    await frame();
    expect(editor.view.scale).toBe(scale);
    press(shown, ">");
    expect(editor.current.marks().brush!.radius).toBeCloseTo(15 * 1.15 ** 2, 6);
    await frame();
    const shownSize = Number((find(".sw-editor-strip .sw-editor-field") as HTMLInputElement).value);
    expect(shownSize).toBeCloseTo(60 * 1.15 ** 2, 0); // 30 px of 2 um, twice enlarged
  });

  it("end without a trace when what they change is undone, or gone, meanwhile; two dabs do not fit the view", async () => {
    const { editor } = await open();
    click(shown, 120, 40);
    press(shown, "ArrowDown", { shiftKey: true });
    press(shown, "b");
    point(shown, "pointerdown", 130, 40);
    point(shown, "pointermove", 150, 40);
    undo();
    point(shown, "pointermove", 160, 40);
    point(shown, "pointerup", 160, 40);
    expect([editor.preview, areas()[1]]).toEqual([null, 1600]);
    point(shown, "pointerdown", 130, 40);
    point(shown, "pointermove", 150, 40);
    editor.store.remove(IDS[1]); // by another page
    point(shown, "pointerup", 160, 40);
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
    click(shown, 100, 60);
    press(shown, "b");
    point(shown, "pointerdown", 140, 60);
    const times: number[] = [];
    for (let i = 1; i <= 60; i++) {
      const began = performance.now();
      point(shown, "pointermove", 100 + 45 * Math.cos(i / 10), 60 + 45 * Math.sin(i / 10));
      times.push(performance.now() - began);
    }
    point(shown, "pointerup", 100, 60);
    times.sort((a, b) => a - b);
    console.log(`brush over 1,000 vertices, a movement: median ${times[30].toFixed(1)} ms, p95 ${times[57].toFixed(1)} ms`);
    expect(times[30]).toBeLessThan(50);
    expect(isSound(rings(0))).toBe(true);
  });
});
