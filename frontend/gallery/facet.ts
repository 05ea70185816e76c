/** The values of a facet, each with how many images it would show; the first few, or (opened) those that match what is typed. */
import { button, make } from "../shared/frame";
import { count } from "../shared/numbers";
import type { Translate } from "../shared/strings";
import type { Coded, CodedName } from "./coded";
import { wordOf } from "./columns";

export const FEW = 6;
/** Most values in the document at a time, so that a thousand wells do not weigh on it. */
export const MANY = 60;

interface Choice {
  line: HTMLLabelElement;
  box: HTMLInputElement;
  count: HTMLElement;
}

export class Facet {
  readonly element = make("div", "sw-facet");
  readonly #choices = make("div", "sw-choices");
  readonly #find = make("input", "sw-facet-find");
  readonly #more: HTMLButtonElement;
  readonly #shown = new Map<string, Choice>();
  #opened = false;
  #last: { coded: Coded; counts: Int32Array; chosen: readonly string[] } | null = null;

  /** @param opening  called when all values are wanted: others may close */
  constructor(
    private readonly name: CodedName,
    private readonly t: Translate,
    private readonly choose: (values: readonly string[]) => void,
    opening: (facet: Facet) => void,
  ) {
    const title = t(`gallery.column.${name}`);
    this.#choices.setAttribute("role", "group");
    this.#choices.setAttribute("aria-label", title);
    this.#find.type = "search";
    this.#find.placeholder = t("gallery.find_value");
    this.#find.setAttribute("aria-label", t("gallery.find_value_of", { column: title }));
    this.#find.addEventListener("input", () => this.#draw());
    this.#more = button("", () => {
      if (!this.#opened) opening(this);
      this.open(!this.#opened);
      if (this.#opened && !this.#find.hidden) this.#find.focus();
    }, "sw-quiet"); // prettier-ignore
    this.element.append(this.#find, this.#choices, this.#more);
  }

  open(opened: boolean): void {
    if (this.#opened === opened) return;
    this.#opened = opened;
    this.#find.value = "";
    this.#draw();
  }

  show(coded: Coded, counts: Int32Array, chosen: readonly string[]): void {
    this.#last = { coded, counts, chosen };
    this.#draw();
  }

  #draw(): void {
    if (!this.#last) return;
    const { coded, counts, chosen } = this.#last;
    const { name, t } = this;
    const ticked = new Set(chosen);
    const offered = coded.values.map((value, place) => ({ value, images: counts[place] }))
      .filter(({ value, images }) => images > 0 || ticked.has(value)); // prettier-ignore
    for (const value of chosen) if (!coded.values.includes(value)) offered.push({ value, images: 0 }); // of a view made elsewhere
    const asked = this.#find.value.trim().toLowerCase();
    const matching = this.#opened ? offered.filter(({ value }) => wordOf(name, value, t).toLowerCase().includes(asked)) : offered;
    const listed = this.#opened
      ? matching.slice(0, MANY)
      : matching.filter(({ value }, place) => place < FEW || ticked.has(value)).slice(0, MANY);
    const kept = new Set(listed.map(({ value }) => value));
    for (const [value, { line }] of [...this.#shown]) {
      if (kept.has(value)) continue;
      line.remove();
      this.#shown.delete(value);
    }
    listed.forEach(({ value, images }, place) => {
      const choice = this.#shown.get(value) ?? this.#choice(value);
      choice.box.checked = ticked.has(value);
      choice.count.textContent = count(images);
      choice.line.classList.toggle("sw-nothing", images === 0);
      // Only what is out of place is moved: moving would take the focus away.
      if (this.#choices.children[place] !== choice.line) this.#choices.insertBefore(choice.line, this.#choices.children[place] ?? null);
    });
    const rest = matching.length - listed.length;
    this.#find.hidden = !this.#opened || offered.length <= 2 * FEW;
    this.#more.hidden = !this.#opened && rest === 0;
    this.#more.setAttribute("aria-expanded", String(this.#opened));
    this.#more.textContent = this.#opened
      ? rest > 0 ? t("gallery.fewer_of", { count: count(rest) }) : t("gallery.fewer")
      : t("gallery.more", { count: count(rest) }); // prettier-ignore
  }

  #choice(value: string): Choice {
    const line = make("label", "sw-choice");
    const box = make("input");
    box.type = "checkbox";
    box.addEventListener("change", () => {
      const chosen = this.#last?.chosen.filter((one) => one !== value) ?? [];
      this.choose(box.checked ? [...chosen, value] : chosen);
    });
    const words = make("span", "sw-choice-name", wordOf(this.name, value, this.t));
    words.title = words.textContent ?? "";
    const images = make("span", "sw-count");
    line.append(box, words, images);
    const choice = { line, box, count: images };
    this.#shown.set(value, choice);
    return choice;
  }
}
