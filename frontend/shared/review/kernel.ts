/** What the review asks of the kernel (Python: `widgets/reviewing.py`). */
import type { Rpc } from "../rpc";
import type { Deciding, ReviewItem } from "./decision";
import type { ReviewObject } from "./exclusion";

export interface ReviewCalls extends Deciding {
  /** What awaits review, worst first; of these images only, if they are given. */
  queue(ids?: readonly number[]): Promise<ReviewItem[]>;
  objects(id: number): Promise<ReviewObject[]>;
}

export function reviewCalls(rpc: Rpc): ReviewCalls {
  const ask = async <T>(method: string, params: Record<string, unknown>) => (await rpc.call<T>(method, params)).value;
  return {
    queue: async (ids) => (await ask<{ items: ReviewItem[] }>("review.queue", ids ? { ids } : {})).items,
    objects: async (id) => (await ask<{ objects: ReviewObject[] }>("review.objects", { image: id })).objects,
    decide: async (id, decision) => (await ask<{ undo: number }>("review.decide", { image: id, decision })).undo,
    undo: (token) => ask("review.undo", { undo: token }),
  };
}
