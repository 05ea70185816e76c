/**
 * Outlines on the GPU, reduced so far as nobody sees at the scale they are drawn at. What comes into view is uploaded
 * then; an outline that changes is uploaded again, alone.
 */

import earcut from "earcut";

import type { Rings } from "../geometry";
import { reduced } from "../outlines/simplifying";
import { FLAG, type OutlineStore } from "../store";
import { Arena } from "./arena";
import { type Band, bandOf, PAIR, pairsOf } from "./band";
import { fanCentre, fanIndices } from "./fan";
import { Mesh } from "./mesh";
import { META, packAcross } from "./shaders";
import { type Spot, SPOT, spotOf, writeSpot } from "./spot";
import { VertexTexture } from "./storage";

/** Indices of triangles a vertex: an outline without holes has less than three. */
const INDICES = 4;
/** Milliseconds a frame may spend on preparing fills: another frame for what is left costs more. */
const FILL_BUDGET = 30;
/** The same on reducing outlines for a level that it comes to, where a neighbouring one can be drawn meanwhile. */
const SHAPE_BUDGET = 30;
/** Device pixels that a reduced outline may lie beside the whole one. */
const UNSEEN = 0.4;
/** Image pixels of the finest reduction, and how much coarser each further one is. */
const FINEST = 0.125, COARSER = 2;
/** From such a reduction on many outlines at once are small, and are drawn as spots or fans where they can be. */
const COARSE = 0.5;
/** Device pixels of a point that spots may need, where they stand for those of a finer level. */
const POINT = 100;

/** By how many image pixels outlines may be reduced where an image pixel takes so many device pixels; 0 is not at all. */
export function toleranceAt(scale: number): number {
  const steps = Math.floor(Math.log(UNSEEN / scale / FINEST) / Math.log(COARSER));
  return steps < 0 ? 0 : FINEST * COARSER ** steps;
}

/** Whether what is reduced by the one can stand for the other for some frames. */
function areNear(one: number, other: number): boolean {
  const steps = Math.log(Math.max(one, FINEST / COARSER) / Math.max(other, FINEST / COARSER)) / Math.log(COARSER);
  return Math.abs(steps) < 2.5;
}

/** An outline as it is drawn. */
interface Shape {
  rings: Rings;
  /** Of each ring. */
  bands: Band[];
  /** Of the fan, where it can be drawn as one. */
  centre: readonly [number, number] | null;
  /** Where it can be drawn as one. */
  spot: Spot | null;
}

export class Level {
  readonly texture: VertexTexture;
  readonly vertices: Arena;
  readonly fills: Mesh;
  /** Line and fill in one, of outlines that are small and simple enough. */
  readonly fans: Mesh;
  /** The same, of still smaller ones. */
  readonly spots: Arena;
  readonly spotTexture: VertexTexture;
  readonly #meshes: readonly Mesh[];
  /** Whether the device draws points that are large enough. */
  readonly #spotted: boolean;
  /** Slots whose vertices are as the store has them. */
  #uploaded = new Set<number>();
  /** Outlines whose fills are not made; null where one is drawn in one with its line, and may never need it: its shape is made again. */
  #waiting = new Map<number, Shape | null>();
  /** Of outlines that are reduced and not uploaded yet. */
  #shapes = new Map<number, Shape>();

  constructor(gl: WebGL2RenderingContext, private readonly tolerance: number) {
    this.texture = new VertexTexture(gl);
    this.vertices = new Arena(this.texture);
    this.fills = new Mesh(gl);
    this.fans = new Mesh(gl);
    this.spotTexture = new VertexTexture(gl);
    this.spots = new Arena(this.spotTexture);
    this.#spotted = ((gl.getParameter(gl.ALIASED_POINT_SIZE_RANGE) as Float32Array | null)?.[1] ?? 0) >= POINT; // null of a lost context
    this.#meshes = this.#coarse ? [this.fills, this.fans] : [this.fills];
  }

