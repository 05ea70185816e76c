/** Draws a training: one line, a bar, the curves, and what it learns from. Elements are made once and filled. */
import { Asking } from "../shared/asking";
import { button, type Frame, make } from "../shared/frame";
import { count, duration } from "../shared/numbers";
import type { State } from "../shared/rpc";
import { Chart } from "./chart";
import { type Curve, hasTraining, iouText, isLive, lossText, type Progress } from "./state";

export type Verb = "stop" | "resume";

const ENDS = ["finished", "stopped", "failed"];

export class TrainingView {
  #progress: Progress | null = null;
  #since = 0; // when the seconds of the trait arrived: the clock counts on from there
  #connection: State = "connected";

  readonly #line = make("div", "sw-line");
  readonly #name = make("strong", "sw-line-name");
  readonly #state = make("span", "sw-line-state");
  readonly #step = make("span", "sw-fact");
  readonly #loss = make("span", "sw-fact");
  readonly #iou = make("span", "sw-fact");
  readonly #elapsed = make("span", "sw-fact");
  readonly #left = make("span", "sw-fact");
  readonly #bar = make("div", "sw-bar");
  readonly #fill = make("span", "sw-fill");
  readonly #falls = make("span", "sw-training-falls");
  readonly #stop: HTMLButtonElement;
  readonly #resume: HTMLButtonElement;
  readonly #asking: Asking<Verb>;
  readonly #best = make("span", "sw-training-kept");
  readonly #about = make("span", "");
  readonly #next = make("span", "");
  readonly #chart: Chart;

