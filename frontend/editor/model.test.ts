/** The parts without a page: geometry, store, view, history, keys. */

import { describe, expect, it } from "vitest";

import { OutlineSet } from "../shared/outlines";
import {
  area, bounds, contains, crossesAt, nearestEdge, nearestVertex, oriented, signedArea, withInserted, withoutVertices,
} from "./geometry";
import { History, type Step } from "./history";
import { chordOf, written } from "../shared/keys";
import bindings from "../../spheroseg_widgets/widgets/keys/editor.json";
import type { Operation, Verdict } from "./operations";
import { Outbox } from "./outbox";
import { OutlineStore } from "./store";
import { uuid7 } from "./uuid";
import { barLength, View } from "../shared/view";

const SQUARE = Float32Array.of(0, 0, 10, 0, 10, 10, 0, 10);
const HOLE = Float32Array.of(2, 2, 2, 4, 4, 4, 4, 2);
const attributes = { classIndex: 0, confidence: NaN, flags: 0, parents: [] };

function storeOf(...objects: Float32Array[][]): OutlineStore {
  const store = new OutlineStore();
  const n = objects.length;
  store.load(OutlineSet.fromRings(objects), {
    ids: objects.map((_, i) => `id-${i}`), classIndex: new Uint8Array(n), confidence: new Float32Array(n), flags: new Uint8Array(n), parents: {},
  });
  return store;
}

describe("geometry", () => {
  it("measures as the kernel does: holes subtract, far places do not cancel", () => {
    expect(area([SQUARE, HOLE])).toBe(96);
    expect(signedArea(SQUARE.map((v) => v + 20000) as Float32Array)).toBe(100);
    expect(signedArea(oriented([SQUARE.slice().reverse()])[0])).toBeGreaterThan(0);
  });

  it("knows what is inside: not a hole", () => {
    expect(contains([SQUARE, HOLE], 1, 1)).toBe(true);
    expect(contains([SQUARE, HOLE], 3, 3)).toBe(false);
    expect(contains([SQUARE, HOLE], 11, 3)).toBe(false);
  });

  it("finds vertices and edges within reach only", () => {
    expect(nearestVertex([SQUARE, HOLE], 4.2, 4.1, 1)).toMatchObject({ ring: 1, vertex: 2 });
    expect(nearestVertex([SQUARE], 5, 5, 1)).toBeNull();
    expect(nearestEdge([SQUARE], 5, 0.5, 1)).toMatchObject({ ring: 0, vertex: 0, x: 5, y: 0 });
    expect(nearestEdge([SQUARE], 0.5, 5, 1)).toMatchObject({ vertex: 3 }); // the closing edge
  });

  it("sees a drag that crosses the outline or a hole, and only that", () => {
    const dragged = (x: number, y: number) => [Float32Array.of(x, y, ...SQUARE.subarray(2)), HOLE];
    expect(crossesAt(dragged(-5, -5), 0, 0)).toBe(false);
    expect(crossesAt(dragged(20, 5), 0, 0)).toBe(true);
    expect(crossesAt(dragged(3, 3), 0, 0)).toBe(true);
  });

  it("puts in and takes out vertices; three are the least", () => {
    const more = withInserted([SQUARE], 0, 3, 0, 5);
    expect([...more[0].slice(-2)]).toEqual([0, 5]);
    const only = (ring: number, ...vertices: number[]) => (r: number, v: number) => r === ring && vertices.includes(v);
    expect(withoutVertices(more, only(0, 4))).toEqual([SQUARE]);
    const triangle = Float32Array.of(2, 2, 2, 4, 4, 4);
    expect(withoutVertices([triangle], only(0, 0))).toBeNull();
    expect(withoutVertices([SQUARE], only(0, 0, 2))).toBeNull();
    expect(withoutVertices([SQUARE, triangle, HOLE], only(1, 0, 1, 2))).toEqual([SQUARE, HOLE]);
  });
});

describe("store", () => {
  it("hits the smallest outline under a point, else a line within reach", () => {
    const store = storeOf([SQUARE], [Float32Array.of(5, 5, 8, 5, 8, 8, 5, 8)]);
    expect(store.hit(6, 6, 1)).toBe(1);
    expect(store.hit(1, 1, 1)).toBe(0);
    expect(store.hit(10.5, 5, 1)).toBe(0);
    expect(store.hit(12, 5, 1)).toBeNull();
  });

  it("keeps slots through change, death and return, and its index follows", () => {
    const store = storeOf([SQUARE], [SQUARE.map((v) => v + 100) as Float32Array]);
    const told: unknown[] = [];
    store.onChange((slots) => told.push(slots));
    store.put("id-0", [SQUARE.map((v) => v + 50) as Float32Array], attributes);
    expect(store.hit(5, 5, 1)).toBeNull();
    expect(store.hit(55, 55, 1)).toBe(0);
    store.remove("id-0");
    expect([store.count, store.hit(55, 55, 1), store.rings(0)]).toEqual([1, null, []]);
    expect(store.put("id-0", [SQUARE], attributes)).toBe(0);
    expect(store.put("new", [SQUARE], attributes)).toBe(2);
    expect(store.count).toBe(3);
    expect(told).toEqual([[0], [0], [0], [2]]);
  });

  it("looks at a handful among 10,000 outlines of 100 vertices for a hit test", () => {
    const objects = Array.from({ length: 10_000 }, (_, i) => {
      const x = 20 * (i % 100) + 10, y = 20 * Math.floor(i / 100) + 10;
      return [Float32Array.from({ length: 200 }, (_, k) => {
        const angle = (Math.PI * 2 * (k >> 1)) / 100;
        return k % 2 ? y + 8 * Math.sin(angle) : x + 8 * Math.cos(angle);
      })];
    });
    const store = storeOf(...objects);
    for (let i = 0; i < 300; i++) store.put(`id-${i}`, objects[i], attributes); // the index is rebuilt on the way
    let looked = 0;
    const rings = store.rings.bind(store);
    store.rings = (slot) => (looked++, rings(slot));
    for (let i = 0; i < 100; i++) store.hit(20 * i + 10, 20 * ((i * 13) % 100) + 10, 2);
    expect(looked).toBe(100);
    delete (store as { rings?: unknown }).rings;
    expect(store.hit(10, 10, 1)).toBe(0);
  });
});