  change(slots: readonly number[] | "all"): void {
    if (slots === "all") {
      this.#shapes.clear();
      return this.#begin(0, 0);
    }
    for (const slot of slots) {
      for (const arena of [this.vertices, this.spots, ...this.#meshes.map(({ triangles }) => triangles)]) arena.remove(slot);
      for (const known of [this.#uploaded, this.#waiting, this.#shapes]) known.delete(slot);
    }
  }

  /**
   * Reduce what this level lacks of these, as far as the budget allows; false where that is not far enough, and `other`, near
   * it and lacking little of them, is better drawn in its place.
   */
  prepare(store: OutlineStore, slots: readonly number[], other: Level | null): boolean {
    const missing = this.#missing(slots).filter((slot) => !this.#shapes.has(slot));
    if (!other || !areNear(this.tolerance, other.tolerance) || other.#missing(slots).length > missing.length / 4) return true;
    const end = performance.now() + SHAPE_BUDGET;
    return missing.every((slot) => {
      if (performance.now() > end) return false;
      this.#shapes.set(slot, this.#shape(store.rings(slot)));
      return true;
    });
  }

  /** Bring outlines that are in view to the GPU. */
  upload(store: OutlineStore, slots: readonly number[]): void {
    const missing = this.#missing(slots);
    if (missing.length && !this.#put(store, missing)) this.#put(store, slots, true);
  }

  /** False where there is no room; `anew` forgets what is not among them, and makes room for as much again. */
  #put(store: OutlineStore, slots: readonly number[], anew = false): boolean {
    const missing = [...slots].sort((a, b) => a - b);
    const shapes = missing.map((slot) => {
      const shape = this.#shapes.get(slot) ?? this.#shape(store.rings(slot));
      this.#shapes.set(slot, shape);
      return shape;
    });
    const sizes = shapes.map(items);
    const total = sizes.reduce((sum, size) => sum + size, 0);
    const spots = shapes.map(({ spot }) => (spot ? SPOT : 0)), least = SPOT * missing.length;
    if (anew) this.#begin(2 * total, this.#coarse ? 2 * least : 0);
    else if (
      !this.vertices.fits(total) || !this.#meshes.every(({ triangles }) => triangles.fits(INDICES * total)) ||
      (this.#coarse && !this.spots.fits(least))
    ) return false;
    this.vertices.write(missing, sizes, (data, at, i) => writeVertices(data, at, shapes[i], metaOf(store, missing[i])));
    const fans = missing.map((slot, i) => shapes[i].centre && !shapes[i].spot ? fanIndices(this.#start(slot), shapes[i].bands[0]) : []);
    if (this.#coarse) {
      this.fans.write(missing, fans);
      this.spots.write(missing, spots, (data, at, i) => shapes[i].spot && writeSpot(data, at, shapes[i].spot, metaOf(store, missing[i])));
    }
    missing.forEach((slot, i) => {
      this.#uploaded.add(slot);
      this.#shapes.delete(slot);
      this.#waiting.set(slot, shapes[i].centre ? null : shapes[i]);
    });
    return true;
  }

  #begin(vertices: number, spots: number): void {
    this.vertices.reset(vertices);
    this.spots.reset(spots);
    for (const { triangles } of this.#meshes) triangles.reset(INDICES * vertices);
    this.#uploaded.clear();
    this.#waiting.clear();
  }

  /** Whether line and fill of a slot can be drawn in one. */
  isFan(slot: number): boolean {
    return !!this.fans.triangles.range(slot)?.used;
  }

  isSpot(slot: number): boolean {
    return !!this.spots.range(slot)?.used;
  }

  /** Fills of outlines in view, as many as the budget allows; true when some are missing. */
  prepareFills(store: OutlineStore, slots: readonly number[]): boolean {
    if (!this.#waiting.size) return false;
    const end = performance.now() + FILL_BUDGET;
    const done: number[] = [];
    const triangles: number[][] = [];
    for (const slot of slots) {
      const waiting = this.#waiting.get(slot);
      if (waiting === undefined) continue;
      if (performance.now() > end) break;
      this.#waiting.delete(slot);
      done.push(slot);
      const shape = waiting ?? this.#shape(store.rings(slot));
      const start = this.#start(slot), numbers = numbersOf(shape);
      triangles.push(triangulate(shape.rings).map((vertex) => start + numbers[vertex]));
    }
    this.fills.write(done, triangles);
    return slots.some((slot) => this.#waiting.has(slot));
  }

  #missing(slots: readonly number[]): number[] {
    return slots.filter((slot) => !this.#uploaded.has(slot));
  }

  #shape(whole: Rings): Shape {
    const rings = this.tolerance ? whole.map((ring) => reduced(ring, this.tolerance)) : whole;
    const centre = this.#coarse && rings.length === 1 ? fanCentre(rings[0]) : null;
    return { rings, bands: rings.map(bandOf), centre, spot: centre && this.#spotted ? spotOf(rings[0], centre, this.tolerance) : null };
  }

  get #coarse(): boolean {
    return this.tolerance >= COARSE;
  }

  /** The first vertex of a slot that is uploaded. */
  #start(slot: number): number {
    return this.vertices.range(slot)!.start;
  }
}

/** Vertices of an outline in the buffer: the pairs of each ring's band, and a gap after them. */
function items({ bands }: Shape): number {
  return bands.reduce((sum, band) => sum + pairsOf(band) + 1, 0);
}

/** Which of them the vertices of the rings are. */
function numbersOf({ bands }: Shape): number[] {
  let start = 0;
  return bands.flatMap((band) => {
    const numbers = band.first.map((number) => start + number);
    start += pairsOf(band) + 1;
    return numbers;
  });
}

function metaOf(store: OutlineStore, slot: number): number {
  const { classIndex, flags } = store.attributes(slot);
  return (
    (classIndex & 7) | (flags & FLAG.border ? META.border : 0) | (flags & FLAG.lowConfidence ? META.lowConfidence : 0)
  );
}

function writeVertices(data: DataView, first: number, { bands, centre }: Shape, meta: number): void {
  let at = first;
  bands.forEach(({ pairs }, index) => {
    const word = index ? meta | META.hole : meta;
    for (let i = 0; i < pairs.length; i += PAIR, at += 16) {
      for (let k = 0; k < 3; k++) data.setFloat32(at + 4 * k, pairs[i + k], true);
      data.setUint32(at + 12, word | packAcross(pairs[i + 3], pairs[i + 4]), true);
    }
    if (centre) [0, 1].forEach((k) => data.setFloat32(at + 4 * k, centre[k], true));
    data.setUint32(at + 12, META.gap, true);
    at += 16;
  });
}

/** Triangles of rings: by three, numbers of their vertices. */
function triangulate(rings: Rings): number[] {
  const flat: number[] = [];
  const holes: number[] = [];
  for (const ring of rings) {
    if (flat.length) holes.push(flat.length / 2);
    for (const number of ring) flat.push(number);
  }
  return earcut(flat, holes);
}
