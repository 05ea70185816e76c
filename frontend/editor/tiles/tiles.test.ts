/** Tiles of a large image: which are wanted, asked for, given up, kept and drawn. */

import { afterEach, describe, expect, it, vi } from "vitest";

import { MockAnswer } from "../../shared/mock";
import type { GlRenderer } from "../gl/renderer";
import { IDS, Kernel, loseContext, point, press, show, until, type Shown } from "../testing";
import { levelAt, tilesIn, TILE } from "./choose";

const WIDTH = 3000, HEIGHT = 1100, FACTOR = 2;
const OWN = { series: 0, t: 0, channel: 0, z: null };
/** Grey value of a pixel: neighbours differ, so that a wrong one is seen. */
const grey = (x: number, y: number) => (x * 7 + y * 13) % 1000 + (Math.floor(x / TILE) + Math.floor(y / TILE)) % 2 * 2000;

/** A kernel with an image of 3000 x 1100 px, of which it sends half the size whole. */
class LargeKernel extends Kernel {
  asked: number[][] = [];
  hold: Promise<void> | null = null;

  constructor(readonly axes: Record<string, number> = {}) {
    super();
    this.model.handle("tiles", async ({ tiles }) => {
      this.asked.push(...(tiles as number[][]));
      await this.hold;
      return new MockAnswer(null, (tiles as number[][]).map((tile) => this.tile(tile)));
    });
    this.model.handle("grey", ({ x, y }) => grey(x as number, y as number));
    this.model.handle("pixels", ({ plane }) => this.plane(plane as typeof OWN | undefined));
  }

  override document(image: number): MockAnswer {
    const answer = super.document(image);
    const { image: about } = answer.value as { image: { width: number; height: number } };
    Object.assign(about, { width: WIDTH, height: HEIGHT });
    return answer;
  }

  plane(plane = OWN): MockAnswer {
    const [width, height] = [WIDTH / FACTOR, HEIGHT / FACTOR];
    const data = new Uint16Array(width * height).fill(500 + 1000 * plane.channel);
    const info = { width, height, dtype: "uint16", downsample: FACTOR, levels: 1, offset: 0, gain: 1, low: 0, high: 4000, axes: this.axes, own: OWN, plane };
    return new MockAnswer(info, [new DataView(data.buffer)]);
  }

  tile([, column, row]: number[]): DataView {
    const clamp = (at: number, most: number) => Math.min(most - 1, Math.max(0, at));
    const right = Math.min(WIDTH, (column + 1) * TILE) + 1, bottom = Math.min(HEIGHT, (row + 1) * TILE) + 1;
    const numbers: number[] = [];
    for (let y = row * TILE - 1; y < bottom; y++) {
      for (let x = column * TILE - 1; x < right; x++) numbers.push(grey(clamp(x, WIDTH), clamp(y, HEIGHT)));
    }
    return new DataView(Uint16Array.from(numbers).buffer);
  }
}

let shown: Shown | null = null;
afterEach(() => {
  shown?.close();
  shown = null;
});

/** Show a place of the image in the middle, at so many device pixels an image pixel, with nothing over the image. */
async function look(x: number, y: number, scale = 1): Promise<void> {
  const { editor } = shown!;
  editor.showOutlines(false);
  Object.assign(editor.view, { scale: scale / devicePixelRatio });
  const { view } = editor;
  // Pixels of the image lie on those of the screen.
  const whole = (at: number) => Math.round(at * devicePixelRatio) / devicePixelRatio;
  view.x = whole(view.width / 2) - x * view.scale;
  view.y = whole(view.height / 2) - y * view.scale;
  editor.moved();
  await until(() => editor.planes.tiles.show(view, devicePixelRatio).whole);
}

/** The grey on screen at a place of the image, drawn now. */
function read(x: number, y: number): number {
  const { renderer, view, store, window, planes } = shown!.editor;
  const scene = { view, store, window, shown: planes.tiles.show(view, devicePixelRatio), selected: new Set<number>(), hidden: null, outlines: false, opacity: 1, width: 1.5, heat: 0 };
  renderer.draw(scene, devicePixelRatio);
  const [sx, sy] = view.toScreen(x, y);
  const { gl } = renderer as GlRenderer;
  const pixel = new Uint8Array(4);
  gl.readPixels(Math.floor(sx * devicePixelRatio), gl.drawingBufferHeight - 1 - Math.floor(sy * devicePixelRatio), 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixel);
  return pixel[0];
}

describe("which tiles", () => {
  it("are as fine as the screen, and no finer", () => {
    expect([8, 1, 0.7, 0.6, 0.3, 0.1, 0.001].map((scale) => levelAt(scale, 4))).toEqual([0, 0, 0, 1, 2, 3, 4]);
  });

  it("are in view, the middle first, and none beyond the image", () => {
    const places = tilesIn([-100, -100, 1400, 600], 0, 1200, 5000);
    expect(places).toHaveLength(3 * 2);
    expect(places[0]).toEqual({ level: 0, column: 1, row: 0 });
    expect(tilesIn([0, 0, 5000, 5000], 2, 2049, 100).map(({ column }) => column).sort()).toEqual([0, 1]);
    expect(tilesIn([6000, 0, 7000, 100], 0, 5000, 5000)).toEqual([]);
  });
});

