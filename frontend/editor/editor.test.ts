/** The whole editor in a page, with a kernel that is not there. */

import { afterEach, describe, expect, it, vi } from "vitest";

import { overlapsAt, widths } from "../shared/apart";
import { CanvasRenderer } from "./canvas_renderer";
import { GlRenderer } from "./gl/renderer";
import * as journal from "./journal";
import type { Action } from "./keys";
import { CROWD } from "./scene";
import bindings from "../../spheroseg_widgets/widgets/keys/editor.json";
import { click, drag, frame, IDS, Kernel, loseContext, point, press, show, SIZE, until, type Shown } from "./testing";

let shown: Shown | null = null;
const open = async (kernel?: Kernel) => (shown = await show(kernel));
afterEach(() => {
  shown?.close();
  shown = null;
  vi.restoreAllMocks();
});

const text = (selector: string) => shown!.el.querySelector(selector)!.textContent!.replaceAll("\u2009", " ");
const state = () => shown!.el.querySelector<HTMLElement>(".sw-editor-storing")!.dataset.state;
const rings = (index: number) => shown!.editor.store.rings(index);

describe("looking", () => {
  it("shows the image's name, count, scale bar and what lies under the pointer", async () => {
    const { editor } = await open();
    expect(text(".sw-editor-name")).toBe("image-1.tif");
    expect(text(".sw-editor-count")).toBe("3 objects");
    expect(text(".sw-scale-bar")).toMatch(/µm$/);
    point(shown!, "pointermove", 100.5, 50.5);
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
    press(shown!, "d");
    stage.dispatchEvent(new KeyboardEvent("keydown", { key: " ", bubbles: true }));
    const at = editor.view.x;
    drag(shown!, [50, 40], [60, 40]);
    expect(editor.view.x).not.toBe(at);
    stage.dispatchEvent(new KeyboardEvent("keyup", { key: " ", bubbles: true }));
    expect(editor.tool().name).toBe("draw");
    expect(editor.tool().marks().path).toBeUndefined();
  });

  it("steps to the next image and keeps tool, light and view", async () => {
    const { editor, kernel } = await open();
    press(shown!, "e");
    editor.chrome.contrast.value = "0.5";
    editor.view.zoomAt(100, 100, 3);
    const { scale, x } = editor.view;
    press(shown!, ".");
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
  press(shown!, ".");
  await until(() => text(".sw-editor-name") === "image-2.tif");
  await until(() => early < 0);
  expect(shown!.editor.chrome.card.hidden).toBe(true);
});

describe("editing", () => {
  it("drags a vertex: area live, one outline sent, stored before it says so", async () => {
    const { editor, kernel } = await open();
    click(shown!, 120, 40);
    expect([...editor.selection.ids]).toEqual([IDS[1]]);
    point(shown!, "pointerdown", 140, 60);
    point(shown!, "pointermove", 150, 70);
    point(shown!, "pointermove", 160, 80);
    await frame();
    // 40 x 40 px, and two triangles of 40 x 20 / 2 more; a pixel is 2 um wide.
    expect(text(".sw-editor-object")).toContain("9 600 µm²");
    expect(kernel.model.calls("operations")).toHaveLength(0);
    point(shown!, "pointerup", 160, 80);
    expect(["storing", "stored"]).toContain(state());
    await until(() => state() === "stored");
    expect([...kernel.stored.values()]).toMatchObject([{ kind: "put", outline_id: IDS[1] }]);
    expect([...rings(1)[0].slice(4, 6)]).toEqual([160, 80]);
  });

  it("ends a drag whose release happens outside", async () => {
    const { editor } = await open();
    click(shown!, 120, 40);
    point(shown!, "pointerdown", 140, 60);
    point(shown!, "pointermove", 150, 70);
    point(shown!, "pointerup", 150, 70, { on: window });
    expect(editor.preview).toBeNull();
    point(shown!, "pointermove", 170, 90);
    expect([...rings(1)[0].slice(4, 6)]).toEqual([150, 70]);
  });

  it("refuses a drag that would cross, visibly, and Esc takes a drag back", async () => {
    const { editor, kernel } = await open();
    click(shown!, 120, 40);
    drag(shown!, [140, 60], [120, 5]);
    expect(text(".sw-editor-said")).toContain("cross itself");
    expect([...rings(1)[0].slice(4, 6)]).toEqual([140, 60]);
    point(shown!, "pointerdown", 140, 60);
    point(shown!, "pointermove", 150, 70);
    press(shown!, "Escape");
    point(shown!, "pointerup", 150, 70);
    expect(editor.preview).toBeNull();
    expect(kernel.model.calls("operations")).toHaveLength(0);
  });

  it("inserts a vertex on an edge and deletes it, undoes and redoes", async () => {
    await open();
    click(shown!, 120, 40);
    press(shown!, "e");
    drag(shown!, [120, 60], [120, 75]);
    expect([...rings(1)[0].slice(6, 8)]).toEqual([120, 75]);
    press(shown!, "Delete");
    expect(rings(1)[0].length).toBe(8);
    press(shown!, "z", { ctrlKey: true });
    expect(rings(1)[0].length).toBe(10);
    press(shown!, "z", { ctrlKey: true });
    press(shown!, "z", { ctrlKey: true }); // nothing more to undo
    expect(rings(1)[0].length).toBe(8);
    press(shown!, "Z", { ctrlKey: true, shiftKey: true });
    expect(rings(1)[0].length).toBe(10);
    await until(() => shown!.kernel.stored.size === 5 && state() === "stored");
  });

  it("draws by clicks; Esc takes one back, Enter closes, a double click too", async () => {
    const { editor, kernel } = await open();
    press(shown!, "d");
    for (const [x, y] of [[70, 70], [90, 70], [90, 90], [50, 100]] as const) click(shown!, x, y);
    press(shown!, "Escape");
    press(shown!, "Enter");
    expect(editor.store.count).toBe(4);
    expect([...rings(3)[0]].map(Math.round)).toEqual([70, 70, 90, 70, 90, 90]);
    for (const [x, y] of [[10, 80], [30, 80], [30, 100]] as const) click(shown!, x, y);
    click(shown!, 30, 100);
    const box = editor.chrome.stage.getBoundingClientRect();
    const [sx, sy] = editor.view.toScreen(30, 100);
    editor.chrome.stage.dispatchEvent(new MouseEvent("dblclick", { clientX: box.left + sx, clientY: box.top + sy, bubbles: true }));
    expect(rings(4)[0].length).toBe(6);
    await until(() => kernel.stored.size === 2);
  });

  it("deletes what is selected and brings it back with its id", async () => {
    const { editor } = await open();
    click(shown!, 25, 40);
    click(shown!, 120, 40, { shiftKey: true });
    expect(editor.selection.ids.size).toBe(2);
    press(shown!, "Backspace");
    expect(editor.store.count).toBe(1);
    press(shown!, "z", { ctrlKey: true });
    expect([editor.store.count, rings(0).length, editor.store.slot(IDS[0])]).toEqual([3, 2, 0]);
  });

  it("springs back to the kernel's outline when it refuses, and cannot undo to what never was", async () => {
    const kernel = new Kernel();
    kernel.verdict = () => ({ state: "refused", reason: "crosses", geometry: 0 });
    const { editor } = await open(kernel);
    click(shown!, 25, 40);
    drag(shown!, [20, 20], [10, 10]);
    await until(() => text(".sw-editor-said").startsWith("Not done"));
    expect([...rings(0)[0].slice(0, 2)]).toEqual([20, 20]);
    expect(editor.work.history.undoable).toBeNull();
  });

  it("takes nothing in a read-only view", async () => {
    const { editor, kernel } = await open(new Kernel({ read_only: true }));
    click(shown!, 120, 40);
    drag(shown!, [140, 60], [150, 70]);
    press(shown!, "Delete");
    press(shown!, "d");
    expect(editor.tool().name).toBe("select");
    expect(editor.store.count).toBe(3);
    expect(kernel.model.calls("operations")).toHaveLength(0);
    expect(text(".sw-editor-storing")).toBe("View only");
  });
});

describe("storing", () => {
  it("says what is not stored and why, keeps it in the browser, and sends it again after a reload", async () => {
    const kernel = new Kernel();
    kernel.failing = "the disk is full";
    await open(kernel);
    click(shown!, 120, 40);
    drag(shown!, [140, 60], [150, 70]);
    await until(() => state() === "not_stored");
    expect(text(".sw-editor-storing")).toContain("the disk is full");
    expect(await journal.kept(kernel.project)).toHaveLength(1);
    shown!.close();
    const after = new Kernel();
    after.project = kernel.project;
    await open(after);
    await until(() => after.stored.size === 1 && state() === "stored");
    expect([...rings(1)[0].slice(4, 6)]).toEqual([150, 70]);
    await vi.waitFor(async () => expect(await journal.kept(kernel.project)).toHaveLength(0));
  });

  it("sends what waits when asked to retry, each operation once", async () => {
    const kernel = new Kernel();
    kernel.failing = "busy";
    await open(kernel);
    click(shown!, 120, 40);
    drag(shown!, [140, 60], [150, 70]);
    drag(shown!, [150, 70], [155, 75]);
    await until(() => state() === "not_stored");
    kernel.failing = null;
    shown!.editor.chrome.retry.click();
    await until(() => state() === "stored");
    expect(kernel.stored.size).toBe(2);
    const ids = kernel.model.calls("operations").flatMap((call) => (call.params.operations as { id: string }[]).map(({ id }) => id));
    expect(new Set(ids).size).toBe(2);
  });

  it("saves after everything is stored, and keeps view, selection and undo", async () => {
    const { editor, kernel } = await open();
    click(shown!, 120, 40);
    drag(shown!, [140, 60], [150, 70]);
    editor.view.zoomAt(50, 50, 2);
    const { scale, x } = editor.view;
    press(shown!, "s", { ctrlKey: true });
    await until(() => state() === "saved");
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
    click(shown!, 120, 40);
    drag(shown!, [140, 60], [150, 70]);
    press(shown!, "s", { ctrlKey: true });
    await until(() => shown!.el.querySelector('[data-key="editor.conflict"]') !== null);
    expect(text('[data-key="editor.conflict"]')).toContain("kept as revision 8");
  });

  it("offers operations of an older revision instead of sending them", async () => {
    const kernel = new Kernel();
    const operation = { id: crypto.randomUUID(), kind: "delete" as const, outline: IDS[0], className: "spheroid", label: "editor.did.delete", step: crypto.randomUUID(), parents: [], rings: null };
    await journal.keep({ project: kernel.project, image: 1, base: 3 }, [operation]);
    const { editor } = await open(kernel);
    await until(() => shown!.el.querySelector('[data-key="kept"]') !== null);
    expect([editor.store.count, kernel.stored.size]).toEqual([3, 0]);
    shown!.el.querySelector<HTMLButtonElement>('[data-key="kept"] button')!.click();
    await until(() => kernel.stored.size === 1);
    expect(editor.store.count).toBe(2);
  });

  it("offers a draft that was left open, and continues it on demand", async () => {
    const kernel = new Kernel();
    kernel.drafts = [{ id: "d", author: "me", operations: 2, changed_at: "2024-05-01T10:00:00+00:00", kind: "left", stale: false }];
    kernel.model.handle("continue_draft", () => ((kernel.drafts = []), null));
    await open(kernel);
    expect(text('[data-key="draft"]')).toContain("2 changes of yours");
    shown!.el.querySelector<HTMLButtonElement>('[data-key="draft"] button')!.click();
    await until(() => shown!.el.querySelector('[data-key="draft"]') === null);
    expect(kernel.model.calls("continue_draft")[0].params).toMatchObject({ draft: "d", image_id: 1 });
  });
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
    press(shown!, "d");
    for (const [x, y] of [[70, 70], [90, 70], [90, 90]] as const) click(shown!, x, y);
    press(shown!, "Enter");
    press(shown!, "s", { ctrlKey: true });
    expect(kernel.model.calls("operations").length + kernel.model.calls("save").length).toBe(0);
    expect(editor.chrome.save.disabled).toBe(true);
    kernel.model.handle("pixels", () => kernel.pixels());
    shown!.el.querySelector<HTMLButtonElement>(".sw-editor-card button")!.click();
    await until(() => editor.work.info !== null);
    expect(editor.chrome.card.hidden).toBe(true);
    expect(editor.store.count).toBe(3);
  });
});

