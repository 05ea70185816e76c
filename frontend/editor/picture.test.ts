/** The picture in the whole editor: grey, lines and halos by their pixels, without WebGL2 too, and how it is fitted. */

import { describe, expect, it, vi } from "vitest";

import { CanvasRenderer } from "./canvas_renderer";
import { GlRenderer } from "./gl/renderer";
import { CROWD } from "./scene";
import { frame, freshEditors, IDS, loseContext, open, press, shown, SIZE, text } from "./testing";

freshEditors();

describe("picture", () => {
  const read = (x: number, y: number) => {
    const { renderer, view, store, window } = shown.editor;
    const selected = new Set([...shown.editor.selection.ids].map((id) => store.slot(id)!));
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

  it("is fitted by F and by a double click", async () => {
    const { editor } = await open();
    const { scale } = editor.view;
    editor.view.zoomAt(10, 10, 5);
    press(shown, "f");
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
