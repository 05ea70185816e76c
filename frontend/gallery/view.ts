/** What the gallery is asked to show, and how: the trait `view`, and what a saved view keeps (Python: `widgets/gallery_view.py`). */
import { CODED, type CodedName, GROUPS, type GroupName } from "./coded";
import type { PlateView } from "./plate/plate";
import { SUBJECTS } from "./plate/scheme";
import { FORMATS } from "./plate/wells";

/** Numbers that can be brushed. */
export const RANGED = ["area_um2", "area_px2", "least_confidence", "time_h", "n_objects"] as const;
export type RangedName = (typeof RANGED)[number];
/** What rows can be sorted by; without any they stand as they were added. */
export const SORTED = [
  "name", "state", "plate", "well", "time_h", "condition", "tags", "flags", "n_objects", "area_um2", "area_px2",
  "least_confidence", "model", "edited", "touches_border",
] as const; // prettier-ignore
export type SortedName = (typeof SORTED)[number];

/** From, to, both included; null is open. */
export type Range = readonly [number | null, number | null];

/** Whether a column is one of numbers that can be brushed. */
export function isRanged(name: string): name is RangedName {
  return (RANGED as readonly string[]).includes(name);
}

export interface Ask {
  /** Words that must all occur in name, plate, well, time, condition or tags. */
  text: string;
  /** By column, the values of which a row must have one. */
  facets: Readonly<Partial<Record<CodedName, readonly string[]>>>;
  /** By column, between what a row's number must lie; a row without a number is left out. */
  ranges: Readonly<Partial<Record<RangedName, Range>>>;
  /** What the kernel evaluates (`gallery.query`); "" is nothing. */
  expression: string;
}

export interface Sort {
  by: SortedName;
  descending: boolean;
}

export interface View extends Ask {
  sort: Sort | null;
  group: GroupName | null;
  /** Name of the mode: grid, list, ... */
  mode: string;
  /** How plate mode shows the wells; null as it comes. */
  plate: PlateView | null;
}

export const GRID = "grid";
export const PLATE = "plate";
export const EVERYTHING: View = { text: "", facets: {}, ranges: {}, expression: "", sort: null, group: null, mode: GRID, plate: null };

/** Reads what the kernel or a saved view holds; what it does not know is left out, so an older page shows a newer view as far as it can. */
export function readView(value: unknown): View {
  const given = objectOf(value);
  const sort = objectOf(given.sort);
  return {
    text: String(given.text ?? ""),
    facets: pick(given.facets, CODED, (values) => (Array.isArray(values) && values.length > 0 ? values.map(String) : null)),
    ranges: pick(given.ranges, RANGED, rangeOf),
    expression: String(given.expression ?? ""),
    sort: isOf(SORTED, sort.by) ? { by: sort.by, descending: sort.descending === true } : null,
    group: isOf(GROUPS, given.group) ? given.group : null,
    mode: String(given.mode ?? GRID),
    plate: plateOf(given.plate),
  };
}

/** What is sent and kept: only what differs from showing everything. */
export function writeView(view: View): Record<string, unknown> {
  const kept = Object.entries(view).filter(([name, value]) => {
    if (value === null || value === "" || (name === "mode" && value === GRID)) return false;
    return !((name === "facets" || name === "ranges") && Object.keys(value as object).length === 0);
  });
  return Object.fromEntries(kept);
}

/** Whether two ask for the same, the order of ticked values apart. */
export function sameView(a: View, b: View): boolean {
  return fingerprint(a) === fingerprint(b);
}

/** How many things are asked for besides text and state, which are always in sight. */
export function countAsked(ask: Ask): number {
  const facets = Object.keys(ask.facets).filter((name) => name !== "state");
  return facets.length + Object.keys(ask.ranges).length + Number(ask.expression !== "");
}

/** The ask without or with another value of a facet. */
export function withFacet<A extends Ask>(ask: A, name: CodedName, values: readonly string[]): A {
  return { ...ask, facets: changed(ask.facets, name, values.length > 0 ? values : null) };
}

export function withRange<A extends Ask>(ask: A, name: RangedName, range: Range | null): A {
  const open = range === null || (range[0] === null && range[1] === null);
  return { ...ask, ranges: changed(ask.ranges, name, open ? null : range) };
}

function changed<T>(all: Readonly<Record<string, T>>, name: string, value: T | null): Record<string, T> {
  const { [name]: _, ...others } = all;
  return value === null ? others : { ...others, [name]: value };
}

function fingerprint(view: View): string {
  const sorted = (all: object) => Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1));
  const facets = sorted(view.facets).map(([name, values]) => [name, [...(values as string[])].sort()]);
  return JSON.stringify([
    view.text.trim(), facets, sorted(view.ranges), view.expression, view.sort && [view.sort.by, view.sort.descending], view.group, view.mode,
    view.plate && plateParts(view.plate),
  ]); // prettier-ignore
}

/** Whether two show a plate in the same way. */
export function samePlate(a: PlateView, b: PlateView): boolean {
  return plateParts(a).join("\0") === plateParts(b).join("\0");
}

function plateParts({ plate, time, colour, wells }: PlateView): unknown[] {
  return [plate, time, colour, wells];
}

function plateOf(value: unknown): PlateView | null {
  const { plate, time, colour, wells } = objectOf(value);
  if (typeof plate !== "string") return null;
  const known = FORMATS.map(({ rows, columns }) => rows * columns);
  return {
    plate,
    time: typeof time === "number" && Number.isFinite(time) ? time : null,
    colour: isOf(SUBJECTS, colour) ? colour : SUBJECTS[0],
    wells: known.find((count) => count === wells) ?? null,
  };
}

function isOf<const T extends readonly string[]>(names: T, value: unknown): value is T[number] {
  return (names as readonly unknown[]).includes(value);
}

function objectOf(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function pick<N extends string, V>(value: unknown, names: readonly N[], read: (value: unknown) => V | null): Partial<Record<N, V>> {
  const given = objectOf(value);
  const known = names.map((name) => [name, read(given[name])] as const);
  return Object.fromEntries(known.filter(([, one]) => one !== null)) as Partial<Record<N, V>>;
}

function rangeOf(value: unknown): Range | null {
  if (!Array.isArray(value) || value.length !== 2) return null;
  const [from, to] = value.map((end) => (typeof end === "number" && Number.isFinite(end) ? end : null));
  return from === null && to === null ? null : [from, to];
}
