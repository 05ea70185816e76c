/** What the kernel tells of the compared images (Python: `widgets/compare_document.py`), and the words for it. */
import { count, three, timeText } from "../shared/numbers";
import { type ImageState, type Judged, stateOf } from "../shared/states";
import type { Translate } from "../shared/strings";

/** An image that is compared. Words are "" where nothing is known. */
export interface Seen extends Judged {
  id: number;
  name: string;
  plate: string;
  well: string;
  reason: string;
  width: number;
  height: number;
  time_h: number | null;
  pixel_size_um: number | null;
  /** Number of objects, -1 without a result. */
  objects: number;
  /** Of the spheroid, µm² where the pixel size is known, else px²; null where it was not measured. */
  area: number | null;
}

/** An image that was compared and is no longer in the project. */
export interface Gone {
  id: number;
  name: string;
  reason: string;
}

export interface Revision {
  id: number;
  source: "model" | "edit" | "import";
  model: string;
  version: string;
  run: number | null;
  author: string;
  /** ISO, UTC. */
  created_at: string;
  objects: number;
  /** Of all objects, in the unit of the image's area. */
  area: number;
  /** Whether it is the one that holds. */
  holds: boolean;
}

export interface Told {
  title: string;
  images: Seen[];
  gone: Gone[];
  revisions: Revision[];
  /** Another number where the files may be others now. */
  pixels: number;
}

export function stateWords(image: Seen, t: Translate): [ImageState, string] {
  const state = stateOf(image);
  return [state, t(`gallery.state.${state}`)];
}

export function areaText(area: number, calibrated: boolean): string {
  return `${three(area)} ${calibrated ? "µm²" : "px²"}`;
}

export function hours(image: Seen): string {
  return image.time_h === null ? "" : timeText(image.time_h);
}

/** `B07 · 48 h · 41 300 µm² · Measured`: what is known of an image, beside its name. */
export function facts(image: Seen, t: Translate): string {
  const area = image.area === null ? "" : areaText(image.area, image.pixel_size_um !== null);
  return [image.well, hours(image), area, stateWords(image, t)[1]].filter(Boolean).join(" · ");
}

/** `resunet-spheroid 7, run 3`: who made a revision. */
export function revisionName(revision: Revision, t: Translate): string {
  const when = new Date(revision.created_at).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
  const { model, version, author } = revision;
  const name = t(`compare.by_${revision.source}`, { model, version, author, when, run: revision.run ?? "" });
  return revision.holds ? t("compare.holds", { name }) : name;
}

export function revisionFacts(revision: Revision, calibrated: boolean, t: Translate): string {
  return t("compare.objects", { n: revision.objects, count: count(revision.objects), area: areaText(revision.area, calibrated) });
}
