/** The filters: a section a column, with a histogram where it is a number and values with counts where there are few. */
import { button, make } from "../shared/frame";
import type { Translate } from "../shared/strings";
import { Brush } from "./brush";
import type { CodedName } from "./coded";
import { Facet } from "./facet";
import type { Finder } from "./finder";
import { type Ask, type RangedName, withFacet, withRange } from "./view";

interface Section {
  name: CodedName | RangedName;
  element: HTMLElement;
  facet?: Facet;
  brush?: Brush;
}

/** Sections from top to bottom, as values, as a histogram, or both. The states have their chips in the toolbar. */
const SECTIONS: readonly [CodedName | RangedName, "values" | "histogram" | "both"][] = [
  ["condition", "values"], ["time_h", "both"], ["plate", "values"], ["well", "values"], ["tags", "values"], ["flags", "values"],
  ["n_objects", "both"], ["area_um2", "histogram"], ["area_px2", "histogram"], ["least_confidence", "histogram"],
  ["touches_border", "values"], ["edited", "values"], ["model", "values"],
]; // prettier-ignore

export interface PanelWishes {
  /** Changes what is asked for. */
  ask(change: <A extends Ask>(ask: A) => A): void;
  close(): void;
}

/** The area in the unit that is not told. */
function otherArea(finder: Finder): RangedName {
  return finder.numerics.area === "area_um2" ? "area_px2" : "area_um2";
}

export class Panel {
  readonly element = make("section", "sw-panel");
  readonly #sections: Section[];
  readonly #nothing: HTMLElement;

  constructor(
    private readonly finder: Finder,
    private readonly t: Translate,
    private readonly wishes: PanelWishes,
    signal: AbortSignal,
  ) {
    this.element.setAttribute("aria-label", t("gallery.filters"));
    this.element.hidden = true;
    this.element.tabIndex = -1; // takes the focus when it opens
    this.element.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || event.defaultPrevented) return;
      event.preventDefault();
      event.stopPropagation();
      wishes.close();
    });
    const head = make("div", "sw-panel-head");
    head.append(make("strong", "", t("gallery.filters")), button(t("gallery.close"), () => wishes.close(), "sw-quiet"));
    this.#sections = SECTIONS.map(([name, kind]) => this.#section(name, kind, signal));
    this.#nothing = make("p", "sw-nothing-to-filter", t("gallery.nothing_to_filter"));
    this.element.append(head, ...this.#sections.map(({ element }) => element), this.#nothing);
  }

  get open(): boolean {
    return !this.element.hidden;
  }

  /** Shows counts and bars; what is closed costs nothing. */
  show(): void {
    if (!this.open) return;
    for (const section of this.#sections) section.element.hidden = !this.#draw(section);
    this.#nothing.hidden = this.#sections.some(({ element }) => !element.hidden);
  }

  /** Draws a section; returns whether there is anything to choose in it. */
  #draw({ name, facet, brush }: Section): boolean {
    const { finder } = this;
    let useful = false;
    if (facet) {
      const coded = finder.codings.of(name as CodedName);
      const chosen = finder.view.facets[name as CodedName] ?? [];
      const shown = chosen.length > 0 || coded.totals.filter((images) => images > 0).length > 1;
      const counts = shown ? finder.sieve.counts(name as CodedName) : new Int32Array(0);
      const offers = chosen.length > 0 || counts.some((images) => images > 0);
      facet.element.hidden = !offers;
      if (shown) facet.show(coded, counts, chosen);
      useful ||= offers;
    }
    if (brush) {
      const bins = (name as RangedName) === otherArea(finder) ? null : finder.bins(name as RangedName);
      brush.element.hidden = bins === null;
      if (bins) brush.show(bins, finder.sieve.heights(name as RangedName, bins), finder.view.ranges[name as RangedName]);
      useful ||= bins !== null;
    }
    return useful;
  }

  #section(name: CodedName | RangedName, kind: "values" | "histogram" | "both", signal: AbortSignal): Section {
    const { t } = this;
    const section: Section = { name, element: make("div", "sw-panel-section") };
    section.element.append(make("h4", "", t(`gallery.column.${name}`)));
    if (kind !== "values") {
      section.brush = new Brush(name as RangedName, t, (range) => this.wishes.ask((ask) => withRange(ask, name as RangedName, range)), signal);
      section.element.append(section.brush.element);
    }
    if (kind !== "histogram") {
      const choose = (values: readonly string[]) => this.wishes.ask((ask) => withFacet(ask, name as CodedName, values));
      const opening = (facet: Facet) => this.#sections.forEach((other) => other.facet !== facet && other.facet?.open(false));
      section.facet = new Facet(name as CodedName, t, choose, opening);
      section.element.append(section.facet.element);
    }
    return section;
  }
}
