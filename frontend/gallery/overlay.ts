/** Draws outlines over a thumbnail: one canvas a card. */
import type { Drawing } from "../shared/drawings";
import { strokeOutlines } from "../shared/overlay";

export interface Place {
  /** CSS size of the canvas. */
  width: number;
  height: number;
  /** Size of the image, px. */
  imageWidth: number;
  imageHeight: number;
  ratio: number;
  halo: string;
}

/** Scale and offset of an image that is shown whole in the middle of a box. */
export function fit({ width, height, imageWidth, imageHeight }: Omit<Place, "ratio" | "halo">): [number, number, number] {
  const scale = Math.min(width / imageWidth, height / imageHeight);
  return [scale, (width - imageWidth * scale) / 2, (height - imageHeight * scale) / 2];
}

export function draw(canvas: HTMLCanvasElement, drawing: Drawing | undefined, place: Place): void {
  const [width, height] = [Math.round(place.width * place.ratio), Math.round(place.height * place.ratio)];
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  const context = canvas.getContext("2d");
  if (!context) return;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, width, height);
  if (!drawing) return;
  context.setTransform(place.ratio, 0, 0, place.ratio, 0, 0);
  const [scale, left, top] = fit(place);
  strokeOutlines(context, drawing, { scale, left, top }, place.halo);
}
