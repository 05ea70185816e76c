/** The image gallery: joins rows, filters, the way they are shown, what is selected and the kernel. */
import { OPENS, say } from "../shared/bench";
import { Drawings } from "../shared/drawings";
import { type Frame, button, make } from "../shared/frame";
import { count } from "../shared/numbers";
import { type Host, type Model, onTrait } from "../shared/types";
import { ActBar } from "./act/bar";
import type { About } from "./act/forms";
import { AskedLine, askedText } from "./asked";
import { Closeup } from "./closeup";
import { Entrances } from "./entrances";
import { Feed } from "./feed";
import { Finder } from "./finder";
import { Foot } from "./foot";
import type { Mode, Parts, Shown } from "./mode";
import { MODES } from "./modes";
import { Panel } from "./panel";
import { Picker } from "./picker";
import { Pictures } from "./pictures";
import type { PlateView } from "./plate/plate";
import { Rest } from "./rest";
import { Rows } from "./rows";
import { Selection } from "./selection";
import { Toolbar } from "./toolbar";
import { EVERYTHING, GRID, PLATE, readView, sameView, type SortedName, type View, writeView } from "./view";
import { Views } from "./views";

/** Changes go to the kernel this long after the last of them, ms. */
const SETTLE = 80;
/** A wait that is shorter needs no words, ms. */
const PATIENCE = 200;

export class Gallery {
  readonly #rows = new Rows();
  readonly #finder = new Finder(this.#rows);
  readonly #selection = new Selection((position) => this.#rows.id(this.#finder.order[position]));
  readonly #shown: Shown;
  readonly #parts: Parts;
  readonly #rest: Rest;
  readonly #feed: Feed;
  readonly #modes = new Map<string, Mode>();
  readonly #picker: Picker;
  readonly #toolbar: Toolbar;
  readonly #asked: AskedLine<View>;
  readonly #panel: Panel;
  readonly #views: Views;
  readonly #closeup: Closeup;
  readonly #foot: Foot;
  readonly #entrances: Entrances;
  readonly #acts: ActBar;
  /** What holds the filters and the images. */
  readonly #body = make("div", "sw-body");
  readonly #stage = make("div", "sw-stage");
  readonly #note = make("div", "sw-note");
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>();
  /** Traits of which something waits to be told. */
  readonly #waiting = new Set<string>();
  /** The view as the kernel was told of it last. */
  #told: View;