describe("the picture of a large image", () => {
  it("is that of the file's own pixels, also where tiles meet and at its edge", async () => {
    shown = await show(new LargeKernel());
    for (const [x, y] of [[700, 300], [1024, 512], [2990, 1090], [4, 4]] as const) {
      await look(x, y);
      for (const [dx, dy] of [[0, 0], [-1, -1], [1, 0], [0, 1]]) {
        const expected = (grey(x + dx, y + dy) * 255) / 4000;
        expect(Math.abs(read(x + dx + 0.5, y + dy + 0.5) - expected)).toBeLessThan(1.5);
      }
    }
  });

  it("has no seams where what is read between pixels is of two tiles", async () => {
    shown = await show(new LargeKernel());
    await look(1024, 300, 3);
    // The apron holds the neighbour's pixels: from one to the other it goes without a step at the tile's edge.
    const here = grey(1023, 300), beyond = grey(1024, 300);
    const between = read(1024 - 0.01, 300.5), after = read(1024 + 0.01, 300.5);
    const least = Math.min(here, beyond), most = Math.max(here, beyond);
    for (const value of [between, after]) {
      expect(value).toBeGreaterThan((least * 255) / 4000 + 10);
      expect(value).toBeLessThan((most * 255) / 4000 - 10);
    }
  });

  it("asks for nothing where the small copy is enough, and for what is in view where it is not", async () => {
    const kernel = new LargeKernel();
    shown = await show(kernel);
    expect(kernel.asked).toEqual([]);
    await look(1024, 512);
    const first = new Set(kernel.asked.slice(0, 2).map(String));
    expect([...first].every((tile) => ["0,1,0", "0,2,0", "0,1,1", "0,2,1"].includes(tile))).toBe(true);
    await until(() => shown!.editor.planes.tiles.at(1024, 512) !== null);
    const before = kernel.asked.length;
    await look(1030, 512);
    expect(kernel.asked.length - before).toBeLessThan(8); // what is there is not asked for again
    expect(new Set(kernel.asked.map(String)).size).toBe(kernel.asked.length);
  });

  it("gives up what was scrolled away, and shows the small copy until the tiles come", async () => {
    const kernel = new LargeKernel();
    shown = await show(kernel);
    let release = () => undefined as void;
    kernel.hold = new Promise((resolve) => (release = resolve));
    void look(256, 256);
    await until(() => kernel.asked.length > 0);
    expect(Math.abs(read(256.5, 256.5) - (500 * 255) / 4000)).toBeLessThan(1.5);
    const cancelled = kernel.model.sent.filter(({ kind }) => kind === "cancel").length;
    void look(2700, 800);
    await until(() => kernel.model.sent.filter(({ kind }) => kind === "cancel").length > cancelled);
    release();
    await look(2700, 800);
    expect(Math.abs(read(2700.5, 800.5) - (grey(2700, 800) * 255) / 4000)).toBeLessThan(1.5);
  });

  it("comes back whole after a lost context", async () => {
    shown = await show(new LargeKernel());
    await look(700, 300);
    await loseContext(shown.editor.renderer as GlRenderer);
    expect(Math.abs(read(700.5, 300.5) - (grey(700, 300) * 255) / 4000)).toBeLessThan(1.5);
  });

  it("tells the file's grey value under the pointer, from its tile or from the kernel", async () => {
    shown = await show(new LargeKernel());
    const readout = () => shown!.editor.chrome.readout.textContent!.replaceAll("\u2009", "");
    point(shown, "pointermove", 1500.5, 500.5);
    expect(readout()).toContain("≈ 500");
    await until(() => readout().startsWith(`${grey(1500, 500)} `));
    await look(1024, 512);
    point(shown, "pointermove", 1023.5, 513.5);
    expect(readout()).toContain(`${grey(1023, 513)}`);
    expect(readout()).not.toContain("≈");
  });
});

