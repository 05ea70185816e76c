/** What becomes of a shape once it is drawn: an object, or a hole of the object it lies in. */

import type { Ring } from "../../shared/outlines";
import { added, divided, isSame } from "../changes";
import { area, bounds, type Rings } from "../geometry";
import { NoResult, NotYet } from "../outlines/algebra";
import { clipped, difference, mended } from "../outlines/booleans";
import type { ToolHost } from "./tool";

/** Do something with outlines; where no sound outline comes of it, say so and give null. */
export function attempt<T>(host: ToolHost, act: () => T): T | null {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof NoResult)) throw error;
    host.refuse(reasonOf(error));
    return null;
  }
}

/** Words for why no outline came of something. */
export function reasonOf(error: NoResult): string {
  return error instanceof NotYet ? "editor.refused.not_yet" : "editor.refused.no_result";
}

/** Put a ring that was drawn where it belongs; false, and said visibly, when it cannot be. */
export function place(host: ToolHost, ring: Ring): boolean {
  const drawn = attempt(host, () => shapeOf(host, ring));
  if (!drawn) return false;
  if (host.drawing.hole) return attempt(host, () => punch(host, drawn)) ?? false;
  const change = added(drawn, host.drawing.classIndex);
  if (!host.commit("editor.did.draw", [change])) return false;
  host.selection.set([change.id]);
  return true;
}

/** What a ring encloses within the image. */
function shapeOf(host: ToolHost, ring: Ring): Rings | null {
  if (ring.length < 6) {
    host.refuse("editor.refused.three_vertices");
    return null;
  }
  const whole = mended(ring);
  if (!whole) {
    host.refuse("editor.refused.crosses");
    return null;
  }
  const parts = clipped(whole, host.width, host.height).sort((a, b) => area(b) - area(a));
  if (!parts.length) host.refuse("editor.refused.outside");
  return parts[0] ?? null;
}

/** Take a shape out of the selected object it meets, else of the smallest one. */
function punch(host: ToolHost, drawn: Rings): boolean {
  const { store, selection } = host;
  const met = store.query(bounds(drawn)).flatMap((slot) => {
    const rings = store.rings(slot);
    const parts = difference(rings, [drawn]);
    // What is covered wholly would be no object with a hole.
    return isSame(rings, parts) || !parts.length ? [] : [{ id: store.id(slot), size: area(rings), parts }];
  });
  const chosen = met.filter(({ id }) => selection.ids.has(id));
  const [target] = (chosen.length ? chosen : met).sort((a, b) => a.size - b.size);
  if (!target) {
    host.refuse("editor.refused.no_object_for_hole");
    return false;
  }
  if (!host.commit("editor.did.hole", divided(store, target.id, target.parts))) return false;
  host.selection.set([target.id]);
  return true;
}
