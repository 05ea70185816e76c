/** Image and outlines by Canvas2D, for browsers without WebGL2: slower with many outlines, otherwise the same picture. */

import { classColour } from "../shared/outlines";
import type { Rings } from "./geometry";
import { shade, type Pixels, type Window } from "./pixels";
import { CROWD, CROWDED_WIDTH, LINE, type Renderer, type Scene } from "./scene";
import { FLAG } from "./store";
import { heatPicture, type Heat } from "./reading/heat";
import type { View } from "../shared/view";

export class CanvasRenderer implements Renderer {
  readonly kind = "canvas2d";
  readonly #context: CanvasRenderingContext2D;
  #pixels: Pixels | null = null;
  /** The image as grey, for the window it was made with. */
  #grey: { picture: OffscreenCanvas; made: string } | null = null;

  #heat: { picture: OffscreenCanvas; covers: Heat["covers"] } | null = null;

  constructor(private readonly canvas: HTMLCanvasElement) {
    const context = canvas.getContext("2d");
    if (!context) throw new Error("this browser draws on no canvas");
    this.#context = context;
  }

  setImage(pixels: Pixels | null): void {
    this.#pixels = pixels;
    this.#grey = null;
  }

  setHeat(heat: Heat | null): void {
    this.#heat = heat && { picture: heatPicture(heat), covers: heat.covers };
  }

  change(): void {
    // Every frame is drawn from the store.
  }

  draw(scene: Scene, ratio: number): boolean {
    const context = this.#context;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    context.scale(ratio, ratio);
    this.#drawImage(scene);
    this.#drawHeat(scene);
    if (!scene.outlines) return false;
    context.globalAlpha = scene.opacity;
    const slots = scene.store.query(scene.view.visible());
    const crowd = slots.length > CROWD;
    const thin = crowd ? Math.min(scene.width, CROWDED_WIDTH) : scene.width;
    for (const slot of slots) {
      if (slot === scene.hidden) continue;
      const { classIndex, flags } = scene.store.attributes(slot);
      const selected = scene.selected.has(slot);
      const width = selected ? scene.width + LINE.thicker : thin;
      strokeRings(context, scene.view, scene.store.rings(slot), classColour(classIndex), width, selected || !crowd);
      if (flags & FLAG.lowConfidence) hatch(context, scene.view, scene.store.rings(slot), classColour(classIndex), scene.opacity);
    }
    context.globalAlpha = 1;
    return false;
  }

  dispose(): void {
    this.#grey = this.#heat = null;
  }

  #drawHeat({ view, heat }: Scene): void {
    if (!this.#pixels || !this.#heat || !heat) return;
    const context = this.#context;
    const { width, height, downsample } = this.#pixels.info;
    const { picture, covers } = this.#heat;
    const size = downsample * view.scale;
    context.globalAlpha = heat;
    context.imageSmoothingEnabled = true;
    // Only so much of it as the image has.
    context.drawImage(
      picture, 0, 0, picture.width / covers[0], picture.height / covers[1], view.x, view.y, width * size, height * size,
    );
    context.globalAlpha = 1;
  }

  #drawImage({ view, window }: Scene): void {
    if (!this.#pixels) return;
    const { width, height, downsample } = this.#pixels.info;
    const made = JSON.stringify(window);
    if (this.#grey?.made !== made) this.#grey = { picture: greyPicture(this.#pixels, window), made };
    const size = downsample * view.scale;
    this.#context.imageSmoothingEnabled = size < 4;
    this.#context.drawImage(this.#grey.picture, view.x, view.y, width * size, height * size);
  }
}

function greyPicture(pixels: Pixels, window: Window): OffscreenCanvas {
  const { width, height } = pixels.info;
  const image = new ImageData(width, height);
  const words = new Uint32Array(image.data.buffer);
  const shown = Uint32Array.from({ length: pixels.info.dtype === "uint8" ? 256 : 65536 }, (_, number) => {
    const grey = Math.round(255 * shade(window, pixels.grey(number)));
    return 0xff000000 | (grey << 16) | (grey << 8) | grey;
  });
  for (let i = 0; i < words.length; i++) words[i] = shown[pixels.data[i]];
  const picture = new OffscreenCanvas(width, height);
  picture.getContext("2d")!.putImageData(image, 0, 0);
  return picture;
}

function pathOf(view: View, rings: Rings): Path2D {
  const path = new Path2D();
  for (const ring of rings) {
    for (let i = 0; i < ring.length; i += 2) {
      const [x, y] = view.toScreen(ring[i], ring[i + 1]);
      if (i) path.lineTo(x, y);
      else path.moveTo(x, y);
    }
    path.closePath();
  }
  return path;
}

/** Lines of an outline over their halo, holes dashed. */
export function strokeRings(
  context: CanvasRenderingContext2D, view: View, rings: Rings, colour: string, width: number, halo = true,
): void {
  context.lineJoin = "round";
  for (const [kind, path] of [["outer", pathOf(view, rings.slice(0, 1))], ["hole", pathOf(view, rings.slice(1))]] as const) {
    context.setLineDash([]);
    context.strokeStyle = "rgb(0 0 0 / 60%)";
    context.lineWidth = width + 2 * LINE.halo;
    if (halo) context.stroke(path);
    if (kind === "hole") context.setLineDash([LINE.dash - LINE.gap, LINE.gap]);
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.stroke(path);
  }
  context.setLineDash([]);
}

function hatch(context: CanvasRenderingContext2D, view: View, rings: Rings, colour: string, opacity: number): void {
  context.save();
  context.clip(pathOf(view, rings), "evenodd");
  context.strokeStyle = colour;
  context.globalAlpha = 0.6 * opacity;
  context.lineWidth = 1;
  context.beginPath();
  for (let x = -view.height; x < view.width; x += 9) {
    context.moveTo(x, 0);
    context.lineTo(x + view.height, view.height);
  }
  context.stroke();
  context.restore();
}
