/** Lines of items of which only those that are seen, and a few beyond, are in the document; what scrolls away serves again. */
import type { Drawing } from "../shared/drawings";
import { make } from "../shared/frame";
import {
  type Layout, type Move, type Placed, type Shape, headers, headersBefore, lineOf, lineWith, place, reveal, sectionsIn, step, visible,
} from "./layout"; // prettier-ignore
import type { Mode, Parts } from "./mode";
import { Pace } from "./pace";
import { type Picture, sizeFor } from "./pictures";
import type { Rows } from "./rows";
import { sectionWords } from "./text";

/** Lines kept to serve again. */
const IDLE = 20;

export interface Look {
  rows: Rows;
  t: Parts["t"];
  cell: number;
  picture: number;
  ratio: number;
  halo: string;
}

/** One image in a line. */
export interface Item {
  readonly element: HTMLElement;
  /** The row of the table that is shown, and its image. */
  readonly row: number;
  readonly id: number;
  show(row: number, position: number, column: number, look: Look): void;
  setMarks(marks: { selected: boolean; active: boolean; opened: boolean }): void;
  setPicture(picture: Picture | undefined, reason: string | undefined): void;
  setOutlines(drawing: Drawing | undefined, look: Look): void;
}

interface Line {
  element: HTMLElement;
  items: Item[];
}

let made = 0;

export abstract class Virtual implements Mode {
  readonly element: HTMLElement;
  protected layout: Layout = place([], { columns: 1, cell: 1, picture: 1, row: 1, gap: 0 });
  protected readonly space = make("div", "sw-grid-space");
  readonly #lines = new Map<number, Line>();
  readonly #heads = new Map<string, HTMLElement>();
  readonly #idle: Line[] = [];
  readonly #key = `sw-gallery-${made++}`;
  #items = 0;
  #scheduled = 0;
  #all = true;
  #tint = "";
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #pace = new Pace();

  focus(): void {
    this.element.focus({ preventScroll: true });
  }

  /** How lines look in so much room. */
  protected abstract shape(width: number, viewport: number): Shape;
  protected abstract item(key: string): Item;
  /** What stays above the lines, px. */
  protected readonly stuck: number = 0;
  /** Whether a line is one item, which then is the row that screen readers know. */
  protected readonly single: boolean = false;

