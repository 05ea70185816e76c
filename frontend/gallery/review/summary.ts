/** At the end of a review: what was decided, and what is left. */
import { button, make } from "../../shared/frame";
import { count } from "../../shared/numbers";
import type { Translate } from "../../shared/strings";
import { type Course, VERDICTS } from "./course";

export interface SummaryWishes {
  again(): void;
  close(): void;
}

/** `12 approved, 3 absent, 1 left`, as it is read to screen readers. */
export function summaryWords(course: Course, t: Translate): string {
  const tally = course.tally();
  const parts = VERDICTS.filter((verdict) => tally[verdict] > 0).map((verdict) => `${count(tally[verdict])} ${t(`review.done.${verdict}`)}`);
  if (tally.left > 0) parts.push(t("review.n_left", { n: tally.left, count: count(tally.left) }));
  return parts.join(", ");
}

export function summary(course: Course, t: Translate, wishes: SummaryWishes): HTMLElement[] {
  const tally = course.tally();
  const list = make("dl", "sw-review-tally");
  for (const verdict of VERDICTS) {
    if (tally[verdict] > 0) list.append(make("dt", "", count(tally[verdict])), make("dd", "", t(`review.done.${verdict}`)));
  }
  const none = course.items.length === 0;
  const left = tally.skip + tally.left;
  const words = none ? t("review.none") : left > 0 ? t("review.still", { n: left, count: count(left) }) : t("review.nothing_left");
  const verbs = make("div", "sw-review-verbs");
  if (tally.skip > 0) verbs.append(button(t("review.again", { n: tally.skip, count: count(tally.skip) }), wishes.again, "sw-button-main"));
  verbs.append(button(t("review.action.close"), wishes.close));
  return [make("strong", "sw-review-name", t(none ? "review.title" : "review.through")), list, make("p", "sw-review-text", words), verbs];
}
