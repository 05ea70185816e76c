/** The menu of classes: what the selected outlines are, and, with nothing selected, what is drawn next. */

import { make } from "../shared/frame";
import { classColour } from "../shared/outlines";
import type { Translate } from "../shared/strings";
import type { Classes } from "./classes";

/** Value of the entry that asks for a name. */
const NEW = "new";

export class ClassMenu {
  readonly element = make("span", "sw-editor-class");
  readonly #dot = make("span", "sw-editor-class-dot");
  readonly #menu = make("select", "sw-editor-choice");
  readonly #name = make("input", "sw-editor-class-name");
  #shown = "";
  #value = "";

  /**
   * @param choose what is done with the number of a class
   * @param release gives the keys back to the picture
   */
  constructor(
    private readonly t: Translate,
    private readonly classes: Classes,
    private readonly choose: (number: number) => void,
    private readonly release: () => void,
  ) {
    this.#menu.setAttribute("aria-label", t("editor.class"));
    this.#menu.title = t("editor.class");
    Object.assign(this.#name, { type: "text", maxLength: 60, hidden: true, placeholder: t("editor.class_name"), autocomplete: "off" });
    this.#name.setAttribute("aria-label", t("editor.class_name"));
    this.#menu.addEventListener("change", () => (this.#menu.value === NEW ? this.#ask() : this.#chose(Number(this.#menu.value))));
    this.#menu.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.release();
    });
    this.#name.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== "Escape") return;
      event.preventDefault();
      event.stopPropagation();
      const name = this.#name.value.trim();
      if (event.key === "Enter" && name) this.#chose(classes.number(name));
      else this.#close();
    });
    this.#name.addEventListener("blur", () => this.#close(false));
    this.element.append(this.#dot, this.#menu, this.#name);
  }

  /** Show a class; null where the selected outlines are of several. */
  show(number: number | null): void {
    const { names } = this.classes;
    const listed = names.join("\n");
    if (listed !== this.#shown || !this.#menu.options.length) {
      this.#shown = listed;
      const entries = names.map((name, i) => [String(i), i < 9 ? `${i + 1}  ${name}` : name] as const);
      this.#menu.replaceChildren(...[["", this.t("editor.class_several")], ...entries, [NEW, this.t("editor.class_new")]].map(
        ([value, label]) => Object.assign(make("option", "", label), { value, hidden: value === "" }),
      ));
    }
    this.#value = number === null ? "" : String(number);
    if (this.#name.hidden) this.#menu.value = this.#value;
    this.#dot.style.setProperty("--sw-class", number === null ? "transparent" : classColour(number));
  }

  open(): void {
    this.#menu.focus();
    try {
      this.#menu.showPicker();
    } catch {
      // Only a person's own click or key may open it; with the focus there, the arrow keys choose.
    }
  }

  #ask(): void {
    this.#menu.hidden = true;
    this.#name.hidden = false;
    this.#name.value = "";
    this.#name.focus();
  }

  #chose(number: number): void {
    this.#close();
    this.choose(number);
  }

  #close(release = true): void {
    this.#name.hidden = true;
    this.#menu.hidden = false;
    this.#menu.value = this.#value;
    if (release) this.release();
  }
}
