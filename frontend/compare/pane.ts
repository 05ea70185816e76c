/** One picture: its tiles, its outlines, the scale bar, or why there is none. */
import type { Drawings } from "../shared/drawings";
import { make } from "../shared/frame";
import { mark, setMark } from "../shared/marks";
import { halves } from "../shared/names";
import { ScaleBar } from "../shared/scale_bar";
import { type At, strokeOutlines } from "../shared/overlay";
import type { Translate } from "../shared/strings";
import { facts, type Gone, type Seen, stateWords } from "./state";
import { TILE, type Tiles, lastLevel, levelFor, seenTiles, type Wanted } from "./tiles";

const LONGEST_BAR = 96;
/** From this size on a pixel is shown as the square it is, in pixels of the screen. */
const SQUARE_FROM = 4;

/** What a pane shows. */
export interface Shown {
  image: Seen | Gone;
  /** Results whose outlines are drawn: one, or one on either side of a divider; 0 is none. */
  results: readonly number[];
}

export interface Look {
  at: At;
  tiles: Tiles;
  drawings: Drawings;
  outlines: boolean;
  halo: string;
  /** Where the divider is, 0 to 1. */
  split: number;
}

/** Pixels of the screen a CSS pixel; more than two are not seen. */
export function screenRatio(): number {
  return Math.min(2, window.devicePixelRatio || 1);
}

export class Pane {
  readonly element = make("figure", "sw-compare-pane");
  readonly stage = make("div", "sw-compare-stage");
  readonly #head = make("figcaption", "sw-compare-caption");
  readonly #mark = mark("new");
  readonly #first = make("span", "sw-compare-name-head");
  readonly #rest = make("span", "sw-compare-name-tail");
  readonly #facts = make("span", "sw-compare-facts");
  readonly #canvas = make("canvas", "sw-compare-canvas");
  readonly #bar: ScaleBar;
  readonly #note = make("p", "sw-compare-note");
  readonly #cursor = make("div", "sw-compare-cursor");
  shown: Shown | null = null;
  width = 1;
  height = 1;

  constructor(private readonly t: Translate) {
    this.#bar = new ScaleBar(t);
    const name = make("span", "sw-compare-name");
    name.append(this.#first, this.#rest);
    this.#head.append(this.#mark, name, this.#facts);
    this.#cursor.hidden = true;
    this.#note.hidden = true;
    this.stage.append(this.#canvas, this.#bar.element, this.#note, this.#cursor);
    this.element.append(this.#head, this.stage);
  }

  /** The image, if it is still in the project. */
  get image(): Seen | null {
    return this.shown && "width" in this.shown.image ? this.shown.image : null;
  }

  show(shown: Shown): void {
    this.shown = shown;
    const { image } = shown;
    [this.#first.textContent, this.#rest.textContent] = halves(image.name);
    this.#head.title = image.name;
    const seen = this.image;
    this.element.classList.toggle("sw-compare-placed", Boolean(seen && (seen.well || seen.time_h !== null)));
    this.element.dataset.state = seen ? stateWords(seen, this.t)[0] : "unusable";
    setMark(this.#mark, seen ? stateWords(seen, this.t)[0] : "unusable");
    this.#facts.textContent = seen ? facts(seen, this.t) : "";
    this.element.setAttribute("aria-label", [image.name, this.#facts.textContent].filter(Boolean).join(", "));
  }

  /** Sets the size of the picture, CSS px. */
  resize(width: number, height: number): void {
    this.width = width;
    this.height = height;
    this.stage.style.height = `${height}px`;
  }

  /** Marks the place at which the pointer is in another pane. */
  setCursor(at: [number, number] | null): void {
    this.#cursor.hidden = at === null;
    if (at) this.#cursor.style.transform = `translate(${at[0]}px, ${at[1]}px)`;
  }

  /** What is needed to show an image here: all of it in the coarse, then what is seen of it as finely as the screen shows it. */
  wanted(image: Seen, at: At): Wanted[] {
    const last = lastLevel(image);
    const level = levelFor(image, at.scale * screenRatio());
    const whole: Wanted = { image: image.id, level: last, tiles: [[0, 0]] };
    return level === last ? [whole] : [whole, { image: image.id, level, tiles: seenTiles(image, level, at, this) }];
  }

  paint(look: Look): void {
    const { at } = look;
    const ratio = screenRatio();
    const [width, height] = [Math.round(this.width * ratio), Math.round(this.height * ratio)];
    if (this.#canvas.width !== width || this.#canvas.height !== height) {
      this.#canvas.width = width;
      this.#canvas.height = height;
    }
    const context = this.#canvas.getContext("2d");
    const image = this.image;
    if (!context || !this.shown) return;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, width, height);
    const drawn = image !== null && this.#drawTiles(context, image, look);
    this.#say(image ? look.tiles.reason(image.id) : (this.shown.image as Gone).reason, drawn);
    this.#bar.show(drawn && image ? at.scale : null, image?.pixel_size_um ?? null, Math.min(LONGEST_BAR, this.width / 3));
    if (!image || !drawn || !look.outlines) return;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const { results } = this.shown;
    results.forEach((result, side) => {
      const drawing = look.drawings.get(result);
      if (!drawing) return;
      context.save();
      if (results.length > 1) {
        const middle = look.split * this.width;
        context.beginPath();
        context.rect(side === 0 ? 0 : middle, 0, side === 0 ? middle : this.width - middle, this.height);
        context.clip();
      }
      strokeOutlines(context, drawing, at, look.halo);
      context.restore();
    });
  }

  /** Draws what is here, the coarse below the fine; returns whether anything of the image is. */
  #drawTiles(context: CanvasRenderingContext2D, image: Seen, { at, tiles }: Look): boolean {
    const ratio = screenRatio();
    const [last, finest] = [lastLevel(image), levelFor(image, at.scale * ratio)];
    context.imageSmoothingEnabled = at.scale * ratio < SQUARE_FROM;
    context.imageSmoothingQuality = "high";
    // Edges lie on whole pixels of the screen, so that no seam shows between tiles.
    const edge = (offset: number, pixels: number) => Math.round((offset + pixels * at.scale) * ratio);
    const place = (x: number, y: number, right: number, bottom: number) => {
      const [left, top] = [edge(at.left, x), edge(at.top, y)];
      return [left, top, edge(at.left, right) - left, edge(at.top, bottom) - top] as const;
    };
    context.save();
    context.beginPath();
    context.rect(...place(0, 0, image.width, image.height)); // the last pixels of a coarse tile reach beyond the image
    context.clip();
    let drawn = tiles.get(image.id, last, [0, 0]) !== undefined;
    for (let level = last; level >= finest; level--) {
      const [side, pixel] = [TILE * 2 ** level, 2 ** level];
      for (const [column, row] of seenTiles(image, level, at, this)) {
        const tile = tiles.get(image.id, level, [column, row]);
        if (!tile) continue;
        drawn = true;
        const [x, y] = [column * side, row * side];
        context.drawImage(tile, ...place(x, y, x + tile.width * pixel, y + tile.height * pixel));
      }
    }
    context.restore();
    return drawn;
  }

  #say(reason: string | undefined, drawn: boolean): void {
    this.#note.hidden = drawn;
    this.#note.dataset.tone = reason === undefined ? "wait" : "error";
    this.#note.textContent = drawn ? "" : (reason ?? this.t("compare.loading"));
  }
}
