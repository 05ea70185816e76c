/** What a browser kept, parted by what becomes of it when an image is opened. */

import type { DocumentInfo } from "./document";
import type { Kept } from "./journal";

/** Milliseconds for which changes of another image may be on their way from another page. */
const LONG = 10_000;

export interface Parted {
  /** Made on what is shown: sent again. */
  ours: Kept[];
  /** Made on another revision: offered. */
  old: Kept[];
  /** Of images that are not open, and how many of each: said. */
  elsewhere: { place: Kept; n: number }[];
}

export function parted(all: readonly Kept[], { image, base_revision, continued, drafts }: DocumentInfo, isKnown: (kept: Kept) => boolean): Parted {
  const here = [base_revision, ...continued];
  // A draft that was left open may hold some of them: first it is decided upon.
  const undecided = drafts.some(({ kind }) => kind !== "other");
  const fresh = all.filter((one) => !isKnown(one));
  const own = fresh.filter((one) => one.image === image.id);
  const others = fresh.filter((one) => one.image !== image.id && one.at < Date.now() - LONG);
  return {
    ours: undecided ? [] : own.filter(({ base }) => here.includes(base)),
    old: own.filter(({ base }) => !here.includes(base)),
    elsewhere: [...new Map(others.map((one) => [one.image, one])).values()].map((place) => (
      { place, n: others.filter((one) => one.image === place.image).length }
    )),
  };
}
