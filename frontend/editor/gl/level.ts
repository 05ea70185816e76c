/**
 * Outlines on the GPU, reduced so far as nobody sees at the scale they are drawn at. What comes into view is uploaded
 * then; an outline that changes is uploaded again, alone.
 */

import earcut from "earcut";

import type { Rings } from "../geometry";
import { reduced } from "../outlines/simplifying";
import { FLAG, type OutlineStore } from "../store";
import { Arena } from "./arena";
import { type Band, bandOf, PAIR } from "./band";
import { META, packAcross } from "./shaders";
import { IndexBuffer, VertexTexture } from "./storage";

/** Indices of triangles a vertex: an outline without holes has less than three. */
const INDICES = 4;
/** Milliseconds a frame may spend on preparing fills: another frame for what is left costs more. */
const FILL_BUDGET = 30;
/** Device pixels that a reduced outline may lie beside the whole one. */
const UNSEEN = 0.4;
/** Image pixels of the finest reduction, and how much coarser each further one is. */
const FINEST = 0.125, COARSER = 4;
/** From such a reduction on a line's corners are not rounded. */
const COARSE = 1;

/** By how many image pixels outlines may be reduced where an image pixel takes so many device pixels; 0 is not at all. */
export function toleranceAt(scale: number): number {
  const steps = Math.floor(Math.log(UNSEEN / scale / FINEST) / Math.log(COARSER));
  return steps < 0 ? 0 : FINEST * COARSER ** steps;
}

interface Shape {
  rings: Rings;
  /** Of each of them. */
  bands: Band[];
}

export class Level {
  readonly texture: VertexTexture;
  readonly indices: IndexBuffer;
  readonly vertices: Arena;
  readonly triangles: Arena;
  /** Slots whose vertices are as the store has them. */
  #uploaded = new Set<number>();
  /** Shapes as they are drawn, until their triangles are made. */
  #waiting = new Map<number, Shape>();

  constructor(gl: WebGL2RenderingContext, private readonly tolerance: number) {
    this.texture = new VertexTexture(gl);
    this.indices = new IndexBuffer(gl);
    this.vertices = new Arena(this.texture);
    this.triangles = new Arena(this.indices);
  }

  change(slots: readonly number[] | "all"): void {
    if (slots === "all") return this.#begin(0);
    for (const slot of slots) {
      this.vertices.remove(slot);
      this.triangles.remove(slot);
      for (const known of [this.#uploaded, this.#waiting]) known.delete(slot);
    }
  }

  /** Bring outlines that are in view to the GPU. */
  upload(store: OutlineStore, slots: readonly number[]): void {
    const missing = slots.filter((slot) => !this.#uploaded.has(slot));
    if (missing.length && !this.#put(store, missing)) this.#put(store, slots, true);
  }

  /** False where there is no room; `anew` forgets what is not among them, and makes room for as much again. */
  #put(store: OutlineStore, slots: readonly number[], anew = false): boolean {
    const missing = [...slots].sort((a, b) => a - b);
    const shapes = missing.map((slot) => this.#shape(store.rings(slot)));
    const sizes = shapes.map(items);
    const total = sizes.reduce((sum, size) => sum + size, 0);
    if (anew) this.#begin(2 * total);
    else if (!this.vertices.fits(total) || !this.triangles.fits(INDICES * total)) return false;
    this.vertices.write(missing, sizes, (data, at, i) => writeVertices(data, at, shapes[i].bands, metaOf(store, missing[i])));
    missing.forEach((slot, i) => {
      this.#uploaded.add(slot);
      this.#waiting.set(slot, shapes[i]);
    });
    return true;
  }

  #begin(vertices: number): void {
    this.vertices.reset(vertices);
    this.triangles.reset(INDICES * vertices);
    this.#uploaded.clear();
    this.#waiting.clear();
  }

  /** Triangles of outlines in view, as many as the budget allows; true when some are missing. */
  prepareFills(slots: readonly number[]): boolean {
    if (!this.#waiting.size) return false;
    const end = performance.now() + FILL_BUDGET;
    const done: number[] = [];
    const triangles: Uint32Array[] = [];
    for (const slot of slots) {
      const shape = this.#waiting.get(slot);
      if (!shape) continue;
      if (performance.now() > end) break;
      this.#waiting.delete(slot);
      done.push(slot);
      triangles.push(triangulate(shape, this.vertices.range(slot)!.start));
    }
    this.triangles.write(done, triangles.map(({ length }) => length), (data, at, i) => {
      triangles[i].forEach((vertex, k) => data.setUint32(at + 4 * k, vertex, true));
    });
    return slots.some((slot) => this.#waiting.has(slot));
  }

  #shape(whole: Rings): Shape {
    const rings = this.tolerance ? whole.map((ring) => reduced(ring, this.tolerance)) : whole;
    return { rings, bands: rings.map((ring) => bandOf(ring, this.tolerance < COARSE)) };
  }
}

/** Vertices of an outline in the buffer: the pairs of each ring's band, and a gap after them. */
function items({ bands }: Shape): number {
  return bands.reduce((sum, { pairs }) => sum + pairs.length / PAIR + 1, 0);
}

function metaOf(store: OutlineStore, slot: number): number {
  const { classIndex, flags } = store.attributes(slot);
  return (
    (classIndex & 7) | (flags & FLAG.border ? META.border : 0) | (flags & FLAG.lowConfidence ? META.lowConfidence : 0)
  );
}

function writeVertices(data: DataView, first: number, bands: readonly Band[], meta: number): void {
  let at = first;
  bands.forEach(({ pairs }, index) => {
    const word = index ? meta | META.hole : meta;
    for (let i = 0; i < pairs.length; i += PAIR, at += 16) {
      for (let k = 0; k < 3; k++) data.setFloat32(at + 4 * k, pairs[i + k], true);
      data.setUint32(at + 12, word | packAcross(pairs[i + 3], pairs[i + 4]), true);
    }
    data.setUint32(at + 12, META.gap, true);
    at += 16;
  });
}

function triangulate({ rings, bands }: Shape, start: number): Uint32Array {
  const flat: number[] = [];
  const holes: number[] = [];
  const place: number[] = [];
  let at = start;
  rings.forEach((ring, index) => {
    if (index) holes.push(flat.length / 2);
    for (const number of ring) flat.push(number);
    for (const number of bands[index].first) place.push(at + number);
    at += bands[index].pairs.length / PAIR + 1;
  });
  return Uint32Array.from(earcut(flat, holes), (vertex) => place[vertex]);
}
