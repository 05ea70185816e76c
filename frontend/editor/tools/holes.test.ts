/** Holes filled, and made objects. */

import { describe, expect, it } from "vitest";

import { area } from "../geometry";
import { areas, click, drag, freshEditors, IDS, open, point, press, rings, said, sent, shown, undo, until } from "../testing";

freshEditors();

describe("holes", () => {
  it("are filled", async () => {
    await open();
    click(shown, 25, 40);
    press(shown, "g");
    expect([areas()[0], rings(0).length]).toEqual([1600, 1]);
    undo();
    expect(rings(0).length).toBe(2);
    click(shown, 120, 40);
    press(shown, "g");
    expect(said()).toContain("no hole");
  });

  it("become objects that fill them; of several the one that is pointed at", async () => {
    const { editor } = await open();
    click(shown, 25, 40);
    press(shown, "r");
    press(shown, "i");
    drag(shown, [22, 22], [27, 27]);
    expect(rings(0).length).toBe(3);
    point(shown, "pointermove", 80, 80);
    press(shown, "I", { shiftKey: true });
    expect(said()).toContain("Point at the hole");
    point(shown, "pointermove", 40, 40);
    press(shown, "I", { shiftKey: true });
    expect(area(rings(3))).toBe(400);
    expect(rings(0).length).toBe(3);
    await until(() => sent().some(({ parents }) => parents[0] === IDS[0]));
    undo();
    expect(editor.store.count).toBe(3);
  });
});