  constructor(
    private readonly frame: Frame,
    ask: (verb: Verb) => Promise<unknown>,
    signal: AbortSignal,
    private readonly readOnly = false,
  ) {
    const { t, root } = frame;
    this.#asking = new Asking(ask, () => this.#draw());
    this.#bar.setAttribute("role", "progressbar");
    this.#bar.setAttribute("aria-label", t("training.bar"));
    this.#bar.setAttribute("aria-valuemin", "0");
    this.#bar.setAttribute("aria-valuemax", "100");
    this.#falls.title = t("training.falls_here");
    this.#bar.append(this.#fill, this.#falls);
    this.#stop = button("", () => void this.#asking.ask("stop"));
    this.#stop.title = t("training.stop_help");
    this.#resume = button("", () => void this.#asking.ask("resume"));
    const head = make("div", "sw-line-head");
    head.append(this.#name, this.#state);
    const facts = make("div", "sw-line-facts");
    facts.append(this.#step, this.#loss, this.#iou, this.#elapsed, this.#left);
    const verbs = make("div", "sw-line-verbs");
    verbs.append(this.#stop, this.#resume);
    this.#line.append(head, verbs, facts);
    this.#chart = new Chart(frame, signal);
    const foot = make("div", "sw-remarks");
    foot.append(this.#best, this.#about, this.#next);
    root.append(this.#line, this.#bar, this.#asking.note, this.#chart.element, foot);
    this.#draw();
  }

  /** Whether it trains now. */
  get live(): boolean {
    return this.#progress !== null && isLive(this.#progress);
  }

  show(progress: Partial<Progress>, curve: Curve): void {
    const before = this.#progress;
    const now = hasTraining(progress) ? progress : null;
    this.#progress = now;
    if (now === null || before === null || now.seconds !== before.seconds || isLive(now) !== isLive(before)) {
      this.#since = performance.now();
    }
    if (now !== null && before !== null && isLive(before) && ENDS.includes(now.state)) {
      this.frame.announce(this.frame.t(`training.said_${now.state}`, { name: now.name, step: count(now.step) }));
    }
    this.#draw();
    if (now !== null) this.#chart.show(curve, now, isLive(now));
  }

  setConnection(state: State): void {
    this.#connection = state;
    this.#draw();
  }

  /** A second has passed. */
  tick(): void {
    if (this.live && this.#connection !== "lost") this.#drawTimes();
  }

  #draw(): void {
    const { t } = this.frame;
    const p = this.#progress;
    this.#line.hidden = this.#bar.hidden = this.#chart.element.hidden = p === null;
    if (p === null) return;
    const stale = this.#connection === "lost" && this.live;
    const falling = p.state === "training" && p.falls_from !== null;
    const state = t(`training.state_${falling ? "falling" : p.state}`, {
      reason: p.reason || t("training.reason_elsewhere"),
    });
    this.#name.textContent = p.name;
    this.#state.textContent = stale ? t("training.last_known", { state }) : state;
    this.frame.root.dataset.stale = String(stale);
    this.#line.dataset.state = p.state;
    this.#bar.dataset.state = p.state;
    const step = { step: count(p.step), steps: count(p.steps ?? 0) };
    this.#step.textContent = t(p.steps === null ? "training.step" : "training.step_of", step);
    this.#loss.textContent = p.loss === null ? "" : t("training.loss", { loss: lossText(p.loss) });
    this.#iou.textContent = p.validation_iou === null ? "" : t("training.iou", { iou: iouText(p.validation_iou) });
    this.#falls.style.left = `${100 * p.falls_at}%`;
    this.#falls.hidden = p.falls_at >= 1;
    const best = p.best && { loss: lossText(p.best.loss), iou: iouText(p.best.iou), step: count(p.best.step) };
    this.#best.textContent = best ? t("training.best_text", best) : "";
    const about = t(p.held_out ? "training.about" : "training.about_none", {
      images: count(p.images),
      held_out: count(p.held_out),
    });
    this.#about.textContent = p.base === null ? about : `${about}; ${t("training.about_base", { base: p.base })}`;
    const offers = p.state === "finished";
    this.#next.textContent = offers ? t(`training.next_${p.kind}`, { name: p.name }) : "";
    this.#drawTimes();
    this.#drawVerbs(p);
  }

  #drawTimes(): void {
    const { t } = this.frame;
    const p = this.#progress;
    if (p === null) return;
    const runs = this.live && this.#connection !== "lost";
    const since = runs ? (performance.now() - this.#since) / 1000 : 0;
    const seconds = p.seconds + since;
    const time = t(p.state === "finished" ? "training.took" : "training.elapsed", { time: duration(seconds) });
    this.#elapsed.textContent = time;
    const left = p.seconds_left === null ? null : Math.max(1, p.seconds_left - since);
    this.#left.textContent = runs && left !== null ? t("training.left", { time: duration(left) }) : "";
    // Of a run that only its minutes end, the bar goes on between two steps as well.
    const share = runs && p.minutes && p.steps === null ? Math.max(p.share, Math.min(1, seconds / 60 / p.minutes)) : p.share;
    const percent = Math.round(100 * share);
    this.#fill.style.width = `${(100 * share).toFixed(2)}%`;
    this.#bar.setAttribute("aria-valuenow", String(percent));
    const spoken = t("training.bar_text", { share: percent, step: this.#step.textContent ?? "", time });
    this.#bar.setAttribute("aria-valuetext", spoken);
  }

  #drawVerbs(p: Progress): void {
    const { t } = this.frame;
    const barred = this.#connection === "lost" || this.#asking.verb !== null;
    this.#stop.hidden = this.readOnly || !isLive(p);
    this.#stop.disabled = barred || p.state === "stopping";
    this.#stop.textContent = t(this.#asking.verb === "stop" || p.state === "stopping" ? "training.stopping" : "training.stop");
    this.#resume.hidden = this.readOnly || isLive(p) || p.state === "finished";
    this.#resume.disabled = barred;
    const first = p.state === "ready";
    const waits = this.#asking.verb === "resume";
    this.#resume.textContent = t(waits ? "training.starting" : first ? "training.start" : "training.resume");
    this.#resume.title = t(first ? "training.start_help" : "training.resume_help", { step: count(p.step) });
    if (this.#connection === "busy") this.#asking.sayThatItWaits(t("common.click_waits"));
  }
}
