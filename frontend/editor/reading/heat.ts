/** The probability map of the open image, as the kernel keeps it. */

import { messageOf } from "../../shared/frame";
import type { Rpc } from "../../shared/rpc";
import { HEAT_COLOURS } from "./heat_colours";

interface HeatInfo {
  width: number;
  height: number;
  /** How far the columns and rows reach, in widths and heights of the image. */
  covers: [number, number];
  /** The run that made it. */
  run: number;
}

export interface Heat extends HeatInfo {
  /** Probabilities times 255, row by row. */
  data: Uint8Array;
}

/** A map as a picture, for canvases without WebGL2. */
export function heatPicture({ width, height, data }: Heat): OffscreenCanvas {
  const image = new ImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer), colours = new Uint32Array(HEAT_COLOURS.buffer);
  for (let i = 0; i < data.length; i++) pixels[i] = colours[data[i]];
  const picture = new OffscreenCanvas(width, height);
  picture.getContext("2d")!.putImageData(image, 0, 0);
  return picture;
}

export class HeatLayer {
  on = false;
  heat: Heat | null = null;
  /** Why there is none; null while there is nothing to say. */
  reason: string | null = null;
  #image = 0;
  #revision: number | null = null;
  #asked: AbortController | null = null;

  /** @param changed the map, or why there is none, is another than before */
  constructor(private readonly rpc: Rpc, private readonly changed: () => void) {}

  turn(on: boolean): void {
    this.on = on;
    if (on && !this.heat && !this.#asked) void this.#load();
    this.changed();
  }

  /** Another image is open, or another result of it holds. */
  follow(image: number, revision: number | null): void {
    if (image === this.#image && revision === this.#revision) return;
    this.#revision = revision;
    this.#asked?.abort();
    this.#asked = null;
    this.#image = image;
    this.heat = this.reason = null;
    if (this.on) void this.#load();
    this.changed();
  }

  /** The probability at a place of the image, which has this size; null where there is no map. */
  valueAt(x: number, y: number, width: number, height: number): number | null {
    const { heat } = this;
    if (!this.on || !heat || x < 0 || y < 0 || x >= width || y >= height) return null;
    const column = Math.floor((x / width / heat.covers[0]) * heat.width);
    const row = Math.floor((y / height / heat.covers[1]) * heat.height);
    return heat.data[Math.min(heat.height - 1, row) * heat.width + Math.min(heat.width - 1, column)] / 255;
  }

  async #load(): Promise<void> {
    const asked = new AbortController();
    this.#asked = asked;
    this.reason = null;
    try {
      const answer = await this.rpc.call<HeatInfo>("layer_heat", { image_id: this.#image }, { signal: asked.signal });
      if (asked.signal.aborted) return;
      const { value, buffers: [buffer] } = answer;
      const data = new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
      if (data.length !== value.width * value.height) throw new Error("the probability map is truncated");
      this.heat = { ...value, data };
    } catch (error) {
      if (asked.signal.aborted) return;
      this.reason = messageOf(error);
    }
    this.#asked = null;
    this.changed();
  }
}
