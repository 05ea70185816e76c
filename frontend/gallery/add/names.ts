/** How names are read: by themselves, as an instrument writes them, or by a pattern. */
import { make } from "../../shared/frame";
import type { Translate } from "../../shared/strings";

const WAYS = ["auto", "incucyte", "opera", "pattern"] as const;
const FIELDS = ["plate", "well", "time", "day", "site", "channel", "z", "row", "col"] as const;
const FIRST_PATTERN = "{plate}_{well}_{time}h";
/** Typing settles for so long before the kernel is asked, ms. */
const SETTLE = 150;
let count = 0;

export class Names {
  readonly element = make("div", "sw-add-names");
  readonly #way = make("select", "sw-add-field");
  readonly #pattern = make("input", "sw-add-field sw-add-pattern");
  readonly #typed = make("div", "sw-add-typed");
  readonly #problem = make("p", "sw-add-problem");
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    t: Translate,
    private readonly changed: () => void,
    signal: AbortSignal,
  ) {
    const id = `sw-add-names-${(count += 1)}`;
    for (const way of WAYS) {
      const option = make("option", "", t(`add.names_${way}`));
      option.value = way;
      this.#way.append(option);
    }
    this.#way.addEventListener("change", () => {
      this.#show();
      if (this.#way.value === "pattern") this.#pattern.focus();
      this.changed();
    });
    this.#pattern.type = "text";
    this.#pattern.value = FIRST_PATTERN;
    this.#pattern.spellcheck = false;
    this.#pattern.autocomplete = "off";
    this.#pattern.setAttribute("aria-label", t("add.pattern"));
    this.#pattern.setAttribute("aria-describedby", `${id}-problem`);
    this.#pattern.addEventListener("input", () => this.#settle());
    this.#problem.id = `${id}-problem`;
    this.#problem.hidden = true;
    const fields = make("div", "sw-add-fields");
    fields.setAttribute("role", "group");
    fields.setAttribute("aria-label", t("add.fields"));
    for (const field of FIELDS) fields.append(this.#insert(`{${field}}`, t(`add.field_${field}`)));
    fields.append(this.#insert("*", t("add.field_any")));
    this.#typed.append(this.#pattern, fields);
    const label = make("label", "sw-add-row");
    label.append(make("span", "", t("add.names")), this.#way);
    this.element.append(label, this.#typed, this.#problem);
    signal.addEventListener("abort", () => clearTimeout(this.#timer), { once: true });
    this.#show();
  }

  /** As the kernel takes it. */
  get value(): string {
    return this.#way.value === "pattern" ? this.#pattern.value.trim() || "auto" : this.#way.value;
  }

  /** Why the pattern cannot be used; "" where it can. */
  set problem(text: string) {
    this.#problem.textContent = text;
    this.#problem.hidden = text === "";
    this.#pattern.setAttribute("aria-invalid", String(text !== ""));
  }

  set busy(busy: boolean) {
    for (const element of this.element.querySelectorAll<HTMLInputElement>("button, input, select")) {
      element.disabled = busy;
    }
  }

  #show(): void {
    this.#typed.hidden = this.#way.value !== "pattern";
  }

  #insert(text: string, help: string): HTMLButtonElement {
    const insert = make("button", "sw-button sw-add-insert", text);
    insert.type = "button";
    insert.title = help;
    insert.addEventListener("click", () => {
      const { selectionStart, selectionEnd, value } = this.#pattern;
      const [from, to] = [selectionStart ?? value.length, selectionEnd ?? value.length];
      this.#pattern.setRangeText(text, from, to, "end");
      this.#pattern.focus();
      this.#settle();
    });
    return insert;
  }

  #settle(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.changed, SETTLE);
  }
}