describe("keys", () => {
  it("stand in the help, every one, and nothing else does", async () => {
    const { editor, el } = await open();
    press(shown!, "?");
    expect(editor.help.shown).toBe(true);
    const helped = [...el.querySelectorAll<HTMLElement>("[data-action].sw-editor-help-row")].map((row) => row.dataset.action);
    expect(helped.sort()).toEqual(Object.keys(editor.handlers).sort());
    expect(helped).toEqual(Object.values(bindings).flatMap((rows) => Object.keys(rows)).sort());
    for (const row of el.querySelectorAll(".sw-editor-help-row dd")) expect(row.textContent).not.toMatch(/^editor\./);
    press(shown!, "Escape");
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
        press(shown!, key === "space" ? " " : key, { ctrlKey: parts.includes("ctrl"), shiftKey: parts.includes("shift") });
      }
      expect(handler, action).toHaveBeenCalled();
    }
    document.removeEventListener("keydown", leak);
    expect(leaked).toBe(0);
    expect(shown!.el.querySelector<HTMLElement>(".sw-root")!.dataset.lmSuppressShortcuts).toBe("true");
  });

  it("do nothing while the focus is elsewhere", async () => {
    const { editor } = await open();
    document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "d", bubbles: true }));
    expect(editor.tool().name).toBe("select");
  });
});

