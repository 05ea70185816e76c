/** Beside the picture: which image it is, what speaks against it, and the verbs with their keys. */
import { button, make } from "../../shared/frame";
import { timeText } from "../../shared/numbers";
import type { Translate } from "../../shared/strings";
import { FLAGS, type Flag } from "../plate/flags";
import { swatch } from "../plate/legend";
import { flagLook } from "../plate/scheme";
import type { ReviewItem } from "../../shared/review/decision";
import type { Verdict } from "./course";
import { keyOf, keysOf } from "./keys";

/** In the order in which they stand; what decides needs a picture that was seen. */
export const VERBS = ["approve", "open", "absent", "unusable", "exclude", "back", "skip"] as const;
export type Verb = (typeof VERBS)[number];
const DECIDING: readonly Verb[] = ["approve", "absent", "unusable", "exclude"];

export interface Told {
  item: ReviewItem;
  facts: string;
  /** What was said of it before. */
  verdict: Verdict | null;
  last: { item: ReviewItem; verdict: Verdict } | null;
}

export class Panel {
  readonly element = make("div", "sw-review-panel");
  readonly #name = make("strong", "sw-review-name");
  readonly #facts = make("p", "sw-review-text sw-review-soft");
  readonly #flags = make("ul", "sw-review-flags");
  readonly #said = make("p", "sw-review-text");
  readonly #last = make("p", "sw-review-text sw-review-soft");
  readonly #verbs = make("div", "sw-review-actions");
  readonly #buttons = new Map<Verb, HTMLButtonElement>();

  constructor(
    private readonly t: Translate,
    act: (verb: Verb) => void,
    failures: HTMLElement,
    form: HTMLElement,
  ) {
    this.#flags.setAttribute("aria-label", t("review.flags"));
    for (const verb of VERBS) {
      const element = button("", () => act(verb), verb === "approve" ? "sw-button-main" : "");
      element.append(make("span", "", t(`review.action.${verb}`)), make("kbd", "", keyOf(verb)));
      element.dataset.action = verb;
      element.title = `${t(`review.about.${verb}`)} (${keysOf(verb)})`;
      element.setAttribute("aria-keyshortcuts", keyOf(verb));
      this.#buttons.set(verb, element);
      this.#verbs.append(element);
    }
    const told = make("div", "sw-review-told");
    told.append(this.#name, this.#facts, this.#flags, this.#said, this.#last, failures);
    this.element.append(told, this.#verbs, form);
  }

  show({ item, facts, verdict, last }: Told): void {
    const { t } = this;
    this.#name.textContent = this.#name.title = item.name;
    const where = [item.plate, item.well, timeText(item.time_h ?? NaN)].filter(Boolean).join(" · ");
    this.#facts.textContent = [where, facts].filter(Boolean).join(" · ");
    this.#flags.replaceChildren(...item.flags.map((flag, nth) => this.#flag(flag, item.sentences[nth])));
    if (item.flags.length === 0) this.#flags.append(make("li", "sw-review-soft", t("review.unflagged")));
    this.#said.hidden = verdict === null;
    this.#said.textContent = verdict ? t("review.said", { verdict: t(`review.done.${verdict}`) }) : "";
    this.#last.hidden = last === null;
    this.#last.textContent = last ? t("review.last", { name: last.item.name, verdict: t(`review.done.${last.verdict}`) }) : "";
    (this.#buttons.get("back") as HTMLButtonElement).disabled = last === null;
  }

  /** Whether the picture is there to be judged. */
  set judging(possible: boolean) {
    for (const verb of DECIDING) (this.#buttons.get(verb) as HTMLButtonElement).disabled = !possible;
  }

  /** While a reason is asked, the verbs make room for it. */
  set asking(asking: boolean) {
    this.#verbs.hidden = asking;
  }

  focus(verb: Verb): void {
    this.#buttons.get(verb)?.focus();
  }

  #flag(flag: string, words: string): HTMLElement {
    const line = make("li");
    if ((FLAGS as readonly string[]).includes(flag)) line.append(swatch(flagLook(flag as Flag, this.t)));
    line.append(make("span", "", words));
    return line;
  }
}
