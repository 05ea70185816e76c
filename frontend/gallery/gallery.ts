/** The image gallery: joins the table, the grid, what is selected and the kernel. */
import { Drawings } from "../shared/drawings";
import { type Frame, button, make } from "../shared/frame";
import { count } from "../shared/numbers";
import { RpcError } from "../shared/rpc";
import { type Model, onTrait } from "../shared/types";
import { type Filter, type Found, find } from "./filter";
import { Grid, type GridState } from "./grid";
import { type RunTrait, headline, waysIn } from "./headline";
import { actionOf } from "./keys";
import { Peek } from "./peek";
import { Pictures } from "./pictures";
import { Rows, type RowsValue } from "./rows";
import { Selection } from "./selection";
import { Toolbar } from "./toolbar";

/** Changes of the selection go to the kernel this long after the last of them, ms. */
const SETTLE = 80;
/** A wait that is shorter needs no words, ms. */
const PATIENCE = 200;
/** Longest edge of a picture that is looked at closely, px. */
const LARGE = 512;

export class Gallery {
  readonly #state: GridState;
  readonly #selection = new Selection((position) => this.#rows.id(this.#state.order[position]));
  readonly #rows = new Rows();
  readonly #grid: Grid;
  readonly #toolbar: Toolbar;
  readonly #peek: Peek;
  readonly #pictures: Pictures;
  readonly #large: Pictures;
  readonly #drawings: Drawings;
  readonly #head = make("header", "sw-head");
  readonly #body = make("div", "sw-body");
  readonly #note = make("div", "sw-note");
  readonly #foot = make("footer", "sw-foot");
  #filter: Filter = { text: "", states: new Set() };
  #found: Found = { order: new Int32Array(0), counts: new Int32Array(0), total: 0 };
  #activeId: number | null = null;
  #pulling = false;
  #again = false;
  #settle: ReturnType<typeof setTimeout> | undefined;
  #resizing: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly model: Model,
    private readonly frame: Frame,
    private readonly signal: AbortSignal,
  ) {
    const { rpc, t } = frame;
    const size = model.get<number>("cell_size");
    const outlines = model.get<boolean>("show_outlines");
    this.#state = { rows: this.#rows, order: this.#found.order, size, outlines, opened: model.get("opened") };
    this.#pictures = new Pictures(rpc, signal, (ids) => this.#arrived(() => this.#grid.update(ids)));
    this.#large = new Pictures(rpc, signal, () => this.#showPeek(), 24);
    this.#large.size = LARGE;
    this.#drawings = new Drawings(rpc, signal, (results) => this.#arrived(() => this.#grid.updateResults(results)));
    const halo = () => frame.token("--sw-halo");
    this.#grid = new Grid(this.#state, this.#selection, this.#pictures, this.#drawings, t, halo, signal);
    this.#toolbar = new Toolbar(
      t,
      {
        filter: (filter) => this.#setFilter(filter),
        outlines: (shown) => this.#set("show_outlines", shown),
        size: (pixels) => this.#resize(pixels),
        leave: () => this.#grid.element.focus(),
      },
      { size, outlines },
    );
    this.#peek = new Peek(t, () => this.#closePeek(), signal);
    this.#note.setAttribute("role", "status");
    this.#body.style.setProperty("--sw-height", `${model.get<number>("height")}px`);
    this.#body.append(this.#grid.element, this.#note, this.#peek.element);
    frame.root.append(this.#head, this.#toolbar.element, this.#toolbar.help, this.#body, this.#foot);
    this.#listen();
    this.#selection.replace(model.get<number[]>("selected_ids") ?? []);
    this.#wait();
    void this.#pull();
  }

  #listen(): void {
    const { model, signal, frame } = this;
    onTrait(model, "rows_version", signal, () => void this.#pull());
    onTrait<number[]>(model, "selected_ids", signal, (ids) => {
      if (this.#selection.replace(ids)) this.#showSelection();
    });
    onTrait<number | null>(model, "opened", signal, (id) => {
      this.#state.opened = id;
      this.#grid.updateMarks();
    });
    onTrait<number>(model, "cell_size", signal, (size) => {
      this.#state.size = size;
      this.#grid.arrange();
    });
    onTrait<boolean>(model, "show_outlines", signal, (shown) => {
      this.#state.outlines = shown;
      if (this.#toolbar.outlines !== shown) this.#toolbar.setOutlines(shown);
      this.#grid.refresh();
      this.#showPeek();
    });
    onTrait(model, "run", signal, () => this.#showHead());
    onTrait(model, "project_name", signal, () => this.#showHead());
    frame.onTheme(() => this.#grid.refresh());
    const { banner, t } = frame;
    frame.rpc.on<{ message: string }>("problem", ({ message }) =>
      banner.show(message, "error", { label: t("gallery.close"), run: () => banner.hide() }),
    );
    const again = () => {
      this.#pictures.forgive();
      this.#large.forgive();
      void this.#pull();
      this.#grid.refresh();
    };
    frame.rpc.onResync(again);
    frame.rpc.onState((state) => state === "connected" && again());

    const grid = this.#grid.element;
    grid.addEventListener("click", (event) => this.#click(event), { signal });
    grid.addEventListener("dblclick", () => this.#open(), { signal });
    this.#body.addEventListener("keydown", (event) => this.#key(event), { signal });
    const stop = () => [this.#settle, this.#resizing].forEach(clearTimeout);
    signal.addEventListener("abort", stop, { once: true });
  }

  /** Asks for the rows that changed; one question at a time, and another when something changed meanwhile. */
  async #pull(): Promise<void> {
    if (this.#pulling) {
      this.#again = true;
      return;
    }
    this.#pulling = true;
    try {
      do {
        this.#again = false;
        const { value, buffers } = await this.frame.rpc.call<RowsValue>(
          "rows", { since: this.#rows.version }, { signal: this.signal },
        ); // prettier-ignore
        if (value.rows > 0 || value.whole) {
          const changed = await this.#rows.apply(value, buffers[0]);
          this.#pictures.forgive(changed ?? undefined);
          this.#large.forgive(changed ?? undefined);
        }
        this.#refilter();
        this.#showHead();
      } while (this.#again && !this.signal.aborted);
    } catch (error) {
      if (this.signal.aborted || (error instanceof RpcError && error.type === "KernelLost")) return;
      this.frame.fail(error, () => void this.#pull());
    } finally {
      this.#pulling = false;
    }
  }

  #setFilter(filter: Filter): void {
    this.#filter = filter;
    this.#refilter();
    this.#grid.element.scrollTop = 0;
    const shown = this.frame.t("gallery.shown", { n: this.#found.order.length });
    this.frame.announce(shown);
  }

  #refilter(): void {
    const { rows } = this.#state;
    this.#found = find(rows, this.#filter);
    this.#state.order = this.#found.order;
    const positionOf = (id: number) => {
      const row = rows.place(id);
      return row === undefined ? -1 : search(this.#found.order, row);
    };
    this.#selection.reorder(this.#found.order.length, positionOf, this.#activeId);
    this.#toolbar.showCounts(this.#found);
    this.#showNote();
    this.#grid.arrange();
    this.#showSelection();
  }

  /** In place of the grid: no images yet, or none that match. */
  #showNote(): void {
    const { t } = this.frame;
    const empty = this.#rows.length === 0;
    const none = !empty && this.#found.order.length === 0;
    this.#toolbar.element.hidden = empty;
    this.#foot.hidden = empty;
    this.#grid.element.hidden = empty || none;
    this.#note.hidden = !empty && !none;
    if (empty) {
      this.#note.replaceChildren(...waysIn(t));
    } else if (none) {
      const text = make("p", "", t("gallery.no_match", { asked: this.#toolbar.asked }));
      this.#note.replaceChildren(text, button(t("gallery.show_all"), () => this.#toolbar.clear()));
    }
  }

  #wait(): void {
    this.#toolbar.element.hidden = this.#foot.hidden = this.#grid.element.hidden = this.#note.hidden = true;
    const timer = setTimeout(() => {
      if (this.#rows.version > 0 || this.signal.aborted) return;
      this.#note.replaceChildren(make("p", "sw-reading", this.frame.t("gallery.reading")));
      this.#note.hidden = false;
    }, PATIENCE);
    this.signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
  }

  #showHead(): void {
    const run = this.model.get<RunTrait>("run") ?? {};
    this.#head.replaceChildren(...headline(this.model.get("project_name"), this.#rows.length, run, this.frame.t));
  }

  #showSelection(): void {
    const { t } = this.frame;
    const chosen = this.#selection.ids.size;
    const shown = this.#found.order.length;
    const parts: HTMLElement[] = [];
    if (chosen > 0) {
      parts.push(make("strong", "", t("gallery.selected", { n: chosen, count: count(chosen) })));
      if (this.#selection.active >= 0) parts.push(button(t(this.#opens ? "gallery.open" : "gallery.look"), () => this.#open()));
      parts.push(button(t("gallery.clear"), () => this.#clear()));
    }
    const rest = t("gallery.shown", { n: shown, count: count(shown) });
    const held = this.#foot.contains(document.activeElement);
    this.#foot.replaceChildren(...parts, make("span", "sw-shown", shown < this.#rows.length ? rest : ""));
    if (held) this.#grid.element.focus({ preventScroll: true }); // its button may be gone
    this.#grid.updateMarks();
  }

  /** The selection was changed here: shows it, and tells the kernel when it has settled. */
  #selected(): void {
    const { active } = this.#selection;
    this.#activeId = active < 0 ? null : this.#rows.id(this.#state.order[active]);
    this.#showSelection();
    this.#showPeek();
    clearTimeout(this.#settle);
    this.#settle = setTimeout(() => {
      this.model.set("selected_ids", [...this.#selection.ids]);
      this.model.save_changes();
    }, SETTLE);
  }

  #clear(): void {
    this.#selection.ids.clear();
    this.#selected();
  }

  #click(event: MouseEvent): void {
    const cell = (event.target as Element).closest<HTMLElement>(".sw-cell");
    if (!cell) return;
    this.#selection.pick(Number(cell.dataset.position), { shift: event.shiftKey, ctrl: event.ctrlKey || event.metaKey });
    this.#selected();
  }

  #key(event: KeyboardEvent): void {
    const action = actionOf(event);
    const onButton = event.target instanceof HTMLButtonElement;
    if (!action || (onButton && (action === "open" || action === "peek"))) return;
    if (action === "back" && !this.#back()) return; // nothing to go back from: the host may use it
    event.preventDefault();
    event.stopPropagation();
    const { columns } = this.#grid.layout;
    switch (action) {
      case "left": return this.#move(-1, event);
      case "right": return this.#move(1, event);
      case "up": return this.#move(-columns, event);
      case "down": return this.#move(columns, event);
      case "first": return this.#move(-Infinity, event);
      case "last": return this.#move(Infinity, event);
      case "pageUp": return this.#move(-this.#grid.page, event);
      case "pageDown": return this.#move(this.#grid.page, event);
      case "open": return this.#open();
      case "peek": return this.#peek.open ? this.#closePeek() : this.#look();
      case "toggle": return this.#toggle();
      case "all": return this.#all();
      case "outlines": return this.#toolbar.setOutlines(!this.#toolbar.outlines);
      case "search": return this.#toolbar.focusSearch();
      case "help": return this.#toolbar.toggleHelp();
    } // prettier-ignore
  }

  /** Esc goes one step back: help, close look, selection. */
  #back(): boolean {
    if (!this.#toolbar.help.hidden) this.#toolbar.toggleHelp(false);
    else if (this.#peek.open) this.#closePeek();
    else if (this.#selection.ids.size > 0) this.#clear();
    else return false;
    return true;
  }

  #move(by: number, event: KeyboardEvent): void {
    const last = this.#state.order.length - 1;
    if (last < 0) return;
    const { active } = this.#selection;
    const to = active < 0 ? 0 : Math.min(last, Math.max(0, active + by));
    // A step up or down that would leave the grid stays in its column.
    const leaves = Number.isFinite(by) && active >= 0 && Math.abs(by) > 1 && (active + by < 0 || active + by > last);
    const position = leaves && Math.abs(by) === this.#grid.layout.columns ? active : to;
    const ctrl = event.ctrlKey || event.metaKey;
    if (ctrl && !event.shiftKey) this.#selection.active = position;
    else this.#selection.pick(position, { shift: event.shiftKey, ctrl });
    this.#grid.reveal(position);
    this.#selected();
  }

  #toggle(): void {
    if (this.#selection.active < 0) return;
    this.#selection.toggle(this.#selection.active);
    this.#selected();
  }

  #all(): void {
    for (const row of this.#state.order) this.#selection.ids.add(this.#rows.id(row));
    this.#selected();
  }

  /** Whether the notebook has said what opening an image does; without that it is looked at here. */
  get #opens(): boolean {
    return this.model.get<boolean>("opens");
  }

  #open(): void {
    if (this.#activeId === null) return;
    if (!this.#opens) {
      this.#look();
      return;
    }
    if (this.model.get("opened") === this.#activeId) {
      this.#set("opened", null); // opened again: the kernel hears of a change only
    }
    this.#set("opened", this.#activeId);
  }

  #look(): void {
    if (this.#selection.active < 0) return;
    this.#showPeek(true);
  }

  #showPeek(open = this.#peek.open): void {
    const row = this.#activeId === null ? undefined : this.#rows.place(this.#activeId);
    if (!open || row === undefined) return;
    const id = this.#rows.id(row);
    const result = this.#rows.result(row);
    this.#large.want([id]);
    if (this.#state.outlines && result > 0 && !this.#drawings.get(result)) this.#grid.refresh();
    this.#peek.show({
      rows: this.#rows, row, picture: this.#large.get(id) ?? this.#pictures.get(id), reason: this.#large.reason(id),
      drawing: this.#state.outlines && result > 0 ? this.#drawings.get(result) : undefined,
      halo: this.frame.token("--sw-halo"),
    }); // prettier-ignore
    this.#body.classList.add("sw-peeking");
  }

  #closePeek(): void {
    this.#peek.hide();
    this.#body.classList.remove("sw-peeking");
    this.#grid.element.focus({ preventScroll: true });
  }

  #arrived(update: () => void): void {
    update();
    this.#showPeek();
  }

  /** The cards follow the slider at once; the kernel hears where it came to rest. */
  #resize(pixels: number): void {
    this.model.set("cell_size", pixels);
    clearTimeout(this.#resizing);
    this.#resizing = setTimeout(() => this.model.save_changes(), 2 * SETTLE);
  }

  #set(name: string, value: unknown): void {
    this.model.set(name, value);
    this.model.save_changes();
  }
}

/** Position of a row in the shown ones (ascending), or -1. */
function search(order: Int32Array, row: number): number {
  let [low, high] = [0, order.length - 1];
  while (low <= high) {
    const middle = (low + high) >> 1;
    if (order[middle] === row) return middle;
    if (order[middle] < row) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}
