/** The level set against discs of known size, and the assist tool by pointer, wheel and keys in the whole editor. */

import { afterEach, describe, expect, it } from "vitest";

import { MockAnswer } from "../../shared/mock";
import { OutlineSet } from "../../shared/outlines";
import { area, bounds } from "../geometry";
import { isSound } from "../outlines/validity";
import { click, drag, IDS, Kernel, press, show, SQUARE, until, type Shown } from "../testing";
import { levelSet } from "./level_set";

/** Probability of a disc with an edge of a few pixels; with a hole in its middle. */
function disc(size: number, x: number, y: number, radius: number, hole = 0): Uint8Array {
  return Uint8Array.from({ length: size * size }, (_, i) => {
    const away = Math.hypot((i % size) + 0.5 - x, Math.floor(i / size) + 0.5 - y);
    const inside = 1 / (1 + Math.exp((away - radius) / 1.5));
    return Math.round(255 * (hole ? inside / (1 + Math.exp((hole - away) / 1.5)) : inside));
  });
}

describe("level set", () => {
  it.each([8, 20, 40])("has the area of a disc of radius %d", (radius) => {
    const rings = levelSet(disc(100, 50.3, 49.8, radius), 100, 100, 0.5)!;
    expect(rings).toHaveLength(1);
    expect(Math.abs(area(rings) / (Math.PI * radius ** 2) - 1)).toBeLessThan(0.005);
    expect(isSound(rings)).toBe(true);
  });

  it("keeps holes, grows as the level falls, and is nothing above the peak", () => {
    const values = disc(100, 50, 50, 30, 10);
    const rings = levelSet(values, 100, 100, 0.5)!;
    expect(rings).toHaveLength(2);
    expect(area(rings) / (Math.PI * (900 - 100))).toBeCloseTo(1, 1);
    const sizes = [0.9, 0.7, 0.5, 0.3, 0.1].map((level) => area(levelSet(values, 100, 100, level)!));
    expect(sizes).toEqual([...sizes].sort((a, b) => a - b));
    expect(levelSet(values.map((value) => value >> 1), 100, 100, 0.9)).toBeNull();
  });

  it("ends on the edge that cuts it", () => {
    const rings = levelSet(disc(60, 0, 30, 20), 60, 60, 0.5)!;
    expect(bounds(rings)[0]).toBe(0);
    expect(area(rings) / (Math.PI * 200)).toBeCloseTo(1, 1);
  });
});

