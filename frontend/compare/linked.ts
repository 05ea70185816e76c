/** Views that move together: every pane has the same view, in which each image lies at its own scale. */
import type { At } from "../shared/overlay";
import { View } from "../shared/view";

export interface Sized {
  width: number;
  height: number;
  pixel_size_um: number | null;
}

const MARGIN = 4;

export class Linked {
  /** In pixels of the first image, their origin in every image's middle. */
  readonly view = new View();
  /** The pixel sizes of all images are known: a micrometre is as long in each pane. */
  calibrated = false;
  #images: readonly Sized[] = [];
  #fitted = true;

  setImages(images: readonly Sized[]): void {
    this.#images = images;
    this.calibrated = images.length > 0 && images.every(({ pixel_size_um }) => pixel_size_um !== null);
    if (this.#fitted) this.fit();
  }

  resize(width: number, height: number): void {
    this.view.resize(width, height);
    if (this.#fitted) this.fit();
  }

  /** How long a pixel of an image is in pixels of the first one; without pixel sizes all images are equally long. */
  unit(image: Sized): number {
    const first = this.#images[0];
    if (this.calibrated) return (image.pixel_size_um as number) / (first.pixel_size_um as number);
    return longest(first) / longest(image);
  }

  /** Where an image lies in its pane. */
  at(image: Sized): At {
    const scale = this.view.scale * this.unit(image);
    return { scale, left: this.view.x - (image.width / 2) * scale, top: this.view.y - (image.height / 2) * scale };
  }

  pan(dx: number, dy: number): void {
    this.#fitted = false;
    this.view.pan(dx, dy);
  }

  zoomAt(x: number, y: number, factor: number): void {
    this.#fitted = false;
    this.view.zoomAt(x, y, factor);
  }

  /** Zooms about the middle of the pane. */
  zoom(factor: number): void {
    this.zoomAt(this.view.width / 2, this.view.height / 2, factor);
  }

  /** Shows all images whole, and keeps them so when the panes change their size. */
  fit(): void {
    this.#fitted = true;
    const [x, y] = this.extent();
    this.view.fit(-x, -y, x, y, MARGIN);
  }

  /** Half the width and height that hold every image. */
  extent(): [number, number] {
    const half = (side: (image: Sized) => number) =>
      Math.max(0.5, ...this.#images.map((image) => (side(image) * this.unit(image)) / 2));
    return [half(({ width }) => width), half(({ height }) => height)];
  }
}

function longest({ width, height }: Sized): number {
  return Math.max(1, width, height);
}
