/**
 * The outlines of the open image. What came from the kernel stays one flat array (views are made on demand);
 * an edited outline lies beside it. A slot keeps its number for as long as the document is open, dead or alive, so
 * that buffers on the GPU and the spatial index can be kept by slot.
 */

import Flatbush from "flatbush";

import type { OutlineSet } from "../shared/outlines";
import { bounds, contains, nearestEdge, type Box, type Rings } from "./geometry";

export const FLAG = { border: 1, lowConfidence: 2, edited: 4, primary: 8 } as const;

/** Columns of a document, one entry an outline. */
export interface Columns {
  ids: string[];
  /** Index into `classes` of the document. */
  classIndex: Uint8Array;
  confidence: Float32Array;
  flags: Uint8Array;
  /** By id, of those that have any. */
  parents: Readonly<Record<string, readonly string[]>>;
}

export interface Attributes {
  classIndex: number;
  confidence: number;
  flags: number;
  /** Outlines it was made from by merging or slicing. */
  parents: readonly string[];
}

/** What a person set aside: locked outlines are not changed, hidden ones not drawn and not found. */
export type Aside = "locked" | "hidden";

const REBUILD_AFTER = 256;

export class OutlineStore {
  #set: OutlineSet | null = null;
  #ids: string[] = [];
  #slots = new Map<string, number>();
  #attributes: Attributes[] = [];
  /** Geometry that is not that of the document any more; null is deleted. */
  #edited = new Map<number, Rings | null>();
  #index: Flatbush | null = null;
  /** Boxes that the index does not know; null where the outline is gone. */
  #loose = new Map<number, Box | null>();
  /** By id, so that it holds for images that are opened again. */
  #aside: Record<Aside, Set<string>> = { locked: new Set(), hidden: new Set() };
  #listeners = new Set<(slots: readonly number[] | "all") => void>();
  #asideListeners = new Set<(kind: Aside) => void>();
  #alive = 0;

  /** Slots there are, dead ones counted. */
  get length(): number {
    return this.#ids.length;
  }

  /** Outlines there are. */
  get count(): number {
    return this.#alive;
  }

