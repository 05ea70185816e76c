/**
 * The objects of the image as a list: sorted and filtered, each a click away. A row and its outline are one thing: what is
 * pointed at or selected in one is so in the other.
 */

import { make } from "../../shared/frame";
import { count } from "../../shared/numbers";
import { classColour } from "../../shared/outlines";
import type { Translate } from "../../shared/strings";
import { area, oriented } from "../geometry";
import type { EditorHost } from "../host";
import { mark, removeSelected } from "../object_actions";
import { zoomTo } from "../reading/going";
import type { Panel } from "../side";
import { ObjectLine, type Shown } from "./line";
import { List } from "./list";
import { MARKS, Rows, SORTS, type Mark, type SortBy, type Wanted } from "./rows";

/** Milliseconds a change rests before the list is made anew, when it is long. */
const PAUSE = 120;
const LONG = 2000;

let made = 0;

export class ObjectsPanel implements Panel {
  readonly element = make("div", "sw-editor-objects");
  readonly rows: Rows;
  readonly #wanted: Wanted = { text: "", classIndex: null, mark: null, by: "number", descending: false };
  readonly #heads = {} as Record<SortBy, HTMLElement>;
  readonly #classes = make("div", "sw-editor-classes");
  readonly #text = make("input", "sw-editor-search");
  readonly #marks = make("select", "sw-editor-choice");
  readonly #empty = make("p", "sw-editor-note");
  readonly #list: List;
  #order: number[] = [];
  #counts: number[] = [];
  /** Place of each slot in the list. */
  #places = new Map<number, number>();
  /** The object that keys act from, and the one a range began at. */
  #active: string | null = null;
  #anchor: string | null = null;
  #stale = true;
  #written = "";
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** A selection made here does not move the list under the hand. */
  #own = false;

  constructor(private readonly t: Translate, private readonly editor: EditorHost, signal: AbortSignal) {
    const { work, selection } = editor;
    this.rows = new Rows(work, (mark) => t(`editor.mark.${mark}`));
    this.#list = new List(() => this.#line());
    this.#build();
    work.store.onChange(() => this.#outdated());
    selection.onChange(() => this.#followSelection());
    signal.addEventListener("abort", () => clearTimeout(this.#timer));
  }

  enter(): void {
    this.refresh();
    this.#followSelection();
  }

  /** What the rows say may be another: draw those in sight. */
  refresh(): void {
    if (!this.element.isConnected) return;
    if (this.#stale) this.#make();
    this.#drawHeads();
    this.#list.draw();
    const active = this.#active === null ? undefined : this.#place(this.#active);
    const row = active === undefined ? null : this.#list.element.querySelector("[data-active]");
    if (row) this.#list.element.setAttribute("aria-activedescendant", row.id);
    else this.#list.element.removeAttribute("aria-activedescendant");
  }

  /** Put the keys into the list. */
  focus(): void {
    this.#list.element.focus({ preventScroll: true });
    if (this.#active === null && this.#order.length) this.#active = this.#idAt(0);
    this.refresh();
  }

  // The list

  #outdated(): void {
    this.#stale = true;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.refresh(), this.#order.length > LONG ? PAUSE : 0);
  }

  #make(): void {
    this.#stale = false;
    clearTimeout(this.#timer);
    this.#order = this.rows.find(this.#wanted);
    this.#counts = this.rows.counts();
    this.#places = new Map(this.#order.map((slot, place) => [slot, place]));
    const { store } = this.editor.work;
    const list = this.#list.element;
    list.setAttribute("aria-rowcount", String(this.#order.length + 1));
    this.#empty.hidden = this.#order.length > 0;
    this.#empty.textContent = this.t(store.count ? "editor.objects.none_found" : "editor.objects.none");
    this.#list.set(this.#order.length);
  }

  #line(): ObjectLine {
    const line = new ObjectLine(this.t, (position) => this.#shown(position), (position, kind) => {
      const { store } = this.editor.work;
      const id = this.#idAt(position);
      if (id !== null) mark(this.editor, kind, [id], !store.isAside(kind, id));
    });
    const { element } = line;
    element.addEventListener("click", (event) => this.#click(line.position, event));
    element.addEventListener("pointerenter", () => this.editor.point(this.#idAt(line.position)));
    element.addEventListener("pointerleave", () => this.editor.point(null));
    return line;
  }

  #shown(position: number): Shown | null {
    const slot = this.#order[position];
    const { work, selection, pixelSize, hovered, readOnly } = this.editor;
    const { store, classes } = work;
    // The list is made anew a moment after the outlines changed.
    if (slot === undefined || slot >= store.length || !store.alive(slot)) return null;
    const id = store.id(slot);
    const { classIndex, confidence } = store.attributes(slot);
    const moving = this.#moving(id);
    return {
      classIndex, confidence, number: slot + 1, place: position + 1, className: classes.names[classIndex] ?? "",
      area: (moving ?? this.rows.area(slot)) * (pixelSize ?? 1) ** 2, pending: moving !== null || work.isOnItsWay(id),
      marks: this.rows.marks(slot), selected: selection.ids.has(id), active: id === this.#active, hovered: id === hovered, readOnly,
    };
  }

  /** Area of an outline as the hand holds it; null when it rests. */
  #moving(id: string): number | null {
    const held = this.editor.preview?.shapes.filter((shape) => shape.id === id) ?? [];
    return held.length ? held.reduce((sum, { rings }) => sum + area(oriented(rings)), 0) : null;
  }

  #idAt(position: number): string | null {
    const slot = this.#order[position];
    return slot === undefined ? null : this.editor.work.store.id(slot);
  }

  #place(id: string): number | undefined {
    const slot = this.editor.work.store.slot(id);
    return slot === undefined ? undefined : this.#places.get(slot);
  }

  // Selecting

  #click(position: number, event: MouseEvent): void {
    const id = this.#idAt(position);
    if (id === null) return;
    this.#list.element.focus({ preventScroll: true });
    if (event.shiftKey) this.#extend(id, event.ctrlKey || event.metaKey);
    else if (event.ctrlKey || event.metaKey) this.#select([...this.editor.selection.ids], id, true);
    else {
      this.#select([], id);
      zoomTo(this.editor, [id]);
    }
  }

  /** Select an object beside others, or take it out of them. */
  #select(others: readonly string[], id: string, toggle = false): void {
    this.#active = this.#anchor = id;
    const without = others.filter((other) => other !== id);
    this.#choose(toggle && others.includes(id) ? without : [...without, id]);
  }

  /** Select from where the range began up to an object. */
  #extend(id: string, add: boolean): void {
    const from = this.#place(this.#anchor ?? id) ?? this.#place(id)!;
    const to = this.#place(id)!;
    this.#active = id;
    const range = this.#order.slice(Math.min(from, to), Math.max(from, to) + 1).map((slot) => this.editor.work.store.id(slot));
    this.#choose(add ? [...this.editor.selection.ids, ...range] : range);
  }

  /** What is hidden is not selected: a tool would act on what nobody sees. */
  #choose(ids: readonly string[]): void {
    this.#own = true;
    this.editor.selection.set(ids.filter((id) => !this.editor.work.store.isAside("hidden", id)));
    this.#own = false;
    this.refresh();
  }

