/** Going to objects: into the middle of the view, and from the most uncertain one to the next. */

import { bounds, type Box } from "../geometry";
import type { EditorHost } from "../host";

/** Share of the view's shorter side that stays free around an object. */
const AROUND = 0.2;
/** Screen pixels an image pixel at most: of a small object one wants to see what is around it. */
const MOST = 12;

/** Show objects whole, and what is around them. */
export function zoomTo(editor: EditorHost, ids: Iterable<string>): void {
  const { store, view } = editor;
  const box: Box = [Infinity, Infinity, -Infinity, -Infinity];
  for (const id of ids) {
    const slot = store.slot(id);
    if (slot === undefined || !store.alive(slot)) continue;
    const [x0, y0, x1, y1] = bounds(store.rings(slot));
    box.splice(0, 4, Math.min(box[0], x0), Math.min(box[1], y0), Math.max(box[2], x1), Math.max(box[3], y1));
  }
  if (!Number.isFinite(box[0])) return editor.refuse("editor.refused.nothing_selected");
  view.fit(...box, AROUND * Math.min(view.width, view.height));
  if (view.scale > MOST) view.zoomAt(view.width / 2, view.height / 2, MOST / view.scale);
  editor.moved();
}

/** The objects a model was least sure of first; those that a person drew have no confidence. */
export function byUncertainty({ store }: Pick<EditorHost, "store">): number[] {
  const rated = [...store.slots()].filter((slot) => (
    Number.isFinite(store.attributes(slot).confidence) && !store.isAside("hidden", store.id(slot))
  ));
  return rated.sort((a, b) => store.attributes(a).confidence - store.attributes(b).confidence || a - b);
}

/** Select the next object in the order of uncertainty, or the one before; from nothing, the most uncertain. */
export function goUncertain(editor: EditorHost, step: 1 | -1): void {
  const { store, selection } = editor;
  const order = byUncertainty(editor);
  if (!order.length) return editor.refuse("editor.refused.no_confidence");
  const only = selection.only;
  const at = only === null ? -1 : order.indexOf(store.slot(only) ?? -1);
  const next = at < 0 ? (step > 0 ? 0 : order.length - 1) : (at + step + order.length) % order.length;
  const id = store.id(order[next]);
  selection.set([id]);
  zoomTo(editor, [id]);
  const { confidence } = store.attributes(order[next]);
  editor.say("editor.uncertain", { place: next + 1, all: order.length, value: confidence.toFixed(2) });
}
