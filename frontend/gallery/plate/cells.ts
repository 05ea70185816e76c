/** The plate as screen readers and the keyboard know it: a grid of rows, cells and headers over the canvas. */
import { make } from "../../shared/frame";
import type { Place } from "./selected";
import { columnName, type Format, rowName } from "./wells";

export class Cells {
  readonly element = make("div", "sw-plate-cells");
  #format: Format = { rows: 0, columns: 0 };
  /** By row and column, each one further: headers come first. */
  #cells: HTMLElement[][] = [];
  #tabbed: HTMLElement | undefined;

  constructor(
    label: string,
    private readonly corner: string,
  ) {
    this.element.setAttribute("role", "grid");
    this.element.setAttribute("aria-label", label);
    this.element.setAttribute("aria-multiselectable", "true");
  }

  get format(): Format {
    return this.#format;
  }

  build(format: Format): void {
    this.#format = format;
    this.element.setAttribute("aria-rowcount", String(format.rows + 1));
    this.element.setAttribute("aria-colcount", String(format.columns + 1));
    this.#cells = [];
    this.#tabbed = undefined;
    const lines: HTMLElement[] = [];
    for (let row = -1; row < format.rows; row++) {
      const line = make("div", "sw-plate-row");
      line.setAttribute("role", "row");
      line.setAttribute("aria-rowindex", String(row + 2));
      const cells: HTMLElement[] = [];
      for (let column = -1; column < format.columns; column++) cells.push(this.#cell(row, column));
      line.append(...cells);
      this.#cells.push(cells);
      lines.push(line);
    }
    this.element.replaceChildren(...lines);
  }

  /** Says what a well shows. */
  label(words: (row: number, column: number) => string): void {
    this.#each((cell, row, column) => set(cell, "aria-label", words(row, column)));
  }

  select(has: (row: number, column: number) => boolean): void {
    this.#each((cell, row, column) => set(cell, "aria-selected", String(has(row, column))));
  }

  at({ row, column }: Place): HTMLElement | undefined {
    return this.#cells[row + 1]?.[column + 1];
  }

  /** The one cell that Tab leads to. */
  rove(place: Place): HTMLElement | undefined {
    const cell = this.at(place);
    if (cell !== this.#tabbed) {
      if (this.#tabbed) this.#tabbed.tabIndex = -1;
      if (cell) cell.tabIndex = 0;
      this.#tabbed = cell;
    }
    return cell;
  }

  /** The place of an element of the grid. */
  placeOf(target: EventTarget | null): Place | null {
    const cell = target instanceof Element ? target.closest<HTMLElement>(".sw-plate-cell") : null;
    return cell && this.element.contains(cell) ? { row: Number(cell.dataset.row), column: Number(cell.dataset.column) } : null;
  }

  #cell(row: number, column: number): HTMLElement {
    const cell = make("div", "sw-plate-cell");
    cell.dataset.row = String(row);
    cell.dataset.column = String(column);
    cell.tabIndex = -1;
    cell.setAttribute("aria-colindex", String(column + 2));
    if (row >= 0 && column >= 0) cell.setAttribute("role", "gridcell");
    else {
      cell.classList.add("sw-plate-head");
      cell.setAttribute("role", row < 0 ? "columnheader" : "rowheader");
      if (row < 0 && column < 0) cell.setAttribute("aria-label", this.corner);
      else cell.textContent = row < 0 ? columnName(column) : rowName(row);
      // Where wells are narrow, the names between these have no room.
      if (column > 0 && (column + 1) % 5 !== 0) cell.classList.add("sw-plate-between");
    }
    return cell;
  }

  #each(run: (cell: HTMLElement, row: number, column: number) => void): void {
    for (let row = 0; row < this.#format.rows; row++) {
      for (let column = 0; column < this.#format.columns; column++) run(this.#cells[row + 1][column + 1], row, column);
    }
  }
}

/** Writes an attribute only where it changes: the page need not be looked at anew. */
function set(element: HTMLElement, name: string, value: string): void {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}
