import { afterEach, expect, it } from "vitest";

import { MockAnswer } from "../../shared/mock";
import { OutlineSet } from "../../shared/outlines";
import { IDS, Kernel, show, SQUARE, until, type Shown } from "../testing";

let shown: Shown | undefined;
afterEach(() => shown?.close());

const REVISIONS = [
  { id: 6, parent_id: 5, run_id: null, author: "ann", created_at: "2026-01-02T10:00:00Z", n_objects: 3, source: "edit", model: null, current: false, note: "conflict", note_of: null },
  { id: 5, parent_id: null, run_id: 1, author: "bob", created_at: "2026-01-01T10:00:00Z", n_objects: 3, source: "model", model: "unet 1", current: true, note: null, note_of: null },
];

const press = (element: HTMLElement, words: string) =>
  [...element.querySelectorAll("button")].find(({ textContent }) => textContent === words)!.click();

it("lists revisions, and merges a kept one object by object", async () => {
  const kernel = new Kernel();
  let merged: Record<string, unknown> | null = null;
  kernel.model.handle("revisions", () => REVISIONS);
  kernel.model.handle("differences", () => {
    const blob = () => new DataView(OutlineSet.fromRings([[SQUARE]]).encode());
    return new MockAnswer([{ outline: IDS[0], kind: "changed", suggested: "both" }], [blob(), blob()]);
  });
  kernel.model.handle("merge", (params) => ((merged = params), 7));
  shown = await show(kernel);
  const { revisions } = shown.editor;
  revisions.showConflict();
  await until(() => revisions.element.querySelector(".sw-editor-merge") !== null);
  press(revisions.element, "All mine");
  press(revisions.element, "Theirs");
  press(revisions.element, "Save as a new revision");
  await until(() => merged !== null && revisions.element.querySelectorAll(".sw-editor-revision").length === 2);
  expect(merged).toMatchObject({ image_id: 1, mine: 6, theirs: 5, choices: { [IDS[0]]: "theirs" } });
  expect(revisions.element.textContent).toContain("kept beside a newer one");
  expect(revisions.element.textContent).toContain("unet 1 · bob");
});

it("is view only while somebody else edits, and goes on after a take-over", async () => {
  const kernel = new Kernel();
  let author: string | null = "ann";
  kernel.model.handle("presence", () => ({ author, taken_by: null }));
  kernel.model.handle("take_over", () => void (author = null));
  shown = await show(kernel);
  const { editor } = shown;
  await editor.presence.ask();
  expect(editor.readOnly).toBe(true);
  expect(editor.notices.element.textContent).toContain("Edited by ann now.");
  press(editor.notices.element, "Take over");
  await until(() => !editor.readOnly);
  await editor.presence.ask();
  expect(editor.readOnly).toBe(false);
  await until(() => editor.notices.element.querySelector("[data-key=presence]") === null);
});
