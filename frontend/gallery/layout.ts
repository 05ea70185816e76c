/** Where cards and group headers lie, and which of them are seen. */
import type { Section } from "./groups";

export const GAP = 8;
/** Height of a card below its picture, px: name and badge. */
export const CAPTION = 48;
/** Around all cards, px: room for the ring of the card in focus. */
export const PAD = 3;
/** Height of a group's header, px. */
export const HEADER = 32;
/** Lines kept beyond each edge of what is seen. */
export const OVERSCAN = 2;
/** Most cards in the document, so that with the filters beside them it has less than 4,000 nodes. */
export const MOST_CARDS = 210;

/** What all lines have in common. */
export interface Shape {
  columns: number;
  /** Width of a card and height of its picture, px. */
  cell: number;
  picture: number;
  /** From a line to the next, and the part of it that is free, px. */
  row: number;
  gap: number;
}

export interface Placed extends Section {
  /** Where its header (or, without one, its first line) begins, px; and how high all of it is. */
  top: number;
  height: number;
  /** Number of its first line, and of its lines. */
  line: number;
  lines: number;
  /** Which section it is. */
  place: number;
}

export interface Layout extends Shape {
  sections: readonly Placed[];
  lines: number;
  height: number;
}

export type Move = "left" | "right" | "up" | "down" | "first" | "last" | "pageUp" | "pageDown";

/**
 * @param width    of the grid, px
 * @param viewport height of what is seen, px
 * @param size     wished width of a card, px; the cards stretch to fill the grid
 * @param aspect   height over width of a picture
 */
export function cardShape(width: number, viewport: number, size: number, aspect: number): Shape {
  let columns = Math.max(1, Math.floor((width + GAP) / (size + GAP)));
  for (; ; columns--) {
    const cell = Math.max(1, Math.floor((width - GAP * (columns - 1)) / columns));
    const picture = Math.round(cell * aspect);
    const row = picture + CAPTION + GAP;
    const lines = Math.ceil(viewport / row) + 1 + 2 * OVERSCAN;
    if (columns === 1 || lines * columns <= MOST_CARDS) return { columns, cell, picture, row, gap: GAP };
  }
}

/** Puts sections below each other. */
export function place(sections: readonly Section[], shape: Shape): Layout {
  let [top, line] = [0, 0];
  const placed = sections.map((section, place) => {
    const lines = Math.ceil(section.count / shape.columns);
    const height = lines * shape.row + headerOf(section);
    const here = { ...section, top, height, line, lines, place };
    top += height;
    line += lines;
    return here;
  });
  return { ...shape, sections: placed, lines: line, height: Math.max(0, top - shape.gap) };
}

/** First and last (exclusive) line to keep in the document. */
export function visible(layout: Layout, top: number, viewport: number, overscan = OVERSCAN): [number, number] {
  const { lines } = layout;
  if (lines === 0) return [0, 0];
  const first = lineAt(layout, top);
  const last = lineAt(layout, top + viewport) + 1;
  return [Math.max(0, first - overscan), Math.min(lines, last + overscan)];
}

/** Sections of which something is seen. */
export function sectionsIn(layout: Layout, top: number, viewport: number): Placed[] {
  const first = Math.max(0, lastWhere(layout.sections, (section) => section.top <= top));
  const last = lastWhere(layout.sections, (section) => section.top < top + viewport);
  return layout.sections.slice(first, last + 1);
}

/** Where a line begins, px, and the positions of its cards. */
export function lineOf(layout: Layout, line: number): { top: number; first: number; count: number; section: Placed } {
  const section = layout.sections[lastWhere(layout.sections, (one) => one.line <= line)];
  const within = line - section.line;
  const start = within * layout.columns;
  return {
    top: section.top + headerOf(section) + within * layout.row,
    first: section.first + start,
    count: Math.min(layout.columns, section.count - start),
    section,
  };
}

/** The line of a position. */
export function lineWith(layout: Layout, position: number): number {
  const section = layout.sections[Math.max(0, lastWhere(layout.sections, (one) => one.first <= position))];
  return section === undefined ? 0 : section.line + Math.floor((position - section.first) / layout.columns);
}

/** Where to scroll so that a card is seen whole, below what sticks to the top; the present place if it is. */
export function reveal(layout: Layout, position: number, top: number, viewport: number, stuck = 0): number {
  if (layout.lines === 0) return top;
  const { top: start, section } = lineOf(layout, lineWith(layout, position));
  const end = start + layout.row - layout.gap + stuck;
  const cover = headerOf(section);
  if (start - cover < top) return start - cover;
  return end + 2 * PAD > top + viewport ? end + 2 * PAD - viewport : top;
}

/** Where a key leads: up and down stay in their column as far as the lines reach; never out of the grid. */
export function step(layout: Layout, move: Move, from: number, viewport: number): number {
  const last = layout.sections.reduce((sum, { count }) => sum + count, 0) - 1;
  const by = Math.max(1, Math.floor(viewport / layout.row));
  switch (move) {
    case "first": return 0;
    case "last": return last;
    case "left": return Math.max(0, from - 1);
    case "right": return Math.min(last, from + 1);
    case "up": return lineStep(layout, from, -1);
    case "down": return lineStep(layout, from, 1);
    case "pageUp": return lineStep(layout, from, -by, true);
    case "pageDown": return lineStep(layout, from, by, true);
  } // prettier-ignore
}

function lineStep(layout: Layout, from: number, by: number, toEnd = false): number {
  const line = lineWith(layout, from);
  const wished = line + by;
  if (wished < 0 && toEnd) return 0;
  if (wished >= layout.lines && toEnd) return step(layout, "last", from, 0);
  if (wished < 0 || wished >= layout.lines) return from;
  const column = from - lineOf(layout, line).first;
  const { first, count } = lineOf(layout, wished);
  return first + Math.min(column, count - 1);
}

export function headerOf({ key }: Section): number {
  return key === null ? 0 : HEADER;
}

/** How many headers there are in all, and down to that of a section. */
export function headers({ sections }: Layout): number {
  return sections.length > 0 && sections[0].key !== null ? sections.length : 0;
}

export function headersBefore(layout: Layout, section: Placed): number {
  return headers(layout) > 0 ? section.place + 1 : 0;
}

function lineAt(layout: Layout, y: number): number {
  const section = layout.sections[Math.max(0, lastWhere(layout.sections, (one) => one.top <= y))];
  const within = Math.floor((y - section.top - headerOf(section)) / layout.row);
  return section.line + Math.min(section.lines - 1, Math.max(0, within));
}

/** The last place for which it holds, where it holds for the first ones and then no more; -1 if for none. */
function lastWhere<T>(all: readonly T[], holds: (one: T) => boolean): number {
  let [low, high] = [0, all.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(all[middle])) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
