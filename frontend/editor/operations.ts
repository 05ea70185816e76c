/** What is sent to the kernel: one outline at a time, never the document. */

import { OutlineSet, type Ring } from "../shared/outlines";
import type { Rings } from "./geometry";
import type { Step } from "./history";
import { FLAG } from "./store";
import { uuid7 } from "./uuid";

export interface Operation {
  /** UUIDv7 made here; the kernel stores an operation once, however often it is sent. */
  id: string;
  kind: "put" | "delete";
  outline: string;
  className: string;
  /** Key of the string that names it. */
  label: string;
  /** Operations of one step are taken together or not at all: a merge without its deletions would be no merge. */
  step: string;
  /** Outlines it was made from by merging or slicing. */
  parents: readonly string[];
  /** A person says that it is the spheroid of its image; unknown of what an older page kept. */
  primary?: boolean;
  /** Null for "delete". */
  rings: Ring[] | null;
}

/** What the kernel says of an operation. With "repaired" and "refused" comes the outline as the kernel has it. */
export interface Verdict {
  id: string;
  outline: string;
  state: "ok" | "repaired" | "refused";
  reason: string;
  /** Area of the outline as the kernel measured it, px2; null where it is not there. */
  area_px2?: number | null;
  /** The outline as the kernel has it now (null: not there); undefined when it has what was sent. */
  rings?: Rings | null;
}

/** What a verdict looks like on the wire: `geometry` counts buffers, -1 is "not there", null "as you sent it". */
export interface SentVerdict {
  id: string;
  outline: string;
  state: Verdict["state"];
  reason: string;
  area_px2?: number | null;
  geometry: number | null;
}

export function operationsOf(step: Step, classes: readonly string[]): Operation[] {
  const together = uuid7();
  return step.changes.map(({ id, after, attributes }) => ({
    id: uuid7(),
    kind: after ? "put" : "delete",
    outline: id,
    className: classes[attributes.classIndex],
    label: step.label,
    step: together,
    parents: attributes.parents,
    primary: (attributes.flags & FLAG.primary) > 0,
    rings: after ? after.map((ring) => ring.slice()) : null,
  }));
}

/** Parameters and buffers of the call that stores operations; each "put" has one buffer, in order. */
export function wire(operations: readonly Operation[]): { operations: Record<string, unknown>[]; buffers: ArrayBuffer[] } {
  return {
    operations: operations.map(({ id, kind, outline, className, label, step, parents, primary }) => ({
      id, kind, outline_id: outline, class_name: className, label, step, parents, primary,
    })),
    buffers: operations.flatMap(({ rings }) => (rings ? [OutlineSet.fromRings([rings]).encode()] : [])),
  };
}

export function unwire(sent: readonly SentVerdict[], buffers: readonly DataView[]): Verdict[] {
  return sent.map(({ geometry, ...verdict }) => {
    if (geometry === null) return verdict;
    return { ...verdict, rings: geometry < 0 ? null : OutlineSet.decode(buffers[geometry]).rings(0) };
  });
}
