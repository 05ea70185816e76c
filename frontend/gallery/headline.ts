/** What stands above the images: the project and its run. */
import { make } from "../shared/frame";
import { count, duration, three } from "../shared/numbers";
import type { Translate } from "../shared/strings";

/** What the kernel says of the newest run (Python: `store/progress.py`). */
export interface RunTrait {
  stage?: string;
  total?: number;
  done?: number;
  failed?: number;
  finished?: boolean;
  images_per_second?: number | null;
  seconds_left?: number | null;
}

/** Name of the project, number of images, and how far a run is that is not finished. */
export function headline(project: string, images: number, run: RunTrait, t: Translate): HTMLElement[] {
  const name = make("strong", "sw-project", project);
  name.title = project;
  const parts: HTMLElement[] = [name, make("span", "sw-summary", t("gallery.n_images", { n: images, count: count(images) }))];
  if (!run.total || run.finished) return parts;
  const worked = (run.done ?? 0) + (run.failed ?? 0);
  const vars = { done: count(worked), total: count(run.total) };
  const words: string[] = [];
  if (run.stage === "interrupted") words.push(t("gallery.run_interrupted", vars));
  else if (run.stage === "waiting" || run.stage === "preparing") words.push(t("gallery.run_starting", vars));
  else {
    words.push(t("gallery.run", vars));
    if (run.images_per_second) words.push(t("gallery.rate", { rate: three(run.images_per_second) }));
    if (run.seconds_left) words.push(t("gallery.left", { time: duration(run.seconds_left) }));
  }
  if (run.failed) words.push(t("gallery.n_failed", { n: run.failed }));
  const bar = make("progress", "sw-thin-bar sw-progress");
  bar.max = run.total;
  bar.value = worked;
  bar.setAttribute("aria-label", words[0]);
  return [...parts, bar, make("span", "sw-run", words.join(" \u00b7 "))];
}
