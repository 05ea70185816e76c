/** Helpers of the tests: a kernel of three outlines, real pointer events, pixels of the picture. */

import "../shared/tokens.css";
import "./editor.css";
import "./strip.css";
import "./help.css";
import "./objects/objects.css";
import "./reading/reading.css";
import "./side.css";
import "../shared/review/exclusion.css";
import "./fixing/fixing.css";
import "./tiles/planes.css";

import { afterEach, vi } from "vitest";

import bindings from "../../spheroseg_widgets/widgets/keys/editor.json";
import words from "../../spheroseg_widgets/widgets/strings/en.json";
import { MockAnswer, MockModel } from "../shared/mock";
import { OutlineSet } from "../shared/outlines";
import type { SentVerdict } from "./operations";
import { Editor } from "./editor";
import { area, type Rings } from "./geometry";
import type { GlRenderer } from "./gl/renderer";
import script from "./later.ts?script";
import { isHere } from "./outlines/algebra";
import { mount } from "../shared/frame";

export const IDS = ["11111111-0000-7000-8000-000000000001", "11111111-0000-7000-8000-000000000002", "11111111-0000-7000-8000-000000000003"];
export const SQUARE = Float32Array.of(20, 20, 60, 20, 60, 60, 20, 60);
const HOLE = Float32Array.of(30, 30, 30, 50, 50, 50, 50, 30);
const SECOND = Float32Array.of(100, 20, 140, 20, 140, 60, 100, 60);
const AT_EDGE = Float32Array.of(160, 80, 200, 80, 200, 120, 160, 120);
export const SIZE = { width: 200, height: 120 };

const strings = Object.fromEntries(
  Object.entries(words as Record<string, Record<string, string>>).flatMap(([section, texts]) =>
    Object.entries(texts).map(([key, text]) => [`${section}.${key}`, text]),
  ),
);

const view = (array: ArrayBufferView) => new DataView(array.buffer, array.byteOffset, array.byteLength);

export interface SentOperation {
  id: string;
  kind: string;
  outline_id: string;
  class_name: string;
  step: string;
  parents: string[];
}

export class Kernel {
  readonly model: MockModel;
  version = 1;
  base = 5;
  project = crypto.randomUUID();
  /** Operations it stored, in order; a repeated one counts once. */
  stored = new Map<string, SentOperation>();
  drafts: unknown[] = [];
  continued: number[] = [];
  verdict: (operation: SentOperation) => Partial<SentVerdict> = () => ({});
  failing: string | null = null;
  /** What was copied last, with its outlines. */
  copied: { params: Record<string, unknown>; blob: ArrayBuffer } | null = null;

  constructor(traits: Record<string, unknown> = {}) {
    this.model = new MockModel({ strings, bindings, image_id: 1, read_only: false, selected_ids: [], queue: [], judged_ids: [], locked_ids: [], hidden_ids: [], ...traits });
    this.model.handle("document", (params) => this.document(params.image_id as number));
    this.model.handle("pixels", () => this.pixels());
    this.model.handle("operations", (params) => this.operations(params.operations as SentOperation[]));
    this.model.handle("copy", (params, buffers) => void (this.copied = { params, blob: buffers[0] as ArrayBuffer }));
    this.model.handle("paste", () => (this.copied ? new MockAnswer(this.copied.params, [new DataView(this.copied.blob)]) : null));
    this.model.handle("later", () => this.later());
    this.model.handle("presence", () => ({ author: null, taken_by: null }));
    this.model.handle("save", () => {
      this.stored.clear();
      this.version++;
      return ++this.base;
    });
  }

  document(image: number): MockAnswer {
    const set = OutlineSet.fromRings([[SQUARE, HOLE], [SECOND], [AT_EDGE]]);
    const value = {
      project: this.project,
      image: {
        id: image, name: `image-${image}.tif`, ...SIZE, pixel_size_um: 2, position: image, count: 2,
        previous: image > 1 ? image - 1 : null, next: image < 2 ? image + 1 : null,
      },
      base_revision: this.base, continued: this.continued, draft_operations: this.stored.size, stale: false, version: this.version,
      read_only: this.model.get("read_only"), drafts: this.drafts, classes: ["spheroid", "core"], ids: IDS, parents: {},
    };
    return new MockAnswer(value, [
      new DataView(set.encode()), view(Uint8Array.of(0, 1, 0)), view(Float32Array.of(0.9, 0.8, 0.4)), view(Uint8Array.of(0, 0, 3)),
    ]);
  }

  /** A ramp from left to right, 12 of 16 bits: column c has the value 20 c. */
  pixels(): MockAnswer {
    const data = Uint16Array.from({ length: SIZE.width * SIZE.height }, (_, i) => 20 * (i % SIZE.width));
    const own = { series: 0, t: 0, channel: 0, z: null };
    const info = { ...SIZE, dtype: "uint16", downsample: 1, levels: 0, offset: 0, gain: 1, low: 0, high: 4000, axes: {}, own, plane: own };
    return new MockAnswer(info, [view(data)]);
  }

  /** The script that comes after the picture. */
  later(): MockAnswer {
    return new MockAnswer(null, [view(new TextEncoder().encode(script))]);
  }

