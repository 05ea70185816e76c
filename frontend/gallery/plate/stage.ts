/** Where the wells lie on the page: canvas, grid and pointer, in the room there is. */
import { make } from "../../shared/frame";
import type { Translate } from "../../shared/strings";
import { Cells } from "./cells";
import { boxOf, type Geometry, paint, type Scene } from "./drawing";
import { listen, type PointerWishes } from "./pointer";
import { isWell, type Place } from "./selected";
import type { Format } from "./wells";

/** Width of the rows' names and height of the columns' names, px. */
const HEAD = 24;
/** A well, px: the least at which it is told from its neighbours, and the most that filling the room gives. */
const SMALLEST = 14;
const LARGEST = 96;
/** Widest plate, px: its canvas is drawn as a whole. */
const WIDEST = 1920;
/** Two digits have no room above a well that is narrower, px. */
const NARROW = 16;
const ZOOM = 1.5;
const MOST_ZOOM = 6;

export type Shown = Omit<Scene, keyof Geometry>;

export class Stage {
  readonly element = make("div", "sw-plate-scroll");
  readonly cells: Cells;
  /** Height that the wells may take, px. */
  height = 560;
  readonly #stage = make("div", "sw-plate-stage");
  readonly #canvas = make("canvas", "sw-plate-wells");
  readonly #hover = make("div", "sw-plate-hover");
  #pitch = SMALLEST;
  #zoom = 0;
  #scheduled = 0;

  /** @param shown  what is drawn; null while there is nothing */
  constructor(
    t: Translate,
    private readonly shown: () => Shown | null,
    wishes: Omit<PointerWishes, "placeOf" | "nearest">,
    signal: AbortSignal,
  ) {
    this.cells = new Cells(t("plate.wells"), t("plate.corner"));
    this.#canvas.setAttribute("aria-hidden", "true");
    this.#hover.hidden = true;
    this.#stage.append(this.#canvas, this.cells.element, this.#hover);
    this.element.append(this.#stage);
    const hover = (place: Place | null) => {
      this.#point(place);
      wishes.hover(place);
    };
    const placeOf = (target: EventTarget | null) => this.cells.placeOf(target);
    listen(this.#stage, { ...wishes, hover, placeOf, nearest: (x, y) => this.#nearest(x, y) }, signal);
    let arranging = 0;
    const observer = new ResizeObserver(() => {
      cancelAnimationFrame(arranging);
      arranging = requestAnimationFrame(() => this.arrange()); // it may change the size that is observed
    });
    observer.observe(this.element);
    const end = () => {
      observer.disconnect();
      cancelAnimationFrame(arranging);
      cancelAnimationFrame(this.#scheduled);
    };
    signal.addEventListener("abort", end, { once: true });
  }

  /** Makes place for so many wells; true when they are others than before. */
  build(format: Format): boolean {
    const { rows, columns } = this.cells.format;
    if (format.rows === rows && format.columns === columns) return false;
    this.cells.build(format);
    return true;
  }

  /** The room, or the number of wells, has changed. */
  arrange(): void {
    const { rows, columns } = this.cells.format;
    const width = this.element.clientWidth;
    if (rows === 0 || width === 0) return;
    const room = Math.floor(Math.min((width - HEAD) / columns, (this.height - HEAD) / rows));
    const fitting = Math.min(LARGEST, Math.max(SMALLEST, room));
    const most = Math.max(fitting, Math.floor(WIDEST / columns));
    this.#pitch = Math.min(most, Math.round(fitting * ZOOM ** this.#zoom));
    this.#stage.style.setProperty("--sw-pitch", `${this.#pitch}px`);
    this.#stage.classList.toggle("sw-plate-narrow", this.#pitch < NARROW && columns > 10);
    this.#stage.style.width = `${HEAD + columns * this.#pitch}px`;
    this.#canvas.style.width = `${columns * this.#pitch}px`;
    this.#canvas.style.height = `${rows * this.#pitch}px`;
    this.element.style.maxHeight = `${Math.max(this.height, HEAD + SMALLEST * rows)}px`;
    this.redraw();
  }

  enlarge(by: 1 | -1): void {
    const before = this.#pitch;
    this.#zoom = Math.min(MOST_ZOOM, Math.max(0, this.#zoom + by));
    this.arrange();
    if (this.#pitch === before && by > 0) this.#zoom = Math.max(0, this.#zoom - 1); // as large as they get
  }

  /** Draws once a frame. */
  redraw(): void {
    this.#scheduled ||= requestAnimationFrame(() => {
      this.#scheduled = 0;
      this.#draw();
    });
  }

  /** Keyboard and view follow to a place. */
  focus(place: Place): void {
    const cell = this.cells.rove(place);
    cell?.focus({ preventScroll: true });
    cell?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  get #geometry(): Geometry {
    return { format: this.cells.format, pitch: this.#pitch, gap: this.#pitch < 20 ? 1 : this.#pitch < 48 ? 2 : 4 };
  }

  #draw(): void {
    const shown = this.shown();
    if (shown && !this.element.hidden) paint(this.#canvas, { ...this.#geometry, ...shown }, Math.min(2, window.devicePixelRatio || 1));
  }

  #point(place: Place | null): void {
    const well = place !== null && isWell(place);
    this.#hover.hidden = !well;
    if (!well) return;
    const [left, top, width, height] = boxOf(this.#geometry, place.row, place.column);
    const box = { left: left + HEAD, top: top + HEAD, width, height };
    for (const [name, pixels] of Object.entries(box)) this.#hover.style.setProperty(name, `${pixels}px`);
  }

  /** The well nearest to a point of the page. */
  #nearest(x: number, y: number): Place {
    const { left, top } = this.#canvas.getBoundingClientRect();
    const { rows, columns } = this.cells.format;
    const clamp = (pixels: number, count: number) => Math.min(count - 1, Math.max(0, Math.floor(pixels / this.#pitch)));
    return { row: clamp(y - top, rows), column: clamp(x - left, columns) };
  }
}
