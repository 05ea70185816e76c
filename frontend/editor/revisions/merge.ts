/** Two revisions side by side, outline by outline: take mine, take theirs, or both. */

import { button, make } from "../../shared/frame";
import type { Translate } from "../../shared/strings";
import { area } from "../geometry";
import type { Choice, Difference, ShowGhosts } from "./revision";

const CHOICES: readonly Choice[] = ["mine", "theirs", "both"];

export class Merge {
  readonly element = make("div", "sw-editor-merge");
  readonly choices = new Map<string, Choice>();
  #buttons: { outline: string; choice: Choice; button: HTMLButtonElement }[] = [];

  constructor(differences: readonly Difference[], private readonly t: Translate, ghosts: ShowGhosts, done: () => Promise<void>, back: () => void) {
    for (const { outline, suggested } of differences) this.choices.set(outline, suggested);
    const all = make("div", "sw-editor-merge-all");
    for (const choice of ["mine", "theirs"] as const) {
      all.append(button(t(`editor.revisions.all.${choice}`), () => {
        for (const { outline } of differences) this.choices.set(outline, choice);
        this.#press();
      }));
    }
    const list = make("div", "sw-editor-merge-list");
    differences.forEach((one, at) => list.append(this.#row(one, at + 1, ghosts)));
    const end = make("div", "sw-editor-merge-all");
    const save = button(t("editor.revisions.merge_save"), done);
    save.classList.add("sw-button-main");
    end.append(save, button(t("editor.revisions.back"), back));
    this.element.append(make("p", "", t("editor.revisions.differ", { n: differences.length })), all, list, end);
    this.#press();
  }

  #row(one: Difference, number: number, ghosts: ShowGhosts): HTMLElement {
    const { t } = this;
    const row = make("div", "sw-editor-merge-row");
    row.dataset.outline = one.outline;
    const size = (rings: Difference["mine"]) => (rings ? t("editor.px2", { value: Math.round(area(rings)) }) : t("editor.revisions.absent"));
    row.append(make("span", "sw-editor-merge-words",
      t("editor.revisions.difference", { number, mine: size(one.mine), theirs: size(one.theirs) })));
    const group = make("span", "sw-editor-merge-choices");
    group.setAttribute("role", "group");
    group.setAttribute("aria-label", t("editor.revisions.choose", { number }));
    for (const choice of CHOICES) {
      const made = button(t(`editor.revisions.take.${choice}`), () => {
        this.choices.set(one.outline, choice);
        this.#press();
      });
      made.dataset.choice = choice;
      this.#buttons.push({ outline: one.outline, choice, button: made });
      group.append(made);
    }
    row.append(group);
    row.addEventListener("pointerenter", () => ghosts([one.mine, one.theirs].filter((rings) => rings !== null)));
    row.addEventListener("pointerleave", () => ghosts(null));
    return row;
  }

  #press(): void {
    for (const { outline, choice, button: made } of this.#buttons) {
      made.setAttribute("aria-pressed", String(this.choices.get(outline) === choice));
    }
  }
}
