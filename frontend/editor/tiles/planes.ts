/**
 * What of its file is shown: the image's own plane, or another channel, z position or page of it; and how much of a large
 * one. Outlines belong to the image's own plane: another one is looked at, and says so.
 */

import { make, messageOf } from "../../shared/frame";
import { count } from "../../shared/numbers";
import type { EditorHost } from "../host";
import { type Axes, Pixels, type PixelsInfo, type Plane } from "../pixels";
import { Tiles } from "./tiles";

type Axis = keyof Axes;
const AXES: readonly Axis[] = ["channel", "z", "t"];
const PROJECTIONS = ["sharpest", "max"] as const;
/** Milliseconds the pointer rests before the kernel is asked what lies under it. */
const REST = 80;

interface Row {
  element: HTMLElement;
  slider: HTMLInputElement;
  words: HTMLElement;
}

export class Planes {
  /** Sliders; nothing where the file has one plane. */
  readonly element = make("div", "sw-editor-planes");
  readonly tiles: Tiles;
  readonly #rows: Record<Axis, Row>;
  readonly #projections: readonly HTMLButtonElement[];
  /** That the outlines are of another plane, and the way to it; its place is kept, so that the picture never jumps. */
  readonly #note = make("span", "sw-editor-plane-note");
  readonly #words = make("span", "sw-editor-plane-words");
  /** The plane that is asked for, or shown. */
  #plane: Plane | null = null;
  #stop = new AbortController();
  #resting: ReturnType<typeof setTimeout> | undefined;
  /** What the kernel said of a pixel. */
  #read: { x: number; y: number; value: number | null } | null = null;

