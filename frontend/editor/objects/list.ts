/** A list of lines of one height, of which only those in sight are in the document: ten thousand cost as much as twenty. */

import { make } from "../../shared/frame";

/** Height of a line, CSS pixels. */
export const LINE = 26;
/** Lines beyond each end of what is seen. */
const BEYOND = 4;

export interface Line {
  readonly element: HTMLElement;
  /** Show what stands at a place of the list. */
  show(position: number): void;
}

export class List {
  readonly element = make("div", "sw-editor-list");
  readonly #space = make("div", "sw-editor-list-space");
  readonly #lines = new Map<number, Line>();
  readonly #idle: Line[] = [];
  #count = 0;

  constructor(private readonly makeLine: () => Line) {
    this.#space.setAttribute("role", "rowgroup");
    this.element.append(this.#space);
    this.element.addEventListener("scroll", () => this.draw(), { passive: true });
    new ResizeObserver(() => this.draw()).observe(this.element);
  }

  /** Lines that fit. */
  get page(): number {
    return Math.max(1, Math.floor(this.element.clientHeight / LINE) - 1);
  }

  /** There are so many lines, and they may all be others than before. */
  set(count: number): void {
    this.#count = count;
    this.#space.style.height = `${count * LINE}px`;
    this.draw();
  }

  draw(): void {
    const { scrollTop, clientHeight } = this.element;
    const first = Math.max(0, Math.floor(scrollTop / LINE) - BEYOND);
    const last = Math.min(this.#count, Math.ceil((scrollTop + clientHeight) / LINE) + BEYOND);
    for (const [position, line] of [...this.#lines]) {
      if (position >= first && position < last) continue;
      this.#lines.delete(position);
      line.element.remove();
      this.#idle.push(line);
    }
    for (let position = last - 1; position >= first; position--) { // upwards: each new line goes before the next one
      let line = this.#lines.get(position);
      if (!line) {
        line = this.#idle.pop() ?? this.makeLine();
        line.element.style.transform = `translateY(${position * LINE}px)`;
        this.#space.insertBefore(line.element, this.#lines.get(position + 1)?.element ?? null);
        this.#lines.set(position, line);
      }
      line.show(position);
    }
  }

  /** Scroll as little as brings a line into sight. */
  reveal(position: number): void {
    const { element } = this;
    const top = position * LINE;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top + LINE > element.scrollTop + element.clientHeight) element.scrollTop = top + LINE - element.clientHeight;
  }
}
