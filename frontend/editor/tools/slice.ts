import { divided } from "../changes";
import { bounds, contains, type Rings } from "../geometry";
import type { Change } from "../history";
import { simplifyLine } from "../outlines/simplifying";
import { slice } from "../outlines/slicing";
import type { Point } from "../outlines/shapes";
import { attempt } from "./placing";
import { dragged, QuietTool, type Marks, type Pointer } from "./tool";

/** What is drawn by hand keeps within so many screen pixels of the way the pointer went. */
const TREMBLE = 0.8;

/**
 * Clicks draw a line; it cuts as soon as it leads from outside through an object to outside, at the second click or a
 * later one. A drag cuts on release. Only the drawn line cuts; of several objects those that are selected.
 */
export class SliceTool extends QuietTool {
  readonly name = "slice";
  override readonly cursor = "crosshair";
  #line: Point[] = [];
  #press: { from: Pointer; way: Point[] | null } | null = null;
  #at: Point | null = null;

  override down(at: Pointer): void {
    if (this.host.readOnly) return;
    this.#press = { from: at, way: null };
    this.#at = [at.x, at.y];
  }

  override move(at: Pointer): void {
    this.#at = [at.x, at.y];
    const press = this.#press;
    if (press && (press.way || dragged(press.from, at, 5))) {
      press.way ??= [[press.from.x, press.from.y]];
      press.way.push(this.#at);
    }
    if (press || this.#line.length) this.host.redraw();
  }

  override up(at: Pointer): void {
    const press = this.#press;
    this.#press = null;
    if (!press) return;
    if (press.way) {
      this.#line.push(...simplifyLine([...press.way, [at.x, at.y]], TREMBLE / this.host.scale));
      this.finish();
    } else {
      this.#click([at.x, at.y]);
    }
    this.host.redraw();
  }

  override cancel(): void {
    this.#press = null;
    this.host.redraw();
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
    const busy = this.#press !== null || this.#line.length > 0;
    if (this.#press) this.#press = null;
    else this.#line.pop();
    this.host.redraw();
    return busy;
  }

  override remove(): boolean {
    return this.back();
  }

  override finish(): boolean {
    if (this.#line.length < 2) return this.#line.length > 0;
    this.#cut();
    this.#line = [];
    this.host.redraw();
    return true;
  }

  override marks(): Marks {
    const line = this.#press?.way ?? this.#line;
    if (!line.length) return {};
    return { path: this.#at && !this.#press?.way ? [...line, this.#at] : line, knots: this.#line };
  }

  /** A click outside that ends a way through an object cuts it; any other is a vertex of the line. */
  #click(point: Point): void {
    const last = this.#line.at(-1);
    // The second press of a double click lies where the first one lay.
    if (last && Math.hypot(last[0] - point[0], last[1] - point[1]) < this.host.reach / 4) return;
    this.#line.push(point);
    const { store } = this.host;
    const inside = this.#crossed().some(({ rings }) => contains(rings, ...point));
    if (this.#line.length > 1 && !inside && this.#crossed().some(({ id }) => this.#pieces(store.rings(store.slot(id)!)).length > 1)) this.finish();
  }

  #pieces(rings: Rings): Rings[] {
    return attempt(this.host, () => slice(rings, this.#line)) ?? [rings];
  }

  /** The outlines the line may cut: what is selected, else whatever it meets. */
  #crossed(): { id: string; rings: Rings }[] {
    const { store, selection } = this.host;
    const box = bounds([Float32Array.from(this.#line.flat())]);
    const met = store.query(box).map((slot) => ({ id: store.id(slot), rings: store.rings(slot) }));
    return selection.ids.size ? met.filter(({ id }) => selection.ids.has(id)) : met;
  }

  #cut(): void {
    const { host } = this;
    const changes: Change[] = [];
    let locked = false;
    for (const { id, rings } of this.#crossed()) {
      const parts = this.#pieces(rings);
      if (parts.length < 2) continue;
      if (host.store.isAside("locked", id)) locked = true;
      else changes.push(...divided(host.store, id, parts));
    }
    if (!changes.length) host.refuse(locked ? "editor.refused.locked" : "editor.refused.not_through");
    else if (host.commit("editor.did.slice", changes)) host.selection.set(changes.map(({ id }) => id));
  }
}
