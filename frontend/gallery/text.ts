/** The words about one image. */
import { count, timeText } from "../shared/numbers";
import type { Translate } from "../shared/strings";
import type { GroupName } from "./coded";
import { areaText, wordOf } from "./columns";
import type { Section } from "./groups";
import type { Rows } from "./rows";

/** `A01 · 48 h`: where and when, as far as it is known. */
export function where(rows: Rows, row: number): string {
  return [rows.well(row), timeText(rows.time(row))].filter(Boolean).join(" · ");
}

/** `1 object · 41 300 µm²`: what was found. */
export function size(rows: Rows, row: number, t: Translate): string {
  const objects = rows.objects(row);
  if (objects < 0) return "";
  return [t("gallery.objects", { n: objects }), areaText(rows, row)].filter(Boolean).join(" · ");
}

export function facts(rows: Rows, row: number, t: Translate): string {
  return [where(rows, row), size(rows, row, t)].filter(Boolean).join(" · ");
}

/** The header of a group: what its images have in common, and how many they are. */
export function sectionWords(group: GroupName, { key, count: images }: Section, t: Translate): [string, string] {
  return [wordOf(group, key ?? "", t), t("gallery.n_images", { n: images, count: count(images) })];
}