describe("view", () => {
  it("zooms at the pointer: what lies under it stays", () => {
    const view = new View();
    view.resize(640, 480);
    view.fit(0, 0, 200, 100);
    const before = view.toImage(123, 234);
    view.zoomAt(123, 234, 3.7);
    expect(view.toImage(123, 234)[0]).toBeCloseTo(before[0], 9);
    expect(view.toImage(123, 234)[1]).toBeCloseTo(before[1], 9);
  });

  it("shows a box whole, and one pixel as one", () => {
    const view = new View();
    view.resize(640, 480);
    view.fit(0, 0, 200, 100);
    const [x0, y0, x1, y1] = view.visible();
    expect(x0 <= 0 && y0 <= 0 && x1 >= 200 && y1 >= 100).toBe(true);
    view.oneToOne();
    expect(view.scale).toBeCloseTo(1, 12);
  });

  it("chooses bars of 1, 2 or 5", () => {
    expect([barLength(140, 1), barLength(140, 0.5), barLength(140, 0.04)]).toEqual([100, 50, 5]);
  });
});

describe("history", () => {
  const step = (id: string, n = 4): Step => ({
    label: "x", changes: [{ id, before: null, after: [new Float32Array(2 * n)], was: attributes, attributes }],
  });

  it("turns steps round, and forgets what was undone once something else is done", () => {
    const history = new History();
    history.push(step("a"));
    history.push(step("b"));
    expect(history.undo()!.changes[0]).toMatchObject({ id: "b", after: null });
    expect(history.redo()!.changes[0]).toMatchObject({ id: "b", before: null });
    history.undo();
    history.push(step("c"));
    expect(history.redo()).toBeNull();
  });

  it("is bounded by memory, and the last step can always be undone", () => {
    const history = new History(10_000);
    for (let i = 0; i < 100; i++) history.push(step(`s${i}`, 100));
    let count = 0;
    while (history.undo()) count++;
    expect(count).toBe(10);
    history.push(step("large", 100_000));
    expect(history.undo()!.changes[0].id).toBe("large");
  });

  it("forgets an outline that the kernel refused", () => {
    const history = new History();
    history.push(step("a"));
    history.push(step("b"));
    history.forget("b");
    expect(history.undo()!.changes[0].id).toBe("a");
  });
});

describe("keys", () => {
  it("have each chord once", () => {
    const chords = Object.values(bindings).flatMap((rows) => Object.values(rows).flat());
    expect(new Set(chords).size).toBe(chords.length);
  });

  it("are read from events as they stand in the table", () => {
    const chord = (key: string, init: KeyboardEventInit = {}) => chordOf(new KeyboardEvent("keydown", { key, ...init }));
    expect(chord("Z", { ctrlKey: true, shiftKey: true })).toBe("ctrl+shift+z");
    expect(chord("z", { metaKey: true })).toBe("ctrl+z");
    expect(chord("?", { shiftKey: true })).toBe("?");
    expect(chord("+", { shiftKey: true })).toBe("+");
    expect(chord(" ")).toBe("space");
    expect(written("ctrl+shift+z")).toBe("Ctrl+Shift+Z");
    expect(written("+")).toBe("+");
  });
});

describe("outbox", () => {
  it("sends what was done in one step in one message, however much was done before it", async () => {
    const sent: string[][] = [];
    const outbox = new Outbox({ project: crypto.randomUUID(), image: 1, base: 1 }, {
      send: (operations) => {
        sent.push(operations.map(({ step: name }) => name));
        return Promise.resolve(operations.map(({ id, outline }): Verdict => ({ id, outline, state: "ok", reason: "" })));
      },
      verdict: () => undefined,
      changed: () => undefined,
    });
    const operation = (name: string): Operation => ({
      id: crypto.randomUUID(), kind: "put", outline: crypto.randomUUID(), className: "spheroid", label: "x", step: name, parents: [], rings: [SQUARE],
    });
    outbox.add([...Array.from({ length: 31 }, (_, i) => operation(`single ${i}`)), ...Array.from({ length: 40 }, () => operation("merge")), operation("last")]);
    await outbox.settled();
    outbox.end();
    expect(sent.flat()).toHaveLength(72);
    expect(sent.filter((batch) => batch.includes("merge"))).toHaveLength(1);
    expect(sent.length).toBeGreaterThan(1);
  });
});

it("makes ids of version 7 that sort by time", async () => {
  const first = uuid7();
  await new Promise((resolve) => setTimeout(resolve, 3));
  const second = uuid7();
  expect(first).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(first < second).toBe(true);
  expect(Math.abs(parseInt(first.replaceAll("-", "").slice(0, 12), 16) - Date.now())).toBeLessThan(5000);
});

it("boxes of outlines are those of the outer ring", () => {
  expect(bounds([SQUARE, HOLE])).toEqual([0, 0, 10, 10]);
});
