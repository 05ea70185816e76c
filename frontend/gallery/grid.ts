/** The virtual grid: only the rows that are seen, and a few beyond, are in the document. */
import type { Drawings } from "../shared/drawings";
import { make } from "../shared/frame";
import type { Translate } from "../shared/strings";
import { Card, type Look } from "./card";
import { type Layout, layout, reveal, visible } from "./layout";
import { type Pictures, sizeFor } from "./pictures";
import type { Rows } from "./rows";
import type { Selection } from "./selection";

/** A flick passes pages that nobody looks at: they are asked for only when the grid rests this long, ms. */
const REST = 60;

export interface GridState {
  rows: Rows;
  order: Int32Array;
  size: number;
  outlines: boolean;
  opened: number | null;
}

interface Line {
  element: HTMLElement;
  cards: Card[];
}

let grids = 0;

export class Grid {
  readonly element = make("div", "sw-grid");
  layout: Layout = layout(0, 1, 1, 1);
  readonly #space = make("div", "sw-grid-space");
  readonly #lines = new Map<number, Line>();
  readonly #idle: Line[] = [];
  readonly #key = `sw-gallery-${grids++}`;
  #cards = 0;
  #scheduled = 0;
  #all = true;
  #tint = "";
  #timer: ReturnType<typeof setTimeout> | undefined;
  #lastTop = 0;

