/**
 * Random operations by every tool on fifty outlines, then undo of all of them: exactly the start comes back, here and
 * in the kernel. `make test` does 200, `make test-long` 2,000.
 */

import { expect, it } from "vitest";

import { MockAnswer } from "../shared/mock";
import { OutlineSet } from "../shared/outlines";
import type { Rings } from "./geometry";
import { isSound } from "./outlines/validity";
import { along, chance, click, drag, frame, Kernel, point, press, show, until, type SentOperation, type Shown } from "./testing";

declare global {
  interface ImportMeta {
    readonly env: Readonly<Record<string, string | undefined>>;
  }
}

const COUNT = Number(import.meta.env.VITE_REPLAY ?? 200);
const SEED = 20_240_501;
const WIDTH = 1000, HEIGHT = 800;

/** A kernel of fifty outlines that keeps what it is sent. */
class Fifty extends Kernel {
  readonly ids: string[] = [];
  readonly start: Rings[] = [];
  readonly kept = new Map<string, { rings: number[][]; className: string }>();

  constructor(random: () => number) {
    super();
    for (let i = 0; i < 50; i++) {
      const x = 60 + 98 * (i % 10), y = 80 + 155 * Math.floor(i / 10), radius = 30 + 25 * random();
      const phase = 6 * random(), vertices = 20 + Math.floor(60 * random());
      const outer = Float32Array.from({ length: 2 * vertices }, (_, k) => {
        const angle = (2 * Math.PI * (k >> 1)) / vertices;
        const away = radius * (1 + 0.2 * Math.sin(3 * angle + phase));
        return k % 2 ? y + away * Math.sin(angle) : x + away * Math.cos(angle);
      });
      const hole = Float32Array.of(x - 8, y - 8, x - 8, y + 8, x + 8, y + 8, x + 8, y - 8);
      this.ids.push(`00000000-0000-7000-8000-${String(i).padStart(12, "0")}`);
      this.start.push(i % 4 ? [outer] : [outer, hole]);
      this.kept.set(this.ids[i], { rings: this.start[i].map((ring) => [...ring]), className: ["spheroid", "core"][i % 2] });
    }
    this.model.handle("operations", (params, buffers) => {
      let at = 0;
      for (const { kind, outline_id, class_name } of params.operations as SentOperation[]) {
        if (kind === "delete") this.kept.delete(outline_id);
        else this.kept.set(outline_id, { rings: OutlineSet.decode(buffers[at++] as ArrayBuffer).rings(0).map((ring) => [...ring]), className: class_name });
      }
      return this.operations(params.operations as SentOperation[]);
    });
  }

  override document(image: number): MockAnswer {
    if (!this.start) return super.document(image);
    const { value } = super.document(image);
    const view = (array: ArrayBufferView) => new DataView(array.buffer, array.byteOffset, array.byteLength);
    const known = value as { image: object };
    return new MockAnswer({ ...known, ids: this.ids, image: { ...known.image, width: WIDTH, height: HEIGHT } }, [
      new DataView(OutlineSet.fromRings(this.start).encode()), view(Uint8Array.from(this.ids, (_, i) => i % 2)),
      view(Float32Array.from(this.ids, (_, i) => 0.5 + i / 100)), view(Uint8Array.from(this.ids, (_, i) => (i % 7 ? 0 : 2))),
    ]);
  }
}

