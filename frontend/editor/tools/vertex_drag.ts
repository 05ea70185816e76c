/** Moving one vertex: the part that the tools "select" and "vertices" share. */

import { crossesAt, nearestVertex, oriented, withVertex, type Rings } from "../geometry";
import type { Attributes } from "../store";
import { within, type Pointer, type ToolHost } from "./tool";

export interface Grip {
  id: string;
  ring: number;
  vertex: number;
}

/** The vertex of a selected outline under the pointer. */
export function gripAt(host: ToolHost, at: Pointer): Grip | null {
  if (host.readOnly) return null;
  let best: Grip | null = null;
  let reach = host.reach;
  for (const id of host.selection.ids) {
    const slot = host.store.slot(id);
    if (slot === undefined || !host.store.alive(slot)) continue;
    const place = nearestVertex(host.store.rings(slot), at.x, at.y, reach);
    if (place) [best, reach] = [{ id, ring: place.ring, vertex: place.vertex }, place.distance];
  }
  return best;
}

export class VertexDrag {
  readonly #before: Rings;
  readonly #attributes: Attributes;
  #rings: Rings;
  #moved: boolean;
  #crossed = false;

  /** `start` are the rings the drag begins with, when a vertex was just put in. */
  constructor(readonly host: ToolHost, readonly grip: Grip, readonly from: Pointer, start?: Rings) {
    const slot = host.store.slot(grip.id)!;
    this.#before = host.store.rings(slot);
    this.#attributes = host.store.attributes(slot);
    this.#rings = start ?? this.#before;
    this.#moved = start !== undefined;
    if (start) this.#show();
  }

  move(at: Pointer): void {
    // A click that trembles is no move.
    if (!this.#moved && Math.hypot(at.screenX - this.from.screenX, at.screenY - this.from.screenY) < 2) return;
    this.#moved = true;
    const { ring, vertex } = this.grip;
    this.#rings = withVertex(this.#rings, ring, vertex, ...within(this.host, at.x, at.y));
    this.#crossed = crossesAt(this.#rings, ring, vertex);
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
    const after = oriented(this.#rings);
    this.host.commit(label, [{ id: this.grip.id, before: this.#before, after, attributes: this.#attributes }]);
  }

  cancel(): void {
    this.host.preview = null;
    this.host.redraw();
  }

  #show(): void {
    this.host.preview = { id: this.grip.id, rings: this.#rings, crossed: this.#crossed };
    this.host.redraw();
  }
}
