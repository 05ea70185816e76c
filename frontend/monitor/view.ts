/** Draws a run: one line, and what opens below it. Elements are made once and filled, so that focus stays. */
import { Asking } from "../shared/asking";
import { button, type Frame, make } from "../shared/frame";
import { count, duration, three } from "../shared/numbers";
import type { State } from "../shared/rpc";
import { ALWAYS, asKnown, type AtWork, BAR, COUNTS, type Failure, hasRun, type Progress, stageKey } from "./progress";

let views = 0;

export type Verb = "cancel" | "retry_failed";

export class MonitorView {
  #progress: Progress | null = null;
  #failures: Failure[] = [];
  #atWork: AtWork[] = [];
  #opens = false;
  #shownAt = 0; // when the trait arrived: the clocks count on from there
  #connection: State = "connected";
  #open: boolean | null = null; // null: as the state of the run suggests

  readonly #none: HTMLElement;
  readonly #line = make("div", "sw-line");
  readonly #name = make("strong", "sw-line-name");
  readonly #stage = make("span", "sw-line-state");
  readonly #bar = make("div", "sw-bar");
  readonly #segments = new Map(BAR.map((state) => [state, make("span", `sw-monitor-part sw-is-${state}`)]));
  readonly #count = make("span");
  readonly #rate = make("span", "sw-fact");
  readonly #time = make("span", "sw-fact");
  readonly #toggle: HTMLButtonElement;
  readonly #cancel: HTMLButtonElement;
  readonly #details = make("div", "sw-monitor-details");
  readonly #counts = make("div", "sw-monitor-counts");
  readonly #elapsed = make("span", "sw-fact");
  readonly #running = make("div", "sw-monitor-running");
  readonly #bound = make("p", "sw-remark");
  readonly #failed = make("div", "sw-monitor-failed");
  readonly #retry: HTMLButtonElement;
  readonly #asking: Asking<Verb>;

