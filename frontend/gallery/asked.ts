/** What is asked for, in words: a chip each that takes it away, and the sentence where nothing matches. */
import { button, make } from "../shared/frame";
import { count, three } from "../shared/numbers";
import type { Translate } from "../shared/strings";
import type { CodedName } from "./coded";
import { wordOf } from "./columns";
import { type Ask, type Range, type RangedName, withFacet, withRange } from "./view";

/** Of a facet's ticked values so many are named. */
const NAMED = 3;

export interface Asked<A extends Ask> {
  words: string;
  /** Whether the words are an expression, shown as code. */
  code?: boolean;
  /** The same without it. */
  without: A;
}

/** Everything that is asked for, apart from the text and the states, which stand in the toolbar. */
export function asked<A extends Ask>(ask: A, t: Translate): Asked<A>[] {
  const all: Asked<A>[] = [];
  for (const [name, values] of Object.entries(ask.facets) as [CodedName, readonly string[]][]) {
    if (name === "state") continue;
    const named = values.slice(0, NAMED).map((value) => wordOf(name, value, t));
    if (values.length > NAMED) named.push(t("gallery.more", { count: count(values.length - NAMED) }));
    all.push({ words: `${t(`gallery.column.${name}`)}: ${named.join(", ")}`, without: withFacet(ask, name, []) });
  }
  for (const [name, range] of Object.entries(ask.ranges) as [RangedName, Range][]) {
    all.push({ words: `${t(`gallery.column.${name}`)}: ${rangeText(name, range, t)}`, without: withRange(ask, name, null) });
  }
  if (ask.expression) all.push({ words: ask.expression, code: true, without: { ...ask, expression: "" } });
  return all;
}

/** All of it in one line. */
export function askedText(ask: Ask, t: Translate): string {
  const text = ask.text.trim();
  const states = (ask.facets.state ?? []).map((state) => wordOf("state", state, t)).join(", ");
  return [text && `\u201c${text}\u201d`, states, ...asked(ask, t).map(({ words }) => words)].filter(Boolean).join(" · ");
}

/** `5 010 – 41 300 µm²`, `from 0.5`, `up to 48 h`. */
export function rangeText(name: RangedName, [from, to]: Range, t: Translate): string {
  const unit = unitOf(name);
  const [low, high] = [from, to].map((end) => (end === null ? "" : valueText(name, end)));
  if (from === null) return t("gallery.up_to", { value: `${high}${unit}` });
  if (to === null) return t("gallery.from", { value: `${low}${unit}` });
  return low === high ? `${low}${unit}` : `${low}\u2009–\u2009${high}${unit}`;
}

export function valueText(name: RangedName, value: number): string {
  return name === "n_objects" ? count(value) : three(value);
}

export function unitOf(name: RangedName): string {
  return { area_um2: " µm²", area_px2: " px²", least_confidence: "", time_h: " h", n_objects: "" }[name];
}

/** The line of chips under the toolbar; hidden while nothing but text and states is asked for. */
export class AskedLine<A extends Ask> {
  readonly element = make("div", "sw-asked");

  constructor(
    private readonly t: Translate,
    private readonly wishes: { ask(ask: A): void; clear(): void; leave(): void },
  ) {
    this.element.setAttribute("role", "group");
    this.element.setAttribute("aria-label", t("gallery.asked"));
    this.element.hidden = true;
  }

  show(ask: A): void {
    const all = asked(ask, this.t);
    const held = this.element.contains(document.activeElement);
    const chips = all.map(({ words, code, without }) => {
      const chip = make("span", "sw-asked-chip");
      const remove = button("\u00d7", () => this.wishes.ask(without), "sw-remove");
      remove.setAttribute("aria-label", this.t("gallery.remove", { filter: words }));
      remove.title = this.t("gallery.remove", { filter: words });
      chip.append(make(code ? "code" : "span", "", words), remove);
      return chip;
    });
    if (all.length > 1) chips.push(button(this.t("gallery.clear_filters"), () => this.wishes.clear(), "sw-quiet"));
    this.element.replaceChildren(...chips);
    this.element.hidden = all.length === 0;
    if (!held) return; // the button that had the focus is gone
    const next = this.element.querySelector("button");
    if (next) next.focus();
    else this.wishes.leave();
  }
}
