import type { Ring } from "../../shared/outlines";
import { ellipse, rectangle } from "../outlines/shapes";
import { place } from "./placing";
import { QuietTool, dragged, type Control, type Marks, type Pointer, type ToolHost } from "./tool";

/** A drag from corner to corner draws a rectangle or an ellipse; Shift keeps both sides alike, Alt begins in the middle. */
export class ShapeTool extends QuietTool {
  override readonly cursor = "crosshair";
  override readonly controls: readonly Control[] = [{ kind: "button", action: "draw.hole", label: "editor.as_hole" }];
  #drag: { from: Pointer; at: Pointer; moved: boolean } | null = null;

  constructor(host: ToolHost, readonly name: "rectangle" | "ellipse") {
    super(host);
  }

  override down(at: Pointer): void {
    if (!this.host.readOnly) this.#drag = { from: at, at, moved: false };
  }

  override move(at: Pointer): void {
    if (!this.#drag) return;
    this.#drag.at = at;
    this.#drag.moved ||= dragged(this.#drag.from, at);
    this.host.redraw();
  }

  override up(at: Pointer): void {
    const drag = this.#drag;
    if (drag) drag.at = at;
    const ring = this.#ring();
    this.leave();
    if (drag?.moved && ring) place(this.host, ring);
  }

  override back(): boolean {
    const busy = this.#drag !== null;
    this.leave();
    return busy;
  }

  override leave(): void {
    this.#drag = null;
    this.host.redraw();
  }

  override marks(): Marks {
    return { shape: this.#drag?.moved ? this.#ring() : null };
  }

  #ring(): Ring | null {
    if (!this.#drag) return null;
    const { from, at } = this.#drag;
    let [dx, dy] = [at.x - from.x, at.y - from.y];
    if (at.shift) {
      const side = Math.max(Math.abs(dx), Math.abs(dy));
      [dx, dy] = [dx < 0 ? -side : side, dy < 0 ? -side : side];
    }
    const [x0, y0] = at.alt ? [from.x - dx, from.y - dy] : [from.x, from.y];
    const [x1, y1] = [from.x + dx, from.y + dy];
    if (x0 === x1 || y0 === y1) return null;
    if (this.name === "rectangle") {
      return rectangle(Math.min(x0, x1), Math.min(y0, y1), Math.max(x0, x1), Math.max(y0, y1));
    }
    return ellipse((x0 + x1) / 2, (y0 + y1) / 2, Math.abs(x1 - x0) / 2, Math.abs(y1 - y0) / 2);
  }
}