  constructor(
    protected readonly parts: Parts,
    className: string,
  ) {
    const { t, signal } = parts;
    this.element = make("div", `sw-grid ${className}`);
    const { element } = this;
    element.setAttribute("role", "grid");
    element.setAttribute("aria-multiselectable", "true");
    element.setAttribute("aria-label", t("gallery.images"));
    element.tabIndex = 0;
    element.append(this.space);
    element.addEventListener("scroll", () => this.#schedule(false), { signal, passive: true });
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

  arrange(): void {
    const { element, layout: old } = this;
    const { finder } = this.parts.shown;
    const room = this.space.clientWidth;
    if (room === 0) {
      this.#retire(() => true); // hidden: it weighs nothing, and is arranged when it is shown
      return;
    }
    const first = old.lines > 0 ? lineOf(old, visible(old, element.scrollTop, 0, 0)[0]).first : 0;
    this.layout = place(finder.sections, this.shape(room, element.clientHeight));
    const { layout } = this;
    const reshaped = layout.columns !== old.columns || layout.row !== old.row;
    if (reshaped) this.#retire(() => true);
    this.space.style.height = `${layout.height}px`;
    // The same pictures stay in sight when cards become larger or smaller.
    if (reshaped && first > 0 && layout.lines > 0) element.scrollTop = lineOf(layout, lineWith(layout, first)).top;
    element.style.setProperty("--sw-columns", String(layout.columns));
    element.style.setProperty("--sw-cell", `${layout.cell}px`);
    element.style.setProperty("--sw-picture", `${layout.picture}px`);
    element.setAttribute("aria-rowcount", String(layout.lines + headers(layout) + this.#above));
    this.parts.pictures.size = sizeFor(Math.max(layout.cell, layout.picture), this.#ratio);
    this.refresh();
  }

  refresh(): void {
    this.#schedule(true);
  }

  toTop(): void {
    this.element.scrollTop = 0;
  }

  update(ids: readonly number[] | null): void {
    const wanted = ids && new Set(ids);
    const look = this.#look();
    for (const item of this.#shown()) if (!wanted || wanted.has(item.id)) this.#paint(item, look);
  }

  updateResults(results: readonly number[]): void {
    const wanted = new Set(results);
    const look = this.#look();
    for (const item of this.#shown()) if (wanted.has(look.rows.result(item.row))) this.#paint(item, look);
  }

  updateMarks(): void {
    for (const item of this.#shown()) this.#setMarks(item);
    const active = this.#itemAt(this.parts.selection.active);
    if (active) this.element.setAttribute("aria-activedescendant", active.element.id);
    else this.element.removeAttribute("aria-activedescendant");
  }

  reveal(position: number): void {
    const { element } = this;
    const top = reveal(this.layout, position, element.scrollTop, element.clientHeight, this.stuck);
    if (top !== element.scrollTop) element.scrollTop = top;
    this.#draw();
  }

  step(move: Move, from: number): number | undefined {
    return step(this.layout, move, from, this.element.clientHeight - this.stuck);
  }

  positionAt(target: Element): number | undefined {
    const cell = target.closest<HTMLElement>("[data-position]");
    return cell === null ? undefined : Number(cell.dataset.position);
  }

  /** Items are to be made anew: they show other things now. */
  protected discard(): void {
    this.#retire(() => true);
    this.#idle.length = 0;
  }

  /** Rows that screen readers count above the first line. */
  get #above(): number {
    return Number(this.stuck > 0);
  }

  /** Draws what is in sight, once a frame: all of it, or (while scrolling) only what came into sight. */
  #schedule(all: boolean): void {
    this.#all ||= all;
    if (this.#scheduled) return;
    this.#scheduled = requestAnimationFrame(() => {
      this.#scheduled = 0;
      this.#draw();
    });
  }

  #draw(): void {
    const { element, layout } = this;
    const { order } = this.parts.shown.finder;
    const [first, last] = visible(layout, element.scrollTop, element.clientHeight);
    this.#retire((index) => index < first || index >= last);
    const all = this.#all;
    this.#all = false;
    if (all) this.#tint = this.parts.halo();
    const look = this.#look();
    for (let index = last - 1; index >= first; index--) { // upwards: each new line goes before the next one
      const known = this.#lines.get(index);
      if (known && !all) continue;
      const placed = lineOf(layout, index);
      const line = known ?? this.#line(index);
      line.element.style.transform = `translateY(${placed.top}px)`;
      const number = String(index + 1 + headersBefore(layout, placed.section) + this.#above);
      (this.single ? line.items[0] : line).element.setAttribute("aria-rowindex", number);
      line.items.forEach((item, column) => {
        const position = placed.first + column;
        item.element.hidden = column >= placed.count || position >= order.length;
        if (item.element.hidden) return;
        item.show(order[position], position, column, look);
        this.#paint(item, look);
        this.#setMarks(item);
      });
    }
    this.#drawHeads();
    this.updateMarks();
    this.#ask();
  }

  /** A header sticks to the top as long as its section is in sight: each lies in a box as high as the section. */
  #drawHeads(): void {
    const { element, layout } = this;
    const seen = sectionsIn(layout, element.scrollTop, element.clientHeight).filter((section) => section.key !== null);
    const keys = new Set(seen.map(({ key }) => key as string));
    for (const [key, head] of [...this.#heads]) {
      if (keys.has(key)) continue;
      head.remove();
      this.#heads.delete(key);
    }
    for (const section of seen) {
      const head = this.#heads.get(section.key as string) ?? this.#head(section.key as string);
      head.style.transform = `translateY(${section.top}px)`;
      head.style.height = `${section.height}px`;
      head.setAttribute("aria-rowindex", String(section.line + headersBefore(layout, section) + this.#above));
      this.#write(head, section);
    }
  }

  #head(key: string): HTMLElement {
    const box = make("div", "sw-group");
    const head = make("div", "sw-group-head");
    box.setAttribute("role", "row");
    head.setAttribute("role", "rowheader");
    head.append(make("strong"), make("span"));
    box.append(head);
    this.space.prepend(box); // below the lines in the document, above them on the screen
    this.#heads.set(key, box);
    return box;
  }

  #write(box: HTMLElement, section: Placed): void {
    const { t, shown } = this.parts;
    const group = shown.finder.view.group;
    const [name, images] = box.firstElementChild?.children ?? [];
    if (group === null || !name) return;
    const [title, count] = sectionWords(group, section, t);
    if (name.textContent !== title) name.textContent = title;
    if (images.textContent !== count) images.textContent = count;
  }

  #ask(): void {
    const { scrollTop, clientHeight } = this.element;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#askNow(), this.#pace.wait(scrollTop, clientHeight, performance.now()));
  }

  #askNow(): void {
    const { element, layout } = this;
    const { shown, pictures, drawings } = this.parts;
    const { rows, finder } = shown;
    if (layout.lines === 0 || element.clientHeight === 0) return;
    const between = (overscan?: number) => {
      const [first, last] = visible(layout, element.scrollTop, element.clientHeight, overscan);
      const [from, to] = [lineOf(layout, first), lineOf(layout, last - 1)];
      return [...finder.order.subarray(from.first, to.first + to.count)];
    };
    const inSight = [...new Set([...between(0), ...between()])]; // first what is seen, then what is near
    pictures.want(inSight.map(rows.id));
    if (shown.outlines) drawings.want(inSight.map(rows.result).filter((result) => result > 0));
  }

  #paint(item: Item, look: Look): void {
    const { pictures, drawings, shown } = this.parts;
    const picture = pictures.get(item.id);
    item.setPicture(picture, picture ? undefined : pictures.reason(item.id));
    const result = look.rows.result(item.row);
    item.setOutlines(shown.outlines && result > 0 ? drawings.get(result) : undefined, look);
  }

  #setMarks(item: Item): void {
    const { selection, shown } = this.parts;
    item.setMarks({
      selected: selection.ids.has(item.id),
      active: selection.active >= 0 && item.element.dataset.position === String(selection.active),
      opened: shown.opened === item.id,
    });
  }

  #itemAt(position: number): Item | undefined {
    if (position < 0 || this.layout.lines === 0) return undefined;
    const line = lineWith(this.layout, position);
    return this.#lines.get(line)?.items[position - lineOf(this.layout, line).first];
  }

