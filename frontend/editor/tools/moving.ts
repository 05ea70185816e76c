/** Moving whole outlines: by a drag, and by keys. */

import { changed } from "../changes";
import { bounds, type Box, type Rings } from "../geometry";
import { GRID } from "../outlines/grid";
import type { Pointer, ToolHost } from "./tool";

/** The selected outlines that may be changed. */
export function movable(host: ToolHost): string[] {
  return [...host.selection.ids].filter((id) => host.store.slot(id) !== undefined && !host.store.isAside("locked", id));
}

/** Move what is selected by so many pixels, as far as it stays in the image; false when nothing can be. */
export function moveSelected(host: ToolHost, dx: number, dy: number): boolean {
  if (host.readOnly || !host.selection.ids.size) return false;
  const ids = movable(host);
  if (!ids.length) host.refuse("editor.refused.locked");
  const [x, y] = allowed(host, ids, dx, dy);
  if (!x && !y) return false;
  return host.commit("editor.did.move", ids.map((id) => changed(host.store, id, shifted(ringsOf(host, id), x, y))));
}

export class MoveDrag {
  readonly ids: readonly string[];
  #by: [number, number] = [0, 0];

  constructor(private readonly host: ToolHost, private readonly from: Pointer) {
    this.ids = movable(host);
    if (!this.ids.length) host.refuse("editor.refused.locked");
  }

  move(at: Pointer): void {
    const { host } = this;
    this.#by = allowed(host, this.ids, at.x - this.from.x, at.y - this.from.y);
    host.preview = {
      hides: this.ids.length === 1 ? this.ids[0] : null,
      shapes: this.ids.map((id) => ({
        id, rings: shifted(ringsOf(host, id), ...this.#by), classIndex: host.store.attributes(host.store.slot(id)!).classIndex,
      })),
    };
    host.redraw();
  }

  end(): void {
    this.cancel();
    if (this.ids.length) moveSelected(this.host, ...this.#by);
  }

  cancel(): void {
    this.host.preview = null;
    this.host.redraw();
  }
}

function ringsOf({ store }: ToolHost, id: string): Rings {
  return store.rings(store.slot(id)!);
}

/**
 * How far they can move that way without leaving the image; what sticks out already need not come in. Steps of the
 * grid keep every vertex's distance from the others exact.
 */
function allowed(host: ToolHost, ids: readonly string[], dx: number, dy: number): [number, number] {
  const all = ids.map((id) => bounds(ringsOf(host, id))).reduce(
    (a, b): Box => [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[2], b[2]), Math.max(a[3], b[3])],
    [Infinity, Infinity, -Infinity, -Infinity] as Box,
  );
  const keep = (by: number, low: number, high: number, size: number) =>
    Math.round(Math.max(Math.min(0, -low), Math.min(Math.max(0, size - high), by)) * GRID) / GRID;
  return ids.length ? [keep(dx, all[0], all[2], host.width), keep(dy, all[1], all[3], host.height)] : [0, 0];
}

export function shifted(rings: Rings, dx: number, dy: number): Rings {
  return rings.map((ring) => ring.map((value, i) => value + (i % 2 ? dy : dx)));
}
