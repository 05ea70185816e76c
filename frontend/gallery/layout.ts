/** Where the cards of the grid lie, and which of them are seen. */

export const GAP = 8;
/** Height of a card below its picture, px: name and badge. */
export const CAPTION = 48;
/** Around all cards, px: room for the ring of the card in focus. */
export const PAD = 3;
/** Rows kept beyond each edge of what is seen. */
export const OVERSCAN = 2;

export interface Layout {
  columns: number;
  rows: number;
  cell: number;
  picture: number;
  row: number;
  height: number;
}

/**
 * @param count   cards
 * @param width   of the grid, px
 * @param size    wished width of a card, px; the cards stretch to fill the grid
 * @param aspect  height over width of a picture
 */
export function layout(count: number, width: number, size: number, aspect: number): Layout {
  const columns = Math.max(1, Math.floor((width + GAP) / (size + GAP)));
  const cell = Math.max(1, Math.floor((width - GAP * (columns - 1)) / columns));
  const picture = Math.round(cell * aspect);
  const row = picture + CAPTION + GAP;
  const rows = Math.ceil(count / columns);
  return { columns, rows, cell, picture, row, height: Math.max(0, rows * row - GAP) };
}

/** First and last (exclusive) row to keep in the document. */
export function visible(grid: Layout, top: number, viewport: number, overscan = OVERSCAN): [number, number] {
  const first = Math.floor(top / grid.row) - overscan;
  const last = Math.ceil((top + viewport) / grid.row) + overscan;
  const clamp = (row: number) => Math.min(grid.rows, Math.max(0, row));
  return [clamp(first), clamp(last)];
}

/** Where to scroll so that a card is seen whole; the present place if it is. */
export function reveal(grid: Layout, position: number, top: number, viewport: number): number {
  const start = Math.floor(position / grid.columns) * grid.row;
  const end = start + grid.row - GAP;
  if (start < top) return start;
  return end + 2 * PAD > top + viewport ? end + 2 * PAD - viewport : top;
}
