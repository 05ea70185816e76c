/** Above the images: search, filters, views, sorting, grouping, how they are shown; the states with counts; keys. */
import { button, make } from "../shared/frame";
import { mark } from "../shared/marks";
import { count } from "../shared/numbers";
import { STATES } from "../shared/states";
import type { Translate } from "../shared/strings";
import { GROUPS } from "./coded";
import { columnsOf } from "./columns";
import type { Finder } from "./finder";
import { helpLines } from "./keys";
import { MODES } from "./modes";
import { type Ask, countAsked, GRID, PLATE, type Sort, type SortedName, type View, withFacet } from "./view";

export const SMALLEST = 96;
export const LARGEST = 384;

export interface Wishes {
  /** Changes what is asked for or how it is shown. */
  view(change: (view: View) => View): void;
  outlines(shown: boolean): void;
  size(pixels: number): void;
  filters(): void;
  /** Focus goes back to the images. */
  leave(): void;
}

export class Toolbar {
  readonly element = make("div", "sw-toolbar");
  readonly help = make("dl", "sw-keys");
  readonly #search = make("input", "sw-search");
  readonly #filters: HTMLButtonElement;
  readonly #sort = make("select", "sw-select");
  readonly #turn: HTMLButtonElement;
  readonly #group = make("select", "sw-select");
  readonly #modes = make("div", "sw-modes");
  readonly #chips = make("div", "sw-chips");
  readonly #arrange = make("div", "sw-arrange");
  readonly #outlines: HTMLButtonElement;
  readonly #slider = make("input", "sw-size");
  readonly #sizes = make("label", "sw-sizes");

