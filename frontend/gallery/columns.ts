/** What the list shows of an image, a column each; those that say nothing in the project are left out. */
import { count, three, timeText } from "../shared/numbers";
import type { Translate } from "../shared/strings";
import type { CodedName } from "./coded";
import type { Finder } from "./finder";
import type { Rows } from "./rows";
import type { SortedName } from "./view";

export interface Column {
  name: SortedName;
  /** Least width, px; the name takes what is left. */
  width: number;
  /** Numbers stand at the right. */
  number?: boolean;
  words(rows: Rows, row: number, t: Translate): string;
}

const COLUMNS: readonly Column[] = [
  { name: "name", width: 176, words: (rows, row) => rows.name(row) },
  { name: "state", width: 104, words: (rows, row, t) => t(`gallery.state.${rows.state(row)}`) },
  { name: "plate", width: 88, words: (rows, row) => rows.plate(row) },
  { name: "well", width: 56, words: (rows, row) => rows.well(row) },
  { name: "time_h", width: 64, number: true, words: (rows, row) => timeText(rows.time(row)) },
  { name: "condition", width: 136, words: (rows, row) => rows.condition(row) },
  { name: "n_objects", width: 76, number: true, words: (rows, row) => (rows.objects(row) < 0 ? "" : count(rows.objects(row))) },
  { name: "area_um2", width: 104, number: true, words: (rows, row) => areaText(rows, row) },
  { name: "area_px2", width: 104, number: true, words: (rows, row) => areaText(rows, row) },
  { name: "least_confidence", width: 92, number: true, words: (rows, row) => known(rows.confidence(row)) },
  { name: "tags", width: 112, words: (rows, row) => rows.tags(row).join(", ") },
  { name: "flags", width: 136, words: (rows, row, t) => rows.flags(row).map((flag) => wordOf("flags", flag, t)).join(", ") },
  { name: "edited", width: 72, words: (rows, row, t) => (rows.edited(row) ? t("gallery.value.edited.yes") : "") },
  { name: "touches_border", width: 112, words: (rows, row, t) => (rows.touchesBorder(row) ? t("gallery.value.touches_border.yes") : "") },
  { name: "model", width: 152, words: (rows, row) => rows.model(row) },
];

/** The columns that say something; their names are also what can be sorted by. */
export function columnsOf(finder: Finder): Column[] {
  const { rows, codings, numerics } = finder;
  const some = (name: CodedName, none: string) =>
    codings.of(name).values.some((value, place) => value !== none && codings.of(name).totals[place] > 0);
  const differs = (name: CodedName) => codings.of(name).totals.filter((images) => images > 0).length > 1;
  return COLUMNS.filter(({ name }) => {
    switch (name) {
      case "name":
      case "state": return true;
      case "area_um2":
      case "area_px2": return name === numerics.area && rows.numbers("area").some(Number.isFinite);
      case "least_confidence": return rows.numbers(name).some(Number.isFinite);
      case "edited":
      case "touches_border": return some(name, "no");
      case "plate":
      case "model": return differs(name); // of one plate the project's name says as much
      default: return some(name, "");
    }
  }); // prettier-ignore
}

/** `41 300 µm²`; nothing where no object was looked for or found. */
export function areaText(rows: Rows, row: number): string {
  return rows.objects(row) > 0 ? `${three(rows.area(row))} ${rows.calibrated(row) ? "µm²" : "px²"}` : "";
}

/** A value of a facet or group in words. */
export function wordOf(name: CodedName | "well_row", value: string, t: Translate): string {
  if (value === "") return t(`gallery.none.${name}`);
  if (name === "state") return t(`gallery.state.${value}`);
  if (name === "edited" || name === "touches_border") return t(`gallery.value.${name}.${value}`);
  if (name === "time_h") return `${value} h`;
  if (name === "n_objects") return t("gallery.objects", { n: Number(value) });
  if (name === "well_row") return t("gallery.row", { row: value });
  if (name === "flags") return flagWords(value, t);
  return value;
}

/** Flags have words of their own, in a section that others share; one without words shows its name. */
function flagWords(flag: string, t: Translate): string {
  const key = `flags.${flag}`;
  const words = t(key);
  return words === key ? flag.replaceAll("_", " ") : words;
}

function known(value: number): string {
  return Number.isFinite(value) ? three(value) : "";
}
