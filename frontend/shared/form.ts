/** What a verb asks before it is done: a small form with one main button. */
import { type Frame, button, make, messageOf } from "./frame";

export abstract class Form {
  readonly element = make("form", "sw-form");
  protected readonly go: HTMLButtonElement;
  readonly #failed = make("p", "sw-form-failed");

  constructor(
    protected readonly frame: Frame,
    private readonly signal: AbortSignal,
    words: string,
  ) {
    this.go = button(words, () => undefined, "sw-button-main");
    this.go.type = "submit";
    this.#failed.setAttribute("role", "alert");
    this.#failed.hidden = true;
    this.element.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#submit();
    });
  }

  /** Puts the parts in; the main button and the place for what went wrong come last. */
  protected fill(...parts: HTMLElement[]): void {
    this.element.append(...parts, this.go, this.#failed);
  }

  /** The form is shown: what it says may have changed meanwhile. */
  opened(): void {
    this.#failed.hidden = true;
    const first = this.element.querySelector<HTMLElement>("input:checked") ?? this.element.querySelector<HTMLElement>("input, select");
    first?.focus();
  }

  /** Does it. */
  protected abstract carryOut(): Promise<void>;

  async #submit(): Promise<void> {
    this.go.disabled = true;
    this.#failed.hidden = true;
    try {
      await this.carryOut();
    } catch (error) {
      if (this.signal.aborted) return;
      this.#failed.textContent = messageOf(error);
      this.#failed.hidden = false;
    } finally {
      this.go.disabled = false;
    }
  }
}

/** A choice of one, or a yes or no, with its words. */
export function choice(type: "radio" | "checkbox", name: string, value: string, words: string): HTMLLabelElement {
  const label = make("label", "sw-form-choice");
  const input = make("input");
  Object.assign(input, { type, name, value });
  label.append(input, make("span", "", words));
  return label;
}

/** A group of choices under one name. */
export function group(words: string, choices: readonly HTMLElement[]): HTMLFieldSetElement {
  const set = make("fieldset", "sw-form-group");
  set.append(make("legend", "", words), ...choices);
  return set;
}

/** The values that are chosen in a form. */
export function chosen(form: HTMLElement, name: string): string[] {
  return [...form.querySelectorAll<HTMLInputElement>(`input[name="${name}"]:checked`)].map(({ value }) => value);
}

let names = 0;

/** A name that no other group of choices on the page has. */
export function freshName(): string {
  return `sw-form-${names++}`;
}
