/** When the picture and what lies over it are drawn, and how the view gets where the wheel wants it. */

import { paintOverlay } from "./overlay";
import type { EditorParts } from "./parts";
import { objectName, showFooter } from "./readings";
import { lengthText } from "./tools/ruler";

export class Painter {
  #frame = 0;
  #dirty = { scene: true, overlay: true };
  #hidden: number | null = null;
  #goal: { factor: number; x: number; y: number } | null = null;
  #size: [number, number] = [0, 0];

  constructor(private readonly editor: EditorParts) {}

  /** Draw what lies over the picture; the picture itself only when it changed. */
  redraw(): void {
    const { preview, store } = this.editor;
    this.#dirty.overlay = true;
    const hides = preview?.hides;
    const hidden = hides ? (store.slot(hides) ?? null) : null;
    if (hidden !== this.#hidden) {
      this.#hidden = hidden;
      this.#dirty.scene = true;
    }
    this.#frame ||= requestAnimationFrame(() => this.#draw());
  }

  redrawAll(): void {
    this.#dirty.scene = true;
    this.redraw();
  }

  zoom(screenX: number, screenY: number, factor: number, smooth: boolean): void {
    if (!smooth || matchMedia("(prefers-reduced-motion: reduce)").matches) {
      this.editor.view.zoomAt(screenX, screenY, factor);
    } else {
      this.#goal = { factor: factor * (this.#goal?.factor ?? 1), x: screenX, y: screenY };
    }
    this.redrawAll();
  }

  /** The view is where it is wanted: what the wheel still had before it is over. */
  moved(): void {
    this.#goal = null;
    this.redrawAll();
  }

  resize(): void {
    const { view, width: imageWidth, height: imageHeight } = this.editor;
    const { stage, picture, overlay } = this.editor.chrome;
    const [width, height] = [stage.clientWidth, stage.clientHeight];
    if (!width || !height) return;
    // What was fitted stays so: a pane that is hidden, or just being laid out, has next to no room.
    const whole = !this.#size[0] || view.isFit(0, 0, imageWidth, imageHeight);
    this.#size = [width, height];
    for (const canvas of [picture, overlay]) {
      canvas.width = Math.round(width * devicePixelRatio);
      canvas.height = Math.round(height * devicePixelRatio);
    }
    view.resize(width, height);
    if (whole) this.editor.fit();
    // A canvas is empty once its size is set: drawn in the same frame it does not flicker.
    this.#dirty.scene = true;
    this.#draw();
  }

  end(): void {
    cancelAnimationFrame(this.#frame);
  }

  #draw(): void {
    const { editor } = this;
    const { view, store, chrome, preview, frame, reading } = editor;
    this.#frame = 0;
    if (!this.#size[0]) return;
    this.#approach();
    const ratio = devicePixelRatio;
    const slots = [...editor.selection.ids].map((id) => store.slot(id)!).filter((slot) => slot !== undefined);
    const selected = new Set(slots);
    const outlines = editor.outlinesShown;
    if (this.#dirty.scene) {
      this.#dirty.scene = false;
      const { opacity, width, heat } = reading.looks.values;
      const scene = {
        view, store, window: editor.window, shown: editor.planes.tiles.show(view, ratio), selected, hidden: this.#hidden, outlines, opacity, width,
        heat: reading.heat.on ? heat : 0,
      };
      if (editor.renderer.draw(scene, ratio)) this.redrawAll();
      reading.draw(ratio);
    }
    this.#dirty.overlay = false;
    paintOverlay(chrome.overlay.getContext("2d")!, {
      view, store, selected, preview, marks: editor.marks(), hovered: editor.hovered === null ? null : (store.slot(editor.hovered) ?? null),
      imageWidth: editor.width, imageHeight: editor.height, outlines,
      handles: !editor.readOnly && outlines && editor.current.handles,
      accent: frame.token("--sw-accent"), font: `11px ${getComputedStyle(chrome.stage).fontFamily}`,
      label: (slot) => objectName(editor.work, slot), length: (px) => lengthText(px, editor.pixelSize, frame.t),
    }, ratio);
    showFooter(chrome, editor.work, view, preview, frame.t);
    editor.strip.refresh();
    editor.objects.refresh();
    const at = editor.pointer;
    if (at) {
      // The view may have moved under a pointer that rests.
      const [x, y] = view.toImage(at.screenX, at.screenY);
      editor.hover({ ...at, x, y });
    }
    chrome.stage.style.cursor = editor.tool().cursor;
    if (this.#goal) this.redrawAll();
  }

  /** Go a part of the way to where the wheel wants the view: about a tenth of a second in all. */
  #approach(): void {
    const goal = this.#goal;
    if (!goal) return;
    const near = Math.abs(Math.log(goal.factor)) < 0.01;
    const step = near ? goal.factor : goal.factor ** 0.4;
    this.editor.view.zoomAt(goal.x, goal.y, step);
    this.#goal = near ? null : { ...goal, factor: goal.factor / step };
  }
}
