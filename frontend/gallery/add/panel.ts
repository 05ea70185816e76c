/**
 * Adds images to a project: the ways in, the batch that is looked at first, and what became of it.
 *
 *     const panel = new AddPanel(frame, model, signal);
 *     element.append(panel.element);
 *     panel.onAdded(() => ...);                       // images were added from here
 *     panel.onClosed(() => ...);                      // what became of them was read, and nothing else is under way
 *     takeDrops(element, signal, (found) => void panel.take(found));
 *
 * The model's widget is an `AddsImages` (Python: `widgets/adding.py`).
 */
import "../../shared/monitors.css";
import "../../shared/thin_bar.css";
import "./add.css";
import { button, type Frame, make, messageOf } from "../../shared/frame";
import { bytes, count, duration } from "../../shared/numbers";
import { type Model, onTrait } from "../../shared/types";
import { Adding } from "./adding";
import type { Item } from "./batch";
import type { Found } from "./dropped";
import { countsOf, noteLine, notesOf, sheetLines, sheetStops } from "./findings";
import { headlineOf, outcomeLines } from "./outcome";
import { saidOfItem, saidOfRow } from "./said";
import { type Running, RunningLine, Stage, Trouble } from "./stage";
import { Ways } from "./ways";
import type { Outcome } from "./wire";

/** Between two drawings of what changes fast, ms. */
const DRAW_EVERY = 100;
/** Before a time left is said: earlier it would jump about, s. */
const SURE_AFTER = 2;

