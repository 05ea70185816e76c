/** Cutting outlines along a line, by clicks and by drags. */

import { describe, expect, it } from "vitest";

import { along, areas, click, everything, freshEditors, ids, IDS, open, point, press, rings, said, sent, shown, undo, until } from "../testing";

freshEditors();

describe("slice", () => {
  it("cuts at the second click, not before and not on hover", async () => {
    const { editor } = await open();
    const before = everything();
    press(shown, "s");
    click(shown, 90, 30);
    point(shown, "pointermove", 150, 30);
    expect(editor.store.count).toBe(3);
    click(shown, 150, 30);
    expect(areas()).toEqual([1200, 1200, 1600, 400]);
    expect(ids()).toEqual([IDS[1], editor.store.id(3)]);
    await until(() => sent().length === 2);
    expect(sent()[1]).toMatchObject({ parents: [IDS[1]], class_name: "core" });
    undo();
    expect(everything()).toEqual(before);
  });

  it("bends on clicks inside; only the drawn line cuts", async () => {
    const { editor } = await open();
    press(shown, "s");
    click(shown, 90, 30);
    click(shown, 120, 50);
    expect(editor.store.count).toBe(3);
    press(shown, "Enter"); // it ends inside
    expect(said()).toContain("does not lead through");
    expect(editor.store.count).toBe(3);
    click(shown, 90, 30);
    click(shown, 120, 50);
    click(shown, 150, 30);
    expect(editor.store.count).toBe(4);
    expect(areas()[1] + areas()[3]).toBe(1600);
  });

  it("gives a hole to the part that contains it, and cuts one that lies in the way", async () => {
    await open();
    press(shown, "s");
    click(shown, 10, 55);
    click(shown, 70, 55);
    expect([rings(0).length, rings(3).length]).toEqual([2, 1]);
    undo();
    click(shown, 40, 10);
    click(shown, 40, 70);
    expect([rings(0).length, areas()[0]]).toEqual([1, 600]);
  });

  it("by a drag cuts on release; Esc takes the line back point by point", async () => {
    const { editor } = await open();
    press(shown, "s");
    along(shown, [[90, 30], [110, 35], [150, 30]]);
    expect(editor.store.count).toBe(4);
    undo();
    click(shown, 90, 30);
    click(shown, 95, 25);
    press(shown, "Escape");
    expect(editor.current.marks().knots).toHaveLength(1);
    press(shown, "Escape");
    expect(editor.current.marks().path).toBeUndefined();
    expect(editor.current.name).toBe("slice");
    press(shown, "Escape");
    expect(editor.current.name).toBe("select");
  });

  it("cuts only what is selected, and all it leads through when nothing is", async () => {
    const { editor } = await open();
    press(shown, "s");
    click(shown, 10, 25);
    click(shown, 150, 25);
    expect(editor.store.count).toBe(5);
    undo();
    editor.selection.set([IDS[0]]);
    click(shown, 10, 25);
    click(shown, 150, 25);
    expect(editor.store.count).toBe(4);
    expect(areas()[1]).toBe(1600);
  });
});
