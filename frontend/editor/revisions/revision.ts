/** Revisions of the open image, as the kernel lists them; newest first. */

import { OutlineSet } from "../../shared/outlines";
import type { Rpc } from "../../shared/rpc";
import type { Translate } from "../../shared/strings";
import type { Rings } from "../geometry";

export interface Revision {
  id: number;
  /** The one it was made from. */
  parent_id: number | null;
  /** The run that made it. */
  run_id: number | null;
  author: string;
  created_at: string;
  n_objects: number;
  source: "model" | "edit" | "import";
  /** Name and version; null where no model made it. */
  model: string | null;
  /** The one that holds. */
  current: boolean;
  note: "conflict" | "restore" | "merge" | null;
  /** Id of the revision that was restored or merged. */
  note_of: number | null;
}

export type Choice = "mine" | "theirs" | "both";

export interface Difference {
  outline: string;
  kind: "changed" | "mine" | "theirs";
  suggested: Choice;
  mine: Rings | null;
  theirs: Rings | null;
}

/** What is laid over the picture as long as a revision is pointed at; null: nothing. */
export type ShowGhosts = (outlines: readonly Rings[] | null) => void;

export function describe(revision: Revision, t: Translate): string {
  const made = revision.model ?? t(`editor.revisions.source.${revision.source}`);
  const parts = [made, revision.author, new Date(revision.created_at).toLocaleString(), t("editor.revisions.objects", { n: revision.n_objects })];
  if (revision.run_id !== null) parts.push(t("editor.revisions.of_run", { run: revision.run_id }));
  if (revision.note) parts.push(t(`editor.revisions.note.${revision.note}`, { number: revision.note_of ?? "" }));
  return parts.join(" · ");
}

export async function outlinesOf(rpc: Rpc, image: number, revision: number): Promise<Rings[]> {
  const { buffers } = await rpc.call("layer_outlines", { image_id: image, revision });
  const set = OutlineSet.decode(buffers[0]);
  return Array.from({ length: set.length }, (_, i) => set.rings(i));
}

/** Outlines that two revisions do not have alike, with both shapes. */
export async function differencesOf(rpc: Rpc, image: number, mine: number, theirs: number): Promise<Difference[]> {
  const asked = await rpc.call<Omit<Difference, "mine" | "theirs">[]>("differences", { image_id: image, mine, theirs });
  const [ours, others] = asked.buffers.map((buffer) => OutlineSet.decode(buffer));
  let i = 0, k = 0;
  return asked.value.map((one) => ({
    ...one,
    mine: one.kind === "theirs" ? null : ours.rings(i++),
    theirs: one.kind === "mine" ? null : others.rings(k++),
  }));
}
