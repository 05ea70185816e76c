/** "Review flagged": one image after the other, each judged by one key. Joins the course, the panel and the picture. */
import { button, type Frame, make, messageOf } from "../../shared/frame";
import { count } from "../../shared/numbers";
import type { Deciding, Decision, ReviewItem } from "../../shared/review/decision";
import { Exclusion, type ExclusionWishes } from "../../shared/review/exclusion";
import { Course, type Failure, type Verdict } from "./course";
import { type Action, actionOf, KEYS, keysOf } from "./keys";
import { Panel } from "./panel";
import { summary, summaryWords } from "./summary";

/** Pictures that are asked for before they are needed. */
const AHEAD = 2;

export interface ReviewWishes extends Deciding, Pick<ExclusionWishes, "objects"> {
  /** The image as large as there is room; what decides waits until it is there. */
  picture(item: ReviewItem): HTMLElement | Promise<HTMLElement>;
  /** These come next. */
  ahead?(items: readonly ReviewItem[]): void;
  /** What is known of an image, in words. */
  facts?(id: number): string;
  /** Shows the outlines, or hides them. */
  outlines?(): void;
  /** Opens it in the editor, and what is still to be judged with it; say `elsewhere` when that was done there. */
  open(id: number, left: readonly number[]): void;
  /** The review is left. */
  close(): void;
}

export type ReviewHost = Pick<Frame, "t" | "announce">;

export class Stepper {
  readonly element = make("section", "sw-review");
  readonly #number = make("span", "sw-review-soft");
  readonly #bar = make("progress", "sw-thin-bar sw-review-progress");
  readonly #help = make("dl", "sw-keys sw-review-keys");
  readonly #helpButton: HTMLButtonElement;
  readonly #failures = make("div", "sw-review-failures");
  readonly #body = make("div", "sw-review-body");
  readonly #picture = make("div", "sw-review-picture");
  readonly #panel: Panel;
  readonly #form: Exclusion;
  readonly #end = make("div", "sw-review-end");
  #course: Course | null = null;
  #shown: ReviewItem | null = null;
  #seen = false;

