/** What a person says of an image that awaits review, of which images, and how it is told to the kernel. */

export type Scope = "object" | "image" | "well" | "well_from";

/** What a person says of an image (Python: `project/decisions.py`). */
export type Decision =
  | { kind: "approve" }
  | { kind: "absent" }
  | { kind: "unusable" }
  | { kind: "exclude"; reason: string; scope: Scope; outline?: string };

/** An image that awaits review (Python: `widgets/reviewing.py`). */
export interface ReviewItem {
  id: number;
  name: string;
  plate: string | null;
  well: string | null;
  time_h: number | null;
  /** Names as in `FLAGS` of `gallery/plate/flags.ts`, worst first, and a sentence for each. */
  flags: readonly string[];
  sentences: readonly string[];
}

export interface Deciding {
  /** Stores a decision; what it resolves to is given to `undo`. */
  decide(id: number, decision: Decision): Promise<unknown>;
  undo(token: unknown): Promise<unknown>;
}

/** Whether a decision about an image excludes another one too. */
export function covers(decision: Decision, item: ReviewItem, other: ReviewItem): boolean {
  if (decision.kind !== "exclude" || !item.well || item.well !== other.well || item.plate !== other.plate) return false;
  if (decision.scope === "well") return true;
  return decision.scope === "well_from" && item.time_h !== null && other.time_h !== null && other.time_h >= item.time_h;
}
