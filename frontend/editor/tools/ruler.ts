import { three } from "../../shared/numbers";
import type { Translate } from "../../shared/strings";
import type { Point } from "../outlines/shapes";
import { dragged, QuietTool, type Control, type Marks, type Pointer } from "./tool";

/** Angles that Shift keeps to: eighths of a turn. */
const EIGHTH = Math.PI / 4;

/** A length in words: in micrometres, where a pixel's size is known, and in pixels. */
export function lengthText(px: number, pixelSize: number | null, t: Translate): string {
  const vars = { px: three(px), um: three(px * (pixelSize ?? NaN)) };
  return t(pixelSize === null ? "editor.length_px" : "editor.length_um", vars);
}

/** A drag measures a length, Shift along eighths of a turn; an end can be dragged on. It stays, under every tool, until Esc. */
export class RulerTool extends QuietTool {
  readonly name = "ruler";
  override readonly cursor = "crosshair";
  override readonly controls: readonly Control[] = [
    { kind: "words", text: (t) => (this.#line ? lengthText(this.length!, this.host.pixelSize, t) : "") },
  ];
  #line: [Point, Point] | null = null;
  #press: { from: Pointer; before: [Point, Point] | null; fixed: Point } | null = null;

  /** What is measured, image pixels; null when nothing is. */
  get length(): number | null {
    if (!this.#line) return null;
    const [[x0, y0], [x1, y1]] = this.#line;
    return Math.hypot(x1 - x0, y1 - y0);
  }

  /** Take the line away; false when there was none. */
  clear(): boolean {
    const there = this.#line !== null;
    this.#line = this.#press = null;
    this.host.redraw();
    return there;
  }

  override down(at: Pointer): void {
    const near = this.#line?.findIndex(([x, y]) => Math.hypot(at.x - x, at.y - y) <= this.host.reach) ?? -1;
    const fixed: Point = near < 0 ? [at.x, at.y] : this.#line![1 - near];
    this.#press = { from: at, before: this.#line, fixed };
  }

  override move(at: Pointer): void {
    const press = this.#press;
    if (!press || (this.#line === press.before && !dragged(press.from, at, 2))) return;
    this.#line = [press.fixed, at.shift ? straight(press.fixed, at) : [at.x, at.y]];
    this.host.redraw();
  }

  override up(_at: Pointer): void {
    this.#press = null;
  }

  /** A drag that goes on is taken back; else the line goes. */
  override back(): boolean {
    if (!this.#press) return this.clear();
    this.leave();
    return true;
  }

  override remove(): boolean {
    return this.clear();
  }

  override leave(): void {
    if (this.#press) this.#line = this.#press.before;
    this.#press = null;
    this.host.redraw();
  }

  override marks(): Marks {
    return { ruler: this.#line };
  }
}

function straight([x, y]: Point, at: Pointer): Point {
  const angle = Math.round(Math.atan2(at.y - y, at.x - x) / EIGHTH) * EIGHTH;
  const along = (at.x - x) * Math.cos(angle) + (at.y - y) * Math.sin(angle);
  return [x + along * Math.cos(angle), y + along * Math.sin(angle)];
}
