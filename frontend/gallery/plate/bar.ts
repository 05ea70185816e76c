/** Above the wells: which plate, what the colours say, the time, the size of the wells, the keys. */
import { button, make } from "../../shared/frame";
import { count } from "../../shared/numbers";
import type { Translate } from "../../shared/strings";
import { Clock } from "./clock";
import { helpLines, keysOf } from "./keys";
import { type Subject, SUBJECTS } from "./scheme";
import type { Format } from "./wells";

export interface BarWishes {
  plate(code: number): void;
  wells(wells: number): void;
  colour(subject: Subject): void;
  allTimes(): void;
  time(point: number): void;
  zoom(by: 1 | -1): void;
  /** Focus goes back to the wells. */
  leave(): void;
}

export class Bar {
  readonly element = make("div", "sw-plate-bar");
  readonly help = make("dl", "sw-keys sw-plate-keys");
  readonly clock: Clock;
  readonly #plates: HTMLSelectElement;
  readonly #wells: HTMLSelectElement;
  readonly #colours: HTMLSelectElement;
  readonly #all = make("input");
  readonly #allLabel = make("label", "sw-plate-choice");
  readonly #help: HTMLButtonElement;

  constructor(
    private readonly t: Translate,
    private readonly wishes: BarWishes,
    signal: AbortSignal,
  ) {
    this.#plates = make("select", "sw-plate-select");
    this.#wells = make("select", "sw-plate-select");
    this.#colours = make("select", "sw-plate-select");
    this.#plates.addEventListener("change", () => wishes.plate(Number(this.#plates.value)));
    this.#wells.addEventListener("change", () => wishes.wells(Number(this.#wells.value)));
    this.#colours.addEventListener("change", () => wishes.colour(this.#colours.value as Subject));
    fill(this.#colours, SUBJECTS.map((subject) => [subject, t(`plate.colour.${subject}`)]));
    this.#all.type = "checkbox";
    this.#all.addEventListener("change", () => wishes.allTimes());
    this.#allLabel.append(this.#all, make("span", "", t("plate.all_times")));
    this.clock = new Clock(t, wishes.time, signal);
    const sizes = make("div", "sw-plate-sizes");
    for (const [by, action, sign] of [[-1, "smaller", "−"], [1, "larger", "+"]] as const) {
      const element = button(sign, () => wishes.zoom(by), "sw-plate-square");
      element.setAttribute("aria-label", t(`plate.keys.${action}`));
      element.title = `${t(`plate.keys.${action}`)} (${keysOf(action)})`;
      sizes.append(element);
    }
    this.#help = button("?", () => this.toggleHelp(), "sw-plate-square");
    this.#help.title = t("plate.keys.help");
    this.#help.setAttribute("aria-label", t("plate.keys.help"));
    this.#help.setAttribute("aria-expanded", "false");
    this.element.append(
      this.#labelled("plate.plate", this.#plates), this.#labelled("plate.colour", this.#colours),
      this.#labelled("plate.format", this.#wells), this.clock.element, this.#allLabel, sizes, this.#help,
    ); // prettier-ignore
    this.help.hidden = true;
    for (const [keys, words] of helpLines()) this.help.append(make("dt", "", keys), make("dd", "", t(`plate.keys.${words}`)));
  }

  /** Whether what is selected are the wells' images of all times. */
  get allTimes(): boolean {
    return this.#all.checked;
  }

  setPlates(plates: readonly [code: number, name: string][], chosen: number): void {
    fill(this.#plates, plates.map(([code, name]) => [String(code), name || this.t("plate.unnamed")]));
    this.setPlate(chosen);
    (this.#plates.parentElement as HTMLElement).hidden = plates.length < 2;
  }

  setPlate(code: number): void {
    this.#plates.value = String(code);
  }

  setFormats(formats: readonly Format[], chosen: Format): void {
    const wells = ({ rows, columns }: Format) => rows * columns;
    fill(this.#wells, formats.map((format) => [String(wells(format)), this.t("plate.n_wells", { count: count(wells(format)) })]));
    this.#wells.value = String(wells(chosen));
    (this.#wells.parentElement as HTMLElement).hidden = formats.length < 2;
  }

  setColour(subject: Subject): void {
    this.#colours.value = subject;
  }

  setTimes(names: readonly string[], point: number): void {
    this.clock.set(names, point);
    this.#allLabel.hidden = names.length < 2;
  }

  toggleHelp(shown = this.help.hidden): void {
    this.help.hidden = !shown;
    this.#help.setAttribute("aria-expanded", String(shown));
    if (!shown) this.wishes.leave();
  }

  #labelled(words: string, element: HTMLSelectElement): HTMLElement {
    const label = make("label", "sw-plate-choice");
    label.append(make("span", "sw-plate-soft", this.t(words)), element);
    return label;
  }
}

function fill(select: HTMLSelectElement, options: readonly [value: string, words: string][]): void {
  select.replaceChildren(
    ...options.map(([value, words]) => {
      const option = make("option", "", words);
      option.value = value;
      return option;
    }),
  );
}
