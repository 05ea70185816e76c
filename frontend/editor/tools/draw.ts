import { oriented } from "../geometry";
import { uuid7 } from "../uuid";
import { QuietTool, within, type Marks, type Pointer } from "./tool";

/** Clicks set vertices; Enter, a double click, or a click on the first vertex closes; Esc takes the last one back. */
export class DrawTool extends QuietTool {
  readonly name = "draw";
  override readonly cursor = "crosshair";
  #points: [number, number][] = [];
  #at: [number, number] | null = null;

  override down(at: Pointer): void {
    if (this.host.readOnly) return;
    const point = within(this.host, at.x, at.y);
    if (this.#points.length >= 3 && this.#near(this.#points[0], point)) {
      this.finish();
      return;
    }
    // The second press of a double click lies where the first one lay.
    const last = this.#points.at(-1);
    if (last && Math.hypot(last[0] - point[0], last[1] - point[1]) < this.host.reach / 4) return;
    this.#points.push(point);
    this.host.redraw();
  }

  override move(at: Pointer): void {
    this.#at = within(this.host, at.x, at.y);
    if (this.#points.length) this.host.redraw();
  }

  override doubleClick(_at: Pointer): boolean {
    this.finish();
    return true;
  }

  override back(): boolean {
    if (!this.#points.length) return false;
    this.#points.pop();
    this.host.redraw();
    return true;
  }

  override remove(): boolean {
    return this.back();
  }

  override finish(): boolean {
    if (!this.#points.length) return false;
    if (this.#points.length < 3) {
      this.host.refuse("editor.refused.three_vertices");
      return true;
    }
    const [ring] = oriented([new Float32Array(this.#points.flat())]);
    this.#points = [];
    const id = uuid7();
    this.host.commit("editor.did.draw", [
      { id, before: null, after: [ring!], attributes: { classIndex: 0, confidence: NaN, flags: 0 } },
    ]);
    this.host.selection.set([id]);
    return true;
  }

  override marks(): Marks {
    if (!this.#points.length) return {};
    const first = this.#points[0];
    const closing = this.#points.length >= 3 && this.#at && this.#near(first, this.#at);
    return {
      path: this.#at ? [...this.#points, closing ? first : this.#at] : this.#points,
      ghost: closing ? first : null,
    };
  }

  #near(a: readonly [number, number], b: readonly [number, number]): boolean {
    return Math.hypot(a[0] - b[0], a[1] - b[1]) <= this.host.reach;
  }
}
