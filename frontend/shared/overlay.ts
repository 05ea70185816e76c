/** Strokes the outlines of a picture: from the flat arrays, without an object a vertex. */
import type { Drawing } from "./drawings";
import { classColour, type Ring } from "./outlines";

export const TOUCHES_BORDER = 1;
export const LOW_CONFIDENCE = 2;

/** Vertices closer than this on the screen are passed over, px. */
const FINEST = 0.6;
const LINE = 1.5;
const HALO = 3.5;

/** Where a picture lies: CSS pixels an image pixel, and the place of its corner. */
export interface At {
  scale: number;
  left: number;
  top: number;
}

export function strokeOutlines(
  context: CanvasRenderingContext2D,
  { outlines, classes, flags }: Drawing,
  { scale, left, top }: At,
  halo: string,
): void {
  context.lineJoin = "round";
  for (let index = 0; index < outlines.length; index++) {
    outlines.rings(index).forEach((ring, number) => {
      const path = trace(ring, scale, left, top);
      context.setLineDash([]);
      context.lineWidth = HALO;
      context.strokeStyle = halo;
      context.stroke(path);
      // Never by colour alone: holes are dashed, an object that the border cuts is dash-dotted, a doubtful one finely dashed.
      context.setLineDash(dashes(number > 0, flags[index]));
      context.lineWidth = LINE;
      context.strokeStyle = classColour(classes[index]);
      context.stroke(path);
    });
  }
  context.setLineDash([]);
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
