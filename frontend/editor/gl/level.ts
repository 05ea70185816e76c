/**
 * Outlines on the GPU, reduced so far as nobody sees at the scale they are drawn at. What comes into view is uploaded
 * then; an outline that changes is uploaded again, alone.
 */

import earcut from "earcut";

import type { Rings } from "../geometry";
import { reduced } from "../outlines/simplifying";
import { FLAG, type OutlineStore } from "../store";
import { Arena } from "./arena";
import { META } from "./shaders";
import { IndexBuffer, VertexTexture } from "./storage";

/** Indices of triangles a vertex: an outline without holes has less than three. */
const INDICES = 4;
/** Milliseconds a frame may spend on preparing fills: another frame for what is left costs more. */
const FILL_BUDGET = 30;
/** Device pixels that a reduced outline may lie beside the whole one. */
const UNSEEN = 0.4;
/** Image pixels of the finest reduction, and how much coarser each further one is. */
const FINEST = 0.125, COARSER = 4;

/** By how many image pixels outlines may be reduced where an image pixel takes so many device pixels; 0 is not at all. */
export function toleranceAt(scale: number): number {
  const steps = Math.floor(Math.log(UNSEEN / scale / FINEST) / Math.log(COARSER));
  return steps < 0 ? 0 : FINEST * COARSER ** steps;
}

export class Level {
  readonly texture: VertexTexture;
  readonly indices: IndexBuffer;
  readonly vertices: Arena;
  readonly triangles: Arena;
  /** Slots whose vertices are as the store has them. */
  #uploaded = new Set<number>();
  /** Rings as they are drawn, until their triangles are made. */
  #waiting = new Map<number, Rings>();

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
    const shapes = missing.map((slot) => this.#reduced(store.rings(slot)));
    const sizes = shapes.map(items);
    const total = sizes.reduce((sum, size) => sum + size, 0);
    if (anew) this.#begin(2 * total);
    else if (!this.vertices.fits(total) || !this.triangles.fits(INDICES * total)) return false;
    this.vertices.write(missing, sizes, (data, at, i) => writeVertices(data, at, shapes[i], metaOf(store, missing[i])));
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
      const rings = this.#waiting.get(slot);
      if (!rings) continue;
      if (performance.now() > end) break;
      this.#waiting.delete(slot);
      done.push(slot);
      triangles.push(triangulate(rings, this.vertices.range(slot)!.start));
    }
    this.triangles.write(done, triangles.map(({ length }) => length), (data, at, i) => {
      triangles[i].forEach((vertex, k) => data.setUint32(at + 4 * k, vertex, true));
    });
    return slots.some((slot) => this.#waiting.has(slot));
  }

  #reduced(rings: Rings): Rings {
    return this.tolerance ? rings.map((ring) => reduced(ring, this.tolerance)) : rings;
  }
}

/** Vertices of an outline in the buffer: each ring's first one stands again at its end. */
function items(rings: Rings): number {
  let sum = 0;
  for (const ring of rings) sum += ring.length / 2 + 1;
  return sum;
}

function metaOf(store: OutlineStore, slot: number): number {
  const { classIndex, flags } = store.attributes(slot);
  return (
    (classIndex & 7) | (flags & FLAG.border ? META.border : 0) | (flags & FLAG.lowConfidence ? META.lowConfidence : 0)
  );
}

function writeVertices(data: DataView, first: number, rings: Rings, meta: number): void {
  let at = first;
  rings.forEach((ring, index) => {
    let length = 0;
    const word = index ? meta | META.hole : meta;
    for (let i = 0; i <= ring.length; i += 2) {
      const j = i % ring.length;
      if (i) length += Math.hypot(ring[j] - ring[i - 2], ring[j + 1] - ring[i - 1]);
      data.setFloat32(at, ring[j], true);
      data.setFloat32(at + 4, ring[j + 1], true);
      data.setFloat32(at + 8, length, true);
      data.setUint32(at + 12, i === ring.length ? word | META.last : word, true);
      at += 16;
    }
  });
}

function triangulate(rings: Rings, start: number): Uint32Array {
  const flat: number[] = [];
  const holes: number[] = [];
  const place: number[] = [];
  let at = start;
  for (const ring of rings) {
    if (flat.length) holes.push(flat.length / 2);
    for (let i = 0; i < ring.length; i += 2) {
      flat.push(ring[i], ring[i + 1]);
      place.push(at++);
    }
    at++; // the first vertex again
  }
  return Uint32Array.from(earcut(flat, holes), (vertex) => place[vertex]);
}
