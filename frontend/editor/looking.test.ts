/** Looking at images: what is told of one, zoom and steps, and what is shown of one that cannot be read. */

import { describe, expect, it } from "vitest";

import { overlapsAt, widths } from "../shared/apart";
import { click, drag, freshEditors, Kernel, open, point, press, shown, text, until } from "./testing";

freshEditors();

describe("looking", () => {
  it("shows the image's name, count, scale bar and what lies under the pointer", async () => {
    const { editor } = await open();
    expect(text(".sw-editor-name")).toBe("image-1.tif");
    expect(text(".sw-editor-count")).toBe("3 objects");
    expect(text(".sw-scale-bar")).toMatch(/µm$/);
    point(shown, "pointermove", 100.5, 50.5);
    expect(text(".sw-editor-readout")).toBe("2 000  at  100, 50 px  ·  201, 101 µm");
    expect(editor.work.selection.ids.size).toBe(0);
  });

  it("has no tool over another, and none beside the editor, however wide it is", async () => {
    const { el, editor } = await open();
    expect(overlapsAt(el, widths(340, 1400))).toEqual([]);
    for (const panel of ["objects", "layers", "history"] as const) {
      editor.side.show(panel);
      expect(overlapsAt(el, widths(340, 1400))).toEqual([]);
    }
  });

  it("zooms at the pointer by wheel, and holds Space to pan in every tool", async () => {
    const { editor } = await open();
    const { stage } = editor.chrome;
    const box = stage.getBoundingClientRect();
    const [sx, sy] = editor.view.toScreen(50, 40).map(Math.round); // wheel events tell whole pixels
    const [x0, y0] = editor.view.toImage(sx, sy);
    const before = editor.view.scale;
    stage.dispatchEvent(new WheelEvent("wheel", { deltaY: -300, clientX: box.left + sx, clientY: box.top + sy, bubbles: true, cancelable: true }));
    await until(() => editor.view.scale > before * 1.7);
    const [x, y] = editor.view.toImage(sx, sy);
    expect(Math.hypot(x - x0, y - y0) * before).toBeLessThan(0.6);
    press(shown, "d");
    stage.dispatchEvent(new KeyboardEvent("keydown", { key: " ", bubbles: true }));
    const at = editor.view.x;
    drag(shown, [50, 40], [60, 40]);
    expect(editor.view.x).not.toBe(at);
    stage.dispatchEvent(new KeyboardEvent("keyup", { key: " ", bubbles: true }));
    expect(editor.tool().name).toBe("draw");
    expect(editor.tool().marks().path).toBeUndefined();
  });

  it("steps to the next image and keeps tool, light and view", async () => {
    const { editor, kernel } = await open();
    press(shown, "e");
    editor.chrome.contrast.value = "0.5";
    editor.view.zoomAt(100, 100, 3);
    const { scale, x } = editor.view;
    press(shown, ".");
    await until(() => text(".sw-editor-name") === "image-2.tif");
    expect(kernel.model.get("image_id")).toBe(2);
    expect([editor.view.scale, editor.view.x, editor.tool().name, editor.chrome.contrast.value]).toEqual([scale, x, "vertices", "0.5"]);
  });
});

it("asks again when its call overtakes the news that another image is wanted", async () => {
  const { kernel } = await open();
  let early = 3;
  kernel.model.handle("document", (params) => {
    if (early-- > 0) throw Object.assign(new Error("another image was opened meanwhile"), { name: "AnotherImageError" });
    return kernel.document(params.image_id as number);
  });
  press(shown, ".");
  await until(() => text(".sw-editor-name") === "image-2.tif");
  await until(() => early < 0);
  expect(shown.editor.chrome.card.hidden).toBe(true);
});

describe("failing", () => {
  it("shows the kernel's words and Retry when an image cannot be read; nothing can be changed or saved", async () => {
    const kernel = new Kernel();
    kernel.model.handle("pixels", () => {
      throw new Error("a.tif: the TIFF is truncated");
    });
    const { editor } = await open(kernel);
    expect(text(".sw-editor-card")).toContain("the TIFF is truncated");
    expect(text(".sw-editor-name")).toBe("image-1.tif");
    press(shown, "d");
    for (const [x, y] of [[70, 70], [90, 70], [90, 90]] as const) click(shown, x, y);
    press(shown, "Enter");
    press(shown, "s", { ctrlKey: true });
    expect(kernel.model.calls("operations").length + kernel.model.calls("save").length).toBe(0);
    expect(editor.chrome.save.disabled).toBe(true);
    kernel.model.handle("pixels", () => kernel.pixels());
    shown.el.querySelector<HTMLButtonElement>(".sw-editor-card button")!.click();
    await until(() => editor.work.info !== null);
    expect(editor.chrome.card.hidden).toBe(true);
    expect(editor.store.count).toBe(3);
  });
});