  constructor(
    private readonly state: GridState,
    private readonly selection: Selection,
    private readonly pictures: Pictures,
    private readonly drawings: Drawings,
    private readonly t: Translate,
    private readonly halo: () => string,
    signal: AbortSignal,
  ) {
    const { element } = this;
    element.setAttribute("role", "grid");
    element.setAttribute("aria-multiselectable", "true");
    element.setAttribute("aria-label", t("gallery.images"));
    element.tabIndex = 0;
    element.append(this.#space);
    element.addEventListener("scroll", () => this.refresh(false), { signal, passive: true });
    const observer = new ResizeObserver(() => this.arrange());
    observer.observe(element);
    signal.addEventListener(
      "abort",
      () => {
        observer.disconnect();
        cancelAnimationFrame(this.#scheduled);
        clearTimeout(this.#timer);
      },
      { once: true },
    );
  }

  /** The number of cards, their size or the room for them changed. */
  arrange(): void {
    const { rows, order, size } = this.state;
    const first = this.layout.columns * Math.floor(this.element.scrollTop / this.layout.row);
    const old = this.layout;
    this.layout = layout(order.length, Math.max(1, this.#space.clientWidth), size, rows.aspect());
    if (this.layout.columns !== old.columns || this.layout.row !== old.row) {
      this.#retire(() => true);
      // The same pictures stay in sight when cards become larger or smaller.
      this.#space.style.height = `${this.layout.height}px`;
      if (first > 0) this.element.scrollTop = Math.floor(first / this.layout.columns) * this.layout.row;
    }
    this.#space.style.height = `${this.layout.height}px`;
    this.element.style.setProperty("--sw-columns", String(this.layout.columns));
    this.element.style.setProperty("--sw-cell", `${this.layout.cell}px`);
    this.element.style.setProperty("--sw-picture", `${this.layout.picture}px`);
    this.element.setAttribute("aria-rowcount", String(this.layout.rows));
    this.element.setAttribute("aria-colcount", String(this.layout.columns));
    this.pictures.size = sizeFor(Math.max(this.layout.cell, this.layout.picture), this.#ratio);
    this.refresh();
  }

  /** Draws what is in sight, once a frame: all of it, or (while scrolling) only what came into sight. */
  refresh(all = true): void {
    this.#all ||= all;
    if (this.#scheduled) return;
    this.#scheduled = requestAnimationFrame(() => {
      this.#scheduled = 0;
      this.#draw();
    });
  }

  /** Pictures or reasons have come for these images. */
  update(ids: readonly number[] | null): void {
    const wanted = ids && new Set(ids);
    const look = this.#look();
    for (const card of this.#shown()) if (!wanted || wanted.has(card.id)) this.#paint(card, look);
  }

  /** Outlines have come for these results. */
  updateResults(results: readonly number[]): void {
    const wanted = new Set(results);
    const look = this.#look();
    for (const card of this.#shown()) if (wanted.has(look.rows.result(card.row))) this.#paint(card, look);
  }

  /** Selection, keyboard or opened image changed. */
  updateMarks(): void {
    for (const card of this.#shown()) this.#setMarks(card);
    const active = this.#cardAt(this.selection.active);
    if (active) this.element.setAttribute("aria-activedescendant", active.element.id);
    else this.element.removeAttribute("aria-activedescendant");
  }

  reveal(position: number): void {
    const top = reveal(this.layout, position, this.element.scrollTop, this.element.clientHeight);
    if (top !== this.element.scrollTop) this.element.scrollTop = top;
    this.#draw();
  }

  /** How many cards fill what is seen: a step of Page Down. */
  get page(): number {
    return Math.max(1, Math.floor(this.element.clientHeight / this.layout.row)) * this.layout.columns;
  }

  #draw(): void {
    const { order } = this.state;
    const [first, last] = visible(this.layout, this.element.scrollTop, this.element.clientHeight);
    this.#retire((index) => index < first || index >= last);
    const all = this.#all;
    this.#all = false;
    if (all) this.#tint = this.halo();
    const look = this.#look();
    for (let index = first; index < last; index++) {
      const known = this.#lines.get(index);
      if (known && !all) continue;
      const line = known ?? this.#line(index);
      for (let column = 0; column < this.layout.columns; column++) {
        const position = index * this.layout.columns + column;
        const card = line.cards[column];
        card.element.hidden = position >= order.length;
        if (card.element.hidden) continue;
        card.show(order[position], position, column, look);
        this.#paint(card, look);
        this.#setMarks(card);
      }
    }
    this.updateMarks();
    this.#ask();
  }

  #ask(): void {
    const top = this.element.scrollTop;
    const fast = Math.abs(top - this.#lastTop) > this.element.clientHeight;
    this.#lastTop = top;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#askNow(), fast ? REST : 0);
  }

  #askNow(): void {
    const { rows, order } = this.state;
    const seen = visible(this.layout, this.element.scrollTop, this.element.clientHeight, 0);
    const near = visible(this.layout, this.element.scrollTop, this.element.clientHeight);
    const slice = ([first, last]: [number, number]) =>
      [...order.subarray(first * this.layout.columns, last * this.layout.columns)];
    const inSight = new Set([...slice(seen), ...slice(near)]); // first what is seen, then what is near
    this.pictures.want([...inSight].map(rows.id));
    if (this.state.outlines) this.drawings.want([...inSight].map(rows.result).filter((result) => result > 0));
  }

  #paint(card: Card, look: Look): void {
    const picture = this.pictures.get(card.id);
    card.setPicture(picture, picture ? undefined : this.pictures.reason(card.id));
    const result = look.rows.result(card.row);
    card.setOutlines(this.state.outlines && result > 0 ? this.drawings.get(result) : undefined, look);
  }

  #setMarks(card: Card): void {
    const { selection, state } = this;
    card.setMarks({
      selected: selection.ids.has(card.id),
      active: selection.active >= 0 && card.element.dataset.position === String(selection.active),
      opened: state.opened === card.id,
    });
  }

  #cardAt(position: number): Card | undefined {
    if (position < 0) return undefined;
    return this.#lines.get(Math.floor(position / this.layout.columns))?.cards[position % this.layout.columns];
  }

  *#shown(): Generator<Card> {
    for (const line of this.#lines.values()) for (const card of line.cards) if (!card.element.hidden) yield card;
  }

  #line(index: number): Line {
    const line = this.#idle.pop() ?? { element: make("div", "sw-row"), cards: [] };
    while (line.cards.length < this.layout.columns) {
      const card = new Card(`${this.#key}-${this.#cards++}`);
      line.cards.push(card);
      line.element.append(card.element);
    }
    line.element.setAttribute("role", "row");
    line.element.setAttribute("aria-rowindex", String(index + 1));
    line.element.style.transform = `translateY(${index * this.layout.row}px)`;
    this.#space.append(line.element);
    this.#lines.set(index, line);
    return line;
  }

  /** Takes rows out of the document; they serve again, unless the number of columns has changed. */
  #retire(which: (index: number) => boolean): void {
    for (const [index, line] of [...this.#lines]) {
      if (!which(index)) continue;
      this.#lines.delete(index);
      line.element.remove();
      if (line.cards.length === this.layout.columns) this.#idle.push(line);
    }
    for (let at = this.#idle.length - 1; at >= 0; at--) {
      if (this.#idle[at].cards.length !== this.layout.columns || at > 20) this.#idle.splice(at, 1);
    }
  }

  #look(): Look {
    const { cell, picture } = this.layout;
    return { rows: this.state.rows, t: this.t, cell, picture, ratio: this.#ratio, halo: this.#tint };
  }

  get #ratio(): number {
    return Math.min(2, window.devicePixelRatio || 1);
  }
}
