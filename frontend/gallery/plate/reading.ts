/** The line below the plate: what the pointer or the keyboard is on; else what is shown in all. */
import { button, make } from "../../shared/frame";
import { count, timeText } from "../../shared/numbers";
import type { Translate } from "../../shared/strings";
import type { PlateSeries } from "./images";
import { facts, siteNumber } from "./words";
import { wellName } from "./wells";

export class Reading {
  readonly element = make("div", "sw-plate-reading");

  constructor(
    private readonly t: Translate,
    private readonly open: (entry: number) => void,
  ) {}

  well(series: PlateSeries, point: number, row: number, column: number): void {
    const entries = series.within(point, row, column);
    const parts: HTMLElement[] = [make("strong", "", wellName(row, column))];
    if (entries.length === 0) parts.push(make("span", "sw-plate-soft", this.t("plate.empty_well")));
    else {
      const time = timeText(series.images.time[entries[0]]);
      if (time) parts.push(make("span", "", time));
      entries.forEach((entry, nth) => parts.push(this.#image(series, entry, entries.length > 1 ? nth : null)));
    }
    this.element.replaceChildren(...parts);
  }

  summary(series: PlateSeries, point: number, selected: number): void {
    const entries = series.during(point);
    const images = entries.length;
    const flagged = entries.filter((entry) => series.images.flag[entry] > 0).length;
    const words = [this.t("plate.n_images", { n: images, count: count(images) }), this.t("plate.n_flagged", { n: flagged, count: count(flagged) })];
    if (selected > 0) words.push(this.t("plate.n_selected", { n: selected, count: count(selected) }));
    this.element.replaceChildren(make("span", "sw-plate-soft", words.join(" · ")));
  }

  #image(series: PlateSeries, entry: number, nth: number | null): HTMLElement {
    const known = facts(series.images, entry, this.t, true).join(" · ");
    if (nth === null) return make("span", "", known);
    const words = this.t("plate.site", { n: siteNumber(series, entry, nth), facts: known });
    const element = button(words, () => this.open(entry), "sw-plate-site");
    element.title = this.t("plate.open_site");
    return element;
  }
}
