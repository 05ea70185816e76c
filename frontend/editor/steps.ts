/** What was done in an open draft before this page was there: it is undone as if it had been done here. */

import type { Rpc } from "../shared/rpc";
import type { Classes } from "./classes";
import { readDocument, type DocumentInfo } from "./document";
import type { Change, Step } from "./history";

interface Told extends Pick<DocumentInfo, "ids" | "classes" | "parents"> {
  /** Of a change: the outline, and the numbers of what it was and what it became among the outlines, -1 for "not there". */
  steps: { label: string; changes: [string, number, number][] }[];
}

/** The steps of the first so many operations of our draft, oldest first. */
export async function stepsOf(rpc: Rpc, { image, draft_operations }: DocumentInfo, classes: Classes, signal: AbortSignal): Promise<Step[]> {
  const answer = await rpc.call<Told & DocumentInfo>("steps", { image_id: image.id, operations: draft_operations }, { signal });
  const { outlines, columns } = readDocument(answer, classes);
  const rings = (at: number) => (at < 0 ? null : outlines.rings(at));
  const attributes = (at: number) => ({
    classIndex: columns.classIndex[at], confidence: columns.confidence[at], flags: columns.flags[at], parents: columns.parents[at] ?? [],
  });
  return answer.value.steps.map(({ label, changes }) => ({
    label,
    changes: changes.filter(([, before, after]) => before >= 0 || after >= 0).map(([id, before, after]): Change => ({
      id, before: rings(before), after: rings(after),
      was: attributes(before < 0 ? after : before), attributes: attributes(after < 0 ? before : after),
    })),
  }));
}
