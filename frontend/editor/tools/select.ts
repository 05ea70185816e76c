import { bounds } from "../geometry";
import { MoveDrag } from "./moving";
import { Region } from "./region";
import { areThere, dragged, QuietTool, type Marks, type Pointer } from "./tool";
import { gripAt, VertexDrag } from "./vertex_drag";

type Press =
  | { kind: "vertex"; drag: VertexDrag }
  /** On an outline that is selected: a drag moves the selected ones, a click selects it alone. */
  | { kind: "outline"; id: string; from: Pointer; drag: MoveDrag | null }
  | { kind: "region"; region: Region; moved: boolean };

/**
 * Click selects, Shift adds; a drag on nothing draws a box, with Alt a lasso, and selects what has its middle in it; a
 * handle of what is selected moves its vertex, a drag inside moves the outline.
 */
export class SelectTool extends QuietTool {
  readonly name = "select";
  override readonly handles = true;
  #press: Press | null = null;

  override down(at: Pointer): void {
    const { host } = this;
    const grip = at.alt ? null : gripAt(host, at);
    if (grip) {
      this.#press = { kind: "vertex", drag: new VertexDrag(host, [grip], at) };
      return;
    }
    const slot = at.alt ? null : host.store.hit(at.x, at.y, host.reach);
    if (slot === null) {
      this.#press = { kind: "region", region: new Region(at, at.alt ? "lasso" : "box", at.shift), moved: false };
      return;
    }
    const id = host.store.id(slot);
    if (at.shift) host.selection.toggle(id);
    else if (!host.selection.ids.has(id)) host.selection.set([id]);
    else this.#press = { kind: "outline", id, from: at, drag: null };
  }

  override move(at: Pointer): void {
    const press = this.#press;
    if (press?.kind === "vertex") press.drag.move(at);
    if (press?.kind === "outline" && !this.host.readOnly) {
      if (!press.drag && dragged(press.from, at, 4)) press.drag = new MoveDrag(this.host, press.from);
      press.drag?.move(at);
    }
    if (press?.kind === "region" && (press.moved || dragged(press.region.from, at))) {
      press.moved = true;
      press.region.move(at);
      this.host.redraw();
    }
  }

  override up(_at: Pointer): void {
    const press = this.#press;
    this.#press = null;
    if (press?.kind === "vertex") press.drag.end("editor.did.move_vertex");
    if (press?.kind === "outline") {
      if (press.drag) press.drag.end();
      else this.host.selection.set([press.id]);
    }
    if (press?.kind === "region") {
      if (press.moved) this.#take(press.region);
      else if (!press.region.add) this.host.selection.set([]);
      this.host.redraw();
    }
  }

  override back(): boolean {
    const busy = this.#press !== null;
    this.leave();
    if (busy) return true;
    const any = this.host.selection.ids.size > 0;
    this.host.selection.set([]);
    return any;
  }

  override leave(): void {
    if (this.#press?.kind === "vertex" || this.#press?.kind === "outline") this.#press.drag?.cancel();
    this.#press = null;
    this.host.redraw();
  }

  override changed(): void {
    const press = this.#press;
    const held = press?.kind === "vertex" ? press.drag.grips.map(({ id }) => id) : press?.kind === "outline" ? (press.drag?.ids ?? []) : [];
    if (!areThere(this.host, held)) this.leave();
  }

  override marks(): Marks {
    return { region: this.#press?.kind === "region" && this.#press.moved ? this.#press.region.ring : null };
  }

  #take(region: Region): void {
    const { store, selection } = this.host;
    const found = store.query(bounds([region.ring])).filter((slot) => {
      const [x0, y0, x1, y1] = bounds(store.rings(slot));
      return region.holds((x0 + x1) / 2, (y0 + y1) / 2);
    });
    const ids = found.sort((a, b) => a - b).map((slot) => store.id(slot));
    selection.set(region.add ? [...selection.ids, ...ids] : ids);
  }
}