  operations(operations: SentOperation[]): MockAnswer {
    if (this.failing) throw new Error(this.failing);
    const before = this.version;
    const verdicts = operations.map((operation) => {
      const given = this.verdict(operation);
      if ((given.state ?? "ok") !== "refused" && !this.stored.has(operation.id)) {
        this.stored.set(operation.id, operation);
        this.version++;
      }
      return { id: operation.id, outline: operation.outline_id, state: "ok", reason: "", geometry: null, ...given };
    });
    return new MockAnswer({ verdicts, before, version: this.version, draft_operations: this.stored.size },
      verdicts.some(({ geometry }) => geometry === 0) ? [new DataView(OutlineSet.fromRings([[SQUARE, HOLE]]).encode())] : []);
  }
}

export interface Shown {
  editor: Editor;
  el: HTMLElement;
  kernel: Kernel;
  close(): void;
}

/** Show an editor 640 px wide and wait until it is open and, unless the kernel keeps it back, whole. */
export async function show(kernel = new Kernel(), { whole = true } = {}): Promise<Shown> {
  const el = document.createElement("div");
  el.style.width = "640px";
  document.body.append(el);
  const inner = document.createElement("div");
  el.append(inner);
  const controller = new AbortController();
  const editor = new Editor(kernel.model, mount(inner, kernel.model, controller.signal, { name: "editor" }), controller.signal);
  await until(() => (editor.work.info !== null && (isHere() || !whole || editor.readOnly)) || !editor.chrome.card.hidden);
  await frame();
  return { editor, el, kernel, close: () => (controller.abort(), el.remove()) };
}

export async function until(ready: () => boolean, limit = 5000): Promise<void> {
  const end = performance.now() + limit;
  while (!ready()) {
    if (performance.now() > end) throw new Error(`waited in vain for ${ready}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

export const frame = () => new Promise<void>((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve())));

/** Lose the context of the picture and get it back, as after a driver's fault. */
export async function loseContext({ gl }: GlRenderer): Promise<void> {
  const loss = gl.getExtension("WEBGL_lose_context")!;
  loss.loseContext();
  await until(() => gl.isContextLost());
  await frame();
  loss.restoreContext();
  await until(() => !gl.isContextLost());
  await frame();
}

/** A pointer event on the stage, at a place of the image. */
export function point(shown: Shown, type: string, x: number, y: number, init: PointerEventInit & { on?: EventTarget } = {}): void {
  const { stage } = shown.editor.chrome;
  const box = stage.getBoundingClientRect();
  const [sx, sy] = shown.editor.view.toScreen(x, y);
  const event = new PointerEvent(type, {
    bubbles: true, cancelable: true, pointerId: 1, pointerType: "mouse", clientX: box.left + sx, clientY: box.top + sy, ...init,
  });
  (init.on ?? stage).dispatchEvent(event);
}

export function click(shown: Shown, x: number, y: number, init: PointerEventInit = {}): void {
  point(shown, "pointermove", x, y, init);
  point(shown, "pointerdown", x, y, init);
  point(shown, "pointerup", x, y, init);
}

export function drag(shown: Shown, from: [number, number], to: [number, number], init: PointerEventInit = {}): void {
  point(shown, "pointerdown", ...from, init);
  for (let i = 1; i <= 4; i++) {
    point(shown, "pointermove", from[0] + ((to[0] - from[0]) * i) / 4, from[1] + ((to[1] - from[1]) * i) / 4, init);
  }
  point(shown, "pointerup", ...to, init);
}

/** A drag along a way. */
export function along(shown: Shown, way: readonly [number, number][], init: PointerEventInit = {}): void {
  point(shown, "pointermove", ...way[0], init);
  point(shown, "pointerdown", ...way[0], init);
  for (let i = 1; i < way.length; i++) {
    const [x0, y0] = way[i - 1], [x1, y1] = way[i];
    for (let k = 1; k <= 4; k++) point(shown, "pointermove", x0 + ((x1 - x0) * k) / 4, y0 + ((y1 - y0) * k) / 4, init);
  }
  point(shown, "pointerup", ...way.at(-1)!, init);
}

export function press(shown: Shown, key: string, init: KeyboardEventInit = {}): void {
  const target = shown.editor.chrome.stage;
  for (const type of ["keydown", "keyup"]) {
    target.dispatchEvent(new KeyboardEvent(type, { key, bubbles: true, cancelable: true, ...init }));
  }
}

/** Chance that repeats. */
export function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The editor of a test that `open` shows; what follows tells of it. */
export let shown: Shown;

/** Close a test's editor after it, and take back what it mocked. */
export function freshEditors(): void {
  afterEach(() => {
    shown?.close(); // none where the first could not be opened
    vi.restoreAllMocks();
  });
}

export const open = async (kernel?: Kernel) => (shown = await show(kernel));

export const find = (selector: string) => shown.el.querySelector<HTMLElement>(selector)!;
export const text = (selector: string) => find(selector).textContent!.replaceAll("\u2009", " ");
export const said = () => text(".sw-editor-said");
export const button = (action: string) => find(`button[data-action="${action}"]`);
/** How far what was changed is stored. */
export const storing = () => find(".sw-editor-storing").dataset.state;
export const rings = (slot: number): Rings => shown.editor.store.rings(slot);
export const ids = () => [...shown.editor.selection.ids];
export const areas = () => [...shown.editor.store.slots()].map((slot) => Math.round(area(rings(slot))));
export const undo = () => press(shown, "z", { ctrlKey: true });
export const sent = () => [...shown.kernel.stored.values()];
/** Everything there is, for "as it was". */
export const everything = () => [...shown.editor.store.slots()].map((slot) => [
  shown.editor.store.id(slot), rings(slot).map((ring) => [...ring]), shown.editor.store.attributes(slot),
]);
