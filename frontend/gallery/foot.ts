/** Below the images: what is selected and what to do with it, and how many are shown. */
import { button, make } from "../shared/frame";
import { count } from "../shared/numbers";
import type { Translate } from "../shared/strings";
import type { Comparison } from "./comparable";

export interface FootFacts {
  selected: number;
  /** Whether the keyboard is on an image, and whether opening it leads elsewhere. */
  active: boolean;
  opens: boolean;
  /** Whether they may be judged here. */
  judges: boolean;
  /** How they can be compared; null where they cannot. */
  compares: Comparison | null;
  shown: number;
  rows: number;
  /** More images are being read, of so many; 0 when all are here. */
  firstOf: number;
}

export class Foot {
  readonly element = make("footer", "sw-foot");

  constructor(
    private readonly t: Translate,
    private readonly wishes: { open(): void; review(): void; compare(): void; clear(): void; leave(): void },
  ) {}

  show({ selected, active, opens, judges, compares, shown, rows, firstOf }: FootFacts): void {
    const { t } = this;
    const parts: HTMLElement[] = [];
    if (selected > 0) {
      parts.push(make("strong", "", t("gallery.selected", { n: selected, count: count(selected) })));
      if (active) parts.push(button(t(opens ? "gallery.open" : "gallery.look"), () => this.wishes.open()));
      if (judges) parts.push(button(t("gallery.review"), () => this.wishes.review()));
      if (compares) parts.push(button(t(compares === "side" ? "gallery.compare" : "gallery.compare_series"), () => this.wishes.compare()));
      parts.push(button(t("gallery.clear"), () => this.wishes.clear()));
    }
    const words = firstOf > 0
      ? t("gallery.reading_rest", { count: count(rows), total: count(firstOf) })
      : shown < rows ? t("gallery.shown", { n: shown, count: count(shown) }) : ""; // prettier-ignore
    const held = this.element.contains(document.activeElement);
    this.element.replaceChildren(...parts, make("span", "sw-shown", words));
    if (held) this.wishes.leave(); // its button may be gone
  }
}
