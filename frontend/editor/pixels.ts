/** The pixels of the open image as the kernel sent them, and how they become grey. */

/** What of its file an image is; `z` may be a projection. */
export interface Plane {
  series: number;
  t: number;
  channel: number;
  z: number | "sharpest" | "max" | null;
}

/** In which a file has several planes, and how many. */
export type Axes = Partial<Record<"channel" | "z" | "t", number>>;

export interface PixelsInfo {
  /** Of the plane that was sent. */
  width: number;
  height: number;
  dtype: "uint8" | "uint16";
  /** Image pixels a sent pixel, along each axis. */
  downsample: number;
  /** How many finer ones there are, in tiles. */
  levels: number;
  /** Grey value of a stored number: offset + gain * number. */
  offset: number;
  gain: number;
  /** Grey values shown black and white at first. */
  low: number;
  high: number;
  axes: Axes;
  /** The plane that the image is, and the one that was sent. */
  own: Plane;
  plane: Plane;
}

export class Pixels {
  readonly data: Uint8Array | Uint16Array;

  constructor(readonly info: PixelsInfo, buffer: DataView) {
    this.data = this.numbers(buffer);
    if (this.data.length !== info.width * info.height) throw new Error("the pixels are truncated");
  }

  /** Stored numbers as they were sent, of this plane or of a tile of it. */
  numbers({ buffer, byteOffset, byteLength }: DataView): Uint8Array | Uint16Array {
    if (this.info.dtype === "uint8") return new Uint8Array(buffer, byteOffset, byteLength);
    // A sixteen-bit view needs an even place in memory.
    if (byteOffset % 2) return new Uint16Array(buffer.slice(byteOffset, byteOffset + byteLength));
    return new Uint16Array(buffer, byteOffset, byteLength / 2);
  }

  /** Grey value at a place of the image, or null outside. */
  valueAt(x: number, y: number): number | null {
    const { width, height, downsample } = this.info;
    const column = Math.floor(x / downsample), row = Math.floor(y / downsample);
    if (column < 0 || row < 0 || column >= width || row >= height) return null;
    return this.grey(this.data[row * width + column]);
  }

  /** The grey value of a stored number. */
  grey(number: number): number {
    return this.info.offset + this.info.gain * number;
  }

  /** A grey value as the stored number: what the shader compares. */
  stored(value: number): number {
    return (value - this.info.offset) / this.info.gain;
  }
}

/** Which grey values are black and white, and what is between them. */
export interface Window {
  low: number;
  high: number;
  /** Exponent of what is between 0, black, and 1, white: below 1 dark parts are shown brighter. */
  gamma: number;
  /** Black is shown white, and white black. */
  inverted: boolean;
}

/** How a grey value is shown, 0 black to 1 white; the shader of the image does the same. */
export function shade({ low, high, gamma, inverted }: Window, value: number): number {
  const shown = Math.min(1, Math.max(0, (value - low) / Math.max(1e-6, high - low))) ** gamma;
  return inverted ? 1 - shown : shown;
}

/**
 * The window of two sliders, each -1..1 and 0 in the middle: brightness moves the window by its own width,
 * contrast narrows it up to sixteenfold or widens it up to fourfold.
 */
export function adjusted(base: { low: number; high: number }, brightness: number, contrast: number): { low: number; high: number } {
  const width = Math.max(1e-6, base.high - base.low);
  const narrowed = width * (contrast >= 0 ? 16 ** -contrast : 4 ** -contrast);
  const middle = (base.low + base.high) / 2 - brightness * width;
  return { low: middle - narrowed / 2, high: middle + narrowed / 2 };
}
