/** Outlines of one image as flat arrays: the same blob the store keeps (`outlines/outlines.py`). */

const MAGIC = 0x314f5753; // "SWO1", little-endian
const HEADER = 16;

export type Ring = Float32Array; // x0, y0, x1, y1, ... ; open: the first vertex is not repeated

/**
 * Coordinates are pixels of the displayed image, x right and y down. Ring r is `xy[2 * ringOffsets[r]]` up to
 * `xy[2 * ringOffsets[r + 1]]`; object i has the rings `polygonOffsets[i]` up to `polygonOffsets[i + 1]`, the outer first.
 */
export class OutlineSet {
  constructor(
    readonly xy: Float32Array,
    readonly ringOffsets: Uint32Array,
    readonly polygonOffsets: Uint32Array,
  ) {}

  static empty(): OutlineSet {
    return new OutlineSet(new Float32Array(0), new Uint32Array(1), new Uint32Array(1));
  }

  /** Builds from objects given as [outer, hole, ...]. */
  static fromRings(objects: readonly (readonly Ring[])[]): OutlineSet {
    const rings = objects.flat();
    const ringOffsets = new Uint32Array(rings.length + 1);
    rings.forEach((ring, r) => (ringOffsets[r + 1] = ringOffsets[r] + ring.length / 2));
    const polygonOffsets = new Uint32Array(objects.length + 1);
    objects.forEach((object, i) => (polygonOffsets[i + 1] = polygonOffsets[i] + object.length));
    const xy = new Float32Array(2 * ringOffsets[rings.length]);
    rings.forEach((ring, r) => xy.set(ring, 2 * ringOffsets[r]));
    return new OutlineSet(xy, ringOffsets, polygonOffsets);
  }

  /** Reads a blob without copying where its place in memory allows it; throws if it is damaged. */
  static decode(blob: DataView | ArrayBuffer): OutlineSet {
    let view = blob instanceof ArrayBuffer ? new DataView(blob) : blob;
    if (view.byteLength < HEADER || view.getUint32(0, true) !== MAGIC) throw new Error("not a blob of outlines");
    const objects = view.getUint32(4, true);
    const rings = view.getUint32(8, true);
    const vertices = view.getUint32(12, true);
    if (view.byteLength !== HEADER + 4 * (objects + 1) + 4 * (rings + 1) + 8 * vertices) {
      throw new Error("the blob of outlines is truncated");
    }
    if (view.byteOffset % 4 !== 0) {
      view = new DataView(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
    }
    const polygons = view.byteOffset + HEADER;
    const offsets = polygons + 4 * (objects + 1);
    return new OutlineSet(
      new Float32Array(view.buffer, offsets + 4 * (rings + 1), 2 * vertices),
      new Uint32Array(view.buffer, offsets, rings + 1),
      new Uint32Array(view.buffer, polygons, objects + 1),
    );
  }

  encode(): ArrayBuffer {
    const { xy, ringOffsets, polygonOffsets } = this;
    const blob = new ArrayBuffer(HEADER + polygonOffsets.byteLength + ringOffsets.byteLength + xy.byteLength);
    const head = new DataView(blob);
    [MAGIC, this.length, ringOffsets.length - 1, xy.length / 2].forEach((n, i) => head.setUint32(4 * i, n, true));
    new Uint32Array(blob, HEADER, polygonOffsets.length).set(polygonOffsets);
    new Uint32Array(blob, HEADER + polygonOffsets.byteLength, ringOffsets.length).set(ringOffsets);
    new Float32Array(blob, HEADER + polygonOffsets.byteLength + ringOffsets.byteLength).set(xy);
    return blob;
  }

  /** Number of objects. */
  get length(): number {
    return this.polygonOffsets.length - 1;
  }

  /** Views (not copies) of an object's rings. */
  rings(index: number): Ring[] {
    const rings: Ring[] = [];
    for (let r = this.polygonOffsets[index]; r < this.polygonOffsets[index + 1]; r++) {
      rings.push(this.xy.subarray(2 * this.ringOffsets[r], 2 * this.ringOffsets[r + 1]));
    }
    return rings;
  }
}

/** Okabe and Ito's colours, told apart with any colour vision; the order is fixed, by class. */
export const PALETTE = ["#56b4e9", "#e69f00", "#009e73", "#f0e442", "#0072b2", "#d55e00", "#cc79a7", "#999999"] as const;

export function classColour(index: number): string {
  return PALETTE[((index % PALETTE.length) + PALETTE.length) % PALETTE.length];
}