  constructor(
    private readonly host: ReviewHost,
    private readonly wishes: ReviewWishes,
    signal: AbortSignal,
  ) {
    const { t } = host;
    const { element } = this;
    element.hidden = true;
    element.tabIndex = -1;
    element.setAttribute("aria-label", t("review.title"));
    this.#form = new Exclusion(t, {
      objects: (id) => wishes.objects(id),
      exclude: (decision) => this.#decide(decision),
      cancel: () => this.#askNothing(),
    });
    this.#panel = new Panel(t, (verb) => this.#act(verb), this.#failures, this.#form.element);
    this.#helpButton = button("?", () => this.#toggleHelp(), "sw-review-square");
    this.#helpButton.setAttribute("aria-label", t("review.action.help"));
    this.#helpButton.setAttribute("aria-expanded", "false");
    this.#helpButton.title = `${t("review.action.help")} (${keysOf("help")})`;
    const close = button(t("review.action.close"), () => this.#act("close"));
    close.title = `${t("review.about.close")} (${keysOf("close")})`;
    const head = make("header", "sw-review-head");
    head.append(make("strong", "sw-review-title", t("review.title")), this.#number, this.#bar, this.#helpButton, close);
    for (const { action } of KEYS) this.#help.append(make("dt", "", keysOf(action)), make("dd", "", t(`review.about.${action}`)));
    this.#help.hidden = true;
    this.#failures.setAttribute("role", "alert");
    this.#body.append(this.#picture, this.#panel.element);
    element.append(head, this.#help, this.#body, this.#end);
    element.addEventListener("keydown", (event) => this.#key(event), { signal });
  }

  /** Goes through these images in their order. */
  start(items: readonly ReviewItem[]): void {
    this.#course = new Course(items, this.wishes, (failure) => this.#failed(failure));
    this.#shown = null;
    this.#toggleHelp(false);
    this.element.hidden = false;
    this.#show();
    this.element.focus({ preventScroll: true });
    const { item } = this.#course;
    this.host.announce(item ? this.#words(item) : this.host.t("review.none"));
  }

  /** An image was corrected or judged elsewhere (in the editor): the review goes on after it. */
  elsewhere(id: number, verdict: Verdict): void {
    const was = this.#course?.item?.name;
    const shown = this.#course?.elsewhere(id, verdict);
    this.#show();
    if (shown && was !== undefined) this.#tell(was, verdict);
  }

  /** Leaves the review; what was decided stays decided. */
  stop(): void {
    this.element.hidden = true;
    this.#askNothing(false);
  }

  get open(): boolean {
    return !this.element.hidden;
  }

  #show(): void {
    const course = this.#course;
    if (!course) return;
    const { t } = this.host;
    const { item } = course;
    this.#body.hidden = item === null;
    this.#end.hidden = item !== null;
    this.#bar.max = Math.max(1, course.items.length);
    this.#bar.value = course.done;
    this.#bar.setAttribute("aria-label", t("review.progress", { done: count(course.done), total: count(course.items.length) }));
    this.#number.textContent = item ? t("review.number", { at: count(course.current + 1), total: count(course.items.length) }) : "";
    this.#showFailures();
    if (!item) {
      this.#shown = null;
      const wishes = { again: () => this.#again(), close: () => this.#act("close") };
      this.#end.replaceChildren(...summary(course, t, wishes));
      return;
    }
    const facts = this.wishes.facts?.(item.id) ?? "";
    this.#panel.show({ item, facts, verdict: course.verdict, last: course.last });
    if (item !== this.#shown) void this.#showPicture(item);
    this.wishes.ahead?.(course.ahead(AHEAD));
  }

  async #showPicture(item: ReviewItem): Promise<void> {
    this.#shown = item;
    this.#see(false);
    let picture: HTMLElement;
    try {
      const given = this.wishes.picture(item);
      if (given instanceof Promise) this.#picture.replaceChildren(make("p", "sw-review-text sw-review-soft", this.host.t("review.loading")));
      picture = await given;
    } catch (error) {
      picture = make("p", "sw-review-text", messageOf(error)); // it can be told to be unusable
    }
    if (item !== this.#shown) return;
    this.#picture.replaceChildren(picture);
    this.#see(true);
  }

  #see(seen: boolean): void {
    this.#seen = seen;
    this.#panel.judging = seen;
  }

  #showFailures(): void {
    const { t } = this.host;
    const course = this.#course as Course;
    this.#failures.hidden = course.failures.length === 0;
    this.#failures.replaceChildren(
      ...course.failures.map((failure) => {
        const line = make("div", "sw-review-failure");
        const vars = { name: failure.item.name, verdict: t(`review.done.${failure.verdict}`), reason: messageOf(failure.error) };
        line.append(make("span", "", t(`review.failed.${failure.what}`, vars)), button(t("common.retry"), () => this.#retry(failure)));
        return line;
      }),
    );
  }

  #failed(failure: Failure): void {
    this.#show();
    if (this.#course?.item === failure.item) this.host.announce(this.#words(failure.item));
  }

  #retry(failure: Failure): void {
    this.#course?.retry(failure);
    this.#show();
    this.#refocus();
  }

  #again(): void {
    this.#course?.again();
    this.#show();
    this.#refocus();
    const item = this.#course?.item;
    if (item) this.host.announce(this.#words(item));
  }

  #act(action: Exclude<Action, "reason">): void {
    const course = this.#course;
    if (!course) return;
    switch (action) {
      case "help": return this.#toggleHelp();
      case "close": return this.#back();
      case "back": return this.#takeBack(course);
    } // prettier-ignore
    const { item } = course;
    if (!item) return;
    switch (action) {
      case "open": return this.wishes.open(item.id, [item, ...course.ahead(Infinity)].map(({ id }) => id));
      case "outlines": return this.wishes.outlines?.();
      case "exclude": return this.#ask(item);
      case "skip": {
        course.skip();
        return this.#went(item, "skip");
      }
      default: return this.#decide({ kind: action });
    } // prettier-ignore
  }

  #decide(decision: Decision): void {
    const item = this.#course?.item;
    if (!item || !this.#seen) return;
    this.#course?.decide(decision);
    this.#went(item, decision.kind);
  }

  /** Something was said of an image: the next one is shown. */
  #went({ name }: ReviewItem, verdict: Verdict): void {
    this.#askNothing(false);
    this.#show();
    this.#refocus();
    this.#tell(name, verdict);
  }

  #takeBack(course: Course): void {
    if (!course.back()) return;
    this.#askNothing(false);
    this.#show();
    this.#refocus();
    if (course.item) this.host.announce(`${this.host.t("review.taken_back")} ${this.#words(course.item)}`);
  }

  #ask(item: ReviewItem): void {
    if (!this.#seen) return;
    this.#panel.asking = true;
    this.#form.ask(item);
  }

  #askNothing(focus = true): void {
    this.#form.close();
    this.#panel.asking = false;
    if (focus) this.#panel.focus("exclude");
  }

  #tell(name: string, verdict: Verdict): void {
    const { t, announce } = this.host;
    const course = this.#course as Course;
    const said = t("review.told", { name, verdict: t(`review.done.${verdict}`) });
    const next = course.item ? this.#words(course.item) : `${t("review.through")}: ${summaryWords(course, t)}`;
    announce(`${said} ${next}`);
  }

  /** What is said when an image is shown. */
  #words(item: ReviewItem): string {
    const { t } = this.host;
    const { current, items } = this.#course as Course;
    const number = t("review.number", { at: count(current + 1), total: count(items.length) });
    return [`${item.name}, ${number}.`, ...item.sentences].join(" ");
  }

  /** A verb that had the focus may be gone. */
  #refocus(): void {
    const held = document.activeElement;
    const usable = held instanceof HTMLElement && this.element.contains(held) && held.offsetParent !== null && !held.matches(":disabled");
    if (!usable) this.element.focus({ preventScroll: true });
  }

  #toggleHelp(shown = this.#help.hidden): void {
    this.#help.hidden = !shown;
    this.#helpButton.setAttribute("aria-expanded", String(shown));
  }

  /** Esc goes one step back: help, the question for a reason, the review. */
  #back(): void {
    if (!this.#help.hidden) this.#toggleHelp(false);
    else if (this.#form.open) this.#askNothing();
    else this.wishes.close();
  }

  #key(event: KeyboardEvent): void {
    const action = actionOf(event);
    if (!action || action === "reason" || (action !== "close" && this.#belongs(event))) return;
    event.preventDefault();
    event.stopPropagation();
    if (!event.repeat) this.#act(action); // a key that is held judges one image, not all of them
  }

  /** Whether what has the focus uses the key itself. */
  #belongs({ target, key }: KeyboardEvent): boolean {
    if (this.#form.open && target instanceof Node && this.#form.element.contains(target)) return true;
    return target instanceof HTMLButtonElement && (key === "Enter" || key === " ");
  }
}
