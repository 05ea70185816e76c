/** Changes of outlines as tools make them: what is before is read from the store. */

import { area, type Rings } from "./geometry";
import type { Change } from "./history";
import { intersection } from "./outlines/booleans";
import type { Attributes, OutlineStore } from "./store";
import { uuid7 } from "./uuid";

export function changed(store: OutlineStore, id: string, after: Rings, over: Partial<Attributes> = {}): Change {
  const slot = store.slot(id)!;
  const was = store.attributes(slot);
  return { id, before: store.rings(slot), after, was, attributes: { ...was, ...over } };
}

export function added(rings: Rings, classIndex: number, parents: readonly string[] = []): Change {
  const attributes = { classIndex, confidence: NaN, flags: 0, parents };
  return { id: uuid7(), before: null, after: rings, was: attributes, attributes };
}

export function removed(store: OutlineStore, id: string): Change {
  const slot = store.slot(id)!;
  const was = store.attributes(slot);
  return { id, before: store.rings(slot), after: null, was, attributes: was };
}

/** A change of area below this, in square pixels, is none. */
const NOTHING = 1e-3;

/** Whether an operation left an outline as it was. */
export function isSame(rings: Rings, parts: readonly Rings[]): boolean {
  return parts.length === 1 && Math.abs(area(parts[0]) - area(rings)) < NOTHING;
}

/** An outline that falls into these parts: the largest keeps its id, the others name it as where they come from. */
export function divided(store: OutlineStore, id: string, parts: readonly Rings[]): Change[] {
  if (!parts.length) return [removed(store, id)];
  const slot = store.slot(id)!;
  const { classIndex } = store.attributes(slot);
  const sizes = parts.map(area);
  const heir = sizes.indexOf(Math.max(...sizes));
  return [
    changed(store, id, parts[heir]),
    ...parts.filter((_, i) => i !== heir).map((part) => added(part, classIndex, [id])),
  ];
}

/** Which of the parts, which others went into as well, holds most of an outline. */
export function heirOf(rings: Rings, parts: readonly Rings[]): number {
  const shares = parts.map((part) => intersection([rings, part]).reduce((sum, one) => sum + area(one), 0));
  return shares.indexOf(Math.max(...shares));
}
