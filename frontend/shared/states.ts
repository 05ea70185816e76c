/** What is said of an image in one word. */

/** What a card's badge says; the order is that of the filter. */
export const STATES = [
  "running", "queued", "failed", "cancelled", "not_found", "unusable", "censored", "measured", "absent",
  "corrected", "approved", "excluded", "new",
] as const; // prettier-ignore
export type ImageState = (typeof STATES)[number];

/** What is known of an image; "" where it is nothing. */
export interface Judged {
  status: string;
  review: string;
  outcome: string;
  excluded: boolean;
  /** Id of the result that holds, 0 without one. */
  result: number;
}

/** One word for an image: what is under way first, then what a person decided, then what was measured. */
export function stateOf({ status, review, outcome, excluded, result }: Judged): ImageState {
  if (status === "running" || status === "queued") return status;
  if (excluded || review === "excluded") return "excluded";
  if (review === "approved" || review === "corrected") return review;
  // A failed or cancelled re-run never hides the last good result.
  if (!result && (status === "failed" || status === "cancelled")) return status;
  return (STATES as readonly string[]).includes(outcome) ? (outcome as ImageState) : "new";
}
