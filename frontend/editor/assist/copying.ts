/** The outlines of the time before, put in their place here as operations of their own. */

import { added } from "../changes";
import { messageOf } from "../../shared/frame";
import { area, bounds, type Rings } from "../geometry";
import type { EditorHost } from "../host";
import { clipped, intersection } from "../outlines/booleans";
import { attempt } from "../tools/placing";

/** What is covered by more than this share is outlined here already. */
const COVERED = 0.5;

export async function copyEarlier(editor: EditorHost): Promise<void> {
  if (editor.readOnly) return;
  const image = editor.proposer.image();
  const found = await editor.proposer.earlier().catch((error: unknown) => {
    editor.refuse("editor.assist.failed", { reason: messageOf(error) });
    return undefined;
  });
  if (found === undefined || image !== editor.proposer.image()) return;
  if (found === null) return editor.refuse("editor.refused.no_earlier");
  const changes = attempt(editor, () => found.outlines
    .flatMap(({ rings, className }) => clipped(rings, editor.width, editor.height).map((part) => ({ part, className })))
    .filter(({ part }) => !isThere(editor, part))
    .map(({ part, className }) => added(part, editor.work.classes.number(className))));
  if (!changes) return;
  if (!changes.length) return editor.refuse(found.outlines.length ? "editor.refused.all_there" : "editor.refused.none_earlier");
  if (!editor.commit("editor.did.earlier", changes)) return;
  editor.selection.set(changes.map(({ id }) => id));
  editor.say("editor.assist.earlier", { n: changes.length, name: found.name });
}

function isThere({ store }: EditorHost, rings: Rings): boolean {
  return store.query(bounds(rings)).some((slot) => {
    const shared = intersection([store.rings(slot), rings]).reduce((sum, part) => sum + area(part), 0);
    return shared > COVERED * Math.min(area(rings), area(store.rings(slot)));
  });
}
