/** Draws outlines over a thumbnail: one canvas a card, from the flat arrays, without an object a vertex. */
import { classColour, type Ring } from "../shared/outlines";
import type { Drawing } from "./pictures";

export const TOUCHES_BORDER = 1;
export const LOW_CONFIDENCE = 2;

/** Vertices closer than this on the screen are passed over, px. */
const FINEST = 0.6;
const LINE = 1.5;
const HALO = 3.5;

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
  context.lineJoin = "round";
  const [scale, left, top] = fit(place);
  const { outlines, classes, flags } = drawing;
  for (let index = 0; index < outlines.length; index++) {
    outlines.rings(index).forEach((ring, number) => {
      const path = trace(ring, scale, left, top);
      context.setLineDash([]);
      context.lineWidth = HALO;
      context.strokeStyle = place.halo;
      context.stroke(path);
      // Never by colour alone: holes are dashed, an object that the border cuts is dash-dotted, a doubtful one finely dashed.
      context.setLineDash(dashes(number > 0, flags[index]));
      context.lineWidth = LINE;
      context.strokeStyle = classColour(classes[index]);
      context.stroke(path);
    });
  }
}

function dashes(hole: boolean, flags: number): number[] {
  if (hole) return [4, 3];
  if (flags & TOUCHES_BORDER) return [9, 3, 2, 3];
  return flags & LOW_CONFIDENCE ? [2, 2] : [];
}

function trace(ring: Ring, scale: number, left: number, top: number): Path2D {
  const path = new Path2D();
  let [atX, atY] = [NaN, NaN];
  for (let i = 0; i < ring.length; i += 2) {
    const x = ring[i] * scale + left;
    const y = ring[i + 1] * scale + top;
    if (Math.abs(x - atX) < FINEST && Math.abs(y - atY) < FINEST) continue;
    if (i === 0) path.moveTo(x, y);
    else path.lineTo(x, y);
    [atX, atY] = [x, y];
  }
  path.closePath();
  return path;
}