describe("assist", () => {
  let shown: Shown | null = null;
  let asked: Record<string, unknown>[] = [];
  let answer: (params: Record<string, unknown>) => MockAnswer | null = () => null;
  const field = (left: number, top: number) => {
    const values = disc(40, 20, 20, 12);
    const info = { left, top, across: 1, down: 1, width: 40, height: 40, level: 0.5, least: 0.04, most: 1, by: "maps", model: "resunet-spheroid" };
    return new MockAnswer(info, [new DataView(values.buffer)]);
  };
  const open = async () => {
    const kernel = new Kernel();
    asked = [];
    kernel.model.handle("assist", (params) => (asked.push(params), answer(params)));
    shown = await show(kernel);
    press(shown, "w");
    return shown.editor;
  };
  afterEach(() => {
    shown?.close();
    shown = null;
  });
  const wheel = (deltaY: number) => shown!.editor.chrome.stage.dispatchEvent(new WheelEvent("wheel", { deltaY, bubbles: true, cancelable: true }));
  const said = () => shown!.el.querySelector(".sw-editor-said")!.textContent!;
  const rings = (slot: number) => shown!.editor.store.rings(slot);

  it("shows what a click found, follows the wheel, and Enter stores it; undo takes it back", async () => {
    answer = () => field(60, 70);
    const editor = await open();
    click(shown!, 80, 90);
    await until(() => editor.preview !== null);
    expect(asked[0]).toMatchObject({ image_id: 1, box: [80, 90, 80, 90].map((value) => expect.closeTo(value, 1)) });
    expect(editor.store.count).toBe(3);
    const first = area(editor.preview!.shapes[0].rings);
    expect(first / (Math.PI * 144)).toBeCloseTo(1, 1);
    const scale = editor.view.scale;
    wheel(-300);
    expect(area(editor.preview!.shapes[0].rings)).toBeGreaterThan(first);
    expect(editor.view.scale).toBe(scale);
    press(shown!, "Enter");
    expect(editor.preview).toBeNull();
    expect(editor.store.count).toBe(4);
    expect(area(rings(3))).toBeGreaterThan(first);
    await until(() => shown!.kernel.stored.size === 1);
    press(shown!, "z", { ctrlKey: true });
    expect(editor.store.count).toBe(3);
  });

  it("drops it with Esc, and says where nothing was found", async () => {
    answer = () => field(60, 70);
    const editor = await open();
    click(shown!, 80, 90);
    await until(() => editor.preview !== null);
    press(shown!, "Escape");
    expect(editor.preview).toBeNull();
    expect(editor.current.name).toBe("assist");
    answer = () => null;
    click(shown!, 80, 90);
    await until(() => said().includes("Nothing was found"));
    press(shown!, "Enter");
    expect(editor.store.count).toBe(3);
  });

  it("replaces what is selected in the box, in one step", async () => {
    answer = () => field(100, 20);
    const editor = await open();
    editor.selection.set([IDS[1]]);
    drag(shown!, [95, 15], [145, 65]);
    await until(() => editor.preview !== null);
    press(shown!, "Enter");
    expect(editor.store.count).toBe(3);
    expect(area(rings(1)) / (Math.PI * 144)).toBeCloseTo(1, 1);
    expect([...editor.selection.ids]).toEqual([IDS[1]]);
    press(shown!, "z", { ctrlKey: true });
    expect(area(rings(1))).toBe(1600);
  });

  it("replaces what lies in the box as a whole where nothing is selected", async () => {
    answer = () => field(100, 20);
    const editor = await open();
    drag(shown!, [95, 15], [145, 65]);
    await until(() => editor.preview !== null);
    press(shown!, "Enter");
    expect(editor.store.count).toBe(3);
    expect(area(rings(1)) / (Math.PI * 144)).toBeCloseTo(1, 1);
    expect(area(rings(2))).toBe(1600);
  });

  it("outlines the selected anew by one key, and selects what is outlined at a first click", async () => {
    answer = () => field(100, 20);
    const editor = await open();
    click(shown!, 120, 40);
    expect(asked).toHaveLength(0);
    expect([...editor.selection.ids]).toEqual([IDS[1]]);
    press(shown!, "W", { shiftKey: true });
    await until(() => editor.preview !== null);
    expect((asked[0].box as number[])[0]).toBeCloseTo(92, 0);
  });

  it("keeps off what is outlined beside it", async () => {
    answer = () => field(50, 20); // over the right side of the square
    const editor = await open();
    click(shown!, 75, 40);
    await until(() => editor.preview !== null);
    expect(bounds(editor.preview!.shapes[0].rings)[0]).toBeGreaterThanOrEqual(60);
  });

  it("forgets what another image was asked", async () => {
    answer = () => field(60, 70);
    const editor = await open();
    click(shown!, 80, 90);
    await until(() => editor.preview !== null);
    press(shown!, ".");
    await until(() => editor.work.info === null);
    await until(() => editor.work.info?.image.id === 2 || shown!.kernel.model.get("image_id") === 2);
    press(shown!, "Enter");
    expect(editor.preview).toBeNull();
    expect(editor.store.count).toBe(3);
  });

  it("copies what the time before has and is not there yet", async () => {
    const editor = await open();
    const fresh = Float32Array.of(70, 80, 90, 80, 90, 100, 70, 100);
    shown!.kernel.model.handle("earlier", () => new MockAnswer(
      { name: "before.tif", time_h: 24, classes: ["spheroid", "core"] },
      [new DataView(OutlineSet.fromRings([[SQUARE], [fresh]]).encode())],
    ));
    press(shown!, "y");
    await until(() => editor.store.count === 4);
    expect(area(rings(3))).toBe(400);
    expect(said()).toContain("before.tif");
    press(shown!, "y");
    await until(() => said().includes("already"));
    expect(editor.store.count).toBe(4);
  });
});
