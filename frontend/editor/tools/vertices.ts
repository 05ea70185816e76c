import { changed } from "../changes";
import { nearestEdge, withInserted, withoutVertices, type Rings } from "../geometry";
import type { Point } from "../outlines/shapes";
import { isSound } from "../outlines/validity";
import { Region } from "./region";
import { areThere, dragged, QuietTool, type Marks, type Pointer } from "./tool";
import { gripAt, VertexDrag, withMoved, type Grip } from "./vertex_drag";

/**
 * Drag moves a vertex; a click on an edge puts one in; Alt and click, or Delete, takes one out. A drag elsewhere draws a
 * box and picks the vertices in it: they move, and go, together.
 */
export class VerticesTool extends QuietTool {
  readonly name = "vertices";
  override readonly cursor = "crosshair";
  override readonly handles = true;
  #drag: { drag: VertexDrag; label: string } | null = null;
  #box: { region: Region; moved: boolean } | null = null;
  #picked: Grip[] = [];
  #ghost: Point | null = null;

  override down(at: Pointer): void {
    const { host } = this;
    this.#ghost = null;
    const grip = gripAt(host, at);
    if (grip) {
      this.#pick(grip, at);
      host.redraw();
      return;
    }
    const edge = at.alt || host.readOnly ? null : this.#edgeAt(at);
    if (edge) {
      const slot = host.store.slot(edge.id)!;
      const start = withInserted(host.store.rings(slot), edge.ring, edge.vertex, edge.x, edge.y);
      this.#picked = [{ id: edge.id, ring: edge.ring, vertex: edge.vertex + 1 }];
      this.#drag = { drag: new VertexDrag(host, this.#picked, at, start), label: "editor.did.insert_vertex" };
      return;
    }
    this.#box = { region: new Region(at, "box", at.shift), moved: false };
  }

