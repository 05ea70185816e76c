/** The table of keys, made from the same table as the handlers. */

import { button, make } from "../shared/frame";
import { written } from "../shared/keys";
import type { Translate } from "../shared/strings";
import { KEYS } from "./keys";

export class Help {
  readonly element = make("div", "sw-editor-help");

  constructor(t: Translate, close: () => void) {
    const { element } = this;
    element.hidden = true;
    element.setAttribute("role", "dialog");
    element.setAttribute("aria-label", t("editor.help.title"));
    const head = make("div", "sw-editor-help-head");
    head.append(make("strong", "", t("editor.help.title")), button(t("editor.help.close"), close));
    const groups = make("div", "sw-editor-help-groups");
    for (const group of new Set(KEYS.map((binding) => binding.group))) {
      const list = make("dl", "sw-editor-help-group");
      list.append(make("div", "sw-editor-help-name", t(`editor.group.${group}`)));
      for (const binding of KEYS.filter((one) => one.group === group)) {
        const row = make("div", "sw-editor-help-row");
        row.dataset.action = binding.action;
        const keys = make("dt");
        binding.keys.forEach((chord) => keys.append(make("kbd", "", written(chord))));
        row.append(keys, make("dd", "", t(`editor.action.${binding.action}`)));
        list.append(row);
      }
      groups.append(list);
    }
    element.append(head, groups, make("p", "sw-editor-help-note", t("editor.help.mouse")));
  }

  get shown(): boolean {
    return !this.element.hidden;
  }

  toggle(show = !this.shown): void {
    this.element.hidden = !show;
    if (show) this.element.querySelector("button")?.focus();
  }
}
