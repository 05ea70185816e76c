/** Keys: the help has every one, and each calls its handler. */

import { describe, expect, it, vi } from "vitest";

import bindings from "../../spheroseg_widgets/widgets/keys/editor.json";
import type { Action } from "./keys";
import { freshEditors, open, press, shown } from "./testing";

freshEditors();

describe("keys", () => {
  it("stand in the help, every one, and nothing else does", async () => {
    const { editor, el } = await open();
    press(shown, "?");
    expect(editor.help.shown).toBe(true);
    const helped = [...el.querySelectorAll<HTMLElement>("[data-action].sw-editor-help-row")].map((row) => row.dataset.action);
    expect(helped.sort()).toEqual(Object.keys(editor.handlers).sort());
    expect(helped).toEqual(Object.values(bindings).flatMap((rows) => Object.keys(rows)).sort());
    for (const row of el.querySelectorAll(".sw-editor-help-row dd")) expect(row.textContent).not.toMatch(/^editor\./);
    press(shown, "Escape");
    expect(editor.help.shown).toBe(false);
  });

  it("call their handler, each, and do not reach the host", async () => {
    const { editor } = await open();
    let leaked = 0;
    const leak = () => leaked++;
    document.addEventListener("keydown", leak);
    for (const [action, keys] of Object.values(bindings).flatMap((rows) => Object.entries(rows))) {
      const handler = vi.spyOn(editor.handlers, action as Action).mockImplementation(() => undefined);
      for (const chord of keys) {
        const parts = chord === "+" ? ["+"] : chord.split("+");
        const key = parts.at(-1)!;
        press(shown, key === "space" ? " " : key, { ctrlKey: parts.includes("ctrl"), shiftKey: parts.includes("shift") });
      }
      expect(handler, action).toHaveBeenCalled();
    }
    document.removeEventListener("keydown", leak);
    expect(leaked).toBe(0);
    expect(shown.el.querySelector<HTMLElement>(".sw-root")!.dataset.lmSuppressShortcuts).toBe("true");
  });

  it("do nothing while the focus is elsewhere", async () => {
    const { editor } = await open();
    document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "d", bubbles: true }));
    expect(editor.tool().name).toBe("select");
  });
});