  onChange(listener: (slots: readonly number[] | "all") => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  load(set: OutlineSet, columns: Columns): void {
    this.#set = set;
    this.#ids = [...columns.ids];
    this.#slots = new Map(this.#ids.map((id, slot) => [id, slot]));
    this.#attributes = this.#ids.map((_, slot) => ({
      classIndex: columns.classIndex[slot] ?? 0,
      confidence: columns.confidence[slot] ?? NaN,
      flags: columns.flags[slot] ?? 0,
      parents: columns.parents[this.#ids[slot]] ?? [],
    }));
    this.#edited.clear();
    this.#alive = this.#ids.length;
    this.#rebuild();
    this.#tell("all");
  }

  id(slot: number): string {
    return this.#ids[slot];
  }

  slot(id: string): number | undefined {
    return this.#slots.get(id);
  }

  alive(slot: number): boolean {
    return slot < this.#ids.length && this.#edited.get(slot) !== null;
  }

  attributes(slot: number): Attributes {
    return this.#attributes[slot];
  }

  /** Rings of an outline; empty for a dead slot. */
  rings(slot: number): Rings {
    const edited = this.#edited.get(slot);
    if (edited !== undefined) return edited ?? [];
    return this.#set?.rings(slot) ?? [];
  }

  /** Add, change or bring back an outline; returns its slot. */
  put(id: string, rings: Rings, attributes: Attributes): number {
    let slot = this.#slots.get(id);
    if (slot === undefined) {
      slot = this.#ids.length;
      this.#ids.push(id);
      this.#slots.set(id, slot);
      this.#attributes.push(attributes);
      this.#alive++;
    } else {
      if (!this.alive(slot)) this.#alive++;
      this.#attributes[slot] = attributes;
    }
    this.#edited.set(slot, rings);
    this.#loosen(slot);
    this.#tell([slot]);
    return slot;
  }

  remove(id: string): void {
    const slot = this.#slots.get(id);
    if (slot === undefined || !this.alive(slot)) return;
    this.#edited.set(slot, null);
    this.#alive--;
    this.#loosen(slot);
    this.#tell([slot]);
  }

  isAside(kind: Aside, id: string): boolean {
    return this.#aside[kind].has(id);
  }

  /** Every outline that was set aside, of this image or another. */
  aside(kind: Aside): ReadonlySet<string> {
    return this.#aside[kind];
  }

  setAside(kind: Aside, ids: Iterable<string>, on: boolean): void {
    const set = this.#aside[kind];
    const turned = [...ids].filter((id) => set.has(id) !== on);
    if (!turned.length) return;
    for (const id of turned) {
      if (on) set.add(id);
      else set.delete(id);
    }
    for (const listener of this.#asideListeners) listener(kind);
    this.#tell(turned.map((id) => this.#slots.get(id)).filter((slot) => slot !== undefined));
  }

  onAside(listener: (kind: Aside) => void): void {
    this.#asideListeners.add(listener);
  }

  /** Slots whose box meets this one, but for hidden ones. */
  query(box: Box): number[] {
    const { hidden } = this.#aside;
    const seen = (slot: number) => !hidden.size || !hidden.has(this.#ids[slot]);
    const found = this.#index ? this.#index.search(...box, (slot) => !this.#loose.has(slot) && seen(slot)) : [];
    for (const [slot, own] of this.#loose) {
      const meets = own && own[0] <= box[2] && own[2] >= box[0] && own[1] <= box[3] && own[3] >= box[1];
      if (meets && seen(slot)) found.push(slot);
    }
    return found;
  }

  /** The outline under a point: the smallest that contains it, else one whose line lies within `reach`. */
  hit(x: number, y: number, reach: number): number | null {
    let best: number | null = null;
    let least = Infinity;
    let near: number | null = null;
    let nearest = reach;
    for (const slot of this.query([x - reach, y - reach, x + reach, y + reach])) {
      const rings = this.rings(slot);
      if (contains(rings, x, y)) {
        const box = bounds(rings);
        const size = (box[2] - box[0]) * (box[3] - box[1]);
        if (size < least) [best, least] = [slot, size];
      } else {
        const place = nearestEdge(rings, x, y, nearest);
        if (place) [near, nearest] = [slot, place.distance];
      }
    }
    return best ?? near;
  }

  *slots(): Generator<number> {
    for (let slot = 0; slot < this.#ids.length; slot++) if (this.alive(slot)) yield slot;
  }

  /** How many of the outlines that are there are hidden. */
  get hiddenCount(): number {
    return this.#aside.hidden.size ? this.#alive - this.seen().length : 0;
  }

  /** Ids of the outlines that are there and not hidden. */
  seen(): string[] {
    return [...this.slots()].map((slot) => this.#ids[slot]).filter((id) => !this.#aside.hidden.has(id));
  }

  #loosen(slot: number): void {
    this.#loose.set(slot, this.alive(slot) ? bounds(this.rings(slot)) : null);
    if (this.#loose.size > REBUILD_AFTER) this.#rebuild();
  }

  #rebuild(): void {
    this.#loose.clear();
    this.#index = null;
    if (!this.#ids.length) return;
    // Flatbush numbers its boxes as they are added: a dead slot gets a box that nothing meets.
    this.#index = new Flatbush(this.#ids.length);
    for (let slot = 0; slot < this.#ids.length; slot++) {
      const rings = this.rings(slot);
      this.#index.add(...(rings.length ? bounds(rings) : ([1e9, 1e9, 1e9, 1e9] as Box)));
    }
    this.#index.finish();
  }

  #tell(slots: readonly number[] | "all"): void {
    for (const listener of this.#listeners) listener(slots);
  }
}