  constructor(
    private readonly frame: Frame,
    ask: (verb: Verb, params: Record<string, unknown>) => Promise<unknown>,
    private readonly open: (imageId: number) => void,
    private readonly readOnly = false,
  ) {
    const { t, root } = frame;
    this.#asking = new Asking(ask, () => this.#draw());
    this.#none = make("p", "sw-remark", t("monitor.none"));
    this.#bar.setAttribute("role", "progressbar");
    this.#bar.setAttribute("aria-valuemin", "0");
    this.#bar.append(...this.#segments.values());
    this.#toggle = button("", () => this.#setOpen(this.#details.hidden === true), "sw-monitor-toggle");
    this.#cancel = button("", () => void this.#asking.ask("cancel"));
    this.#cancel.title = t("monitor.cancel_help");
    this.#retry = button("", () => void this.#asking.ask("retry_failed"));
    this.#details.id = `sw-monitor-${(views += 1)}`;
    this.#toggle.setAttribute("aria-controls", this.#details.id);
    const facts = make("div", "sw-line-facts");
    facts.append(this.#count, this.#rate, this.#time);
    const verbs = make("div", "sw-line-verbs");
    verbs.append(this.#toggle, this.#retry, this.#cancel);
    const head = make("div", "sw-line-head");
    head.append(this.#name, this.#stage);
    this.#line.append(head, this.#bar, facts, verbs);
    this.#bound.textContent = t("monitor.bound");
    this.#bound.hidden = true;
    this.#details.append(this.#counts, this.#running, this.#bound, this.#failed);
    root.append(this.#none, this.#line, this.#asking.note, this.#details);
    this.#draw();
  }

  /** Whether the run shown is being worked on. */
  get live(): boolean {
    return this.#progress !== null && !this.#progress.finished && this.#progress.stage !== "interrupted";
  }

  /** Whether ending the notebook's server ends the run, too. */
  set bound(bound: boolean) {
    this.#bound.hidden = !(bound && this.live);
  }

  /** Whether somebody waits for images to be opened here. */
  set opens(opens: boolean) {
    if (opens === this.#opens) return;
    this.#opens = opens;
    this.#drawFailures();
  }

  show(progress: Partial<Progress>, failures: Failure[], atWork: AtWork[]): void {
    const before = this.#progress;
    this.#progress = hasRun(progress) ? asKnown(progress) : null;
    const finished = Boolean(this.#progress?.finished);
    const same = failures === this.#failures && finished === Boolean(before?.finished);
    this.#failures = failures;
    this.#atWork = atWork;
    this.#shownAt = performance.now();
    const now = this.#progress;
    if (now?.run_id !== before?.run_id) this.#open = null;
    if (now?.finished && before && !before.finished && now.run_id === before.run_id) {
      this.#open = null; // it falls back to one line
      this.frame.announce(this.frame.t("monitor.said_finished", { run: now.run_id, done: now.done, failed: now.failed }));
    }
    this.#draw();
    this.#drawRunning();
    if (!same) this.#drawFailures(); // drawn anew, it would take the focus from its buttons
  }

  setConnection(state: State): void {
    this.#connection = state;
    this.#draw();
  }

  /** A second has passed. */
  tick(): void {
    if (this.live && this.#connection !== "lost") this.#drawTimes();
  }

  #setOpen(open: boolean): void {
    this.#open = open;
    this.#draw();
  }

  #draw(): void {
    const { t } = this.frame;
    const p = this.#progress;
    this.#none.hidden = p !== null;
    this.#line.hidden = p === null;
    this.#details.hidden = p === null || !(this.#open ?? this.live);
    if (p === null) return;

    this.#name.textContent = t("monitor.run", { run: p.run_id });
    const stage = t(stageKey(p), { reason: p.reason ?? "" });
    const stale = this.#connection === "lost" && !p.finished;
    this.#stage.textContent = stale ? t("monitor.last_known", { stage }) : stage;
    this.frame.root.dataset.stale = String(stale);
    this.#line.dataset.status = p.finished ? p.status : p.stage;
    const ended = p.done + p.failed + p.cancelled;
    for (const [state, part] of this.#segments) part.style.width = `${p.total ? (100 * p[state]) / p.total : 0}%`;
    this.#bar.setAttribute("aria-valuemax", String(p.total));
    this.#bar.setAttribute("aria-valuenow", String(ended));
    const spoken = t("monitor.progress_text", { done: count(p.done), total: count(p.total), failed: count(p.failed) });
    this.#bar.setAttribute("aria-valuetext", spoken);
    this.#bar.title = spoken;
    this.#count.textContent = t("monitor.progress", { done: count(p.done), total: count(p.total) });
    this.#rate.textContent = p.images_per_second ? t("monitor.rate", { rate: three(p.images_per_second) }) : "";
    this.#counts.replaceChildren(
      ...COUNTS.filter((state) => p[state] > 0 || ALWAYS.has(state)).map((state) => {
        const item = make("span", `sw-monitor-state sw-is-${state}`);
        item.append(make("b", "", count(p[state])), ` ${t(`monitor.${state}`)}`);
        item.dataset.none = String(p[state] === 0);
        return item;
      }),
      this.#elapsed,
    );
    this.#drawTimes();
    this.#drawVerbs(p);
  }

  #drawVerbs(p: Progress): void {
    const { t } = this.frame;
    const open = !this.#details.hidden;
    const cut = this.#connection === "lost";
    this.#toggle.setAttribute("aria-expanded", String(open));
    const closed = p.failed ? t("monitor.show_failures", { n: p.failed }) : t("monitor.details");
    this.#toggle.textContent = open ? t("monitor.hide") : closed;
    this.#cancel.hidden = this.readOnly || p.finished;
    this.#cancel.disabled = cut || this.#asking.verb !== null;
    this.#cancel.textContent = t(this.#asking.verb === "cancel" ? "monitor.cancelling" : "monitor.cancel");
    const interrupted = p.stage === "interrupted";
    const left = p.failed + (interrupted ? p.queued : 0);
    this.#retry.hidden = this.readOnly || left === 0 || (!p.finished && !interrupted);
    this.#retry.disabled = cut || this.#asking.verb !== null;
    const [verb, help] = interrupted ? ["monitor.resume", "monitor.resume_help"] : ["monitor.retry", "monitor.retry_help"];
    this.#retry.textContent = t(this.#asking.verb === "retry_failed" ? "monitor.starting" : verb);
    this.#retry.title = t(help, { n: left });
    if (this.#connection === "busy") this.#asking.sayThatItWaits(t("common.click_waits"));
  }

  #drawTimes(): void {
    const { t } = this.frame;
    const p = this.#progress;
    if (p === null) return;
    const since = this.live && this.#connection !== "lost" ? (performance.now() - this.#shownAt) / 1000 : 0;
    this.#elapsed.textContent = t("monitor.elapsed", { time: duration(p.seconds + since) });
    if (p.finished) this.#time.textContent = t("monitor.took", { time: duration(p.seconds) });
    else if (p.seconds_left === null || !this.live || this.#connection === "lost") this.#time.textContent = "";
    else this.#time.textContent = t("monitor.left", { time: duration(Math.max(1, p.seconds_left - since)) });
    this.#elapsed.hidden = p.finished;
  }

  #drawRunning(): void {
    const { t } = this.frame;
    this.#running.hidden = this.#atWork.length === 0;
    if (this.#atWork.length === 0) return;
    const rows = this.#atWork.map((image) => {
      const row = make("li", "sw-monitor-at-work");
      const percent = image.fraction === null ? null : Math.floor(100 * image.fraction);
      const stage = percent === null ? t(`monitor.image_${image.stage}`) : t("monitor.image_segmenting_part", { percent });
      row.append(make("span", "sw-monitor-image", image.name), make("span", "sw-fact", stage));
      row.dataset.stage = image.stage;
      return row;
    });
    const list = make("ul", "sw-monitor-images");
    list.setAttribute("aria-label", t("monitor.at_work"));
    list.append(...rows);
    const rest = (this.#progress?.running ?? 0) - rows.length;
    this.#running.replaceChildren(list);
    if (rest > 0) this.#running.append(make("p", "sw-remark", t("monitor.more_running", { n: rest })));
  }

  #drawFailures(): void {
    const { t } = this.frame;
    this.#failed.hidden = this.#failures.length === 0;
    if (this.#failures.length === 0) return;
    const total = this.#progress?.failed ?? this.#failures.length;
    const table = make("table", "sw-table");
    const head = table.createTHead().insertRow();
    for (const key of ["image", "reason"]) {
      const cell = make("th", "", t(`monitor.${key}`));
      cell.scope = "col";
      head.append(cell);
    }
    head.append(make("td"));
    const body = table.createTBody();
    for (const failure of this.#failures) {
      const row = body.insertRow();
      const name = make("td", "sw-monitor-image", failure.name);
      name.title = failure.path;
      row.append(name, make("td", "", failure.reason), this.#failureVerbs(failure));
    }
    const list = make("div", "sw-list sw-monitor-list");
    list.tabIndex = 0;
    list.setAttribute("role", "region");
    list.setAttribute("aria-label", t("monitor.failures", { n: total }));
    list.append(table);
    const rest = total - this.#failures.length;
    this.#failed.replaceChildren(list);
    if (rest > 0) this.#failed.append(make("p", "sw-remark", t("monitor.more_failures", { n: rest })));
  }

  #failureVerbs(failure: Failure): HTMLTableCellElement {
    const { t } = this.frame;
    const cell = make("td", "sw-monitor-failure-verbs");
    const add = (key: string, act: () => void) => {
      const made = button(t(`monitor.${key}`), act, "sw-monitor-small");
      made.setAttribute("aria-label", t(`monitor.${key}_label`, { name: failure.name }));
      cell.append(made);
    };
    if (this.#opens) add("open", () => this.open(failure.image_id));
    if (!this.readOnly && this.#progress?.finished) {
      add("retry_one", () => void this.#asking.ask("retry_failed", { image_id: failure.image_id }));
    }
    return cell;
  }
}
