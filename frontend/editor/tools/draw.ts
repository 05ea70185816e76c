import { isHere } from "../outlines/algebra";
import type { Point } from "../outlines/shapes";
import { simplifyLine } from "../outlines/simplifying";
import { place } from "./placing";
import { dragged, QuietTool, within, type Control, type Marks, type Pointer } from "./tool";

/** What is drawn by hand keeps within so many screen pixels of the way the pointer went. */
const TREMBLE = 0.8;

/**
 * Clicks set vertices; Enter, a double click, or a click on the first vertex closes. A drag draws freehand, and closes
 * on release when it began the outline. Esc takes the last vertex, or the last freehand piece, back.
 */
export class DrawTool extends QuietTool {
  readonly name = "draw";
  override readonly cursor = "crosshair";
  override readonly controls: readonly Control[] = [{ kind: "button", action: "draw.hole", label: "editor.as_hole" }];
  /** Vertices, in the pieces in which they were set. */
  #pieces: Point[][] = [];
  #press: { from: Pointer; way: Point[] | null } | null = null;
  #at: Point | null = null;

  override down(at: Pointer): void {
    if (this.host.readOnly) return;
    const point = within(this.host, at.x, at.y);
    if (this.#count() >= 3 && this.#near(this.#pieces[0][0], point)) {
      this.finish();
      return;
    }
    // The second press of a double click lies where the first one lay.
    const last = this.#pieces.at(-1)?.at(-1);
    if (last && Math.hypot(last[0] - point[0], last[1] - point[1]) < this.host.reach / 4) return;
    this.#pieces.push([point]);
    this.#press = { from: at, way: null };
    this.host.redraw();
  }

  override move(at: Pointer): void {
    this.#at = within(this.host, at.x, at.y);
    const press = this.#press;
    if (press && (press.way || dragged(press.from, at, 5))) {
      press.way ??= this.#pieces.at(-1)!;
      press.way.push(this.#at);
    }
    if (this.#pieces.length) this.host.redraw();
  }

  override up(_at: Pointer): void {
    const press = this.#press;
    this.#press = null;
    if (!press?.way) return;
    const piece = simplifyLine(press.way, TREMBLE / this.host.scale);
    this.#pieces[this.#pieces.length - 1] = piece;
    if (this.#pieces.length === 1 || this.#near(this.#pieces[0][0], piece.at(-1)!)) this.finish();
    this.host.redraw();
  }

  override cancel(): void {
    if (this.#press) this.#pieces.pop();
    this.leave();
  }

  override leave(): void {
    this.#press = null;
    this.#at = null;
    this.host.redraw();
  }

  override doubleClick(_at: Pointer): boolean {
    this.finish();
    return true;
  }

  override back(): boolean {
    if (!this.#pieces.length) return false;
    this.#press = null;
    this.#pieces.pop();
    this.host.redraw();
    return true;
  }

  override remove(): boolean {
    return this.back();
  }

  override finish(): boolean {
    if (!this.#pieces.length) return false;
    if (this.#count() < 3) {
      this.host.refuse("editor.refused.three_vertices");
      return true;
    }
    const ring = Float32Array.from(this.#pieces.flat(2));
    // What was not taken can be mended: only a freehand outline, whose vertices nobody set one by one, goes.
    if (place(this.host, ring) || (this.#pieces.length === 1 && isHere())) this.#pieces = [];
    this.host.redraw();
    return true;
  }

  override marks(): Marks {
    if (!this.#pieces.length) return {};
    const first = this.#pieces[0][0];
    const closing = this.#count() >= 3 && !this.#press?.way && this.#at && this.#near(first, this.#at);
    const end = this.#press?.way || !this.#at ? [] : [closing ? first : this.#at];
    return {
      path: [...this.#pieces.flat(), ...end],
      knots: this.#pieces.map((piece) => piece[0]),
      ghost: closing ? first : null,
    };
  }

  #count(): number {
    return this.#pieces.reduce((sum, piece) => sum + piece.length, 0);
  }

  #near(a: Point, b: Point): boolean {
    return Math.hypot(a[0] - b[0], a[1] - b[1]) <= this.host.reach;
  }
}
