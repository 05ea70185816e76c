/** Selecting and moving by pointer and keys: outlines, and vertices of one. */

import { describe, expect, it } from "vitest";

import { bounds } from "../geometry";
import { along, areas, click, drag, everything, freshEditors, ids, IDS, open, point, press, rings, said, sent, shown, undo, until } from "../testing";

freshEditors();

describe("select", () => {
  it("takes what has its middle in a box; Shift adds", async () => {
    await open();
    drag(shown, [90, 10], [145, 70]);
    expect(ids()).toEqual([IDS[1]]);
    drag(shown, [5, 5], [70, 70], { shiftKey: true });
    expect(ids()).toEqual([IDS[1], IDS[0]]);
    drag(shown, [70, 5], [80, 70]);
    expect(ids()).toEqual([]);
  });

  it("shows the box while it is dragged, and Esc takes it back", async () => {
    const { editor } = await open();
    click(shown, 120, 40);
    point(shown, "pointerdown", 5, 5);
    point(shown, "pointermove", 70, 70);
    expect(editor.current.marks().region).toBeTruthy();
    press(shown, "Escape");
    point(shown, "pointerup", 70, 70);
    expect(ids()).toEqual([IDS[1]]);
    expect(editor.current.marks().region).toBeNull();
  });

  it("takes with a lasso, also from inside an outline", async () => {
    await open();
    along(shown, [[25, 25], [75, 10], [150, 15], [150, 50], [110, 66], [90, 65], [90, 70], [30, 110], [10, 40], [25, 25]], { altKey: true });
    expect(ids()).toEqual([IDS[0], IDS[1]]);
    expect(shown.editor.store.count).toBe(3);
  });

  it("moves what is selected by a drag inside it, within the image, as one step", async () => {
    await open();
    const before = everything();
    click(shown, 25, 40);
    drag(shown, [25, 40], [35, 50]);
    expect(bounds(rings(0)).map(Math.round)).toEqual([30, 30, 70, 70]);
    expect(rings(0).length).toBe(2);
    drag(shown, [35, 50], [-90, -90]);
    expect(bounds(rings(0))).toEqual([0, 0, 40, 40]);
    undo();
    undo();
    expect(everything()).toEqual(before);
    await until(() => sent().length === 4);
  });

  it("moves several together, and one of several by a click is selected alone", async () => {
    await open();
    press(shown, "a", { ctrlKey: true });
    drag(shown, [110, 30], [110, 20]);
    expect([0, 1, 2].map((slot) => bounds(rings(slot))[1])).toEqual([10, 10, 70]);
    click(shown, 110, 30);
    expect(ids()).toEqual([IDS[1]]);
  });

  it("moves by keys, pixel by pixel", async () => {
    await open();
    click(shown, 120, 40);
    press(shown, "ArrowRight", { shiftKey: true });
    press(shown, "ArrowDown", { shiftKey: true });
    press(shown, "ArrowLeft", { shiftKey: true });
    expect(bounds(rings(1))).toEqual([100, 21, 140, 61]);
  });
});

describe("vertices", () => {
  it("in a box are picked, move together and go together", async () => {
    const { editor } = await open();
    click(shown, 25, 40);
    press(shown, "e");
    drag(shown, [15, 15], [65, 25]);
    expect(editor.current.marks().picked).toHaveLength(2);
    drag(shown, [20, 20], [20, 10]);
    expect(bounds(rings(0))).toEqual([20, 10, 60, 60]);
    press(shown, "ArrowUp", { shiftKey: true });
    expect(bounds(rings(0))).toEqual([20, 9, 60, 60]);
    press(shown, "Delete");
    expect(said()).toContain("three vertices");
    click(shown, 5, 100); // lets go of what is picked, not of the outline
    expect(ids()).toEqual([IDS[0]]);
    drag(shown, [27, 27], [53, 53]);
    expect(editor.current.marks().picked).toHaveLength(4);
    press(shown, "Delete"); // all of the hole
    expect(rings(0).length).toBe(1);
    undo();
    undo();
    undo();
    expect(rings(0).length).toBe(2);
    expect(bounds(rings(0))).toEqual([20, 20, 60, 60]);
  });

  it("are added to what is picked with Shift, and a crossing springs back", async () => {
    const { editor } = await open();
    click(shown, 120, 40);
    press(shown, "e");
    click(shown, 100, 20);
    click(shown, 140, 60, { shiftKey: true });
    expect(editor.current.marks().picked).toHaveLength(2);
    drag(shown, [140, 60], [90, 55]);
    expect(said()).toContain("cross itself");
    expect(areas()[1]).toBe(1600);
  });
});
