/** Above the swipe: which two revisions are compared, and by how much they differ. */
import { make } from "../shared/frame";
import { three } from "../shared/numbers";
import type { Translate } from "../shared/strings";
import { pushable } from "./buttons";
import { icon } from "./icons";
import { type Revision, revisionFacts, revisionName, type Seen } from "./state";

const SIDES = ["first", "second"] as const;

export class Choice {
  readonly element = make("div", "sw-compare-choice");
  readonly #selects: HTMLSelectElement[] = [];
  readonly #facts: HTMLElement[] = [];
  readonly #difference = make("span", "sw-compare-difference");
  #revisions: readonly Revision[] = [];

  /** @param chosen  called with the two revisions */
  constructor(
    private readonly t: Translate,
    private readonly chosen: (results: number[]) => void,
    signal: AbortSignal,
  ) {
    const sides = SIDES.map((side, i) => {
      const select = make("select", "sw-compare-select");
      select.setAttribute("aria-label", t(`compare.${side}`));
      select.addEventListener("change", () => this.chosen(this.#selects.map(({ value }) => Number(value))), { signal });
      const facts = make("span", "sw-compare-facts");
      const label = make("label", "sw-compare-chosen");
      label.append(make("span", "sw-compare-side", "AB"[i]), select, facts);
      this.#selects.push(select);
      this.#facts.push(facts);
      return label;
    });
    const exchange = pushable(t, "exchange", () => this.exchange(), icon("exchange"));
    this.element.append(...sides, exchange, this.#difference);
  }

  exchange(): void {
    this.chosen(this.#selects.map(({ value }) => Number(value)).reverse());
  }

  show(image: Seen, revisions: readonly Revision[], results: readonly number[]): void {
    const names = revisions.map((revision) => revisionName(revision, this.t));
    const changed = names.join("\n") !== this.#revisions.map((revision) => revisionName(revision, this.t)).join("\n");
    this.#revisions = revisions;
    const calibrated = image.pixel_size_um !== null;
    this.#selects.forEach((select, side) => {
      // New options close a list that is open: only where there are others.
      if (changed) select.replaceChildren(...revisions.map(({ id }, i) => new Option(names[i], String(id))));
      select.value = String(results[side]);
      const revision = this.#of(results[side]);
      this.#facts[side].textContent = revision ? revisionFacts(revision, calibrated, this.t) : "";
    });
    this.#difference.textContent = this.#differ(results);
  }

  #of(result: number): Revision | undefined {
    return this.#revisions.find(({ id }) => id === result);
  }

  /** `B is 3.2 % larger`. */
  #differ(results: readonly number[]): string {
    const [first, second] = results.map((result) => this.#of(result)?.area ?? NaN);
    const percent = (100 * (second - first)) / first;
    if (!Number.isFinite(percent)) return "";
    if (Math.abs(percent) < 0.05) return this.t("compare.same_area");
    return this.t(percent > 0 ? "compare.larger" : "compare.smaller", { percent: three(Math.abs(percent)) });
  }
}
