/** What a batch comes to: counts, and what does not fit together; what a table would set, and what is wrong with it. */
import { button, make } from "../../shared/frame";
import { count } from "../../shared/numbers";
import type { Translate } from "../../shared/strings";
import { glyph, type GlyphName } from "./glyphs";
import type { Counted, Preview, SheetTold } from "./wire";

/** Wrong cells of a table that are listed. */
const MOST = 20;

/** One line of counts: `384 files · 96 wells × 4 times`. */
export function countsOf({ counts }: Preview, t: Translate): string {
  const of = (key: "plates" | "wells" | "times" | "sites" | "channels") =>
    counts[key] > 0 ? t(`add.n_${key}`, { n: counts[key], count: count(counts[key]) }) : "";
  const grid = [of("wells"), of("times"), counts.sites > 1 ? of("sites") : "", counts.channels > 1 ? of("channels") : ""];
  const plates = counts.plates > 1 ? of("plates") : "";
  const files = t("add.n_files", { n: counts.files, count: count(counts.files) });
  return [files, plates, grid.filter(Boolean).join(" × ")].filter(Boolean).join(" \u00b7 ");
}

/** What a person should know before adding; nothing of it stops the rest. */
export function notesOf(preview: Preview, t: Translate): HTMLElement[] {
  const named = ([n, some]: Counted) => some.join(", ") + (n > some.length ? ", …" : "");
  const note = (key: string, kind: GlyphName, counted: Counted) =>
    counted[0] > 0 ? [noteLine(kind, t(`add.${key}`, { n: counted[0], count: count(counted[0]), names: named(counted) }))] : [];
  const { skipped } = preview;
  const passed = (skipped?.some ?? []).map(([name, reason]) => noteLine("warning", `${name}: ${reason}`));
  return [
    ...note("duplicates", "warning", preview.duplicates),
    ...note("taken", "warning", preview.taken),
    ...note("gaps", "note", preview.gaps),
    ...note("unparsed", "note", preview.unparsed),
    ...note("known", "note", preview.known),
    ...passed,
  ];
}

export function noteLine(kind: GlyphName, text: string): HTMLElement {
  const line = make("li", "sw-add-note");
  line.dataset.tone = kind;
  line.append(glyph(kind), make("span", "", text));
  return line;
}

/** Why a table stops the adding; "" where it does not. */
export function sheetStops(sheet: Preview["sheet"], t: Translate): string {
  if (sheet === undefined) return "";
  return "error" in sheet || sheet.problems.length > 0 || sheet.open_plates.length > 0 ? t("add.why_sheet") : "";
}

/** What a table would set. */
export function sheetLines(name: string, sheet: SheetTold | { error: string }, t: Translate, remove: () => void): HTMLElement[] {
  const head = make("div", "sw-add-row");
  head.append(make("strong", "sw-add-sheet-name", name));
  const lines: HTMLElement[] = [];
  if ("error" in sheet) lines.push(noteLine("warning", sheet.error));
  else {
    const n = sheet.of_images ? sheet.rows : sheet.wells;
    const what = sheet.of_images ? "add.sheet_images" : "add.sheet_wells";
    head.append(make("span", "", t(what, { n, count: count(n), columns: sheet.used.join(", ") })));
    if (sheet.of_images) lines.push(noteLine("note", t("add.sheet_matched", { n: sheet.matched, count: count(sheet.matched) })));
    if (sheet.of_images && sheet.wells > 0) lines.push(noteLine("note", t("add.sheet_map_too", { n: sheet.wells })));
    if (sheet.unused.length > 0) {
      lines.push(noteLine("note", t("add.sheet_unused", { n: sheet.unused.length, columns: sheet.unused.join(", ") })));
    }
    const [missing, names] = sheet.without_file;
    if (missing > 0) {
      const some = names.slice(0, 4).join(", ") + (missing > 4 ? ", …" : "");
      lines.push(noteLine("note", t("add.sheet_without", { n: missing, names: some })));
    }
    if (sheet.open_plates.length > 0) {
      lines.push(noteLine("warning", t("add.sheet_plates", { plates: sheet.open_plates.join(", ") })));
    }
    for (const [line, column, reason] of sheet.problems.slice(0, MOST)) {
      lines.push(noteLine("warning", t(column ? "add.sheet_problem" : "add.sheet_problem_line", { line, column, reason })));
    }
    const rest = sheet.problems.length - MOST;
    if (rest > 0) lines.push(noteLine("warning", t("add.sheet_more", { n: rest })));
  }
  head.append(button(t("add.sheet_remove"), remove));
  const list = make("ul", "sw-add-notes");
  list.append(...lines);
  return lines.length > 0 ? [head, list] : [head];
}
