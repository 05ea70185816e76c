/** Asks why something is excluded, and what: an object, the image, its well, its well from this time on. */
import { button, make } from "../frame";
import { three, timeText } from "../numbers";
import type { Translate } from "../strings";
import type { Decision, ReviewItem, Scope } from "./decision";

/** In the order of their keys; the last is said in free words only. */
export const REASONS = ["debris", "bubble", "focus", "several", "damaged", "handling", "else"] as const;
type Reason = (typeof REASONS)[number];

/** An outline that can be excluded by itself (Python: `widgets/reviewing.py`). */
export interface ReviewObject {
  /** UUID. */
  outline: string;
  number: number;
  area: number | null;
  unit: string;
}

export interface ExclusionWishes {
  objects(id: number): Promise<ReviewObject[]>;
  exclude(decision: Decision): void;
  cancel(): void;
}

let forms = 0;

export class Exclusion {
  readonly element = make("form", "sw-review-exclude");
  readonly #name = `sw-exclude-${forms++}`;
  readonly #reasons = new Map<Reason, HTMLInputElement>();
  readonly #scopes = new Map<Scope, HTMLInputElement>();
  readonly #scopeLabels = new Map<Scope, HTMLElement>();
  readonly #note = make("input", "sw-review-note");
  readonly #objects = make("select", "sw-review-objects");
  readonly #missing = make("p", "sw-review-missing");
  #asked = 0;

  constructor(
    private readonly t: Translate,
    private readonly wishes: ExclusionWishes,
  ) {
    const reasons = this.#group("reasons");
    REASONS.forEach((reason, place) => {
      reasons.append(this.#radio("reason", this.#reasons, reason, t(`review.reason.${reason}`), String(place + 1)));
    });
    const scopes = this.#group("scopes");
    for (const scope of ["image", "object", "well", "well_from"] as const) {
      const label = this.#radio("scope", this.#scopes, scope, "");
      this.#scopeLabels.set(scope, label);
      scopes.append(label);
    }
    this.#scopeLabels.get("object")?.append(this.#objects);
    this.#objects.setAttribute("aria-label", t("review.which_object"));
    this.#objects.addEventListener("change", () => (this.#scope = "object"));
    this.#note.type = "text";
    this.#note.placeholder = t("review.note");
    this.#note.setAttribute("aria-label", t("review.note"));
    this.#missing.id = `${this.#name}-missing`;
    this.#missing.setAttribute("role", "alert");
    this.#note.setAttribute("aria-describedby", this.#missing.id);
    const submit = make("button", "sw-button sw-button-main", t("review.exclude"));
    submit.type = "submit";
    const verbs = make("div", "sw-review-verbs");
    verbs.append(submit, button(t("review.cancel"), () => wishes.cancel()));
    this.element.append(reasons, this.#note, this.#missing, scopes, verbs);
    this.element.setAttribute("aria-label", t("review.exclude"));
    this.element.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.element.addEventListener("keydown", (event) => this.#key(event));
    this.element.hidden = true;
  }

  get open(): boolean {
    return !this.element.hidden;
  }

  /** Asks about an image; the reason of the time before is offered again, its scope is not. */
  ask({ id, well, time_h }: ReviewItem): void {
    const { t } = this;
    const asked = ++this.#asked;
    this.#scope = "image";
    this.#note.value = "";
    this.#say("");
    this.#caption("image", t("review.scope.image"));
    this.#caption("object", t("review.scope.object"));
    this.#caption("well", t("review.scope.well", { well: well ?? "" }));
    this.#caption("well_from", t("review.scope.well_from", { well: well ?? "", time: timeText(time_h ?? NaN) }));
    this.#offer("well", well !== null);
    this.#offer("well_from", well !== null && time_h !== null);
    this.#offer("object", false);
    this.element.hidden = false;
    const chosen = this.#reason;
    (this.#reasons.get(chosen ?? REASONS[0]) as HTMLInputElement).focus();
    this.wishes.objects(id).then(
      (objects) => asked === this.#asked && this.#setObjects(objects),
      () => {}, // the image can be excluded all the same
    );
  }

  close(): void {
    this.#asked++;
    this.element.hidden = true;
  }

  get #reason(): Reason | undefined {
    return REASONS.find((reason) => this.#reasons.get(reason)?.checked);
  }

  set #scope(scope: Scope) {
    (this.#scopes.get(scope) as HTMLInputElement).checked = true;
  }

  #setObjects(objects: readonly ReviewObject[]): void {
    this.#objects.replaceChildren(
      ...objects.map(({ outline, number, area, unit }) => {
        const option = make("option", "", this.t("review.object", { n: number, area: area === null ? "" : `${three(area)} ${unit}` }));
        option.value = outline;
        return option;
      }),
    );
    this.#objects.hidden = objects.length < 2;
    this.#offer("object", objects.length > 0);
  }

  #submit(): void {
    const [reason, note] = [this.#reason, this.#note.value.trim()];
    const words = reason && reason !== "else" ? this.t(`review.reason.${reason}`) : "";
    const whole = [words, note].filter(Boolean).join(": ");
    if (!whole) {
      this.#say(this.t("review.no_reason"));
      (reason === "else" ? this.#note : (this.#reasons.get(REASONS[0]) as HTMLInputElement)).focus();
      return;
    }
    const scope = [...this.#scopes].find(([, input]) => input.checked)?.[0] ?? "image";
    this.wishes.exclude({ kind: "exclude", reason: whole, scope, ...(scope === "object" && { outline: this.#objects.value }) });
  }

  #key(event: KeyboardEvent): void {
    const reason = REASONS[Number(event.key) - 1];
    if (!reason || event.target === this.#note || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    const input = this.#reasons.get(reason) as HTMLInputElement;
    input.checked = true;
    (reason === "else" ? this.#note : input).focus();
    this.#say("");
  }

  #say(text: string): void {
    this.#missing.textContent = text;
    this.#note.setAttribute("aria-invalid", String(text !== ""));
  }

  #offer(scope: Scope, offered: boolean): void {
    (this.#scopeLabels.get(scope) as HTMLElement).hidden = !offered;
  }

  #caption(scope: Scope, words: string): void {
    ((this.#scopeLabels.get(scope) as HTMLElement).querySelector("span") as HTMLElement).textContent = words;
  }

  #group(name: string): HTMLFieldSetElement {
    const group = make("fieldset", "sw-review-choices");
    group.append(make("legend", "", this.t(`review.${name}`)));
    return group;
  }

  #radio<K extends string>(group: string, inputs: Map<K, HTMLInputElement>, value: K, words: string, key = ""): HTMLElement {
    const label = make("label", "sw-review-choice");
    const input = make("input");
    input.type = "radio";
    input.name = `${this.#name}-${group}`;
    input.value = value;
    inputs.set(value, input);
    label.append(input, make("span", "", words));
    if (key) label.append(make("kbd", "", key));
    return label;
  }
}