  constructor(
    private readonly model: Model,
    private readonly frame: Frame,
    private readonly signal: AbortSignal,
    host?: Host,
  ) {
    const { rpc, t } = frame;
    const [size, outlines] = [model.get<number>("cell_size"), model.get<boolean>("show_outlines")];
    this.#shown = { rows: this.#rows, finder: this.#finder, size, outlines, opened: model.get("opened") };
    const rest = (this.#rest = new Rest(frame, signal));
    const pictures = new Pictures(rpc, signal, (ids) => {
      rest.ahead(); // they come a screen at once
      this.#arrived((mode) => mode.update(ids));
    });
    const drawings = new Drawings(rpc, signal, (results) => this.#arrived((mode) => mode.updateResults(results)));
    this.#parts = {
      shown: this.#shown, selection: this.#selection, pictures, drawings, t, signal,
      frame, height: model.get<number>("height"), halo: () => frame.token("--sw-halo"), sort: (by) => this.#sort(by),
      pick: (ids) => this.#pick(ids), open: (id) => this.#openId(id), keepPlate: (plate) => this.#keepPlate(plate),
    }; // prettier-ignore
    this.#told = this.#finder.view = readView(model.get("view"));
    this.#feed = new Feed(
      this.#rows,
      rpc,
      {
        rows: (changed) => this.#take(changed),
        matching: () => this.#refilter(),
        failed: (error) => frame.fail(error, () => void this.#feed.pull()),
      },
      signal,
    );
    const leave = () => this.#mode.focus();
    const entered = { changed: () => this.#showNote(), open: (id: number, left: readonly number[]) => this.#openId(id, left), leave };
    this.#entrances = new Entrances(model, frame, this.#finder, entered, rest, signal, host);
    const ask = (change: (view: View) => View) => this.#setView(change(this.#finder.view));
    this.#views = new Views(rpc, t, (view) => this.#setView(view), signal);
    this.#toolbar = new Toolbar(
      this.#finder,
      t,
      {
        view: ask,
        outlines: (shown) => this.#set("show_outlines", shown),
        size: (pixels) => this.#later("cell_size", pixels, 2 * SETTLE),
        filters: () => this.#openFilters(!this.#panel.open),
        leave,
      },
      { size, outlines, views: this.#views.element },
    );
    this.#asked = new AskedLine<View>(t, { ask: (view) => this.#setView(view), clear: () => this.#clearFilters(), leave });
    this.#panel = new Panel(this.#finder, t, { ask, close: () => this.#openFilters(false) }, signal);
    const looking = { close: () => this.#closeCloseup(), wantOutlines: () => this.#mode.refresh() };
    this.#closeup = new Closeup(frame, this.#shown, pictures, drawings, looking, signal);
    const review = () => void this.#entrances.review(this.#about().ids);
    const compare = () => this.#entrances.compare(this.#about().ids);
    this.#foot = new Foot(t, { open: () => this.#open(), review, compare, clear: () => this.#picker.clear(), leave });
    this.#acts = new ActBar(model, frame, { about: () => this.#about(), clear: () => this.#picker.clear(), leave }, rest, signal);
    this.#picker = new Picker(this.#shown, this.#selection, {
      mode: () => this.#mode,
      changed: () => this.#picked(),
      open: () => this.#open(),
      peek: () => (this.#closeup.open ? this.#closeCloseup() : this.#look()),
      back: () => this.#back(),
      outlines: () => this.#toolbar.setOutlines(!this.#toolbar.outlines),
      search: () => this.#toolbar.focusSearch(),
      filters: () => this.#openFilters(!this.#panel.open),
      compare,
      help: () => this.#toolbar.toggleHelp(),
      act: (verb) => void (verb === "undo" ? this.#acts.undo() : this.#acts.start(verb)),
    });
    this.#note.setAttribute("role", "status");
    this.#body.style.setProperty("--sw-height", `${model.get<number>("height")}px`);
    this.#stage.append(this.#note, this.#closeup.element);
    this.#body.append(this.#panel.element, this.#stage);
    frame.root.append(...this.#entrances.elements, this.#toolbar.element, this.#toolbar.help, this.#asked.element, this.#body, this.#foot.element, this.#acts.element);
    this.#listen();
    this.#selection.replace(model.get<number[]>("selected_ids") ?? []);
    this.#openFilters(model.get<boolean>("show_filters") === true, false);
    this.#wait();
    this.#feed.ask(this.#finder.view.expression);
    void this.#feed.pull();
  }

  #listen(): void {
    const { model, signal, frame } = this;
    onTrait(model, "rows_version", signal, () => void this.#feed.pull());
    onTrait<number[]>(model, "selected_ids", signal, (ids) => {
      if (this.#selection.replace(ids)) this.#showSelection();
    });
    onTrait<number | null>(model, "opened", signal, (id) => {
      this.#shown.opened = id;
      this.#mode.updateMarks();
    });
    onTrait<number>(model, "cell_size", signal, (size) => {
      this.#shown.size = size;
      this.#mode.arrange();
    });
    onTrait<boolean>(model, "show_outlines", signal, (shown) => {
      this.#shown.outlines = shown;
      if (this.#toolbar.outlines !== shown) this.#toolbar.setOutlines(shown);
      this.#mode.refresh();
      this.#closeup.refresh();
    });
    onTrait(model, "view", signal, (given) => {
      const view = readView(given);
      // The kernel repeats what it was told last, and may do so while something newer waits to be told.
      if (sameView(view, this.#finder.view) || (this.#waiting.has("view") && sameView(view, this.#told))) return;
      this.#waiting.delete("view");
      clearTimeout(this.#timers.get("view")); // said from Python later than what waits to be told there
      this.#setView(view, false);
    });
    onTrait<boolean>(model, "show_filters", signal, (open) => open !== this.#panel.open && this.#openFilters(open, false));
    frame.onTheme(() => this.#mode.refresh());
    const { banner, t } = frame;
    frame.rpc.on<{ message: string }>("problem", ({ message }) =>
      banner.show(message, "error", { label: t("gallery.close"), run: () => banner.hide() }),
    );
    const again = () => {
      this.#parts.pictures.forgive();
      this.#closeup.forgive();
      void this.#feed.pull();
      this.#mode.refresh();
    };
    frame.rpc.onResync(again);
    frame.rpc.onState((state) => state === "connected" && again());
    this.#picker.listen(this.#stage, signal);
    signal.addEventListener("abort", () => this.#timers.forEach(clearTimeout), { once: true });
  }

  /** The mode that is shown, made when it first is; one this page does not know is the grid. */
  get #mode(): Mode {
    const { mode: wished } = this.#finder.view;
    const name = Object.hasOwn(MODES, wished) ? wished : GRID;
    let mode = this.#modes.get(name);
    if (mode === undefined) {
      mode = MODES[name](this.#parts, this.#rest);
      this.#modes.set(name, mode);
      this.#stage.prepend(mode.element);
    }
    return mode;
  }

  /** Rows have come. */
  #take(changed: number[] | null): void {
    this.#parts.pictures.forgive(changed ?? undefined);
    this.#closeup.forgive(changed ?? undefined);
    this.#refilter();
    this.#entrances.changed(changed);
    if (this.#finder.order.length === 0) this.#rest.ahead(); // no picture will come
  }

  /** Asks for something else; `tell` says whether the kernel is to hear of it. */
  #setView(view: View, tell = true): void {
    const old = this.#finder.view;
    if (sameView(old, view)) return;
    const held = this.#mode.element.contains(document.activeElement);
    this.#finder.view = view;
    this.#feed.ask(view.expression);
    this.#refilter();
    this.#mode.toTop();
    if (held) this.#mode.focus();
    this.frame.announce(this.frame.t("gallery.shown", { n: this.#finder.order.length, count: count(this.#finder.order.length) }));
    if (tell) this.#later("view", writeView(view), 2 * SETTLE);
  }

  #sort(by: SortedName): void {
    const { view } = this.#finder;
    this.#setView({ ...view, sort: { by, descending: view.sort?.by === by && !view.sort.descending } });
  }

  /** Shows all images again, sorted and grouped as they are. */
  #clearFilters(): void {
    const { sort, group, mode, plate } = this.#finder.view;
    this.#setView({ ...EVERYTHING, sort, group, mode, plate });
  }

  #refilter(): void {
    if (this.#finder.view.mode === PLATE) this.#wantFlags();
    this.#finder.run(this.#feed.matching);
    this.#picker.reorder();
    this.#toolbar.show(this.#finder.view);
    this.#asked.show(this.#finder.view);
    this.#views.show(this.#finder.view);
    this.#showNote();
    this.#panel.show();
    this.#mode.arrange();
    this.#showSelection();
  }

  /** In place of the images: none yet, or none that match, or the review, or a comparison. */
  #showNote(): void {
    const { t } = this.frame;
    const empty = this.#rows.length === 0;
    const none = !empty && this.#finder.order.length === 0;
    const mode = this.#mode;
    const { away } = this.#entrances;
    this.#entrances.show();
    this.#body.hidden = away || (empty && this.#entrances.adding);
    for (const { element } of [this.#asked, this.#acts]) element.classList.toggle("sw-away", away);
    this.#toolbar.element.hidden = this.#foot.element.hidden = empty || away;
    for (const other of this.#modes.values()) other.element.hidden = empty || none || other !== mode;
    this.#note.hidden = !empty && !none;
    if (empty) this.#note.replaceChildren(make("strong", "", t("gallery.empty")));
    else if (none) this.#note.replaceChildren(...this.#noMatch());
  }

  #noMatch(): HTMLElement[] {
    const { t } = this.frame;
    const { reason } = this.#feed;
    const { view } = this.#finder;
    if (this.#rows.firstOf > 0) return [make("p", "sw-reading", t("gallery.reading"))]; // it may be among the rest
    const asked = askedText(view, t);
    const words = reason ? t("gallery.bad_expression", { expression: view.expression, reason }) : t("gallery.no_match", { asked });
    return [make("p", "", words), button(t("gallery.show_all"), () => this.#clearFilters())];
  }

  #wait(): void {
    this.#toolbar.element.hidden = this.#foot.element.hidden = this.#mode.element.hidden = this.#note.hidden = true;
    const timer = setTimeout(() => {
      if (this.#rows.version > 0) return;
      this.#note.replaceChildren(make("p", "sw-reading", this.frame.t("gallery.reading")));
      this.#note.hidden = false;
    }, PATIENCE);
    this.#timers.set("wait", timer);
  }

  /** Flags of a large project are worked out once something shows them. */
  #wantFlags(): void {
    if (this.model.get("flags_state") !== "waiting") return;
    this.frame.rpc.call("want_flags").catch(() => {}); // the banner says that the kernel is gone; it is asked again
  }

  #pick(ids: readonly number[]): void {
    if (this.#selection.replace(ids)) this.#picked();
  }

  #keepPlate(plate: PlateView): void {
    this.#finder.view = { ...this.#finder.view, plate };
    this.#views.show(this.#finder.view);
    this.#later("view", writeView(this.#finder.view), 2 * SETTLE);
  }

  #showSelection(): void {
    const [chosen, shown, rows] = [this.#selection.ids.size, this.#finder.order.length, this.#rows.length];
    this.#foot.show({
      selected: chosen, active: this.#selection.active >= 0, opens: this.model.get("opens"), judges: this.model.get("can_act"),
      compares: this.#entrances.comparison(this.#selection.ids), shown, rows, firstOf: this.#rows.firstOf,
    }); // prettier-ignore
    this.#acts.show(chosen);
    this.#mode.updateMarks();
  }

  /** The selection was changed here: shows it, and tells the kernel when it has settled. */
  #picked(): void {
    this.#showSelection();
    if (this.#closeup.open) this.#closeup.show(this.#picker.activeId);
    this.#later("selected_ids", () => [...this.#selection.ids], SETTLE);
  }

  /** Esc goes one step back: help, close look, selection. */
  #back(): boolean {
    if (!this.#toolbar.help.hidden) this.#toolbar.toggleHelp(false);
    else if (this.#closeup.open) this.#closeCloseup();
    else if (this.#acts.back()) return true;
    else if (this.#selection.ids.size > 0) this.#picker.clear();
    else return false;
    return true;
  }

  /** The selected images that are in the project, in its order. */
  #about(): About {
    const ids: number[] = [];
    let outlined = 0;
    for (let row = 0; row < this.#rows.length; row++) {
      if (!this.#selection.ids.has(this.#rows.id(row))) continue;
      ids.push(this.#rows.id(row));
      if (this.#rows.result(row) > 0) outlined++;
    }
    return { ids, outlined };
  }

  #open(): void {
    const id = this.#picker.activeId;
    if (id !== null) this.#openId(id);
  }

  /** @param among  images that are to be judged with it, in this order */
  #openId(id: number, among: readonly number[] = []): void {
    // Whether the notebook has said what opening an image does; without that it is looked at here.
    if (!this.model.get<boolean>("opens")) {
      this.#look(id);
      return;
    }
    if (this.model.get("opened") === id) this.#set("opened", null); // opened again: the kernel hears of a change only
    this.#set("opened_among", [...among]);
    this.#set("opened", id);
    say(this.frame.root, OPENS, id);
  }

  #look(id = this.#picker.activeId): void {
    if (id === null) return;
    this.#closeup.show(id);
    this.#stage.classList.add("sw-peeking");
  }

  #closeCloseup(): void {
    this.#closeup.hide();
    this.#stage.classList.remove("sw-peeking");
    this.#mode.focus();
  }

  #openFilters(open: boolean, tell = true): void {
    const held = this.#panel.element.contains(document.activeElement);
    this.#panel.element.hidden = !open;
    this.#body.classList.toggle("sw-filtering", open);
    this.#toolbar.showFilters(open);
    this.#panel.show();
    if (held) this.#toolbar.focusFilters();
    if (open) this.#wantFlags();
    if (!tell) return;
    if (open) this.#panel.element.focus({ preventScroll: true });
    this.#set("show_filters", open);
  }

  #arrived(update: (mode: Mode) => void): void {
    update(this.#mode);
    this.#closeup.refresh();
  }

  #set(name: string, value: unknown): void {
    this.model.set(name, value);
    this.model.save_changes();
  }

  /** Sets a trait; the kernel hears of it where it comes to rest. */
  #later(name: string, value: unknown, wait: number): void {
    const made = typeof value === "function" ? undefined : value;
    if (made !== undefined) this.model.set(name, made);
    clearTimeout(this.#timers.get(name));
    this.#waiting.add(name);
    const save = () => {
      this.#waiting.delete(name);
      if (name === "view") this.#told = this.#finder.view;
      this.#set(name, typeof value === "function" ? value() : value);
    };
    this.#timers.set(name, setTimeout(save, wait));
  }
}
