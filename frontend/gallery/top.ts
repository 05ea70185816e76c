/** The line above the images: the project, its run, and what leads into adding and reviewing. */
import { button, make } from "../shared/frame";
import { count } from "../shared/numbers";
import type { Translate } from "../shared/strings";
import { headline, type RunTrait } from "./headline";

export interface TopFacts {
  project: string;
  images: number;
  run: RunTrait;
  /** Images that are flagged and await review. */
  flagged: number;
  /** Whether flags are being worked out. */
  flagging: boolean;
  canAdd: boolean;
  canReview: boolean;
  adding: boolean;
}

export class Top {
  readonly element = make("header", "sw-head");
  readonly #words = make("div", "sw-head-words");
  readonly #add: HTMLButtonElement;
  readonly #review: HTMLButtonElement;

  constructor(
    private readonly t: Translate,
    wishes: { add(): void; review(): void },
  ) {
    this.#add = button(t("gallery.add"), () => wishes.add());
    this.#review = button(t("review.start"), () => wishes.review());
    const verbs = make("div", "sw-head-verbs");
    verbs.append(this.#add, this.#review);
    this.element.append(this.#words, verbs);
  }

  show({ project, images, run, flagged, flagging, canAdd, canReview, adding }: TopFacts): void {
    const { t } = this;
    const flags = flagging ? [make("span", "sw-summary", t("gallery.flags_working"))] : [];
    this.#words.replaceChildren(...headline(project, images, run, t), ...flags);
    this.#add.hidden = !canAdd || images === 0; // without images the ways in stand below
    this.#add.setAttribute("aria-expanded", String(adding));
    this.#review.hidden = !canReview || images === 0;
    this.#review.textContent = flagged > 0 ? t("gallery.review_flagged", { n: flagged, count: count(flagged) }) : t("review.start");
  }

  focusAdd(): void {
    this.#add.focus();
  }

  focusReview(): void {
    this.#review.focus();
  }
}
