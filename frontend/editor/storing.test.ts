/** Storing and saving: what is said of it, what is kept in the browser, what is offered when one comes back. */

import { describe, expect, it, vi } from "vitest";

import * as journal from "./journal";
import { click, drag, freshEditors, IDS, Kernel, open, press, rings, shown, storing, text, until } from "./testing";

freshEditors();

describe("storing", () => {
  it("says what is not stored and why, keeps it in the browser, and sends it again after a reload", async () => {
    const kernel = new Kernel();
    kernel.failing = "the disk is full";
    await open(kernel);
    click(shown, 120, 40);
    drag(shown, [140, 60], [150, 70]);
    await until(() => storing() === "not_stored");
    expect(text(".sw-editor-storing")).toContain("the disk is full");
    expect(await journal.kept(kernel.project)).toHaveLength(1);
    shown.close();
    const after = new Kernel();
    after.project = kernel.project;
    await open(after);
    await until(() => after.stored.size === 1 && storing() === "stored");
    expect([...rings(1)[0].slice(4, 6)]).toEqual([150, 70]);
    await vi.waitFor(async () => expect(await journal.kept(kernel.project)).toHaveLength(0));
  });

  it("sends what waits when asked to retry, each operation once", async () => {
    const kernel = new Kernel();
    kernel.failing = "busy";
    await open(kernel);
    click(shown, 120, 40);
    drag(shown, [140, 60], [150, 70]);
    drag(shown, [150, 70], [155, 75]);
    await until(() => storing() === "not_stored");
    kernel.failing = null;
    shown.editor.chrome.retry.click();
    await until(() => storing() === "stored");
    expect(kernel.stored.size).toBe(2);
    const ids = kernel.model.calls("operations").flatMap((call) => (call.params.operations as { id: string }[]).map(({ id }) => id));
    expect(new Set(ids).size).toBe(2);
  });

  it("saves after everything is stored, and keeps view, selection and undo", async () => {
    const { editor, kernel } = await open();
    click(shown, 120, 40);
    drag(shown, [140, 60], [150, 70]);
    editor.view.zoomAt(50, 50, 2);
    const { scale, x } = editor.view;
    press(shown, "s", { ctrlKey: true });
    await until(() => storing() === "saved");
    expect(text(".sw-editor-storing")).toBe("Saved as revision 6");
    const order = kernel.model.sent.flatMap((message) => (message.kind === "call" ? [message.method] : []));
    expect(order.indexOf("operations")).toBeLessThan(order.indexOf("save"));
    expect([editor.view.scale, editor.view.x, [...editor.selection.ids]]).toEqual([scale, x, [IDS[1]]]);
    expect(editor.work.history.undoable).not.toBeNull();
  });

  it("tells of a conflict with a notice that stays", async () => {
    const kernel = new Kernel();
    await open(kernel);
    kernel.model.handle("save", () => {
      throw Object.assign(new Error("image-1.tif: another revision (7) was saved meanwhile; yours is kept as revision 8"), { name: "KeptConflictError" });
    });
    click(shown, 120, 40);
    drag(shown, [140, 60], [150, 70]);
    press(shown, "s", { ctrlKey: true });
    await until(() => shown.el.querySelector('[data-key="editor.conflict"]') !== null);
    expect(text('[data-key="editor.conflict"]')).toContain("kept as revision 8");
  });

  it("offers operations of an older revision instead of sending them", async () => {
    const kernel = new Kernel();
    const operation = { id: crypto.randomUUID(), kind: "delete" as const, outline: IDS[0], className: "spheroid", label: "editor.did.delete", step: crypto.randomUUID(), parents: [], rings: null };
    await journal.keep({ project: kernel.project, image: 1, base: 3 }, [operation]);
    const { editor } = await open(kernel);
    await until(() => shown.el.querySelector('[data-key="kept"]') !== null);
    expect([editor.store.count, kernel.stored.size]).toEqual([3, 0]);
    shown.el.querySelector<HTMLButtonElement>('[data-key="kept"] button')!.click();
    await until(() => kernel.stored.size === 1);
    expect(editor.store.count).toBe(2);
  });

  it("offers a draft that was left open, and continues it on demand", async () => {
    const kernel = new Kernel();
    kernel.drafts = [{ id: "d", author: "me", operations: 2, changed_at: "2024-05-01T10:00:00+00:00", kind: "left", stale: false }];
    kernel.model.handle("continue_draft", () => ((kernel.drafts = []), null));
    await open(kernel);
    expect(text('[data-key="draft"]')).toContain("2 changes of yours");
    shown.el.querySelector<HTMLButtonElement>('[data-key="draft"] button')!.click();
    await until(() => shown.el.querySelector('[data-key="draft"]') === null);
    expect(kernel.model.calls("continue_draft")[0].params).toMatchObject({ draft: "d", image_id: 1 });
  });
});
