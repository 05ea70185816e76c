/** Which outline is the spheroid of its image, where a person says so. */

import type { Change } from "../history";
import type { EditorHost } from "../host";
import { FLAG } from "../store";

/** The class of which the spheroid of an image is (Python: `analysis/primary.py`). */
const SPHEROID = "spheroid";

/** Make the selected outline, or the one that is pointed at, the spheroid; leave it to the rule again where it is that. */
export function makePrimary(editor: EditorHost): void {
  const { store, selection, work } = editor;
  const id = selection.ids.size ? selection.only : editor.hovered;
  const slot = id === null ? undefined : store.slot(id);
  if (slot === undefined) return editor.refuse(selection.ids.size ? "editor.refused.one_primary" : "editor.refused.nothing_selected");
  const { classIndex, flags } = store.attributes(slot);
  if (work.classes.names[classIndex] !== SPHEROID) return editor.refuse("editor.refused.not_spheroid");
  const on = !(flags & FLAG.primary);
  const others = [...store.slots()].filter((other) => other !== slot && store.attributes(other).flags & FLAG.primary);
  editor.commit(on ? "editor.did.primary" : "editor.did.unprimary", [
    ...others.map((other) => turned(editor, other, false)), turned(editor, slot, on),
  ]);
}

function turned({ store }: EditorHost, slot: number, on: boolean): Change {
  const was = store.attributes(slot);
  const rings = store.rings(slot); // the same before and after: nothing is measured anew
  const flags = on ? was.flags | FLAG.primary : was.flags & ~FLAG.primary;
  return { id: store.id(slot), before: rings, after: rings, was, attributes: { ...was, flags } };
}
