/** Several outlines merged, subtracted and intersected. */

import { describe, expect, it } from "vitest";

import { OutlineSet } from "../../shared/outlines";
import { areas, button, click, drag, everything, frame, freshEditors, ids, IDS, Kernel, open, press, said, sent, shown, undo, until } from "../testing";

freshEditors();

describe("several outlines", () => {
  /** A square that overlaps the second outline, drawn and selected after it. */
  const overlap = () => {
    press(shown, "r");
    drag(shown, [130, 50], [150, 70]);
    press(shown, "v");
    shown.editor.selection.set([IDS[1], shown.editor.store.id(3)]);
  };

  it("merge into the first, in one step that the kernel takes whole", async () => {
    const { editor } = await open();
    overlap();
    const before = everything();
    press(shown, "m");
    expect(areas()).toEqual([1200, 1900, 1600]);
    expect(ids()).toEqual([IDS[1]]);
    await until(() => sent().length === 3);
    const [, put, gone] = sent();
    expect([put.kind, gone.kind, put.step === gone.step]).toEqual(["put", "delete", true]);
    expect(put.parents).toEqual([editor.store.id(3)]);
    undo();
    expect(everything()).toEqual(before);
  });

  it("that do not meet are not merged, and it is said", async () => {
    await open();
    press(shown, "a", { ctrlKey: true });
    press(shown, "m");
    expect(said()).toContain("overlap or touch");
    click(shown, 120, 40);
    press(shown, "m");
    expect(said()).toContain("two outlines");
    await frame();
    expect(button("object.merge")).toHaveProperty("disabled", true);
  });

  it("subtract from the first and stay; intersect and go", async () => {
    const { editor } = await open();
    overlap();
    press(shown, "M", { shiftKey: true });
    expect(areas()).toEqual([1200, 1500, 1600, 400]);
    undo();
    press(shown, "N", { shiftKey: true });
    expect(areas()).toEqual([1200, 100, 1600]);
    undo();
    expect(editor.store.count).toBe(4);
  });

  it("come back with both when the kernel refuses a merge", async () => {
    const kernel = new Kernel();
    const { editor } = await open(kernel);
    overlap();
    await until(() => sent().length === 1);
    const added = editor.store.id(3);
    kernel.verdict = ({ outline_id }) => ({ state: "refused", reason: "crosses", geometry: outline_id === IDS[1] ? 0 : 1 });
    kernel.model.handle("operations", (params) => {
      const answer = kernel.operations(params.operations as never);
      const square = (x: number, y: number, size: number) => Float32Array.of(x, y, x + size, y, x + size, y + size, x, y + size);
      answer.buffers.splice(0, 1, ...[square(100, 20, 40), square(130, 50, 20)].map((ring) => new DataView(OutlineSet.fromRings([[ring]]).encode())));
      return answer;
    });
    press(shown, "m");
    expect(editor.store.count).toBe(3);
    await until(() => editor.store.count === 4);
    expect(areas()).toEqual([1200, 1600, 1600, 400]);
    expect(editor.store.slot(added)).toBe(3);
  });
});
