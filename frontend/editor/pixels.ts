/** The pixels of the open image as the kernel sent them, and how they become grey. */

export interface PixelsInfo {
  /** Of the plane that was sent. */
  width: number;
  height: number;
  dtype: "uint8" | "uint16";
  /** Image pixels a sent pixel, along each axis. */
  downsample: number;
  /** Grey value of a stored number: offset + gain * number. */
  offset: number;
  gain: number;
  /** Grey values shown black and white at first. */
  low: number;
  high: number;
  /** What the user must know about it ("shown at half size"), or "". */
  note: string;
}

export class Pixels {
  constructor(
    readonly info: PixelsInfo,
    readonly data: Uint8Array | Uint16Array,
  ) {}

  static decode(info: PixelsInfo, buffer: DataView): Pixels {
    const bytes = info.dtype === "uint16" ? 2 : 1;
    if (buffer.byteLength !== info.width * info.height * bytes) throw new Error("the pixels are truncated");
    // A sixteen-bit view needs an even place in memory.
    const whole = buffer.byteOffset % bytes ? buffer.buffer.slice(buffer.byteOffset, buffer.byteOffset + buffer.byteLength) : buffer.buffer;
    const start = whole === buffer.buffer ? buffer.byteOffset : 0;
    const length = info.width * info.height;
    const data = bytes === 2 ? new Uint16Array(whole, start, length) : new Uint8Array(whole, start, length);
    return new Pixels(info, data);
  }

  /** Grey value at a place of the image, or null outside. */
  valueAt(x: number, y: number): number | null {
    const { width, height, downsample, offset, gain } = this.info;
    const column = Math.floor(x / downsample), row = Math.floor(y / downsample);
    if (column < 0 || row < 0 || column >= width || row >= height) return null;
    return offset + gain * this.data[row * width + column];
  }

  /** A grey value as the stored number: what the shader compares. */
  stored(value: number): number {
    return (value - this.info.offset) / this.info.gain;
  }

  /** The grey values at two fractions of the pixels, from at most 65,536 of them. */
  percentiles(low: number, high: number): [number, number] {
    const step = Math.max(1, Math.floor(this.data.length / 65536));
    const sample = new Uint16Array(Math.ceil(this.data.length / step));
    for (let i = 0; i < sample.length; i++) sample[i] = this.data[i * step];
    sample.sort();
    const at = (fraction: number) => sample[Math.round(fraction * (sample.length - 1))];
    const { offset, gain } = this.info;
    return [offset + gain * at(low), offset + gain * at(high)];
  }
}

/** Which grey values are black and white. */
export interface Window {
  low: number;
  high: number;
}

/**
 * The window of two sliders, each -1..1 and 0 in the middle: brightness moves the window by its own width,
 * contrast narrows it up to sixteenfold or widens it up to fourfold.
 */
export function adjusted(base: Window, brightness: number, contrast: number): Window {
  const width = Math.max(1e-6, base.high - base.low);
  const narrowed = width * (contrast >= 0 ? 16 ** -contrast : 4 ** -contrast);
  const middle = (base.low + base.high) / 2 - brightness * width;
  return { low: middle - narrowed / 2, high: middle + narrowed / 2 };
}
