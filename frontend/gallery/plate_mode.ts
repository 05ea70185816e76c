/** Plate mode: the wells in place (`plate/`), with the images that the filters leave. */
import { Recent } from "../shared/pager";
import type { Mode, Parts } from "./mode";
import { Pictures } from "./pictures";
import { type Columns, plateImages } from "./plate/from_rows";
import { Plate } from "./plate/plate";
import type { Rows } from "./rows";
import { samePlate } from "./view";

/** Longest edge of the picture of a well, px; so many are kept. */
const EDGE = 128;
const MOST = 1_600;
const MOST_BYTES = 128 * 1024 * 1024;

export class PlateMode implements Mode {
  readonly #plate: Plate;
  readonly #pictures: Pictures;
  readonly #bitmaps = new Recent<ImageBitmap>(MOST, MOST_BYTES, (bitmap) => bitmap.close());
  readonly #decoding = new Set<number>();
  /** Images that were asked for since the last drawing. */
  #wanted = new Set<number>();
  #order: Int32Array | null = null;
  #drawing = 0;

  constructor(private readonly parts: Parts) {
    const { frame, signal } = parts;
    this.#plate = new Plate(frame, {
      select: (ids) => parts.pick(ids),
      open: (id) => parts.open(id),
      thumbnail: (id) => this.#picture(id),
      changed: (plate) => parts.keepPlate(plate),
    }, signal); // prettier-ignore
    this.#plate.height = parts.height;
    this.#pictures = new Pictures(frame.rpc, signal, (ids) => ids.forEach((id) => void this.#decode(id)), MOST);
    this.#pictures.size = EDGE;
    signal.addEventListener("abort", () => this.#end(), { once: true });
  }

  get element(): HTMLElement {
    return this.#plate.element;
  }

  focus(): void {
    this.#plate.focus();
  }

  arrange(): void {
    const { rows, finder } = this.parts.shown;
    if (finder.order !== this.#order) {
      this.#order = finder.order;
      this.#plate.setImages(plateImages(picked(rows, finder.order)));
      this.#plate.setSelected(this.parts.selection.ids);
    }
    const { plate } = finder.view;
    if (plate && !samePlate(plate, this.#plate.view)) this.#plate.show(plate);
  }

  refresh(): void {
    this.#plate.update();
  }

  updateMarks(): void {
    this.#plate.setSelected(this.parts.selection.ids);
  }

  // A plate has no first image and its own keys; its pictures come by `#decode`, and it draws no outlines.
  toTop(): void {}
  update(): void {}
  updateResults(): void {}
  reveal(): void {}

  step(): undefined {
    return undefined;
  }

  positionAt(): undefined {
    return undefined;
  }

  #picture(id: number): ImageBitmap | null {
    const bitmap = this.#bitmaps.get(id);
    if (bitmap) return bitmap;
    if (this.#wanted.size === 0) queueMicrotask(() => this.#ask());
    this.#wanted.add(id);
    return null;
  }

  #ask(): void {
    const ids = [...this.#wanted];
    this.#wanted = new Set();
    this.#pictures.want(ids);
    for (const id of ids) if (this.#pictures.get(id)) void this.#decode(id);
  }

  async #decode(id: number): Promise<void> {
    const picture = this.#pictures.get(id);
    if (!picture || this.#decoding.has(id)) return;
    this.#decoding.add(id);
    try {
      const image = new Image();
      image.src = picture.url;
      await image.decode();
      const bitmap = await createImageBitmap(image);
      this.#bitmaps.set(id, bitmap, bitmap.width * bitmap.height * 4);
      if (!this.#drawing) this.#drawing = requestAnimationFrame(() => this.#draw());
    } catch {
      // A picture that went meanwhile: the next drawing asks again.
    } finally {
      this.#decoding.delete(id);
    }
  }

  #draw(): void {
    this.#drawing = 0;
    this.#plate.update();
  }

  #end(): void {
    cancelAnimationFrame(this.#drawing);
    this.#bitmaps.clear();
  }
}

/** Some rows of the table, in their order. */
function picked(rows: Rows, order: Int32Array): Columns {
  const of = (column: ArrayLike<number>) => Float64Array.from(order, (row) => column[row]);
  return {
    length: order.length,
    states: of(rows.states),
    numbers: (name) => of(rows.numbers(name)),
    words: (name) => ({ codes: Uint32Array.from(order, (row) => rows.words(name).codes[row]), words: rows.words(name).words }),
  };
}
