/** What speaks against the result of an image, so that a person looks at it first (Python: `analysis/flags.py`). */

/** Worst first. */
export const FLAGS = [
  "failed", "empty", "out_of_focus", "fills_frame", "wrong_count", "size_jump", "border", "odd_shape", "low_confidence",
] as const; // prettier-ignore
export type Flag = (typeof FLAGS)[number];

/** How bad: nothing was measured; a size that means nothing; one that is perhaps wrong; a hint. */
export const SEVERITIES = ["nothing", "meaningless", "doubtful", "hint"] as const;
export type Severity = (typeof SEVERITIES)[number];

export const SEVERITY: Record<Flag, Severity> = {
  failed: "nothing",
  empty: "nothing",
  out_of_focus: "meaningless",
  fills_frame: "meaningless",
  wrong_count: "doubtful",
  size_jump: "doubtful",
  border: "doubtful",
  odd_shape: "hint",
  low_confidence: "hint",
};

/** Drawings of 16 by 16, one a flag: which flag it is is told by form, how bad it is by colour and by the order. */
export const FLAG_PATHS: Record<Flag, string> = {
  failed: "M8 2.5v7M8 13v.01",
  empty: "M3 6V3h3M10 3h3v3M13 10v3h-3M6 13H3v-3",
  out_of_focus: "M2.5 6c1.8-2.4 3.7 2.4 5.5 0s3.7-2.4 5.5 0M2.5 11c1.8-2.4 3.7 2.4 5.5 0s3.7-2.4 5.5 0",
  fills_frame: "M3 3h10v10H3zM6.5 6.5L4.7 4.7M9.5 6.5l1.8-1.8M6.5 9.5l-1.8 1.8M9.5 9.5l1.8 1.8",
  wrong_count: "M5.5 5a3 3 0 1 0 .01 0M11 7.5a2.5 2.5 0 1 0 .01 0",
  size_jump: "M2.5 12h4.5V4h6.5",
  border: "M13 2v12M10 4.5a5 5 0 1 0 0 7",
  odd_shape: "M8 2.5l5.5 10.5h-11z",
  low_confidence: "M5.5 6a2.5 2.5 0 1 1 3.4 2.3c-.6.3-.9.7-.9 1.4M8 12.5v.01",
};

/** The entry of `PlateImages.flag` for a worst flag; 0 for none, or for one that is not known here. */
export function flagCode(name: string | null | undefined): number {
  return FLAGS.indexOf(name as Flag) + 1;
}

export function flagOf(code: number): Flag | undefined {
  return FLAGS[code - 1];
}