describe("an image that was sent whole", () => {
  it("is the mean of what lies under a screen pixel where it is shown small, each part in its place", async () => {
    const kernel = new LargeKernel();
    // Lines a pixel wide, brighter to the right and below: shown small they are one grey.
    const number = (x: number, y: number) => 1000 * (x % 2) + 1000 * Number(x >= 1600) + 1500 * Number(y >= 600);
    const data = Uint16Array.from({ length: WIDTH * HEIGHT }, (_, i) => number(i % WIDTH, Math.floor(i / WIDTH)));
    kernel.model.handle("pixels", () => new MockAnswer({
      ...(kernel.plane().value as object), width: WIDTH, height: HEIGHT, downsample: 1, levels: 0,
    }, [new DataView(data.buffer)]));
    shown = await show(kernel);
    const { view } = shown.editor;
    for (const scale of [0.45, 0.2, 0.06]) {
      Object.assign(view, { scale: scale / devicePixelRatio, x: 0, y: 0 });
      for (const [x, y] of [[800, 300], [2300, 300], [800, 850], [2300, 850]]) {
        Object.assign(view, { x: 100 - x * view.scale, y: 100 - y * view.scale });
        const mean = 500 + 1000 * Number(x >= 1600) + 1500 * Number(y >= 600);
        expect(Math.abs(read(x, y) - (mean * 255) / 4000)).toBeLessThan(scale < 0.25 ? 1.5 : 17);
      }
    }
  });
});

describe("gamma and inversion", () => {
  it("act on what lies between black and white, and are taken back by Auto", async () => {
    shown = await show();
    const { editor } = shown;
    editor.showOutlines(false);
    editor.fit();
    const at = () => read(150.5, 100.5) / 255, plain = 3010 / 4000;
    expect(at()).toBeCloseTo(plain, 1);
    editor.reading.looks.set({ gamma: 3 });
    expect(Math.abs(at() - plain ** 3)).toBeLessThan(0.02);
    press(shown, "X", { shiftKey: true });
    expect(Math.abs(at() - (1 - plain ** 3))).toBeLessThan(0.02);
    press(shown, "A", { shiftKey: true });
    expect(Math.abs(at() - plain)).toBeLessThan(0.02);
    expect(editor.reading.looks.values).toMatchObject({ gamma: 1, inverted: false });
  });
});

describe("planes of the file", () => {
  it("are chosen by keys, say whose the outlines are, and lead back", async () => {
    shown = await show(new LargeKernel({ channel: 2, z: 5 }));
    const { element } = shown.editor.planes;
    expect(element.hidden).toBe(false);
    expect(element.textContent).not.toContain("Not the outlines");
    press(shown, "C", { shiftKey: true });
    expect(element.textContent).toContain("Not the outlines");
    await until(() => shown!.editor.work.pixels!.info.plane.channel === 1);
    expect(shown.editor.work.pixels!.valueAt(10, 10)).toBe(1500);
    expect(shown.editor.store.count).toBe(IDS.length);
    press(shown, "PageUp");
    await until(() => shown!.editor.work.pixels!.info.plane.z === 0);
    press(shown, "Home");
    await until(() => shown!.editor.work.pixels!.info.plane.channel === 0);
    expect(element.textContent).not.toContain("Not the outlines");
  });

  it("that take their time say so, also when a second one was asked for meanwhile", async () => {
    const kernel = new LargeKernel({ z: 5 });
    shown = await show(kernel);
    const { wait } = shown.editor.chrome;
    let release = () => undefined as void;
    const held = new Promise<void>((resolve) => (release = resolve));
    kernel.model.handle("pixels", async ({ plane }) => (await held, kernel.plane(plane as typeof OWN)));
    press(shown, "PageUp");
    await until(() => !wait.hidden);
    press(shown, "PageUp");
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(wait.hidden).toBe(false);
    release();
    await until(() => wait.hidden === true);
    expect(shown.editor.work.pixels!.info.plane.z).toBe(1);
  });

  it("are not there where the file has one", async () => {
    shown = await show();
    expect(shown.editor.planes.element.hidden).toBe(true);
    press(shown, "PageUp");
    expect(shown.editor.work.pixels!.info.plane.z).toBeNull();
  });

  it("that cannot be read say why, and the one before stays", async () => {
    const kernel = new LargeKernel({ channel: 2 });
    shown = await show(kernel);
    kernel.model.handle("pixels", () => {
      throw new Error("the file is gone");
    });
    press(shown, "C", { shiftKey: true });
    await until(() => shown!.editor.chrome.said.textContent!.includes("the file is gone"));
    expect(shown.editor.work.pixels!.info.plane.channel).toBe(0);
    expect(shown.editor.planes.element.textContent).not.toContain("Not the outlines");
  });
});

describe("the first reading of a huge image", () => {
  it("tells how far it is", async () => {
    const kernel = new LargeKernel();
    let release = () => undefined as void;
    const held = new Promise<void>((resolve) => (release = resolve));
    kernel.model.handle("pixels", async () => (await held, kernel.plane()));
    const showing = show(kernel);
    await vi.waitFor(() => expect(kernel.model.calls("pixels")).toHaveLength(1));
    kernel.model.event("reading", { image_id: 1, fraction: 0.42 });
    const wait = document.querySelector(".sw-editor-wait")!;
    await vi.waitFor(() => expect(wait.textContent).toContain("42"));
    release();
    shown = await showing;
    expect(shown.editor.chrome.wait.hidden).toBe(true);
  });
});