  #followSelection(): void {
    if (this.#own || !this.element.isConnected) return;
    const last = [...this.editor.selection.ids].at(-1);
    const place = last === undefined ? undefined : this.#place(last);
    if (place !== undefined) {
      this.#active = this.#anchor = last!;
      this.#list.reveal(place);
    }
    this.refresh();
  }

  // Keys

  #key(event: KeyboardEvent): void {
    const control = event.ctrlKey || event.metaKey;
    const at = this.#active === null ? -1 : (this.#place(this.#active) ?? -1);
    const steps: Record<string, number> = {
      ArrowDown: at + 1, ArrowUp: at < 0 ? 0 : at - 1, Home: 0, End: this.#order.length - 1,
      PageDown: at + this.#list.page, PageUp: at - this.#list.page,
    };
    const id = this.#active;
    if (event.key in steps && !event.altKey) this.#go(steps[event.key], event.shiftKey, control);
    else if (event.key === "Enter" && id !== null) zoomTo(this.editor, this.editor.selection.ids.size > 1 ? this.editor.selection.ids : [id]);
    else if (event.key === " " && id !== null) this.#select([...this.editor.selection.ids], id, true);
    else if (event.key === "Delete" || event.key === "Backspace") removeSelected(this.editor);
    else if (event.key === "a" && control) this.#choose(this.#order.map((slot) => this.editor.work.store.id(slot)));
    else if (event.key === "Escape") this.editor.release();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #go(position: number, extend: boolean, only: boolean): void {
    const place = Math.min(this.#order.length - 1, Math.max(0, position));
    const id = this.#idAt(place);
    if (id === null) return;
    this.#list.reveal(place);
    if (extend) return this.#extend(id, false);
    if (!only) return this.#select([], id);
    this.#active = id; // Ctrl moves without selecting; Space then adds
    this.refresh();
  }

  // Around the list