export class AddPanel {
  readonly element = make("div", "sw-adding");
  readonly #adding: Adding;
  readonly #ways: Ways;
  readonly #stage: Stage;
  readonly #trouble = new Trouble();
  readonly #elsewhere = new RunningLine();
  readonly #done = make("div", "sw-add-done");
  readonly #listeners = new Set<(outcome: Outcome) => void>();
  readonly #closers = new Set<() => void>();
  readonly #moved = new Set<Item>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly frame: Frame,
    model: Model,
    signal: AbortSignal,
  ) {
    const { t } = frame;
    const stage = (this.#stage = new Stage(
      t,
      {
        namesChanged: () => void this.#adding.ask(),
        sheet: (file) => void this.#adding.takeSheet(file),
        add: () => void this.#adding.add(),
        cancel: () => this.#adding.cancel(),
        clear: () => this.#clear(),
      },
      signal,
    ));
    this.#adding = new Adding(frame, signal, stage, {
      changed: () => this.#draw(),
      moved: (item) => this.#drawSoon(item),
      trouble: (text, again) =>
        text === null ? this.#trouble.hide() : this.#trouble.show(text, again && { label: t("add.again"), run: again }),
      added: (outcome, here) => this.#added(outcome, here),
      began: (kind) => {
        this.#close();
        if (kind === "sending") frame.announce(t("add.said_sending", { n: this.#adding.batch.of("waiting").length }));
      },
      // Whoever pressed a button that is gone by now goes on from the one in its place.
      ended: (kind) => kind === "sending" && stage.focusAdd(),
    });
    this.#ways = new Ways(
      t,
      {
        files: (found) => void this.#adding.take(found),
        path: (text) => void this.#adding.look(text),
        demo: () => void this.#adding.addDemo(),
        discard: () => void this.#adding.discard(null),
      },
      { paths: model.get<boolean>("from_paths") },
    );
    this.#done.setAttribute("role", "status");
    this.#done.hidden = true;
    this.element.append(this.#done, this.#ways.element, this.#elsewhere.element, this.#trouble.element, stage.element);
    const shown = () => (this.element.hidden = !model.get<boolean>("can_add"));
    onTrait(model, "can_add", signal, shown);
    shown();
    signal.addEventListener("abort", () => clearTimeout(this.#timer), { once: true });
    this.#draw();
    void this.#adding.refresh();
  }

  /** Takes what was dropped. */
  async take(found: Promise<Found[]>): Promise<void> {
    try {
      await this.#adding.take(await found);
    } catch (error) {
      this.#trouble.show(messageOf(error));
    }
  }

  /** Calls `handler` when images were added from here; returns what ends it. */
  onAdded(handler: (outcome: Outcome) => void): () => void {
    this.#listeners.add(handler);
    return () => this.#listeners.delete(handler);
  }

  /** Calls `handler` when a person closes what was said of an adding and nothing else is taken in; returns what ends it. */
  onClosed(handler: () => void): () => void {
    this.#closers.add(handler);
    return () => this.#closers.delete(handler);
  }

  #clear(): void {
    this.#ways.busy = false;
    void this.#adding.clear();
    this.#ways.focus();
  }

  #added(outcome: Outcome, here: boolean): void {
    const { t } = this.frame;
    this.#done.replaceChildren(...outcomeLines(outcome, t, button(t("add.done_close"), () => this.#leave())));
    this.#done.hidden = false;
    if (!here) return;
    this.frame.announce(headlineOf(outcome, t));
    this.#listeners.forEach((listener) => listener(outcome));
  }

  /** Puts what was said away; the button that had the focus goes with it. */
  #leave(): void {
    this.#close();
    this.#ways.focus();
    const { staged, work } = this.#adding;
    if (!staged && work === null) this.#closers.forEach((closer) => closer());
  }

  #close(): void {
    this.#done.replaceChildren();
    this.#done.hidden = true;
  }

  /** Has a file's progress drawn soon, with all that comes meanwhile. */
  #drawSoon(item: Item): void {
    this.#moved.add(item);
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      const { rows } = this.#adding;
      for (const one of this.#moved) this.#stage.table.say(one, saidOfItem(one, rows.get(one) ?? null, this.frame.t));
      this.#moved.clear();
      this.#drawRunning();
    }, DRAW_EVERY);
  }

  #draw(): void {
    const { state, staged, work, path, preview } = this.#adding;
    const shown = staged && !(path && preview === null);
    this.#stage.element.hidden = !shown;
    if (state !== null) {
      this.#stage.tables = state.tables;
      this.#ways.show({ ...state, empty: state.empty && !staged });
      this.#ways.showUnfinished(staged ? [] : state.unfinished);
    }
    this.#ways.element.classList.toggle("sw-add-staged", staged);
    this.#ways.busy = state === null || work !== null;
    this.element.setAttribute("aria-busy", String(work !== null));
    if (shown) this.#drawStage();
    this.#drawRunning();
  }

  #drawStage(): void {
    const { t } = this.frame;
    const { batch, path, preview, sheet, work, rows } = this.#adding;
    const size = path ? 0 : batch.bytes.all;
    const counts = preview === null ? t("add.looking") : countsOf(preview, t);
    this.#stage.counts(size > 0 ? `${counts} \u00b7 ${bytes(size)}` : counts);
    this.#stage.names.problem = this.#adding.wrongPattern;
    this.#stage.where(path);
    this.#stage.notes(this.#notes());
    const remove = () => void this.#adding.dropSheet();
    this.#stage.sheet(sheet && preview?.sheet ? sheetLines(sheet.name, preview.sheet, t, remove) : []);
    if (path) {
      const listed = (preview?.rows ?? []).map((row) => ({ of: row, name: row[0], says: row, said: saidOfRow(row, t), leave: null }));
      this.#stage.table.show(listed, preview?.counts.files ?? 0);
    } else {
      const listed = batch.items.map((item) => {
        const says = rows.get(item) ?? null;
        const leave = work ? null : () => this.#adding.leave(item);
        return { of: item, name: item.name, says, said: saidOfItem(item, says, t), leave };
      });
      this.#stage.table.show(listed, listed.length);
      this.#moved.clear();
    }
    const n = this.#adding.addable;
    const { describes } = this.#adding;
    const verb = n === 0 && describes > 0 ? t("add.enter_map", { n: describes }) : t("add.add", { n, count: count(n) });
    this.#stage.verb(verb, this.#why(n + describes));
  }

  #notes(): HTMLElement[] {
    const { t } = this.frame;
    const { batch, preview } = this.#adding;
    const counted = (key: string, n: number) => (n > 0 ? [noteLine(key === "known" ? "note" : "warning", t(`add.${key}`, { n, count: count(n) }))] : []);
    return [
      ...counted("n_refused", batch.of("refused", "failed").length),
      ...(preview === null ? [] : notesOf(preview, t)),
      ...counted("known", batch.of("known").length),
    ];
  }

  /** Why nothing can be added now; "" where it can. */
  #why(n: number): string {
    const { t } = this.frame;
    const { work, preview, progress, path, batch, wrongPattern } = this.#adding;
    if (wrongPattern) return t("add.why_pattern");
    if (work !== null || preview === null) return t("add.why_looking");
    if (progress !== null) return t("add.why_busy");
    const stops = sheetStops(preview.sheet, t);
    return stops || (n > 0 ? "" : t(path || batch.items.length > 0 ? "add.why_nothing" : "add.why_no_files"));
  }

  #drawRunning(): void {
    const { work, progress } = this.#adding;
    const own = work !== null && work.kind !== "demo";
    const shown = own && !this.#stage.element.hidden;
    this.#stage.running = shown ? this.#running() : null;
    const busy = work !== null || progress !== null;
    this.#elsewhere.show(busy && !shown ? this.#running() : null);
  }

  /** How far what is under way has come, here or on another page. */
  #running(): Running {
    const { t } = this.frame;
    const { work, progress, batch } = this.#adding;
    if (work?.kind === "sending") {
      const { all, there } = batch.bytes;
      const seconds = (performance.now() - work.began) / 1000;
      const rate = (there - work.there) / seconds;
      const share = all > 0 ? there / all : 0;
      const text = t("add.sent", { percent: Math.floor(100 * share), there: bytes(there), all: bytes(all) });
      if (seconds < SURE_AFTER || rate <= 0) return { text, share };
      return { text: `${text} \u00b7 ${t("add.left", { time: duration((all - there) / rate) })}`, share };
    }
    if (work?.kind === "looking") return { text: t("add.looking"), share: null };
    if (work?.kind === "demo" || progress?.stage === "demo") return { text: t("add.making_demo"), share: null };
    if (!progress || progress.total === 0) return { text: t("add.adding"), share: null };
    const { done, total } = progress;
    return { text: t("add.adding_of", { done: count(done), total: count(total) }), share: done / total };
  }
}
