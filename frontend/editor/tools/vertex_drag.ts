/** Moving vertices: the part that the tools "select" and "vertices" share. */

import { changed } from "../changes";
import { crossesAt, nearestVertex, oriented, type Rings } from "../geometry";
import { isSound } from "../outlines/validity";
import { dragged, within, type Pointer, type ToolHost } from "./tool";

export interface Grip {
  id: string;
  ring: number;
  vertex: number;
}

/** The vertex of a selected outline under the pointer; locked outlines have none. */
export function gripAt(host: ToolHost, at: Pointer): Grip | null {
  if (host.readOnly) return null;
  let best: Grip | null = null;
  let reach = host.reach;
  for (const id of host.selection.ids) {
    const slot = host.store.slot(id);
    if (slot === undefined || !host.store.alive(slot) || host.store.isAside("locked", id)) continue;
    const place = nearestVertex(host.store.rings(slot), at.x, at.y, reach);
    if (place) [best, reach] = [{ id, ring: place.ring, vertex: place.vertex }, place.distance];
  }
  return best;
}

/** The rings of each outline with some of its vertices moved. */
export function withMoved(outlines: ReadonlyMap<string, Rings>, grips: readonly Grip[], dx: number, dy: number): Map<string, Rings> {
  const out = new Map(outlines);
  for (const [id, rings] of outlines) {
    const moved = rings.map((ring) => ring.slice());
    for (const grip of grips) {
      if (grip.id !== id) continue;
      moved[grip.ring][2 * grip.vertex] += dx;
      moved[grip.ring][2 * grip.vertex + 1] += dy;
    }
    out.set(id, moved);
  }
  return out;
}

export class VertexDrag {
  readonly #start: Map<string, Rings>;
  #rings: Map<string, Rings>;
  #moved: boolean;
  #crossed = false;

  /**
   * @param grips what moves; the first is what the pointer holds
   * @param start the rings of its outline the drag begins with, when a vertex was just put in
   */
  constructor(readonly host: ToolHost, readonly grips: readonly Grip[], readonly from: Pointer, start?: Rings) {
    const ids = new Set(grips.map(({ id }) => id));
    this.#start = new Map([...ids].map((id) => [id, start ?? host.store.rings(host.store.slot(id)!)]));
    this.#rings = this.#start;
    this.#moved = start !== undefined;
    if (start) this.#show();
  }

  move(at: Pointer): void {
    if (!this.#moved && !dragged(this.from, at, 2)) return;
    this.#moved = true;
    const [held] = this.grips;
    const ring = this.#start.get(held.id)![held.ring];
    const [x, y] = within(this.host, at.x, at.y);
    this.#rings = withMoved(this.#start, this.grips, x - ring[2 * held.vertex], y - ring[2 * held.vertex + 1]);
    this.#crossed = this.grips.length === 1
      ? crossesAt(this.#rings.get(held.id)!, held.ring, held.vertex)
      : [...this.#rings.values()].some((rings) => !isSound(oriented(rings)));
    this.#show();
  }

  /** End the drag; an outline that crosses itself springs back, and the user is told. */
  end(label: string): void {
    this.cancel();
    if (!this.#moved) return;
    if (this.#crossed) {
      this.host.refuse("editor.refused.crosses");
      return;
    }
    // A vertex pulled through to the other side turns the ring round without a crossing.
    this.host.commit(label, [...this.#rings].map(([id, rings]) => changed(this.host.store, id, oriented(rings))));
  }

  cancel(): void {
    this.host.preview = null;
    this.host.redraw();
  }

  #show(): void {
    const { store } = this.host;
    const ids = [...this.#rings.keys()];
    this.host.preview = {
      hides: ids.length === 1 ? ids[0] : null,
      shapes: ids.map((id) => ({ id, rings: this.#rings.get(id)!, classIndex: store.attributes(store.slot(id)!).classIndex })),
      crossed: this.#crossed,
    };
    this.host.redraw();
  }
}
