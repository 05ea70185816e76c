/** What is done with the selected outlines at one stroke: by a key, or by a button of the strip. */

import { copyEarlier } from "./assist/copying";
import { added, changed, divided, heirOf, isSame, removed } from "./changes";
import { bounds, contains, nearestEdge, oriented, type Rings } from "./geometry";
import type { Change } from "./history";
import type { EditorHost } from "./host";
import { makePrimary } from "./fixing/primary";
import type { Handlers } from "./keys";
import { clipped, difference, intersection, union } from "./outlines/booleans";
import type { Aside } from "./store";
import { AssistTool } from "./tools/assist";
import { moveSelected, shifted } from "./tools/moving";
import { attempt } from "./tools/placing";

/** Screen pixels by which a copy lies beside what it copies. */
const BESIDE = 14;

type ObjectAction = Extract<keyof Handlers, `object.${string}` | "edit.remove" | "edit.copy" | "edit.paste" | "edit.duplicate"
  | "edit.left" | "edit.right" | "edit.up" | "edit.down">;

export function objectHandlers(editor: EditorHost): Pick<Handlers, ObjectAction> {
  const nudge = (dx: number, dy: number) => () => {
    if (!editor.readOnly && !editor.current.nudge(dx, dy)) moveSelected(editor, dx, dy);
  };
  const editing = (act: (editor: EditorHost) => void) => () => {
    if (!editor.readOnly) attempt(editor, () => act(editor));
  };
  return {
    "object.merge": editing(merge),
    "object.subtract": editing(subtract),
    "object.intersect": editing(intersect),
    "object.fill_holes": editing(fillHoles),
    "object.free_hole": editing(freeHole),
    "object.again": () => outlineAgain(editor),
    "object.earlier": () => void copyEarlier(editor),
    "object.primary": editing(makePrimary),
    "object.class": (_, chord) => {
      const number = Number(chord) - 1;
      if (!editor.readOnly && number < editor.work.classes.names.length) setClass(editor, number);
    },
    "object.classes": () => editor.classMenu.open(),
    "object.lock": () => setAside(editor, "locked"),
    "object.hide": () => setAside(editor, "hidden"),
    "object.show_all": () => showAll(editor),
    "edit.remove": editing(remove),
    "edit.copy": () => copy(editor),
    "edit.paste": () => void paste(editor),
    "edit.duplicate": editing(duplicate),
    "edit.left": nudge(-1, 0),
    "edit.right": nudge(1, 0),
    "edit.up": nudge(0, -1),
    "edit.down": nudge(0, 1),
  };
}

interface Chosen {
  id: string;
  rings: Rings;
}

/** What is selected, the first one first; says so where they are too few. */
function chosen(editor: EditorHost, least: 1 | 2): Chosen[] | null {
  const { store, selection } = editor;
  const found = [...selection.ids].map((id) => ({ id, rings: store.rings(store.slot(id)!) }));
  if (found.length >= least) return found;
  editor.refuse(least === 1 ? "editor.refused.nothing_selected" : "editor.refused.two_needed");
  return null;
}

/** Outlines that meet become one, which is the first of them; those that meet no other stay. */
function merge(editor: EditorHost): void {
  const given = chosen(editor, 2);
  if (!given) return;
  const parts = union(given.map(({ rings }) => rings));
  const groups = parts.map((part) => ({ part, of: [] as Chosen[] }));
  for (const one of given) groups[parts.length > 1 ? heirOf(one.rings, parts) : 0].of.push(one);
  const merged = groups.filter(({ of }) => of.length > 1);
  if (!merged.length) return editor.refuse("editor.refused.apart");
  const changes = merged.flatMap(({ part, of: [first, ...rest] }): Change[] => [
    withParents(changed(editor.store, first.id, part), rest.map(({ id }) => id)),
    ...rest.map(({ id }) => removed(editor.store, id)),
  ]);
  editor.commit("editor.did.merge", changes);
}

/** Have the kernel outline what is selected anew. */
function outlineAgain(editor: EditorHost): void {
  if (editor.readOnly) return;
  if (editor.current.name !== "assist") editor.useTool("assist");
  if (editor.current instanceof AssistTool) editor.current.again();
}

function withParents(change: Change, ids: readonly string[]): Change {
  const { attributes } = change;
  return { ...change, attributes: { ...attributes, parents: [...attributes.parents, ...ids] } };
}

/** Take the others away from the first; they stay. */
function subtract(editor: EditorHost): void {
  const given = chosen(editor, 2);
  if (!given) return;
  const [first, ...others] = given;
  const parts = difference(first.rings, others.map(({ rings }) => rings));
  if (isSame(first.rings, parts)) return editor.refuse("editor.refused.apart");
  editor.commit("editor.did.subtract", divided(editor.store, first.id, parts));
}

/** What all share becomes the first; the others go. */
function intersect(editor: EditorHost): void {
  const given = chosen(editor, 2);
  if (!given) return;
  const parts = intersection(given.map(({ rings }) => rings));
  if (!parts.length) return editor.refuse("editor.refused.apart");
  const [first, ...others] = given;
  editor.commit("editor.did.intersect", [
    ...divided(editor.store, first.id, parts), ...others.map(({ id }) => removed(editor.store, id)),
  ]);
}

