/** The list: a line an image, sorted by a click on a column's name. */
import type { Drawing } from "../shared/drawings";
import { button, make } from "../shared/frame";
import { mark, setMark } from "../shared/marks";
import { halves } from "../shared/names";
import { type Column, columnsOf } from "./columns";
import type { Shape } from "./layout";
import type { Parts } from "./mode";
import { Outlined } from "./outlined";
import type { Picture } from "./pictures";
import { facts } from "./text";
import { type Item, type Look, Virtual } from "./virtual";

/** Height of a line, and of the columns' names, px. */
const LINE = 44;
const NAMES = 32;
const PICTURE = { width: 48, height: 36 };
/** Width of the picture with what is around it, px. */
const FIRST = 64;

export class List extends Virtual {
  protected override readonly stuck = NAMES;
  protected override readonly single = true;
  readonly #names = make("div", "sw-names");
  #columns: Column[] = [];
  #drawnFor = "";

  constructor(parts: Parts) {
    super(parts, "sw-list");
    this.#names.setAttribute("role", "row");
    this.#names.setAttribute("aria-rowindex", "1");
    this.element.style.setProperty("--sw-stuck", `${NAMES}px`);
    this.element.prepend(this.#names);
  }

  override arrange(): void {
    const { finder } = this.parts.shown;
    const columns = columnsOf(finder);
    if (columns.map(({ name }) => name).join() !== this.#columns.map(({ name }) => name).join()) {
      this.#columns = columns;
      this.discard();
      const widths = columns.map(({ width, name }) => (name === "name" ? `minmax(${width}px, 1fr)` : `${width}px`));
      this.element.style.setProperty("--sw-template", `${FIRST}px ${widths.join(" ")}`);
      this.element.style.setProperty("--sw-least", `${FIRST + columns.reduce((sum, { width }) => sum + width, 0)}px`);
      this.element.setAttribute("aria-colcount", String(columns.length + 1));
    }
    this.#drawNames();
    super.arrange();
  }

  /** Left and right scroll the columns instead. */
  override step(...[move, from]: Parameters<Virtual["step"]>): number | undefined {
    return move === "left" || move === "right" ? undefined : super.step(move, from);
  }

  protected shape(): Shape {
    return { columns: 1, cell: PICTURE.width, picture: PICTURE.height, row: LINE, gap: 0 };
  }

  protected item(key: string): Item {
    return new Entry(key, this.#columns);
  }

  #drawNames(): void {
    const { finder } = this.parts.shown;
    const { sort } = finder.view;
    const drawnFor = `${this.#columns.map(({ name }) => name).join()} ${sort?.by} ${sort?.descending}`;
    if (drawnFor === this.#drawnFor) return;
    this.#drawnFor = drawnFor;
    const { t } = this.parts;
    const held = this.#names.contains(document.activeElement) ? (document.activeElement as HTMLElement).dataset.column : undefined;
    const first = make("div", "sw-name-cell");
    first.setAttribute("role", "columnheader");
    first.setAttribute("aria-label", t("gallery.column.picture"));
    const cells = this.#columns.map(({ name, number }, index) => {
      const cell = make("div", number ? "sw-name-cell sw-number" : "sw-name-cell");
      cell.setAttribute("role", "columnheader");
      cell.setAttribute("aria-colindex", String(index + 2));
      const sorted = sort?.by === name;
      cell.setAttribute("aria-sort", sorted ? (sort.descending ? "descending" : "ascending") : "none");
      const by = button(t(`gallery.column.${name}`), () => this.parts.sort(name), "sw-sort-by");
      by.dataset.column = name;
      by.title = t("gallery.sort_by", { column: t(`gallery.column.${name}`) });
      cell.append(by);
      return cell;
    });
    this.#names.replaceChildren(first, ...cells);
    if (held !== undefined) this.#names.querySelector<HTMLElement>(`[data-column="${held}"]`)?.focus();
  }
}

/** One line; it is used again for other images as the list scrolls. */
class Entry implements Item {
  readonly element = make("div", "sw-entry");
  row = -1;
  id = -1;
  readonly #picture = new Outlined("sw-frame");
  readonly #head = make("span", "sw-name-head");
  readonly #tail = make("span", "sw-name-tail");
  readonly #mark = mark("new");
  /** What receives the words of a column; the name's are put into its two halves. */
  readonly #cells: [Column, HTMLElement][] = [];

  constructor(key: string, columns: readonly Column[]) {
    this.element.id = key;
    this.element.setAttribute("role", "row");
    const first = make("div", "sw-cell-picture");
    first.setAttribute("role", "gridcell");
    first.append(this.#picture.element);
    this.element.append(first);
    columns.forEach((column, index) => {
      const cell = make("div", column.number ? "sw-entry-cell sw-number" : "sw-entry-cell");
      cell.setAttribute("role", "gridcell");
      cell.setAttribute("aria-colindex", String(index + 2));
      this.element.append(cell);
      if (column.name === "name") {
        cell.classList.add("sw-entry-name");
        cell.append(this.#head, this.#tail);
      } else if (column.name === "state") {
        const words = make("span");
        cell.append(this.#mark, words);
        this.#cells.push([column, words]);
      } else this.#cells.push([column, cell]);
    });
  }

  show(row: number, position: number, _column: number, { rows, t }: Look): void {
    const id = rows.id(row);
    if (id !== this.id) this.setPicture(undefined, undefined);
    this.row = row;
    this.id = id;
    const { element } = this;
    element.dataset.position = String(position);
    element.dataset.state = rows.state(row);
    element.setAttribute("aria-label", [rows.name(row), t(`gallery.state.${rows.state(row)}`), facts(rows, row, t)].filter(Boolean).join(", "));
    element.title = rows.name(row);
    [this.#head.textContent, this.#tail.textContent] = halves(rows.name(row));
    for (const [column, cell] of this.#cells) {
      const words = column.words(rows, row, t);
      if (cell.textContent !== words) cell.textContent = words;
    }
    setMark(this.#mark, rows.state(row));
  }

  setMarks({ selected, active, opened }: { selected: boolean; active: boolean; opened: boolean }): void {
    this.element.setAttribute("aria-selected", String(selected));
    this.element.classList.toggle("sw-active", active);
    this.element.classList.toggle("sw-opened", opened);
  }

  setPicture(picture: Picture | undefined, reason: string | undefined): void {
    const seen = this.#picture.show(picture);
    const frame = this.#picture.element;
    frame.title = seen ? "" : (reason ?? "");
    frame.classList.toggle("sw-broken", !seen && reason !== undefined);
  }

  setOutlines(drawing: Drawing | undefined, { rows, cell, picture, ratio, halo }: Look): void {
    this.#picture.draw(drawing, {
      width: cell, height: picture, imageWidth: rows.width(this.row), imageHeight: rows.height(this.row), ratio, halo,
    }); // prettier-ignore
  }
}
