/** Above the grid: search, filter by state with counts, outlines on and off, size of the cards, keys. */
import { button, make } from "../shared/frame";
import { mark } from "../shared/marks";
import { count } from "../shared/numbers";
import { STATES } from "../shared/states";
import type { Translate } from "../shared/strings";
import type { Filter, Found } from "./filter";
import { helpLines } from "./keys";

export const SMALLEST = 96;
export const LARGEST = 384;

export interface Wishes {
  filter(filter: Filter): void;
  outlines(shown: boolean): void;
  size(pixels: number): void;
  /** Focus goes back to the grid. */
  leave(): void;
}

export class Toolbar {
  readonly element = make("div", "sw-toolbar");
  readonly help = make("dl", "sw-keys");
  readonly #search = make("input", "sw-search");
  readonly #chips = make("div", "sw-chips");
  readonly #outlines: HTMLButtonElement;
  readonly #slider = make("input", "sw-size");
  readonly #states = new Set<number>();

  constructor(
    private readonly t: Translate,
    private readonly wishes: Wishes,
    { size, outlines }: { size: number; outlines: boolean },
  ) {
    this.#search.type = "search";
    this.#search.placeholder = t("gallery.search");
    this.#search.setAttribute("aria-label", t("gallery.search"));
    this.#search.spellcheck = false;
    this.#search.addEventListener("input", () => this.#send());
    this.#search.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown" || event.key === "Enter") wishes.leave();
      else if (event.key === "Escape" && this.#search.value) this.clear();
      else if (event.key === "Escape") wishes.leave();
      else return;
      event.preventDefault();
      event.stopPropagation();
    });

    this.#chips.setAttribute("role", "group");
    this.#chips.setAttribute("aria-label", t("gallery.filter"));
    this.#outlines = button(t("gallery.outlines"), () => this.setOutlines(!this.outlines), "sw-toggle");
    this.#outlines.setAttribute("aria-pressed", String(outlines));

    this.#slider.type = "range";
    this.#slider.min = String(SMALLEST);
    this.#slider.max = String(LARGEST);
    this.#slider.step = "8";
    this.#slider.value = String(size);
    this.#slider.addEventListener("input", () => wishes.size(Number(this.#slider.value)));
    const sizes = make("label", "sw-sizes");
    sizes.append(make("span", "", t("gallery.size")), this.#slider);

    const keys = button("?", () => this.toggleHelp(), "sw-help");
    keys.setAttribute("aria-label", t("gallery.keys.help"));
    keys.setAttribute("aria-expanded", "false");
    keys.title = t("gallery.keys.help");
    for (const [shown, words] of helpLines()) this.help.append(make("dt", "", shown), make("dd", "", t(`gallery.${words}`)));
    this.help.hidden = true;

    const view = make("div", "sw-view");
    view.append(this.#outlines, sizes, keys);
    this.element.append(this.#search, view, this.#chips);
  }

  get outlines(): boolean {
    return this.#outlines.getAttribute("aria-pressed") === "true";
  }

  setOutlines(shown: boolean): void {
    this.#outlines.setAttribute("aria-pressed", String(shown));
    this.wishes.outlines(shown);
  }

  toggleHelp(shown = this.help.hidden): void {
    this.help.hidden = !shown;
    this.element.querySelector(".sw-help")?.setAttribute("aria-expanded", String(shown));
  }

  focusSearch(): void {
    this.#search.focus();
    this.#search.select();
  }

  /** Shows everything again; returns whether anything was hidden. */
  clear(): boolean {
    const filtered = this.#search.value !== "" || this.#states.size > 0;
    this.#search.value = "";
    this.#states.clear();
    if (filtered) this.#send();
    return filtered;
  }

  /** What is asked for, in words: for the message that nothing matches. */
  get asked(): string {
    const states = [...this.#states].map((state) => this.t(`gallery.state.${STATES[state]}`));
    const text = this.#search.value.trim();
    return [text && `\u201c${text}\u201d`, states.join(", ")].filter(Boolean).join(" · ");
  }

  /** Draws the states that occur, with how many images each would show. */
  showCounts({ counts, total }: Found): void {
    const held = document.activeElement;
    const focused = held instanceof HTMLElement && this.#chips.contains(held) ? held.dataset.state : undefined;
    const chips = [this.#chip(-1, this.t("gallery.all"), total)];
    STATES.forEach((state, code) => {
      if (counts[code] || this.#states.has(code)) {
        chips.push(this.#chip(code, this.t(`gallery.state.${state}`), counts[code]));
      }
    });
    this.#chips.replaceChildren(...chips);
    if (focused !== undefined) chips.find((chip) => chip.dataset.state === focused)?.focus();
  }

  #chip(code: number, words: string, images: number): HTMLButtonElement {
    const pressed = code < 0 ? this.#states.size === 0 : this.#states.has(code);
    const chip = button("", () => this.#toggle(code), "sw-chip");
    chip.dataset.state = code < 0 ? "all" : STATES[code];
    chip.setAttribute("aria-pressed", String(pressed));
    if (code >= 0) {
      chip.append(mark(STATES[code]));
      chip.title = this.t(`gallery.about.${STATES[code]}`);
    }
    chip.append(make("span", "", words), make("span", "sw-count", count(images)));
    return chip;
  }

  #toggle(code: number): void {
    if (code < 0) this.#states.clear();
    else if (!this.#states.delete(code)) this.#states.add(code);
    this.#send();
  }

  #send(): void {
    this.wishes.filter({ text: this.#search.value, states: new Set(this.#states) });
  }
}
