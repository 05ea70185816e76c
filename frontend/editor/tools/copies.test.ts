/** Copies of outlines: pasted in other images and editors, and laid beside what was duplicated. */

import { describe, expect, it } from "vitest";

import { OutlineSet } from "../../shared/outlines";
import { area, bounds } from "../geometry";
import { areas, click, freshEditors, ids, open, press, rings, said, shown, text, undo, until } from "../testing";

freshEditors();

describe("copies", () => {
  it("are pasted in their place in the next image, with class and hole", async () => {
    const { editor } = await open();
    press(shown, "a", { ctrlKey: true });
    press(shown, "c", { ctrlKey: true });
    expect(said()).toBe("3 outlines copied.");
    await until(() => shown.kernel.copied !== null);
    press(shown, ".");
    await until(() => text(".sw-editor-name") === "image-2.tif");
    press(shown, "Delete");
    press(shown, "v", { ctrlKey: true });
    await until(() => editor.store.count === 6);
    expect([3, 4, 5].map((slot) => area(rings(slot)))).toEqual([1200, 1600, 1600]);
    expect([...rings(3)[1]]).toEqual([...rings(0)[1]]);
    expect(editor.store.attributes(4).classIndex).toBe(1);
    expect(ids()).toEqual([3, 4, 5].map((slot) => editor.store.id(slot)));
    undo();
    expect(editor.store.count).toBe(3);
  });

  it("of another editor are pasted when they are newer; without any it is said", async () => {
    const { editor } = await open();
    press(shown, "v", { ctrlKey: true });
    await until(() => said().startsWith("Nothing was copied"));
    click(shown, 120, 40);
    press(shown, "c", { ctrlKey: true });
    await until(() => shown.kernel.copied !== null);
    const theirs = OutlineSet.fromRings([[Float32Array.of(70, 80, 90, 80, 90, 100, 70, 100)]]).encode();
    shown.kernel.copied = { params: { stamp: "ffffffff-0000-7000-8000-000000000000", classes: ["debris"] }, blob: theirs };
    press(shown, "v", { ctrlKey: true });
    await until(() => editor.store.count === 4);
    expect(areas()[3]).toBe(400);
    expect(editor.work.classes.names[editor.store.attributes(3).classIndex]).toBe("debris");
  });

  it("can be pasted while the kernel is busy", async () => {
    const { editor } = await open();
    click(shown, 120, 40);
    press(shown, "c", { ctrlKey: true });
    shown.kernel.model.silent = true;
    press(shown, "v", { ctrlKey: true });
    await until(() => editor.store.count === 4);
  });

  it("lie beside what was duplicated, and are selected", async () => {
    const { editor } = await open();
    click(shown, 180, 100); // at the image's edge: the copy goes to the other side
    press(shown, "d", { ctrlKey: true });
    expect(area(rings(3))).toBe(1600);
    expect(bounds(rings(3))[2]).toBeLessThan(200);
    expect(ids()).toEqual([editor.store.id(3)]);
    undo();
    expect(editor.store.count).toBe(3);
  });
});