function fillHoles(editor: EditorHost): void {
  const holed = chosen(editor, 1)?.filter(({ rings }) => rings.length > 1);
  if (!holed) return;
  if (!holed.length) return editor.refuse("editor.refused.no_hole");
  editor.commit("editor.did.fill_holes", holed.map(({ id, rings }) => changed(editor.store, id, rings.slice(0, 1))));
}

/** The hole under the pointer, or the only one there is, becomes an object that fills it. */
function freeHole(editor: EditorHost): void {
  const given = chosen(editor, 1);
  if (!given) return;
  const holes = given.flatMap(({ id, rings }) => rings.slice(1).map((ring) => ({ id, rings: oriented([ring]) })));
  const at = editor.pointer;
  const pointed = at && holes.find(({ rings }) => contains(rings, at.x, at.y) || nearestEdge(rings, at.x, at.y, editor.reach));
  const hole = pointed ?? (holes.length === 1 ? holes[0] : null);
  if (!hole) return editor.refuse(holes.length ? "editor.refused.which_hole" : "editor.refused.no_hole");
  const change = added(hole.rings, editor.drawing.classIndex, [hole.id]);
  if (editor.commit("editor.did.free_hole", [change])) editor.selection.set([change.id]);
}

/** Give the selected outlines a class; with nothing selected, what is drawn next gets it. */
export function setClass(editor: EditorHost, classIndex: number): void {
  const { store, selection } = editor;
  if (!selection.ids.size) {
    editor.drawing.classIndex = classIndex;
    editor.changed();
    return;
  }
  const others = [...selection.ids].filter((id) => store.attributes(store.slot(id)!).classIndex !== classIndex);
  if (others.length) {
    editor.commit("editor.did.class", others.map((id) => changed(store, id, store.rings(store.slot(id)!), { classIndex })));
  }
}

/** Lock or hide what is selected; when all of it is locked already, free it. */
function setAside(editor: EditorHost, kind: Aside): void {
  const { store } = editor;
  const given = chosen(editor, 1);
  if (!given) return;
  const on = given.some(({ id }) => !store.isAside(kind, id));
  mark(editor, kind, given.map(({ id }) => id), on);
}

function showAll(editor: EditorHost): void {
  const hidden = [...editor.store.slots()].map((slot) => editor.store.id(slot)).filter((id) => editor.store.isAside("hidden", id));
  if (hidden.length) mark(editor, "hidden", hidden, false);
}

/** Lock or hide outlines, or no longer. */
export function mark(editor: EditorHost, kind: Aside, ids: readonly string[], on: boolean): void {
  const turned = ids.filter((id) => editor.store.isAside(kind, id) !== on);
  editor.do({ label: `editor.did.${on ? "" : "un"}${kind}`, changes: [], marks: [{ kind, ids: turned, on }] });
}

/** Delete what the tool has picked, else the selected outlines. */
function remove(editor: EditorHost): void {
  if (!editor.current.remove()) removeSelected(editor);
}

export function removeSelected(editor: EditorHost): void {
  const { selection, store } = editor;
  if (!selection.ids.size) return;
  editor.commit("editor.did.delete", [...selection.ids].map((id) => removed(store, id)));
}

function copy(editor: EditorHost): void {
  const given = chosen(editor, 1);
  if (!given) return;
  const { store, work } = editor;
  editor.clipboard.copy(given.map(({ id, rings }) => (
    { rings, className: work.classes.names[store.attributes(store.slot(id)!).classIndex] }
  )));
  editor.say("editor.copied", { n: given.length });
}

/** What was copied, in its place: in another image of a series that is where it was. */
async function paste(editor: EditorHost): Promise<void> {
  if (editor.readOnly) return;
  const image = editor.work.image?.id;
  const copied = await editor.clipboard.paste();
  if (image !== editor.work.image?.id) return;
  if (!copied) return editor.refuse("editor.refused.nothing_copied");
  const changes = attempt(editor, () => copied.outlines.flatMap(({ rings, className }) => (
    clipped(rings, editor.width, editor.height).map((part) => added(part, editor.work.classes.number(className)))
  )));
  if (!changes) return;
  if (!changes.length) return editor.refuse("editor.refused.outside");
  place(editor, "editor.did.paste", changes);
}

function duplicate(editor: EditorHost): void {
  const given = chosen(editor, 1);
  if (!given) return;
  const { store, width, height } = editor;
  const by = Math.round(BESIDE / editor.view.scale) || 1;
  place(editor, "editor.did.duplicate", given.map(({ id, rings }) => {
    const [, , right, bottom] = bounds(rings);
    // Towards the middle where there is no room on that side.
    const copied = shifted(rings, right + by > width ? -by : by, bottom + by > height ? -by : by);
    return added(copied, store.attributes(store.slot(id)!).classIndex);
  }));
}

function place(editor: EditorHost, label: string, changes: readonly Change[]): void {
  if (editor.commit(label, changes)) editor.selection.set(changes.map(({ id }) => id));
}
