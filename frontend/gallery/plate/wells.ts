/** Wells of multi-well plates: their names, their places, the standard plates. */

export interface Format {
  readonly rows: number;
  readonly columns: number;
}

/** The standard plates of 6 to 1,536 wells. */
export const FORMATS: readonly Format[] = [
  { rows: 2, columns: 3 },
  { rows: 3, columns: 4 },
  { rows: 4, columns: 6 },
  { rows: 6, columns: 8 },
  { rows: 8, columns: 12 },
  { rows: 16, columns: 24 },
  { rows: 32, columns: 48 },
];
const LARGEST = FORMATS[FORMATS.length - 1];

/** Standard plates that have this many rows and columns at least. */
export function formatsWith(rows: number, columns: number): Format[] {
  return FORMATS.filter((format) => format.rows >= rows && format.columns >= columns);
}

/** 0 -> A, 25 -> Z, 26 -> AA. */
export function rowName(row: number): string {
  const letter = String.fromCharCode(65 + (row % 26));
  return row < 26 ? letter : rowName(Math.floor(row / 26) - 1) + letter;
}

export function columnName(column: number): string {
  return String(column + 1);
}

/** Row 1, column 6 -> B07, as the kernel writes it. */
export function wellName(row: number, column: number): string {
  return rowName(row) + columnName(column).padStart(2, "0");
}

/** Row and column of a well's name, from 0; null where it names none of the largest plate. */
export function wellAt(name: string): [row: number, column: number] | null {
  const parts = /^([A-Z]{1,2})(\d{1,2})$/i.exec(name);
  if (!parts) return null;
  const row = [...parts[1].toUpperCase()].reduce((sum, letter) => sum * 26 + letter.charCodeAt(0) - 64, 0) - 1;
  const column = Number(parts[2]) - 1;
  return row < LARGEST.rows && column >= 0 && column < LARGEST.columns ? [row, column] : null;
}

/** Rows and columns of a column of well names (codes into `names`); -1 where it names none. */
export function placesOf(codes: ArrayLike<number>, names: readonly string[]): { row: Int16Array; column: Int16Array } {
  const known = names.map(wellAt);
  const row = Int16Array.from(codes, (code) => known[code]?.[0] ?? -1);
  const column = Int16Array.from(codes, (code) => known[code]?.[1] ?? -1);
  return { row, column };
}