describe("picture", () => {
  const read = (x: number, y: number) => {
    const { renderer, view, store, window } = shown!.editor;
    const selected = new Set([...shown!.editor.selection.ids].map((id) => store.slot(id)!));
    renderer.change("all");
    renderer.draw({ view, store, window, shown: { tiles: [], whole: false }, selected, hidden: null, outlines: true, opacity: 1, width: 1.5, heat: 0 }, devicePixelRatio);
    const [sx, sy] = view.toScreen(x, y);
    const { gl } = renderer as GlRenderer;
    const pixel = new Uint8Array(4);
    gl.readPixels(Math.floor(sx * devicePixelRatio), gl.drawingBufferHeight - 1 - Math.floor(sy * devicePixelRatio), 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixel);
    return [...pixel];
  };

  it("shows grey in full depth between black and white, and nothing outside the image", async () => {
    const { editor } = await open();
    expect(editor.renderer.kind).toBe("webgl2");
    const grey = read(150.5, 100.5)[0];
    expect(grey).toBeGreaterThan(185);
    expect(grey).toBeLessThan(197); // 3010 of 4000
    expect(read(-2, 50)[3]).toBe(0);
    editor.chrome.contrast.value = "1";
    expect(read(150.5, 100.5)[0]).toBe(255);
    expect(read(70.5, 100.5)[0]).toBe(0);
  });

  it("draws lines in the class's colour over a dark halo, as wide at every zoom", async () => {
    const { editor } = await open();
    for (const factor of [1, 6]) {
      editor.view.zoomAt(...editor.view.toScreen(120, 20), factor);
      const [red, green, blue] = read(120, 20);
      expect(red).toBeGreaterThan(180); // orange, the second class
      expect(blue).toBeLessThan(80);
      expect(green).toBeGreaterThan(100);
      const beside = read(120, 20 + 1.7 / editor.view.scale);
      const far = read(120, 20 + 12 / editor.view.scale);
      expect(beside[0]).toBeLessThan(far[0]);
    }
  });

  it("leaves halos out where there is no room for them, but for what is selected", async () => {
    const { editor } = await open();
    const { store, view } = editor;
    const tiny = [Float32Array.of(1, 1, 3, 1, 3, 3)];
    for (let i = store.count; i <= CROWD; i++) store.put(crypto.randomUUID(), tiny, store.attributes(1));
    const beside = () => read(120, 20 + 1.7 / view.scale)[0], far = read(120, 20 + 12 / view.scale)[0];
    expect(store.count).toBeGreaterThan(CROWD);
    expect(beside()).toBeGreaterThan(far - 8);
    editor.selection.set([IDS[1]]);
    expect(read(120, 20 + 2.3 / view.scale)[0]).toBeLessThan(far);
  });

  it("comes back whole after a lost context", async () => {
    const { editor } = await open();
    const before = read(120, 20);
    await loseContext(editor.renderer as GlRenderer);
    expect(read(120, 20)).toEqual(before);
    expect(read(150.5, 100.5)[0]).toBeGreaterThan(185);
  });

  it("is drawn by Canvas2D with a notice where WebGL2 is missing", async () => {
    const real = HTMLCanvasElement.prototype.getContext;
    vi.spyOn(HTMLCanvasElement.prototype, "getContext").mockImplementation(function (this: HTMLCanvasElement, kind: string, ...rest: unknown[]) {
      return kind === "webgl2" ? null : (real as (...args: unknown[]) => unknown).call(this, kind, ...rest);
    } as never);
    const { editor } = await open();
    expect(editor.renderer).toBeInstanceOf(CanvasRenderer);
    expect(text('[data-key="canvas"]')).toContain("WebGL2");
    await frame();
    const [sx, sy] = editor.view.toScreen(150.5, 100.5);
    const pixel = editor.chrome.picture.getContext("2d")!.getImageData(sx * devicePixelRatio, sy * devicePixelRatio, 1, 1).data;
    expect(pixel[0]).toBeGreaterThan(185);
    expect(pixel[0]).toBeLessThan(197);
    expect(SIZE.width).toBe(200);
  });

  it("takes a tool up without losing the selection, and keeps what is half drawn", async () => {
    const { editor } = await open();
    click(shown!, 120, 40);
    press(shown!, "d");
    click(shown!, 10, 80);
    click(shown!, 30, 80);
    press(shown!, "v");
    expect([...editor.selection.ids]).toEqual([IDS[1]]);
    press(shown!, "d");
    expect(editor.tool().marks().path!.length).toBeGreaterThanOrEqual(2);
  });

  it("is fitted by F and by a double click", async () => {
    const { editor } = await open();
    const { scale } = editor.view;
    editor.view.zoomAt(10, 10, 5);
    press(shown!, "f");
    expect(editor.view.scale).toBeCloseTo(scale, 9);
    editor.view.zoomAt(10, 10, 5);
    editor.chrome.stage.dispatchEvent(new MouseEvent("dblclick", { bubbles: true }));
    expect(editor.view.scale).toBeCloseTo(scale, 9);
  });

  it("stays fitted through a pane of next to no room, and keeps what a person looks at", async () => {
    const { editor } = await open();
    const { scale } = editor.view;
    const outer = editor.chrome.stage.closest<HTMLElement>(".sw-root")!;
    const width = async (css: string) => {
      const before = editor.view.width;
      outer.style.width = css;
      await vi.waitFor(() => expect(editor.view.width).not.toBe(before));
    };
    await width("120px");
    await width("");
    expect(editor.view.scale).toBeCloseTo(scale, 6);
    editor.view.zoomAt(10, 10, 5);
    await width("400px");
    await width("");
    expect(editor.view.scale).toBeCloseTo(5 * scale, 6);
  });
});
