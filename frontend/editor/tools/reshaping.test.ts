/** Outlines grown, shrunk, smoothed and simplified: shown first, then applied. */

import { describe, expect, it } from "vitest";

import { area } from "../geometry";
import { areas, click, everything, find, frame, freshEditors, open, press, rings, said, shown, text, undo } from "../testing";

freshEditors();

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
    const { editor } = await open();
    const before = everything();
    click(shown, 120, 40);
    press(shown, "t");
    choose("grow");
    await type("10"); // um, two a pixel
    expect(area(editor.preview!.shapes[0].rings)).toBeCloseTo(1600 + 160 * 5 + Math.PI * 25, -1);
    expect(editor.preview!.hides).toBeNull();
    expect(text(".sw-editor-words")).toMatch(/area \+54\.\d % \(\+3 510 µm²\)/);
    expect(shown.kernel.model.calls("operations")).toHaveLength(0);
    press(shown, "Enter");
    expect(areas()[1]).toBeCloseTo(2478, -1);
    expect(editor.current.name).toBe("select");
    expect(editor.preview).toBeNull();
    undo();
    expect(everything()).toEqual(before);
  });

  it("shrinks to several parts or to nothing, and Esc leaves everything as it was", async () => {
    const { editor } = await open();
    click(shown, 25, 40);
    press(shown, "t");
    choose("shrink");
    await type("4");
    expect(editor.preview!.shapes).toHaveLength(1);
    await type("60");
    expect(editor.preview!.shapes).toHaveLength(0);
    press(shown, "Escape");
    expect([editor.preview, editor.current.name, areas()[0]]).toEqual([null, "select", 1200]);
    press(shown, "t");
    press(shown, "Enter");
    expect(editor.store.count).toBe(2);
    undo();
    expect(areas()).toEqual([1200, 1600, 1600]);
  });

  it("simplifies and smooths what is selected meanwhile, too", async () => {
    const { editor } = await open();
    press(shown, "t");
    await frame();
    expect(text(".sw-editor-words")).toContain("Select outlines");
    press(shown, "Enter");
    expect(said()).toContain("Select an outline");
    click(shown, 120, 40);
    choose("smooth");
    await type("12");
    expect(text(".sw-editor-words")).toMatch(/^4 → \d\d vertices/);
    field().focus();
    field().dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
    expect(areas()[1]).toBeGreaterThan(1400);
    expect(rings(1)[0].length).toBeGreaterThan(20);
    press(shown, "t");
    choose("simplify");
    await type("20");
    press(shown, "Enter");
    expect(rings(1)[0].length).toBeLessThan(20);
    expect(editor.work.history.undoable!.label).toBe("editor.did.simplify");
  });

  it("shows lengths in pixels when asked", async () => {
    await open();
    click(shown, 120, 40);
    press(shown, "t");
    expect(field().value).toBe("2");
    find(".sw-editor-unit").click();
    expect([field().value, text(".sw-editor-unit")]).toEqual(["1", "px"]);
  });
});
