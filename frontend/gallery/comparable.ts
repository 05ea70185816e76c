/** Whether images can be compared, and how: some side by side, one with the other times of its well. */
import type { Rows } from "./rows";

export type Comparison = "side" | "series";

/** Images side by side (Python: `widgets/compare_subject.py`). */
const [LEAST, MOST] = [2, 4];

export function comparisonOf(rows: Rows, ids: ReadonlySet<number>): Comparison | null {
  if (ids.size >= LEAST && ids.size <= MOST) return "side";
  const row = ids.size === 1 ? rows.place([...ids][0]) : undefined;
  return row !== undefined && hasSeries(rows, row) ? "series" : null;
}

function hasSeries(rows: Rows, row: number): boolean {
  const [wells, plates] = [rows.words("well"), rows.words("plate")];
  if (wells.at(row) === "" || !Number.isFinite(rows.time(row))) return false;
  const [well, plate, time] = [wells.codes[row], plates.codes[row], rows.time(row)];
  for (let other = 0; other < rows.length; other++) {
    if (wells.codes[other] !== well || plates.codes[other] !== plate) continue;
    if (Number.isFinite(rows.time(other)) && rows.time(other) !== time) return true;
  }
  return false;
}