  override move(at: Pointer): void {
    if (this.#drag) {
      this.#drag.drag.move(at);
      return;
    }
    if (this.#box) {
      if (!this.#box.moved && !dragged(this.#box.region.from, at)) return;
      this.#box.moved = true;
      this.#box.region.move(at);
      this.host.redraw();
      return;
    }
    const edge = gripAt(this.host, at) || this.host.readOnly ? null : this.#edgeAt(at);
    const ghost: Point | null = edge ? [edge.x, edge.y] : null;
    if (ghost?.[0] === this.#ghost?.[0] && ghost?.[1] === this.#ghost?.[1]) return;
    this.#ghost = ghost;
    this.host.redraw();
  }

  override up(at: Pointer): void {
    const [drag, box] = [this.#drag, this.#box];
    this.#drag = this.#box = null;
    drag?.drag.end(drag.label);
    if (!box) return;
    if (box.moved) {
      this.#picked = [...(box.region.add ? this.#picked : []), ...this.#within(box.region)];
    } else {
      const { store, selection, reach } = this.host;
      const slot = store.hit(at.x, at.y, reach);
      // A click beside what is picked first lets go of it.
      if (slot !== null) selection.set([store.id(slot)]);
      else if (!this.#picked.length) selection.set([]);
      this.#picked = [];
    }
    this.host.redraw();
  }

  override back(): boolean {
    const busy = this.#drag !== null || this.#box !== null || this.#picked.length > 0;
    this.leave();
    this.#picked = [];
    if (busy) return true;
    const any = this.host.selection.ids.size > 0;
    this.host.selection.set([]);
    return any;
  }

  override leave(): void {
    this.#drag?.drag.cancel();
    this.#drag = this.#box = null;
    this.#ghost = null;
    this.host.redraw();
  }

  /** Vertices are known by number, which another change makes another's: those that are not there are let go. */
  override changed(): void {
    if (this.#drag && !areThere(this.host, this.#picked.map(({ id }) => id))) this.leave();
    if (!this.#drag) this.#picked = this.#picked.filter((grip) => this.#placeOf(grip) !== null && this.host.selection.ids.has(grip.id));
  }

  override remove(): boolean {
    const { host } = this;
    if (!this.#picked.length || host.readOnly) return false;
    const after = new Map<string, Rings | null>();
    for (const { id } of this.#picked) {
      if (after.has(id)) continue;
      const gone = new Set(this.#picked.filter((one) => one.id === id).map(({ ring, vertex }) => `${ring} ${vertex}`));
      after.set(id, withoutVertices(host.store.rings(host.store.slot(id)!), (ring, vertex) => gone.has(`${ring} ${vertex}`)));
    }
    if ([...after.values()].includes(null)) {
      host.refuse("editor.refused.three_vertices");
    } else if (![...after.values()].every((rings) => isSound(rings!))) {
      host.refuse("editor.refused.crosses");
    } else if (host.commit("editor.did.delete_vertex", [...after].map(([id, rings]) => changed(host.store, id, rings!)))) {
      this.#picked = [];
    }
    host.redraw();
    return true;
  }

  override nudge(dx: number, dy: number): boolean {
    const { host } = this;
    if (!this.#picked.length || host.readOnly) return false;
    const ids = new Set(this.#picked.map(({ id }) => id));
    const start = new Map([...ids].map((id) => [id, host.store.rings(host.store.slot(id)!)]));
    const moved = withMoved(start, this.#picked, dx, dy);
    if ([...moved.values()].every(isSound)) {
      host.commit("editor.did.move_vertex", [...moved].map(([id, rings]) => changed(host.store, id, rings)));
    } else {
      host.refuse("editor.refused.crosses");
    }
    return true;
  }

  override marks(): Marks {
    return {
      ghost: this.#ghost,
      picked: this.#picked.map((grip) => this.#placeOf(grip)).filter((place) => place !== null),
      region: this.#box?.moved ? this.#box.region.ring : null,
    };
  }

  #pick(grip: Grip, at: Pointer): void {
    const same = (one: Grip) => one.id === grip.id && one.ring === grip.ring && one.vertex === grip.vertex;
    const known = this.#picked.some(same);
    if (at.alt) {
      this.#picked = [grip];
      this.remove();
    } else if (at.shift) {
      this.#picked = known ? this.#picked.filter((one) => !same(one)) : [...this.#picked, grip];
    } else {
      // What is picked moves with the vertex the pointer holds.
      this.#picked = known ? [grip, ...this.#picked.filter((one) => !same(one))] : [grip];
      this.#drag = { drag: new VertexDrag(this.host, this.#picked, at), label: "editor.did.move_vertex" };
    }
  }

  #within(region: Region): Grip[] {
    const { store, selection } = this.host;
    const found: Grip[] = [];
    for (const id of selection.ids) {
      const slot = store.slot(id);
      if (slot === undefined || store.isAside("locked", id)) continue;
      store.rings(slot).forEach((ring, r) => {
        for (let i = 0; i < ring.length; i += 2) {
          const known = region.add && this.#picked.some((one) => one.id === id && one.ring === r && one.vertex === i / 2);
          if (!known && region.holds(ring[i], ring[i + 1])) found.push({ id, ring: r, vertex: i / 2 });
        }
      });
    }
    return found;
  }

  #placeOf(grip: Grip): Point | null {
    const { store, preview } = this.host;
    const slot = store.slot(grip.id);
    if (slot === undefined) return null;
    const shown = preview?.shapes.find(({ id }) => id === grip.id)?.rings ?? store.rings(slot);
    const ring = shown[grip.ring];
    const x = ring?.[2 * grip.vertex], y = ring?.[2 * grip.vertex + 1];
    return x === undefined || y === undefined ? null : [x, y];
  }

  #edgeAt(at: Pointer): (Grip & { x: number; y: number }) | null {
    const { store, selection, reach } = this.host;
    for (const id of selection.ids) {
      const slot = store.slot(id);
      if (slot === undefined || !store.alive(slot) || store.isAside("locked", id)) continue;
      const place = nearestEdge(store.rings(slot), at.x, at.y, reach);
      if (place) return { id, ring: place.ring, vertex: place.vertex, x: place.x, y: place.y };
    }
    return null;
  }
}
