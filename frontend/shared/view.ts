/** The view: how image pixels lie on the screen. All screen lengths are CSS pixels of the canvas. */

const LEAST_SCALE = 0.01;
const LARGEST_SCALE = 64;
const MARGIN = 16;

export class View {
  /** Screen pixels an image pixel. */
  scale = 1;
  /** Screen place of the image's corner. */
  x = 0;
  y = 0;
  width = 1;
  height = 1;

  /** Keeps the point in the middle in the middle when the canvas changes its size. */
  resize(width: number, height: number): void {
    this.x += (width - this.width) / 2;
    this.y += (height - this.height) / 2;
    this.width = width;
    this.height = height;
  }

  toImage(screenX: number, screenY: number): [number, number] {
    return [(screenX - this.x) / this.scale, (screenY - this.y) / this.scale];
  }

  toScreen(imageX: number, imageY: number): [number, number] {
    return [imageX * this.scale + this.x, imageY * this.scale + this.y];
  }

  pan(dx: number, dy: number): void {
    this.x += dx;
    this.y += dy;
  }

  /** Zoom so that what lies under the pointer stays under it. */
  zoomAt(screenX: number, screenY: number, factor: number): void {
    const scale = Math.min(LARGEST_SCALE, Math.max(LEAST_SCALE, this.scale * factor));
    const real = scale / this.scale;
    this.x = screenX - (screenX - this.x) * real;
    this.y = screenY - (screenY - this.y) * real;
    this.scale = scale;
  }

  /** Whether a box of the image is shown whole, as `fit` shows it. */
  isFit(x0: number, y0: number, x1: number, y1: number): boolean {
    const fitted = Object.assign(new View(), { width: this.width, height: this.height });
    fitted.fit(x0, y0, x1, y1);
    const near = (a: number, b: number) => Math.abs(a - b) < 0.5;
    return near(fitted.x, this.x) && near(fitted.y, this.y) && Math.abs(fitted.scale / this.scale - 1) < 1e-3;
  }

  /** Show a box of the image whole, with a margin. */
  fit(x0: number, y0: number, x1: number, y1: number, margin = MARGIN): void {
    const room = [Math.max(1, this.width - 2 * margin), Math.max(1, this.height - 2 * margin)] as const;
    const scale = Math.min(room[0] / Math.max(1e-6, x1 - x0), room[1] / Math.max(1e-6, y1 - y0));
    this.scale = Math.min(LARGEST_SCALE, Math.max(LEAST_SCALE, scale));
    this.x = (this.width - (x0 + x1) * this.scale) / 2;
    this.y = (this.height - (y0 + y1) * this.scale) / 2;
  }

  /** One image pixel a screen pixel, about the middle. */
  oneToOne(): void {
    this.zoomAt(this.width / 2, this.height / 2, 1 / this.scale);
  }

  /** The part of the image on screen: least x, least y, largest x, largest y. */
  visible(): [number, number, number, number] {
    return [...this.toImage(0, 0), ...this.toImage(this.width, this.height)];
  }

  copy(): View {
    return Object.assign(new View(), this);
  }
}

/** Largest 1, 2 or 5 times a power of ten whose bar is at most `most` screen pixels long. */
export function barLength(most: number, unitsPerScreenPixel: number): number {
  const limit = most * unitsPerScreenPixel;
  const decade = 10 ** Math.floor(Math.log10(limit));
  return [5, 2, 1].map((n) => n * decade).find((length) => length <= limit) ?? decade;
}
