import { crossesAt, nearestEdge, withInserted, withoutVertex } from "../geometry";
import { QuietTool, type Marks, type Pointer } from "./tool";
import { gripAt, VertexDrag, type Grip } from "./vertex_drag";

/** Drag moves a vertex; a click on an edge puts one in; Alt and click, or Delete, takes one out. */
export class VerticesTool extends QuietTool {
  readonly name = "vertices";
  override readonly cursor = "crosshair";
  #drag: { drag: VertexDrag; label: string } | null = null;
  #picked: Grip | null = null;
  #ghost: [number, number] | null = null;

  override down(at: Pointer): void {
    const { host } = this;
    this.#ghost = null;
    const grip = gripAt(host, at);
    if (grip) {
      this.#picked = grip;
      if (at.alt) this.remove();
      else this.#drag = { drag: new VertexDrag(host, grip, at), label: "editor.did.move_vertex" };
      host.redraw();
      return;
    }
    const edge = at.alt || host.readOnly ? null : this.#edgeAt(at);
    if (edge) {
      const slot = host.store.slot(edge.id)!;
      const start = withInserted(host.store.rings(slot), edge.ring, edge.vertex, edge.x, edge.y);
      this.#picked = { id: edge.id, ring: edge.ring, vertex: edge.vertex + 1 };
      this.#drag = { drag: new VertexDrag(host, this.#picked, at, start), label: "editor.did.insert_vertex" };
      return;
    }
    this.#picked = null;
    const slot = host.store.hit(at.x, at.y, host.reach);
    host.selection.set(slot === null ? [] : [host.store.id(slot)]);
    host.redraw();
  }

  override move(at: Pointer): void {
    if (this.#drag) {
      this.#drag.drag.move(at);
      return;
    }
    const edge = gripAt(this.host, at) || this.host.readOnly ? null : this.#edgeAt(at);
    const ghost: [number, number] | null = edge ? [edge.x, edge.y] : null;
    if (ghost?.[0] === this.#ghost?.[0] && ghost?.[1] === this.#ghost?.[1]) return;
    this.#ghost = ghost;
    this.host.redraw();
  }

  override up(_at: Pointer): void {
    this.#drag?.drag.end(this.#drag.label);
    this.#drag = null;
  }

  override back(): boolean {
    const busy = this.#drag !== null || this.#picked !== null;
    this.leave();
    if (busy) return true;
    const any = this.host.selection.ids.size > 0;
    this.host.selection.set([]);
    return any;
  }

  override leave(): void {
    this.#drag?.drag.cancel();
    this.#drag = null;
    this.#picked = null;
    this.#ghost = null;
    this.host.redraw();
  }

  override remove(): boolean {
    const grip = this.#picked;
    const { store } = this.host;
    const slot = grip ? store.slot(grip.id) : undefined;
    if (!grip || slot === undefined || !store.alive(slot) || this.host.readOnly) return false;
    this.#picked = null;
    const before = store.rings(slot);
    if (grip.vertex >= (before[grip.ring]?.length ?? 0) / 2) return false;
    const after = withoutVertex(before, grip.ring, grip.vertex);
    if (!after) {
      this.host.refuse("editor.refused.three_vertices");
      return true;
    }
    const ring = after[grip.ring];
    const kept = after.length === before.length && ring !== undefined;
    if (kept && crossesAt(after, grip.ring, (grip.vertex + ring.length / 2 - 1) % (ring.length / 2))) {
      this.host.refuse("editor.refused.crosses");
      return true;
    }
    this.host.commit("editor.did.delete_vertex", [
      { id: grip.id, before, after, attributes: store.attributes(slot) },
    ]);
    return true;
  }

  override marks(): Marks {
    return { ghost: this.#ghost, picked: this.#pickedPlace() };
  }

  #pickedPlace(): [number, number] | null {
    const grip = this.#picked;
    const slot = grip ? this.host.store.slot(grip.id) : undefined;
    if (!grip || slot === undefined) return null;
    const preview = this.host.preview?.id === grip.id ? this.host.preview.rings : this.host.store.rings(slot);
    const ring = preview[grip.ring];
    const x = ring?.[2 * grip.vertex], y = ring?.[2 * grip.vertex + 1];
    return x === undefined || y === undefined ? null : [x, y];
  }

  #edgeAt(at: Pointer): (Grip & { x: number; y: number }) | null {
    for (const id of this.host.selection.ids) {
      const slot = this.host.store.slot(id);
      if (slot === undefined || !this.host.store.alive(slot)) continue;
      const place = nearestEdge(this.host.store.rings(slot), at.x, at.y, this.host.reach);
      if (place) return { id, ring: place.ring, vertex: place.vertex, x: place.x, y: place.y };
    }
    return null;
  }
}
