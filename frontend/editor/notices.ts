/** Lines above the picture that last until they are dealt with; each may offer several things to do. */

import { button, make } from "../shared/frame";

export interface NoticeAction {
  label: string;
  /** The notice goes when it resolves, and says why when it fails. */
  run(): void | Promise<void>;
}

export type Tone = "info" | "warning" | "error";

export class Notices {
  readonly element = make("div", "sw-editor-notices");
  #shown = new Map<string, HTMLElement>();

  /** Show a notice; one of the same key takes its place. */
  show(key: string, text: string, tone: Tone, actions: readonly NoticeAction[]): void {
    this.hide(key);
    const line = make("div", "sw-banner");
    line.dataset.tone = tone;
    line.dataset.key = key;
    line.setAttribute("role", tone === "info" ? "status" : "alert");
    const words = make("span", "sw-banner-text", text);
    line.append(words);
    for (const action of actions) {
      const made = button(action.label, async () => {
        for (const other of line.querySelectorAll("button")) other.disabled = true;
        try {
          await action.run();
          if (this.#shown.get(key) === line) this.hide(key);
        } catch (error) {
          words.textContent = `${text} ${error instanceof Error ? error.message : String(error)}`;
          for (const other of line.querySelectorAll("button")) other.disabled = false;
        }
      });
      line.append(made);
    }
    this.#shown.set(key, line);
    this.element.append(line);
  }

  hide(key: string): void {
    this.#shown.get(key)?.remove();
    this.#shown.delete(key);
  }

  /** Take away what was said of an image; what holds for the editor stays. */
  clear(stays: (key: string) => boolean): void {
    for (const key of [...this.#shown.keys()]) if (!stays(key)) this.hide(key);
  }
}
