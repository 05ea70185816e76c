/** The words about one image. */
import { three, timeText } from "../shared/numbers";
import type { Translate } from "../shared/strings";
import type { Rows } from "./rows";

/** `A01 · 48 h`: where and when, as far as it is known. */
export function where(rows: Rows, row: number): string {
  return [rows.well(row), timeText(rows.time(row))].filter(Boolean).join(" · ");
}

/** `1 object · 41 300 µm²`: what was found. */
export function size(rows: Rows, row: number, t: Translate): string {
  const objects = rows.objects(row);
  if (objects < 0) return "";
  const area = objects > 0 ? `${three(rows.area(row))} ${rows.calibrated(row) ? "µm²" : "px²"}` : "";
  return [t("gallery.objects", { n: objects }), area].filter(Boolean).join(" · ");
}

export function facts(rows: Rows, row: number, t: Translate): string {
  return [where(rows, row), size(rows, row, t)].filter(Boolean).join(" · ");
}
