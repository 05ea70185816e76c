/** How far a run is: `store/progress.py` as the trait carries it. */
export interface Progress {
  run_id: number;
  status: "queued" | "running" | "done" | "failed" | "cancelled";
  stage: "waiting" | "preparing" | "segmenting" | "ended" | "interrupted";
  total: number;
  queued: number;
  running: number;
  done: number;
  failed: number;
  cancelled: number;
  seconds: number;
  images_per_second: number | null;
  seconds_left: number | null;
  finished: boolean;
  reason: string | null;
}

export interface Failure {
  image_id: number;
  name: string;
  path: string;
  reason: string;
}

/** An image in a worker's hands. */
export interface AtWork {
  image_id: number;
  name: string;
  stage: "waiting" | "reading" | "segmenting" | "measuring";
  fraction: number | null;
  seconds: number;
}

/** The states of an image in the order of the bar; what is left of it is waiting. */
export const BAR = ["done", "failed", "cancelled", "running"] as const;
/** The states in the order of the counts, and those that are named also where they are none. */
export const COUNTS = ["done", "running", "queued", "failed", "cancelled"] as const;
export const ALWAYS: ReadonlySet<string> = new Set(["done", "running", "queued"]);

/** Whether the trait says anything: it is empty before a project's first run. */
export function hasRun(progress: Partial<Progress>): progress is Progress {
  return progress.run_id !== undefined;
}

/** Nobody works on what an interrupted run left "running": it waits. */
export function asKnown(progress: Progress): Progress {
  if (progress.stage !== "interrupted") return progress;
  return { ...progress, queued: progress.queued + progress.running, running: 0 };
}

/** What the run does, as the key of a text. */
export function stageKey(progress: Progress): string {
  return `monitor.stage_${progress.finished ? progress.status : progress.stage}`;
}
