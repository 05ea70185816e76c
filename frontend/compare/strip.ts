/** The film strip: the pictures of a series in the order of their times; of a long one only what is seen is there. */
import type { Drawing, Drawings } from "../shared/drawings";
import { make } from "../shared/frame";
import { mark, setMark } from "../shared/marks";
import { strokeOutlines } from "../shared/overlay";
import type { Translate } from "../shared/strings";
import { screenRatio } from "./pane";
import { areaText, hours, type Seen, stateWords } from "./state";
import { lastLevel, type Tiles, type Wanted } from "./tiles";

/** A series of at most so many pictures is there as a whole. */
export const WHOLE = 50;
const CELL = 96;
const GAP = 4;
const WORDS = 20;
const BEYOND = 3;

interface Cell {
  element: HTMLElement;
  canvas: HTMLCanvasElement;
  mark: SVGSVGElement;
  time: HTMLElement;
  index: number;
  /** What its picture was drawn of. */
  drawn: { tile: ImageBitmap; drawing: Drawing | undefined; ratio: number } | null;
}

export class Strip {
  readonly element = make("div", "sw-compare-strip");
  readonly #film = make("div", "sw-compare-film");
  readonly #cells = new Map<number, Cell>();
  readonly #key = `sw-strip-${Math.random().toString(36).slice(2)}`;
  #images: readonly Seen[] = [];
  #at = 0;
  #picture = 72;

