/** What adding came to: counts first, then every file that could not be used, with its reason. */
import { make } from "../../shared/frame";
import { count } from "../../shared/numbers";
import type { Translate } from "../../shared/strings";
import { noteLine } from "./findings";
import type { Listed, Outcome } from "./wire";

export function headlineOf({ added, known, wells }: Outcome, t: Translate): string {
  const parts = [t("add.done_added", { n: added, count: count(added) })];
  if (known > 0) parts.push(t("add.done_known", { n: known, count: count(known) }));
  if (wells > 0) parts.push(t("add.done_wells", { n: wells }));
  return parts.join(" \u00b7 ");
}

export function outcomeLines(outcome: Outcome, t: Translate, close: HTMLElement): HTMLElement[] {
  const list = make("ul", "sw-add-notes");
  const every = (listed: Listed, key: string) => {
    for (const [name, reason] of listed.some) list.append(noteLine("warning", t(key, { name, reason })));
    const rest = listed.n - listed.some.length;
    if (rest > 0) list.append(noteLine("warning", t("add.done_more", { n: rest })));
  };
  every(outcome.failed, "add.done_failed");
  every(outcome.skipped, "add.done_skipped");
  every(outcome.changed, "add.done_changed");
  if (outcome.map_problem) list.append(noteLine("warning", t("add.done_no_map", { reason: outcome.map_problem })));
  for (const warning of outcome.warnings) list.append(noteLine("note", warning));
  const head = make("div", "sw-add-row");
  head.append(make("strong", "sw-add-headline", headlineOf(outcome, t)), close);
  return list.childElementCount > 0 ? [head, list] : [head];
}
