/** The table of keys, made from the same table as the handlers. */

import { button, make } from "../shared/frame";
import type { Translate } from "../shared/strings";
import type { Action, Keys } from "./keys";

export class Help {
  readonly element = make("div", "sw-editor-help");

  constructor(t: Translate, keys: Keys, close: () => void) {
    const { element } = this;
    element.hidden = true;
    element.setAttribute("role", "dialog");
    element.setAttribute("aria-label", t("editor.help.title"));
    const head = make("div", "sw-editor-help-head");
    head.append(make("strong", "", t("editor.help.title")), button(t("editor.help.close"), close));
    const groups = make("div", "sw-editor-help-groups");
    const fill = () => groups.replaceChildren(...Object.entries(keys.bindings).map(([group, actions]) => {
      const list = make("dl", "sw-editor-help-group");
      list.append(make("div", "sw-editor-help-name", t(`editor.group.${group}`)));
      for (const action of Object.keys(actions)) {
        const row = make("div", "sw-editor-help-row");
        row.dataset.action = action;
        const chords = make("dt");
        keys.of(action as Action).forEach((key) => chords.append(make("kbd", "", key)));
        row.append(chords, make("dd", "", t(`editor.action.${action}`)));
        list.append(row);
      }
      return list;
    }));
    fill();
    keys.onChange(fill);
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