  #build(): void {
    const { t } = this;
    const filters = make("div", "sw-editor-filters");
    Object.assign(this.#text, { type: "search", placeholder: t("editor.objects.find"), autocomplete: "off", spellcheck: false });
    this.#text.setAttribute("aria-label", t("editor.objects.find"));
    this.#text.addEventListener("input", () => this.#want({ text: this.#text.value }));
    this.#text.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.#text.value) {
        event.stopPropagation();
        this.#text.value = "";
        this.#want({ text: "" });
      } else if (event.key === "Escape") this.editor.release();
      else if (event.key === "ArrowDown" || event.key === "Enter") this.focus();
      else return;
      event.preventDefault();
    });
    this.#marks.setAttribute("aria-label", t("editor.objects.marks"));
    this.#marks.append(...["", ...MARKS].map((mark) => (
      Object.assign(make("option", "", t(mark ? `editor.mark.${mark}` : "editor.objects.any_mark")), { value: mark })
    )));
    this.#marks.addEventListener("change", () => this.#want({ mark: (this.#marks.value || null) as Mark | null }));
    filters.append(this.#text, this.#marks);
    this.#classes.setAttribute("role", "group");
    this.#classes.setAttribute("aria-label", t("editor.objects.classes"));

    const names = make("div", "sw-editor-row sw-editor-heads");
    names.setAttribute("role", "row");
    names.setAttribute("aria-rowindex", "1");
    const first = make("span", "sw-editor-cell sw-editor-cell-asides");
    first.setAttribute("role", "columnheader");
    first.setAttribute("aria-label", t("editor.objects.asides"));
    names.append(first, ...SORTS.map((by) => this.#head(by)));
    const list = this.#list.element;
    list.id = `sw-editor-objects-${made++}`;
    list.tabIndex = 0;
    list.setAttribute("role", "grid");
    list.setAttribute("aria-label", t("editor.panel.objects"));
    list.setAttribute("aria-multiselectable", "true");
    list.setAttribute("aria-colcount", String(SORTS.length + 1));
    list.prepend(names);
    list.append(this.#empty);
    list.addEventListener("keydown", (event) => this.#key(event));
    list.addEventListener("pointerleave", () => this.editor.point(null));
    this.element.append(filters, this.#classes, list);
  }

  #head(by: SortBy): HTMLElement {
    const head = make("span", `sw-editor-cell sw-editor-cell-${by}`);
    head.setAttribute("role", "columnheader");
    const sort = make("button", "sw-editor-sort");
    sort.type = "button";
    sort.tabIndex = -1;
    sort.dataset.by = by;
    sort.addEventListener("click", () => this.sort(by));
    head.append(sort);
    this.#heads[by] = head;
    return head;
  }

  /** Sort by a column; once more turns the order round. */
  sort(by: SortBy): void {
    this.#want({ by, descending: this.#wanted.by === by && !this.#wanted.descending });
  }

  #want(wanted: Partial<Wanted>): void {
    Object.assign(this.#wanted, wanted);
    this.#stale = true;
    this.#list.element.scrollTop = 0;
    this.refresh();
  }

  #drawHeads(): void {
    const { t, editor } = this;
    const { names } = editor.work.classes;
    const counts = this.#counts;
    const { by, descending, classIndex } = this.#wanted;
    const written = JSON.stringify([names, counts, by, descending, classIndex, editor.pixelSize === null]);
    if (written === this.#written) return;
    this.#written = written;
    for (const one of SORTS) {
      const unit = editor.pixelSize === null ? "px" : "um";
      const [sort] = this.#heads[one].children;
      sort.textContent = t(one === "area" ? `editor.objects.area_${unit}` : `editor.objects.${one}`);
      (sort as HTMLElement).title = t("editor.objects.sort", { by: sort.textContent });
      this.#heads[one].setAttribute("aria-sort", one === by ? (descending ? "descending" : "ascending") : "none");
    }
    this.#classes.replaceChildren(...names.map((name, number) => this.#chip(name, number, counts[number])));
  }

  #chip(name: string, number: number, objects: number): HTMLElement {
    const chip = make("button", "sw-editor-chip");
    const dot = make("span", "sw-editor-class-dot");
    const on = this.#wanted.classIndex === number;
    dot.style.setProperty("--sw-class", classColour(number));
    chip.type = "button";
    chip.title = this.t("editor.objects.only", { name });
    chip.setAttribute("aria-pressed", String(on));
    chip.append(dot, make("span", "sw-editor-cell-words", name), make("span", "sw-editor-soft", count(objects)));
    chip.addEventListener("click", () => {
      this.#want({ classIndex: on ? null : number });
      (this.#classes.children[number] as HTMLElement | undefined)?.focus(); // it was made anew
    });
    return chip;
  }
}
