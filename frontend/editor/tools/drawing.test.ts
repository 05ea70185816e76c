/** Drawing outlines and holes: freehand, as ellipse and as rectangle. */

import { describe, expect, it } from "vitest";

import { area, bounds } from "../geometry";
import { isSound } from "../outlines/validity";
import { along, areas, button, drag, everything, freshEditors, ids, open, point, press, rings, said, shown, undo } from "../testing";

freshEditors();

describe("draw", () => {
  it("freehand, simplified on release, as one step", async () => {
    const { editor } = await open();
    press(shown, "d");
    along(shown, Array.from({ length: 60 }, (_, i): [number, number] => [80 + 15 * Math.cos(i / 10), 90 + 15 * Math.sin(i / 10)]));
    expect(editor.store.count).toBe(4);
    expect(isSound(rings(3))).toBe(true);
    expect(area(rings(3))).toBeGreaterThan(600);
    expect(rings(3)[0].length / 2).toBeLessThan(60);
    expect(ids()).toEqual([editor.store.id(3)]);
    undo();
    expect(editor.store.count).toBe(3);
  });

  it("mends a loop at the end of a freehand outline, and refuses a figure of eight", async () => {
    const { editor } = await open();
    press(shown, "d");
    along(shown, [[70, 80], [110, 80], [110, 110], [70, 110], [69, 79], [72, 78]]);
    expect(editor.store.count).toBe(4);
    along(shown, [[10, 70], [50, 110], [50, 70], [10, 110]]);
    expect(said()).toContain("cross itself");
    expect(editor.store.count).toBe(4);
    expect(editor.current.marks().path).toBeUndefined();
  });

  it("as a hole of the object it lies in; outside of all it is refused", async () => {
    const { editor } = await open();
    const before = everything();
    press(shown, "r");
    press(shown, "i");
    expect(button("draw.hole").getAttribute("aria-pressed")).toBe("true");
    drag(shown, [110, 30], [120, 40]);
    expect(areas()).toEqual([1200, 1500, 1600]);
    expect(rings(1).length).toBe(2);
    drag(shown, [70, 80], [90, 100]);
    expect(said()).toContain("inside an object");
    undo();
    expect(everything()).toEqual(before);
    press(shown, "i");
    drag(shown, [110, 30], [120, 40]);
    expect(editor.store.count).toBe(4);
  });

  it("as ellipse and rectangle, with Shift alike on both sides, with Alt from the middle", async () => {
    await open();
    press(shown, "l");
    drag(shown, [70, 70], [90, 110]);
    expect(areas()[3]).toBeCloseTo(Math.PI * 10 * 20, -1);
    drag(shown, [5, 70], [15, 110], { shiftKey: true });
    expect(bounds(rings(4)).map(Math.round)).toEqual([5, 70, 45, 110]);
    press(shown, "r");
    drag(shown, [120, 90], [130, 100], { altKey: true });
    expect(bounds(rings(5)).map(Math.round)).toEqual([110, 80, 130, 100]);
    point(shown, "pointerdown", 60, 70);
    point(shown, "pointermove", 70, 100);
    press(shown, "Escape");
    point(shown, "pointerup", 70, 100);
    expect(shown.editor.store.count).toBe(6);
  });

  it("is cut off at the edge of the image", async () => {
    await open();
    press(shown, "l");
    drag(shown, [-20, 90], [20, 110]);
    expect(bounds(rings(3))[0]).toBe(0);
    expect(areas()[3]).toBeLessThan(330);
  });
});
