/** Classes of outlines: assigned by number, chosen from the menu, named there. */

import { describe, expect, it } from "vitest";

import { click, everything, find, frame, freshEditors, IDS, open, press, sent, shown, text, undo, until } from "../testing";

freshEditors();

describe("classes", () => {
  it("are assigned by number, and undone", async () => {
    const { editor } = await open();
    const before = everything();
    click(shown, 25, 40);
    press(shown, "2");
    expect(editor.store.attributes(0).classIndex).toBe(1);
    await until(() => sent().length === 1);
    expect(sent()[0]).toMatchObject({ kind: "put", class_name: "core", outline_id: IDS[0] });
    undo();
    expect(everything()).toEqual(before);
    press(shown, "9"); // there is no ninth
    expect(everything()).toEqual(before);
  });

  it("are chosen from the menu, and new ones named there", async () => {
    const { editor } = await open();
    click(shown, 120, 40);
    press(shown, "c");
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
