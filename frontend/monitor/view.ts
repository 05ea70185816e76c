/** Draws a run: one line, and what opens below it. Elements are made once and filled, so that focus stays. */
import { button, type Frame, make, messageOf } from "../shared/frame";
import { count, duration, three } from "../shared/numbers";
import type { State } from "../shared/rpc";
import { ALWAYS, asKnown, BAR, COUNTS, type Failure, hasRun, type Progress, stageKey } from "./progress";

let views = 0;

export type Verb = "cancel" | "retry_failed";

export class MonitorView {
  #progress: Progress | null = null;
  #failures: Failure[] = [];
  #shownAt = 0; // when the trait arrived: the clocks count on from there
  #connection: State = "connected";
  #open: boolean | null = null; // null: as the state of the run suggests
  #asked: Verb | null = null;

  readonly #none: HTMLElement;
  readonly #line = make("div", "sw-monitor-line");
  readonly #name = make("strong", "sw-monitor-name");
  readonly #stage = make("span", "sw-monitor-stage");
  readonly #bar = make("div", "sw-monitor-bar");
  readonly #segments = new Map(BAR.map((state) => [state, make("span", `sw-monitor-part sw-is-${state}`)]));
  readonly #count = make("span", "sw-monitor-count");
  readonly #rate = make("span", "sw-monitor-fact");
  readonly #time = make("span", "sw-monitor-fact");
  readonly #toggle: HTMLButtonElement;
  readonly #cancel: HTMLButtonElement;
  readonly #details = make("div", "sw-monitor-details");
  readonly #counts = make("div", "sw-monitor-counts");
  readonly #elapsed = make("span", "sw-monitor-fact");
  readonly #failed = make("div", "sw-monitor-failed");
  readonly #retry: HTMLButtonElement;
  readonly #note = make("p", "sw-monitor-note");

  constructor(
    private readonly frame: Frame,
    private readonly ask: (verb: Verb) => Promise<unknown>,
    private readonly readOnly = false,
  ) {
    const { t, root } = frame;
    this.#none = make("p", "sw-monitor-none", t("monitor.none"));
    this.#bar.setAttribute("role", "progressbar");
    this.#bar.setAttribute("aria-valuemin", "0");
    this.#bar.append(...this.#segments.values());
    this.#toggle = button("", () => this.#setOpen(this.#details.hidden === true), "sw-monitor-toggle");
    this.#cancel = button("", () => void this.#do("cancel"));
    this.#cancel.title = t("monitor.cancel_help");
    this.#retry = button("", () => void this.#do("retry_failed"));
    this.#details.id = `sw-monitor-${(views += 1)}`;
    this.#toggle.setAttribute("aria-controls", this.#details.id);
    const facts = make("div", "sw-monitor-facts");
    facts.append(this.#count, this.#rate, this.#time);
    const verbs = make("div", "sw-monitor-verbs");
    verbs.append(this.#toggle, this.#retry, this.#cancel);
    const head = make("div", "sw-monitor-head");
    head.append(this.#name, this.#stage);
    this.#line.append(head, this.#bar, facts, verbs);
    this.#details.append(this.#counts, this.#failed);
    this.#note.hidden = true;
    root.append(this.#none, this.#line, this.#note, this.#details);
    this.#draw();
  }

  /** Whether the run shown is being worked on. */
  get live(): boolean {
    return this.#progress !== null && !this.#progress.finished && this.#progress.stage !== "interrupted";
  }

  show(progress: Partial<Progress>, failures: Failure[]): void {
    const before = this.#progress;
    this.#progress = hasRun(progress) ? asKnown(progress) : null;
    this.#failures = failures;
    this.#shownAt = performance.now();
    const now = this.#progress;
    if (now?.run_id !== before?.run_id) this.#open = null;
    if (now?.finished && before && !before.finished && now.run_id === before.run_id) {
      this.#open = null; // it falls back to one line
      this.frame.announce(this.frame.t("monitor.said_finished", { run: now.run_id, done: now.done, failed: now.failed }));
    }
    this.#draw();
    this.#drawFailures();
  }

  setConnection(state: State): void {
    this.#connection = state;
    this.#draw();
  }

  /** A second has passed. */
  tick(): void {
    if (this.live && this.#connection !== "lost") this.#drawTimes();
  }

  async #do(verb: Verb): Promise<void> {
    this.#asked = verb;
    this.#note.hidden = true;
    this.#draw();
    try {
      await this.ask(verb);
      this.#note.hidden = true;
    } catch (error) {
      this.#note.textContent = messageOf(error);
      this.#note.hidden = false;
    }
    this.#asked = null;
    this.#draw();
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
    this.#cancel.disabled = cut || this.#asked !== null;
    this.#cancel.textContent = t(this.#asked === "cancel" ? "monitor.cancelling" : "monitor.cancel");
    const interrupted = p.stage === "interrupted";
    const left = p.failed + (interrupted ? p.queued : 0);
    this.#retry.hidden = this.readOnly || left === 0 || (!p.finished && !interrupted);
    this.#retry.disabled = cut || this.#asked !== null;
    const [verb, help] = interrupted ? ["monitor.resume", "monitor.resume_help"] : ["monitor.retry", "monitor.retry_help"];
    this.#retry.textContent = t(this.#asked === "retry_failed" ? "monitor.starting" : verb);
    this.#retry.title = t(help, { n: left });
    if (this.#asked !== null && this.#connection === "busy") {
      this.#note.textContent = t("monitor.click_waits");
      this.#note.hidden = false;
    }
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

  #drawFailures(): void {
    const { t } = this.frame;
    this.#failed.hidden = this.#failures.length === 0;
    if (this.#failures.length === 0) return;
    const total = this.#progress?.failed ?? this.#failures.length;
    const table = make("table", "sw-monitor-table");
    const head = table.createTHead().insertRow();
    for (const key of ["image", "reason"]) {
      const cell = make("th", "", t(`monitor.${key}`));
      cell.scope = "col";
      head.append(cell);
    }
    const body = table.createTBody();
    for (const failure of this.#failures) {
      const row = body.insertRow();
      const name = make("td", "sw-monitor-image", failure.name);
      name.title = failure.path;
      row.append(name, make("td", "", failure.reason));
    }
    const list = make("div", "sw-monitor-list");
    list.tabIndex = 0;
    list.setAttribute("role", "region");
    list.setAttribute("aria-label", t("monitor.failures", { n: total }));
    list.append(table);
    const rest = total - this.#failures.length;
    this.#failed.replaceChildren(list);
    if (rest > 0) this.#failed.append(make("p", "sw-monitor-more", t("monitor.more_failures", { n: rest })));
  }
}
