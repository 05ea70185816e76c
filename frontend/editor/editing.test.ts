/** Changes by pointer and keys: made, refused, taken back and done again. */

import { describe, expect, it } from "vitest";

import { click, drag, frame, freshEditors, IDS, Kernel, open, point, press, rings, shown, storing, text, until } from "./testing";

freshEditors();

describe("editing", () => {
  it("drags a vertex: area live, one outline sent, stored before it says so", async () => {
    const { editor, kernel } = await open();
    click(shown, 120, 40);
    expect([...editor.selection.ids]).toEqual([IDS[1]]);
    point(shown, "pointerdown", 140, 60);
    point(shown, "pointermove", 150, 70);
    point(shown, "pointermove", 160, 80);
    await frame();
    // 40 x 40 px, and two triangles of 40 x 20 / 2 more; a pixel is 2 um wide.
    expect(text(".sw-editor-object")).toContain("9 600 µm²");
    expect(kernel.model.calls("operations")).toHaveLength(0);
    point(shown, "pointerup", 160, 80);
    expect(["storing", "stored"]).toContain(storing());
    await until(() => storing() === "stored");
    expect([...kernel.stored.values()]).toMatchObject([{ kind: "put", outline_id: IDS[1] }]);
    expect([...rings(1)[0].slice(4, 6)]).toEqual([160, 80]);
  });

  it("ends a drag whose release happens outside", async () => {
    const { editor } = await open();
    click(shown, 120, 40);
    point(shown, "pointerdown", 140, 60);
    point(shown, "pointermove", 150, 70);
    point(shown, "pointerup", 150, 70, { on: window });
    expect(editor.preview).toBeNull();
    point(shown, "pointermove", 170, 90);
    expect([...rings(1)[0].slice(4, 6)]).toEqual([150, 70]);
  });

  it("refuses a drag that would cross, visibly, and Esc takes a drag back", async () => {
    const { editor, kernel } = await open();
    click(shown, 120, 40);
    drag(shown, [140, 60], [120, 5]);
    expect(text(".sw-editor-said")).toContain("cross itself");
    expect([...rings(1)[0].slice(4, 6)]).toEqual([140, 60]);
    point(shown, "pointerdown", 140, 60);
    point(shown, "pointermove", 150, 70);
    press(shown, "Escape");
    point(shown, "pointerup", 150, 70);
    expect(editor.preview).toBeNull();
    expect(kernel.model.calls("operations")).toHaveLength(0);
  });

  it("inserts a vertex on an edge and deletes it, undoes and redoes", async () => {
    await open();
    click(shown, 120, 40);
    press(shown, "e");
    drag(shown, [120, 60], [120, 75]);
    expect([...rings(1)[0].slice(6, 8)]).toEqual([120, 75]);
    press(shown, "Delete");
    expect(rings(1)[0].length).toBe(8);
    press(shown, "z", { ctrlKey: true });
    expect(rings(1)[0].length).toBe(10);
    press(shown, "z", { ctrlKey: true });
    press(shown, "z", { ctrlKey: true }); // nothing more to undo
    expect(rings(1)[0].length).toBe(8);
    press(shown, "Z", { ctrlKey: true, shiftKey: true });
    expect(rings(1)[0].length).toBe(10);
    await until(() => shown.kernel.stored.size === 5 && storing() === "stored");
  });

  it("draws by clicks; Esc takes one back, Enter closes, a double click too", async () => {
    const { editor, kernel } = await open();
    press(shown, "d");
    for (const [x, y] of [[70, 70], [90, 70], [90, 90], [50, 100]] as const) click(shown, x, y);
    press(shown, "Escape");
    press(shown, "Enter");
    expect(editor.store.count).toBe(4);
    expect([...rings(3)[0]].map(Math.round)).toEqual([70, 70, 90, 70, 90, 90]);
    for (const [x, y] of [[10, 80], [30, 80], [30, 100]] as const) click(shown, x, y);
    click(shown, 30, 100);
    const box = editor.chrome.stage.getBoundingClientRect();
    const [sx, sy] = editor.view.toScreen(30, 100);
    editor.chrome.stage.dispatchEvent(new MouseEvent("dblclick", { clientX: box.left + sx, clientY: box.top + sy, bubbles: true }));
    expect(rings(4)[0].length).toBe(6);
    await until(() => kernel.stored.size === 2);
  });

  it("deletes what is selected and brings it back with its id", async () => {
    const { editor } = await open();
    click(shown, 25, 40);
    click(shown, 120, 40, { shiftKey: true });
    expect(editor.selection.ids.size).toBe(2);
    press(shown, "Backspace");
    expect(editor.store.count).toBe(1);
    press(shown, "z", { ctrlKey: true });
    expect([editor.store.count, rings(0).length, editor.store.slot(IDS[0])]).toEqual([3, 2, 0]);
  });

  it("springs back to the kernel's outline when it refuses, and cannot undo to what never was", async () => {
    const kernel = new Kernel();
    kernel.verdict = () => ({ state: "refused", reason: "crosses", geometry: 0 });
    const { editor } = await open(kernel);
    click(shown, 25, 40);
    drag(shown, [20, 20], [10, 10]);
    await until(() => text(".sw-editor-said").startsWith("Not done"));
    expect([...rings(0)[0].slice(0, 2)]).toEqual([20, 20]);
    expect(editor.work.history.undoable).toBeNull();
  });

  it("takes nothing in a read-only view", async () => {
    const { editor, kernel } = await open(new Kernel({ read_only: true }));
    click(shown, 120, 40);
    drag(shown, [140, 60], [150, 70]);
    press(shown, "Delete");
    press(shown, "d");
    expect(editor.tool().name).toBe("select");
    expect(editor.store.count).toBe(3);
    expect(kernel.model.calls("operations")).toHaveLength(0);
    expect(text(".sw-editor-storing")).toBe("View only");
  });

  it("takes a tool up without losing the selection, and keeps what is half drawn", async () => {
    const { editor } = await open();
    click(shown, 120, 40);
    press(shown, "d");
    click(shown, 10, 80);
    click(shown, 30, 80);
    press(shown, "v");
    expect([...editor.selection.ids]).toEqual([IDS[1]]);
    press(shown, "d");
    expect(editor.tool().marks().path!.length).toBeGreaterThanOrEqual(2);
  });
});