  /** @param go  called with the picture that was picked */
  constructor(
    private readonly parts: { tiles: Tiles; drawings: Drawings; t: Translate; outlines(): boolean; halo(): string },
    private readonly go: (index: number) => void,
    private readonly moved: () => void,
    signal: AbortSignal,
  ) {
    const { element } = this;
    element.tabIndex = 0;
    element.setAttribute("role", "listbox");
    element.setAttribute("aria-orientation", "horizontal");
    element.setAttribute("aria-label", parts.t("compare.strip"));
    this.#film.setAttribute("role", "presentation");
    element.append(this.#film);
    element.addEventListener("scroll", () => this.#fill(), { signal, passive: true });
    element.addEventListener("click", (event) => {
      const cell = (event.target as Element).closest<HTMLElement>("[role=option]");
      if (cell) this.go(Number(cell.dataset.index));
    }, { signal });
    const observer = new ResizeObserver(() => requestAnimationFrame(() => this.#fill()));
    observer.observe(element);
    signal.addEventListener("abort", () => observer.disconnect(), { once: true });
  }

  show(images: readonly Seen[]): void {
    this.#images = images;
    const first = images[0];
    this.#picture = Math.round(Math.min(CELL, Math.max(48, (CELL * first.height) / first.width)));
    this.#film.style.width = `${images.length * (CELL + GAP) - GAP}px`;
    this.#film.style.height = `${this.#picture + WORDS}px`;
    for (const cell of this.#cells.values()) cell.element.remove();
    this.#cells.clear();
    this.#fill();
  }

  /** Marks the picture that is shown, and brings it into sight. */
  mark(index: number): void {
    this.#cells.get(this.#at)?.element.setAttribute("aria-selected", "false");
    this.#at = index;
    const [left, width] = [index * (CELL + GAP), this.element.clientWidth];
    const { scrollLeft } = this.element;
    if (left < scrollLeft || left + CELL > scrollLeft + width) this.element.scrollLeft = left - (width - CELL) / 2;
    this.#fill();
    const cell = this.#cells.get(index);
    cell?.element.setAttribute("aria-selected", "true");
    if (cell) this.element.setAttribute("aria-activedescendant", cell.element.id);
  }

  /** What is needed for the pictures that are seen. */
  wanted(): { tiles: Wanted[]; results: number[] } {
    const images = this.#seen(0).map((index) => this.#images[index]);
    return {
      tiles: images.map((image) => ({ image: image.id, level: lastLevel(image), tiles: [[0, 0]] })),
      results: images.map(({ result }) => result),
    };
  }

  paint(): void {
    for (const cell of this.#cells.values()) this.#draw(cell);
  }

  /** Places of the pictures in sight, and some beyond. */
  #seen(beyond: number): number[] {
    const { scrollLeft, clientWidth } = this.element;
    const all = this.#images.length;
    const first = Math.max(0, Math.floor(scrollLeft / (CELL + GAP)) - beyond);
    const last = Math.min(all - 1, Math.floor((scrollLeft + clientWidth) / (CELL + GAP)) + beyond);
    return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i);
  }

  #fill(): void {
    const all = this.#images.length;
    const wanted = new Set(all <= WHOLE ? this.#images.keys() : [...this.#seen(BEYOND), this.#at]);
    for (const [index, cell] of this.#cells) {
      if (wanted.has(index)) continue;
      cell.element.remove();
      this.#cells.delete(index);
    }
    let fresh = false;
    for (const index of wanted) {
      if (this.#cells.has(index) || index >= all) continue;
      this.#add(index);
      fresh = true;
    }
    if (fresh) this.paint();
    this.moved();
  }

  #add(index: number): void {
    const image = this.#images[index];
    const element = make("div", "sw-compare-frame");
    const cell: Cell = {
      element, canvas: make("canvas"), mark: mark("new"), time: make("span", "sw-compare-time"), index, drawn: null,
    }; // prettier-ignore
    const [state, words] = stateWords(image, this.parts.t);
    const time = hours(image);
    const area = image.area === null ? "" : areaText(image.area, image.pixel_size_um !== null);
    element.id = `${this.#key}-${index}`;
    element.dataset.index = String(index);
    element.dataset.state = state;
    element.style.transform = `translateX(${index * (CELL + GAP)}px)`;
    element.style.width = `${CELL}px`;
    element.setAttribute("role", "option");
    element.setAttribute("aria-setsize", String(this.#images.length));
    element.setAttribute("aria-posinset", String(index + 1));
    element.setAttribute("aria-selected", String(index === this.#at));
    element.setAttribute("aria-label", [time, words, area].filter(Boolean).join(", "));
    element.title = `${image.name} · ${words}`;
    cell.canvas.style.height = `${this.#picture}px`;
    setMark(cell.mark, state);
    cell.time.textContent = time;
    const label = make("div", "sw-compare-label");
    label.append(cell.time, cell.mark);
    element.append(cell.canvas, label);
    this.#cells.set(index, cell);
    this.#film.append(element);
  }

  /** Draws a picture, if there is another one to draw than before. */
  #draw(cell: Cell): void {
    const { canvas, element, drawn } = cell;
    const image = this.#images[cell.index];
    const { tiles, drawings } = this.parts;
    const ratio = screenRatio();
    const tile = tiles.get(image.id, lastLevel(image), [0, 0]);
    const drawing = this.parts.outlines() ? drawings.get(image.result) : undefined;
    element.classList.toggle("sw-compare-broken", tiles.reason(image.id) !== undefined);
    if (!tile || (drawn?.tile === tile && drawn.drawing === drawing && drawn.ratio === ratio)) return;
    cell.drawn = { tile, drawing, ratio };
    canvas.width = Math.round(CELL * ratio);
    canvas.height = Math.round(this.#picture * ratio);
    const context = canvas.getContext("2d");
    if (!context) return;
    const scale = Math.min(CELL / image.width, this.#picture / image.height);
    const [left, top] = [(CELL - image.width * scale) / 2, (this.#picture - image.height * scale) / 2];
    context.scale(ratio, ratio);
    context.imageSmoothingQuality = "high";
    const pixel = 2 ** lastLevel(image) * scale;
    context.drawImage(tile, left, top, tile.width * pixel, tile.height * pixel);
    if (drawing) strokeOutlines(context, drawing, { scale, left, top }, this.parts.halo());
  }
}