  constructor(
    private readonly finder: Finder,
    private readonly t: Translate,
    private readonly wishes: Wishes,
    { size, outlines, views }: { size: number; outlines: boolean; views: HTMLElement },
  ) {
    this.#makeSearch();
    this.#filters = button("", () => wishes.filters(), "sw-filters");
    this.#filters.setAttribute("aria-expanded", "false");

    this.#sort.addEventListener("change", () => this.#sortBy(this.#sort.value as SortedName | ""));
    this.#turn = button("", () => wishes.view((view) => ({ ...view, sort: turned(view.sort) })), "sw-turn");
    this.#group.addEventListener("change", () => {
      wishes.view((view) => ({ ...view, group: GROUPS.find((name) => name === this.#group.value) ?? null }));
    });
    const sorting = make("div", "sw-pair");
    sorting.append(this.#labelled("gallery.sort", this.#sort), this.#turn);

    this.#modes.setAttribute("role", "group");
    this.#modes.setAttribute("aria-label", t("gallery.mode"));
    for (const name of Object.keys(MODES)) {
      const mode = button(t(`gallery.mode.${name}`), () => wishes.view((view) => ({ ...view, mode: name })), "sw-mode");
      mode.dataset.mode = name;
      this.#modes.append(mode);
    }

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
    this.#sizes.append(make("span", "", t("gallery.size")), this.#slider);

    const keys = button("?", () => this.toggleHelp(), "sw-help");
    keys.setAttribute("aria-label", t("gallery.keys.help"));
    keys.setAttribute("aria-expanded", "false");
    keys.title = t("gallery.keys.help");
    for (const [shown, words] of helpLines()) this.help.append(make("dt", "", shown), make("dd", "", t(`gallery.${words}`)));
    this.help.hidden = true;

    const find = make("div", "sw-find");
    find.append(this.#search, this.#filters, views);
    this.#arrange.append(sorting, this.#labelled("gallery.group", this.#group));
    const view = make("div", "sw-view-tools");
    view.append(this.#modes, this.#outlines, this.#sizes, keys);
    this.element.append(find, this.#arrange, this.#chips, view);
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

  focusFilters(): void {
    this.#filters.focus();
  }

  /** Whether the filters are open beside the images. */
  showFilters(open: boolean): void {
    this.#filters.setAttribute("aria-expanded", String(open));
  }

  /** Draws what the view is, and the states that occur with how many images each would show. */
  show(view: View): void {
    const { t } = this;
    if (this.#search.value.trim() !== view.text.trim()) this.#search.value = view.text;
    const asked = countAsked(view);
    this.#filters.textContent = asked > 0 ? t("gallery.filters_asked", { count: asked }) : t("gallery.filters");
    this.#filters.classList.toggle("sw-active-filters", asked > 0);
    const columns = columnsOf(this.finder).map(({ name }) => name);
    if (view.sort && !columns.includes(view.sort.by)) columns.push(view.sort.by);
    options(this.#sort, ["", ...columns], view.sort?.by ?? "", (name) => t(name ? `gallery.column.${name}` : "gallery.as_added"));
    const descending = view.sort?.descending === true;
    this.#turn.hidden = view.sort === null;
    this.#turn.textContent = descending ? "\u2193" : "\u2191";
    this.#turn.setAttribute("aria-label", t(descending ? "gallery.descending" : "gallery.ascending"));
    this.#turn.title = t(descending ? "gallery.descending" : "gallery.ascending");
    const useful = GROUPS.filter((name) => name === view.group || this.#tellsApart(name));
    options(this.#group, ["", ...useful], view.group ?? "", (name) => t(`gallery.by.${name || "nothing"}`));
    for (const mode of this.#modes.children) mode.setAttribute("aria-pressed", String((mode as HTMLElement).dataset.mode === view.mode));
    this.#sizes.hidden = view.mode !== GRID;
    this.#arrange.hidden = this.#outlines.hidden = view.mode === PLATE; // wells stand where they stand
    this.#drawChips(view);
  }

  #makeSearch(): void {
    const { t, wishes } = this;
    const search = this.#search;
    search.type = "search";
    search.placeholder = t("gallery.search");
    search.setAttribute("aria-label", t("gallery.search"));
    search.spellcheck = false;
    const send = () => wishes.view((view) => ({ ...view, text: search.value }));
    search.addEventListener("input", send);
    search.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown" || event.key === "Enter") wishes.leave();
      else if (event.key === "Escape" && search.value) {
        search.value = "";
        send();
      } else if (event.key === "Escape") wishes.leave();
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
  }

  #labelled(key: string, select: HTMLSelectElement): HTMLElement {
    const label = make("label", "sw-labelled");
    label.append(make("span", "", this.t(key)), select);
    return label;
  }

  #sortBy(by: SortedName | ""): void {
    this.wishes.view((view) => ({ ...view, sort: by === "" ? null : { by, descending: view.sort?.descending ?? false } }));
  }

  #tellsApart(name: (typeof GROUPS)[number]): boolean {
    return this.finder.codings.of(name).totals.filter((images) => images > 0).length > 1;
  }

  #drawChips(view: Ask): void {
    const { finder, t } = this;
    const held = document.activeElement;
    const focused = held instanceof HTMLElement && this.#chips.contains(held) ? held.dataset.state : undefined;
    const chosen = view.facets.state ?? [];
    const counts = finder.sieve.counts("state");
    const chips = [this.#chip(null, t("gallery.all"), finder.sieve.without("state"), chosen)];
    STATES.forEach((state, code) => {
      if (counts[code] || chosen.includes(state)) chips.push(this.#chip(state, t(`gallery.state.${state}`), counts[code], chosen));
    });
    this.#chips.replaceChildren(...chips);
    if (focused !== undefined) chips.find((chip) => chip.dataset.state === focused)?.focus();
  }

  #chip(state: (typeof STATES)[number] | null, words: string, images: number, chosen: readonly string[]): HTMLButtonElement {
    const pressed = state === null ? chosen.length === 0 : chosen.includes(state);
    const chip = button("", () => this.wishes.view((view) => withFacet(view, "state", toggled(view, state))), "sw-chip");
    chip.dataset.state = state ?? "all";
    chip.setAttribute("aria-pressed", String(pressed));
    if (state !== null) {
      chip.append(mark(state));
      chip.title = this.t(`gallery.about.${state}`);
    }
    chip.append(make("span", "", words), make("span", "sw-count", count(images)));
    return chip;
  }
}

/** The other way round. */
export function turned(sort: Sort | null): Sort | null {
  return sort && { ...sort, descending: !sort.descending };
}

function toggled(view: View, state: string | null): readonly string[] {
  const chosen = view.facets.state ?? [];
  if (state === null) return [];
  return chosen.includes(state) ? chosen.filter((one) => one !== state) : [...chosen, state];
}

/** Fills a selection, where it differs: a list that is open would close. */
function options(select: HTMLSelectElement, values: readonly string[], chosen: string, words: (value: string) => string): void {
  const old = [...select.options].map(({ value }) => value);
  if (old.length !== values.length || old.some((value, i) => value !== values[i])) {
    select.replaceChildren(
      ...values.map((value) => {
        const option = make("option", "", words(value));
        option.value = value;
        return option;
      }),
    );
  }
  select.value = chosen;
}