  *#shown(): Generator<Item> {
    for (const line of this.#lines.values()) for (const item of line.items) if (!item.element.hidden) yield item;
  }

  #line(index: number): Line {
    const line = this.#idle.pop() ?? { element: make("div", "sw-row"), items: [] };
    while (line.items.length < this.layout.columns) {
      const item = this.item(`${this.#key}-${this.#items++}`);
      line.items.push(item);
      line.element.append(item.element);
    }
    line.element.setAttribute("role", this.single ? "presentation" : "row");
    this.space.insertBefore(line.element, this.#lines.get(index + 1)?.element ?? null);
    this.#lines.set(index, line);
    return line;
  }

  /** Takes lines out of the document; they serve again, unless the number of columns has changed. */
  #retire(which: (index: number) => boolean): void {
    for (const [index, line] of [...this.#lines]) {
      if (!which(index)) continue;
      this.#lines.delete(index);
      line.element.remove();
      if (line.items.length === this.layout.columns) this.#idle.push(line);
    }
    for (let at = this.#idle.length - 1; at >= 0; at--) {
      if (this.#idle[at].items.length !== this.layout.columns || at > IDLE) this.#idle.splice(at, 1);
    }
  }

  #look(): Look {
    const { cell, picture } = this.layout;
    const { shown, t } = this.parts;
    return { rows: shown.rows, t, cell, picture, ratio: this.#ratio, halo: this.#tint };
  }

  get #ratio(): number {
    return Math.min(2, window.devicePixelRatio || 1);
  }
}
