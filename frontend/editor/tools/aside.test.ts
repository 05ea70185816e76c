/** Outlines that are locked, and such as are hidden. */

import { describe, expect, it } from "vitest";

import { bounds } from "../geometry";
import { along, button, click, drag, everything, frame, freshEditors, ids, IDS, open, point, press, rings, said, shown, text, undo, until } from "../testing";

freshEditors();

describe("locked and hidden", () => {
  it("outlines refuse every change, visibly, until they are unlocked", async () => {
    const { editor } = await open();
    click(shown, 120, 40);
    press(shown, "L", { shiftKey: true });
    await until(() => (shown.kernel.model.get<string[]>("locked_ids")).length === 1);
    expect(button("object.lock").getAttribute("aria-pressed")).toBe("true");
    const before = everything();
    const refused = (act: () => void) => {
      editor.chrome.say("");
      act();
      expect(said()).toContain("locked");
      expect(everything()).toEqual(before);
    };
    refused(() => drag(shown, [120, 40], [125, 45]));
    refused(() => press(shown, "Delete"));
    refused(() => press(shown, "1"));
    refused(() => press(shown, "ArrowLeft", { shiftKey: true }));
    press(shown, "b");
    refused(() => along(shown, [[135, 40], [150, 40]]));
    press(shown, "s");
    refused(() => {
      click(shown, 90, 30);
      click(shown, 150, 30);
    });
    press(shown, "t");
    refused(() => press(shown, "Enter"));
    press(shown, "v");
    point(shown, "pointerdown", 140, 60); // its vertices have no handles
    point(shown, "pointermove", 150, 70);
    point(shown, "pointerup", 150, 70);
    expect(everything()).toEqual(before);
    editor.selection.set([IDS[1]]);
    press(shown, "L", { shiftKey: true });
    press(shown, "Delete");
    expect(editor.store.count).toBe(2);
  });

  it("are undone as any other step; what was done before is not undone on a locked outline", async () => {
    const { editor } = await open();
    click(shown, 120, 40);
    press(shown, "ArrowDown", { shiftKey: true });
    press(shown, "L", { shiftKey: true });
    undo();
    expect(editor.store.isAside("locked", IDS[1])).toBe(false);
    press(shown, "Z", { ctrlKey: true, shiftKey: true });
    expect(editor.store.isAside("locked", IDS[1])).toBe(true);
    shown.kernel.model.update({ locked_ids: [] }); // from the notebook
    expect(editor.store.isAside("locked", IDS[1])).toBe(false);
    shown.kernel.model.update({ locked_ids: [IDS[1]] });
    undo();
    undo();
    expect(bounds(rings(1))[1]).toBe(20);
  });

  it("outlines are not found while hidden, and come back all at once", async () => {
    const { editor } = await open();
    click(shown, 120, 40);
    press(shown, "H", { shiftKey: true });
    expect(ids()).toEqual([]);
    click(shown, 120, 40);
    press(shown, "a", { ctrlKey: true });
    expect(ids()).toEqual([IDS[0], IDS[2]]);
    await frame();
    expect(text('button[data-action="object.show_all"]')).toBe("1 hidden: show");
    expect(shown.kernel.model.get("hidden_ids")).toEqual([IDS[1]]);
    button("object.show_all").click();
    click(shown, 120, 40);
    expect(ids()).toEqual([IDS[1]]);
    undo();
    expect(editor.store.isAside("hidden", IDS[1])).toBe(true);
  });
});