  constructor(private readonly editor: EditorHost) {
    const { t, rpc } = editor.frame;
    this.tiles = new Tiles(rpc, () => editor.redrawAll());
    this.element.hidden = true;
    this.element.setAttribute("role", "group");
    this.element.setAttribute("aria-label", t("editor.planes"));
    this.#rows = { channel: this.#row("channel"), z: this.#row("z"), t: this.#row("t") };
    this.#projections = PROJECTIONS.map((name) => this.#button(`editor.plane.${name}`, () => void this.#go({ z: name })));
    this.#rows.z.element.append(...this.#projections);
    this.#words.setAttribute("role", "status");
    this.#note.append(this.#words, this.#button("editor.plane.back", () => this.back()));
    this.element.append(...AXES.map((axis) => this.#rows[axis].element), this.#note);
  }

  /** Another image is open; its pixels are there. */
  opened(): void {
    this.#stop.abort();
    this.#plane = this.editor.work.pixels!.info.own;
    this.#follow();
  }

  /** Another plane: so many further along an axis; after the last channel comes the first. */
  step(axis: Axis, by: 1 | -1): void {
    const info = this.#info, of = info?.axes[axis];
    if (!info || !of) return;
    const here = this.#plane![axis];
    // From a projection one goes to its first or last position.
    const along = typeof here === "number" ? here + by : by > 0 ? 0 : of - 1;
    const next = axis === "channel" ? along % of : along;
    if (next >= 0 && next < of) void this.#go({ [axis]: next });
  }

  /** The plane that the outlines are of. */
  back(): void {
    if (this.#info) void this.#go(this.#info.own);
  }

  /** Grey value at a place of the image, null outside; a mean where the pixel itself is not there yet. */
  valueAt(x: number, y: number): { value: number; mean: boolean } | null {
    const pixels = this.editor.work.pixels, value = pixels?.valueAt(x, y) ?? null;
    if (!pixels || value === null) return null;
    if (pixels.info.downsample === 1) return { value, mean: false };
    const number = this.tiles.at(x, y);
    if (number !== null) return { value: pixels.grey(number), mean: false };
    [x, y] = [Math.floor(x), Math.floor(y)];
    if (this.#read?.x !== x || this.#read.y !== y) this.#ask(x, y);
    return typeof this.#read?.value === "number" ? { value: this.#read.value, mean: false } : { value, mean: true };
  }

  get #info(): PixelsInfo | undefined {
    return this.editor.work.pixels?.info;
  }

  /** What the kernel is asked with: nothing of the plane where it is the image's own. */
  get #asked(): Record<string, unknown> {
    const { info } = this.editor.work;
    return { image_id: info!.image.id, ...(!same(this.#plane!, this.#info!.own) && { plane: this.#plane }) };
  }

  async #go(change: Partial<Plane>): Promise<void> {
    const { editor } = this, { work } = editor;
    if (!work.info || !this.#info) return;
    const before = this.#info.plane;
    this.#plane = { ...this.#plane!, ...change };
    this.#refresh();
    this.#stop.abort();
    const stop = (this.#stop = new AbortController());
    editor.wait(true);
    try {
      const { value, buffers } = await editor.frame.rpc.call<PixelsInfo>("pixels", this.#asked, { signal: stop.signal });
      if (stop.signal.aborted) return;
      work.pixels = new Pixels(value, buffers[0]);
      this.#follow();
    } catch (error) {
      if (stop.signal.aborted) return;
      this.#plane = before;
      this.#refresh();
      editor.refuse("editor.plane.failed", { reason: messageOf(error) });
    } finally {
      if (this.#stop === stop) editor.wait(false);
    }
  }

  #follow(): void {
    const { editor } = this, pixels = editor.work.pixels!, { width, height, id } = editor.work.info!.image;
    const plane = same(this.#plane!, pixels.info.own) ? null : this.#plane;
    this.tiles.follow(editor.renderer.kind === "webgl2" ? { image: id, plane, pixels, width, height } : null);
    this.#read = null;
    editor.showPixels(pixels);
    this.#refresh();
  }

  #refresh(): void {
    const info = this.#info, plane = this.#plane, { t } = this.editor.frame;
    this.element.hidden = !info || !plane || !Object.keys(info.axes).length;
    if (!info || !plane || this.element.hidden) return;
    for (const axis of AXES) {
      const { element, slider, words } = this.#rows[axis], of = info.axes[axis];
      element.hidden = !of;
      if (!of) continue;
      const here = plane[axis];
      slider.max = String(of - 1);
      if (typeof here === "number") slider.value = String(here);
      words.textContent = t("editor.place", { position: typeof here === "number" ? count(here + 1) : "–", count: count(of) });
    }
    PROJECTIONS.forEach((name, i) => this.#projections[i].setAttribute("aria-pressed", String(plane.z === name)));
    const other = !same(plane, info.own);
    this.#words.textContent = other ? t("editor.plane.elsewhere") : "";
    this.#note.style.visibility = other ? "" : "hidden";
  }

  #row(axis: Axis): Row {
    const element = make("span", "sw-editor-slide"), slider = make("input", "sw-editor-slider"), words = make("span", "sw-editor-plane-at");
    const name = this.editor.frame.t(`editor.plane.${axis}`);
    Object.assign(slider, { type: "range", min: "0", step: "1" });
    slider.setAttribute("aria-label", name);
    slider.addEventListener("input", () => void this.#go({ [axis]: Number(slider.value) }));
    element.append(make("span", "", name), slider, words);
    return { element, slider, words };
  }

  #button(label: string, act: () => void): HTMLButtonElement {
    const made = make("button", "sw-button sw-editor-small", this.editor.frame.t(label));
    made.type = "button";
    made.addEventListener("click", () => {
      act();
      this.editor.release();
    });
    return made;
  }

  #ask(x: number, y: number): void {
    this.#read = { x, y, value: null };
    clearTimeout(this.#resting);
    this.#resting = setTimeout(async () => {
      const asked = this.#read;
      if (!asked || asked.x !== x || asked.y !== y || !this.editor.work.info) return;
      const answer = await this.editor.frame.rpc.call<number>("grey", { ...this.#asked, x, y }).catch(() => null);
      if (this.#read !== asked || !answer) return;
      asked.value = answer.value;
      this.editor.redraw();
    }, REST);
  }
}

function same(one: Plane, other: Plane): boolean {
  return one.t === other.t && one.channel === other.channel && one.z === other.z;
}
