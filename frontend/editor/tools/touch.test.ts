/** Fingers and pens, with every tool. */

import { describe, expect, it } from "vitest";

import { areas, click, drag, freshEditors, ids, IDS, open, point, press, shown } from "../testing";

freshEditors();

describe("touch and pen", () => {
  const finger = (id: number) => ({ pointerType: "touch", pointerId: id });

  it("zoom and move with two fingers while any tool is on, and leave nothing of the first finger's press", async () => {
    const { editor } = await open();
    for (const key of ["v", "e", "d", "r", "b", "s", "t"]) {
      press(shown, key);
      const { scale } = editor.view;
      point(shown, "pointerdown", 80, 80, finger(1));
      point(shown, "pointerdown", 100, 80, finger(2));
      point(shown, "pointermove", 120, 80, finger(2));
      expect(editor.view.scale, key).toBeGreaterThan(1.5 * scale);
      point(shown, "pointerup", 80, 80, finger(1));
      point(shown, "pointermove", 100, 90, finger(2));
      point(shown, "pointerup", 100, 90, finger(2));
      expect(editor.current.marks().knots ?? [], key).toHaveLength(0);
      expect(editor.preview?.shapes ?? [], key).toHaveLength(0);
      editor.fit();
    }
    expect(areas()).toEqual([1200, 1600, 1600]);
    expect(shown.kernel.model.calls("operations")).toHaveLength(0);
  });

  it("keep the selection when a second finger comes down", async () => {
    await open();
    click(shown, 120, 40, finger(1));
    point(shown, "pointerdown", 80, 90, finger(1));
    point(shown, "pointerdown", 100, 90, finger(2));
    point(shown, "pointerup", 80, 90, finger(1));
    point(shown, "pointerup", 100, 90, finger(2));
    expect(ids()).toEqual([IDS[1]]);
  });

  it("draw with a pen, whatever the hand that holds it does; a finger then moves the picture", async () => {
    const { editor } = await open();
    press(shown, "d");
    const pen = { pointerType: "pen", pointerId: 7 };
    point(shown, "pointerdown", 70, 80, pen);
    point(shown, "pointerdown", 150, 110, finger(3)); // the palm
    point(shown, "pointerdown", 160, 110, finger(4));
    for (const [x, y] of [[90, 80], [90, 100], [70, 100], [70, 90]] as const) point(shown, "pointermove", x, y, pen);
    point(shown, "pointerup", 70, 85, pen);
    expect(editor.store.count).toBe(4);
    expect(areas()[3]).toBeGreaterThan(350);
    for (const id of [3, 4]) point(shown, "pointerup", 150, 110, finger(id));
    const { x } = editor.view;
    drag(shown, [100, 100], [110, 100], finger(5));
    expect(editor.view.x).toBeGreaterThan(x);
    expect(editor.store.count).toBe(4);
  });
});
