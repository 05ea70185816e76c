/** What the colours and marks of the wells mean, with how many images of the shown time they are. */
import { make } from "../../shared/frame";
import { lineIcon } from "../../shared/icon";
import { count, three } from "../../shared/numbers";
import type { Translate } from "../../shared/strings";
import { type Look, type Scale, type Scheme, VIRIDIS } from "./scheme";

export class Legend {
  readonly element = make("div", "sw-plate-legend");
  readonly #counts = new Map<number | "excluded", HTMLElement>();

  constructor(private readonly t: Translate) {
    this.element.setAttribute("role", "group");
    this.element.setAttribute("aria-label", t("plate.legend"));
  }

  /**
   * @param occurs    places in `scheme.looks` of which there is an image, at whatever time
   * @param excluded  whether any image is excluded
   */
  show(scheme: Scheme, occurs: ReadonlySet<number>, excluded: boolean): void {
    const parts: HTMLElement[] = scheme.scale ? [this.#scale(scheme.scale)] : [];
    this.#counts.clear();
    const counted = (key: number | "excluded", sign: HTMLElement, words: string) => {
      const number = make("span", "sw-plate-soft");
      this.#counts.set(key, number);
      return entry(sign, words, number);
    };
    scheme.looks.forEach((look, place) => {
      if (!occurs.has(place) || look.words === "") return;
      parts.push(counted(place, swatch(look), look.words));
    });
    if (excluded) parts.push(counted("excluded", crossed(), this.t("gallery.state.excluded")));
    parts.push(entry(make("span", "sw-plate-swatch sw-plate-empty"), this.t("plate.empty_well")));
    this.element.replaceChildren(...parts);
  }

  /** Number of images of the shown time, by place in the scheme's looks, and of the excluded ones among them. */
  count(counts: ArrayLike<number>, excluded: number): void {
    for (const [key, element] of this.#counts) {
      const number = key === "excluded" ? excluded : counts[key];
      element.textContent = count(number);
      element.parentElement?.classList.toggle("sw-plate-none", number === 0);
    }
  }

  #scale({ words, low, high, unit, below, above }: Scale): HTMLElement {
    const bar = make("span", "sw-plate-scale");
    bar.style.background = `linear-gradient(90deg, ${VIRIDIS.join(", ")})`;
    const end = (value: number, sign: string) => make("span", "", `${sign}${three(value)}`);
    const element = make("span", "sw-plate-entry");
    element.append(make("span", "sw-plate-soft", words), end(low, below ? "≤ " : ""), bar, end(high, above ? "≥ " : ""), make("span", "", unit));
    return element;
  }
}

function entry(...parts: (HTMLElement | string)[]): HTMLElement {
  const element = make("span", "sw-plate-entry");
  element.append(...parts);
  return element;
}

/** The colour and the mark of a look, as a small square. */
export function swatch(look: Look): HTMLElement {
  const element = make("span", "sw-plate-swatch", look.sign ?? "");
  element.style.backgroundColor = look.fill;
  element.style.color = look.ink;
  element.classList.toggle("sw-plate-hatched", look.hatched === true);
  if (look.path) element.append(lineIcon(look.path, "sw-plate-icon"));
  return element;
}

function crossed(): HTMLElement {
  const element = make("span", "sw-plate-swatch sw-plate-empty");
  element.append(lineIcon("M3 3l10 10M13 3L3 13", "sw-plate-icon"));
  return element;
}