/** What a person might do next. */
function actions(shown: Shown, random: () => number): Record<string, () => void> {
  const { editor } = shown;
  const x = () => WIDTH * random(), y = () => HEIGHT * random();
  const near = ([cx, cy]: [number, number], reach: number): [number, number] => [cx + reach * (random() - 0.5), cy + reach * (random() - 0.5)];
  const some = (n: number) => {
    const ids = editor.store.seen();
    editor.selection.set(Array.from({ length: n }, () => ids[Math.floor(random() * ids.length)]));
  };
  const middle = (): [number, number] => {
    const id = [...editor.selection.ids][0];
    const rings = id === undefined ? [] : editor.store.rings(editor.store.slot(id)!);
    return rings.length ? [rings[0][0], rings[0][1]] : [x(), y()];
  };
  const walk = (n: number, reach: number) => {
    const way: [number, number][] = [near(middle(), 40)];
    while (way.length < n) way.push(near(way.at(-1)!, reach));
    return way;
  };
  const neighbours = () => {
    some(1);
    const [cx, cy] = middle();
    drag(shown, [cx - 90, cy - 90], [cx + 90, cy + 90], { altKey: false, shiftKey: true });
  };
  const reshape = (kind: string) => () => {
    some(1 + Math.floor(3 * random()));
    press(shown, "t");
    const [menu, field] = ["select", ".sw-editor-field"].map((of) => shown.el.querySelector<HTMLInputElement>(`.sw-editor-settings ${of}`)!);
    menu.value = kind;
    menu.dispatchEvent(new Event("change"));
    field.value = String(0.5 + 12 * random());
    field.dispatchEvent(new Event("change"));
    press(shown, "Enter");
    press(shown, "Escape");
  };
  const key = (name: string, init: KeyboardEventInit = {}) => () => press(shown, name, init);
  const with_ = (n: number, act: () => void) => () => (some(n), act());
  return {
    move: () => (some(1), press(shown, "v"), drag(shown, middle(), near(middle(), 60))),
    nudge: with_(3, key("ArrowLeft", { shiftKey: true })),
    box: () => (press(shown, "v"), drag(shown, [x(), y()], [x(), y()])),
    lasso: () => (press(shown, "v"), along(shown, walk(6, 300), { altKey: true })),
    vertex: () => (some(1), press(shown, "e"), drag(shown, middle(), near(middle(), 30))),
    vertices: () => (some(1), press(shown, "e"), drag(shown, [x(), y()], middle()), press(shown, "ArrowDown", { shiftKey: true })),
    less: () => (some(1), press(shown, "e"), click(shown, ...middle()), press(shown, "Delete")),
    freehand: () => (press(shown, "d"), along(shown, walk(12, 60)), press(shown, "Escape")),
    polygon: () => (press(shown, "d"), walk(5, 120).forEach((at) => click(shown, ...at)), press(shown, "Enter"), [1, 2, 3, 4, 5].forEach(() => press(shown, "Escape"))),
    rectangle: () => (press(shown, "r"), drag(shown, [x(), y()], near(middle(), 80))),
    ellipse: () => (press(shown, "l"), drag(shown, middle(), near(middle(), 90))),
    hole: () => (some(1), press(shown, "l"), press(shown, "i"), drag(shown, near(middle(), 30), near(middle(), 30)), press(shown, "i")),
    brush: () => (some(random() < 0.8 ? 1 : 0), press(shown, "b"), along(shown, walk(5, 60))),
    eraser: () => (some(1), press(shown, "B", { shiftKey: true }), along(shown, walk(5, 60))),
    slice: () => (some(random() < 0.5 ? 1 : 0), press(shown, "s"), along(shown, [near(middle(), 300), near(middle(), 60), near(middle(), 300)]), press(shown, "Escape")),
    merge: () => (press(shown, "v"), neighbours(), press(shown, "m")),
    subtract: () => (press(shown, "v"), neighbours(), press(shown, "M", { shiftKey: true })),
    intersect: () => (press(shown, "v"), neighbours(), press(shown, "N", { shiftKey: true })),
    fill: with_(3, key("g")),
    free: () => (some(1), point(shown, "pointermove", ...middle()), press(shown, "I", { shiftKey: true })),
    simplify: reshape("simplify"),
    smooth: reshape("smooth"),
    grow: reshape("grow"),
    shrink: reshape("shrink"),
    duplicate: with_(1, key("d", { ctrlKey: true })),
    class: with_(2, key(random() < 0.5 ? "1" : "2")),
    lock: with_(1, key("L", { shiftKey: true })),
    hide: with_(1, key("H", { shiftKey: true })),
    show: key("O", { shiftKey: true }),
    delete: with_(1, key("Delete")),
    undo: key("z", { ctrlKey: true }),
    redo: key("Z", { ctrlKey: true, shiftKey: true }),
  };
}

it(`${COUNT} operations, all undone, leave exactly what was there`, { timeout: 900_000 }, async () => {
  const random = chance(SEED);
  const kernel = new Fifty(random);
  const shown = await show(kernel);
  const { editor } = shown;
  const { store, work } = editor;
  const state = () => [...store.slots()].map((slot) => [store.id(slot), store.rings(slot).map((ring) => [...ring]), store.attributes(slot)]);
  const start = state();
  const kept = new Map(kernel.kept);
  const done = new Map<string, number>();
  const names = Object.keys(actions(shown, random));
  const began = performance.now();
  for (let round = 0, steps = 0; steps < COUNT; round++) {
    const name = names[Math.floor(random() * names.length)];
    const before = work.history.undoable;
    actions(shown, random)[name]();
    if (work.history.undoable !== before) {
      steps++;
      done.set(name, (done.get(name) ?? 0) + 1);
    }
    if (store.aside("locked").size > 5) shown.kernel.model.update({ locked_ids: [] });
    if (store.count > 100) {
      editor.selection.set(store.seen().filter((id) => !store.isAside("locked", id)).slice(0, 40));
      press(shown, "v");
      press(shown, "Delete");
    }
    if (round % 20 === 0) await frame();
  }
  for (const slot of store.slots()) expect(isSound(store.rings(slot))).toBe(true);
  await until(() => work.storing.state === "stored", 60_000);
  expect(kernel.kept.size).toBe(store.count);
  shown.kernel.model.update({ locked_ids: [] });
  let undone = 0;
  for (; work.history.undoable; undone++) {
    shown.kernel.model.update({ locked_ids: [] }); // a lock that is undone is there again, and would stand in the way
    expect(work.undo()).toBe(true);
  }
  expect(state()).toEqual(start);
  await until(() => work.storing.state === "stored", 60_000);
  expect(kernel.kept).toEqual(kept);
  const list = [...done].sort((a, b) => b[1] - a[1]).map(([name, n]) => `${name} ${n}`).join(", ");
  console.log(`${COUNT} operations (${list}), ${undone} undone, in ${((performance.now() - began) / 1000).toFixed(1)} s; ${store.length} outlines were made in all`);
  expect(done.size).toBeGreaterThan(names.length - 8);
  shown.close();
});
