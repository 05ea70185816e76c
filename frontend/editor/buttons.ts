/** Buttons of actions: what they do, their tooltip and their key come from the table of keys. */

import { make } from "../shared/frame";
import type { Translate } from "../shared/strings";
import { icon, type IconName } from "./icons";
import type { Action, Keys } from "./keys";

export class Buttons {
  /** Those there are of an action: it may have one here and one there. */
  #made = new Map<Action, HTMLButtonElement[]>();

  constructor(
    private readonly t: Translate,
    private readonly keys: Keys,
    private readonly act: (action: Action) => void,
    /** A click with the pointer leaves the keys with the picture. */
    private readonly release: () => void,
  ) {
    keys.onChange(() => this.#made.forEach((buttons, action) => buttons.forEach((one) => (one.title = this.#tooltip(action)))));
  }

  icon(action: Action, name: IconName): HTMLButtonElement {
    const made = this.#make(action, "sw-editor-tool");
    made.append(icon(name));
    made.setAttribute("aria-label", this.t(`editor.action.${action}`));
    return made;
  }

  text(action: Action, key: string, className: string): HTMLButtonElement {
    const made = this.#make(action, className);
    made.textContent = this.t(key);
    return made;
  }

  enable(action: Action, enabled: boolean): void {
    for (const button of this.#made.get(action) ?? []) button.disabled = !enabled;
  }

  press(action: Action, pressed: boolean): void {
    for (const button of this.#made.get(action) ?? []) button.setAttribute("aria-pressed", String(pressed));
  }

  #tooltip(action: Action): string {
    return `${this.t(`editor.action.${action}`)} (${this.keys.of(action).join(", ")})`;
  }

  #make(action: Action, className: string): HTMLButtonElement {
    const made = make("button", className);
    made.type = "button";
    made.title = this.#tooltip(action);
    made.dataset.action = action;
    made.addEventListener("click", (event) => {
      this.act(action);
      // One by key leaves the focus where it is.
      if (event.detail > 0 && action !== "general.help" && action !== "object.classes") this.release();
    });
    this.#made.set(action, [...(this.#made.get(action) ?? []), made]);
    return made;
  }
}
