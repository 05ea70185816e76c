/** The files of a batch: what is known of each from its name or a table, and how far it is. */
import { make } from "../../shared/frame";
import { count } from "../../shared/numbers";
import type { Translate } from "../../shared/strings";
import { glyph } from "./glyphs";
import type { Row } from "./wire";

/** What stands in a row's last column. */
export interface Said {
  text: string;
  tone: "plain" | "good" | "warning";
}

export interface TableRow {
  /** What the row stands for; two files may have one name. */
  of: object;
  name: string;
  says: Row | null;
  said: Said;
  /** Takes the file out of the batch, where that is possible. */
  leave: (() => void) | null;
}

const COLUMNS = ["plate", "well", "time", "site", "channel", "z"] as const;
/** Files that are listed; those with something wrong come after them. */
const MOST = 200;

export class FileTable {
  readonly element = make("div", "sw-list sw-add-list");
  readonly #table = make("table", "sw-table sw-add-table");
  readonly #head = make("thead");
  readonly #body = make("tbody");
  readonly #more = make("p", "sw-add-hint");
  readonly #cells = new Map<object, { cell: HTMLElement; told: string }>();

  constructor(private readonly t: Translate) {
    this.element.tabIndex = 0; // so that it scrolls by keys
    this.element.setAttribute("role", "region");
    this.element.setAttribute("aria-label", t("add.list"));
    this.#table.append(this.#head, this.#body);
    this.element.append(this.#table, this.#more);
  }

  /** Draws all rows anew; `total` is how many files there are. */
  show(rows: TableRow[], total: number): void {
    const { t } = this;
    const listed = [...rows.slice(0, MOST), ...rows.slice(MOST).filter(({ said }) => said.tone === "warning").slice(0, MOST)];
    const cells = listed.map(({ says }) => (says === null ? COLUMNS.map(() => "") : cellsOf(says, t)));
    // Sites, channels and planes are told where they differ; site 1 is what a name without a site stands for.
    const shown = COLUMNS.map((column, at) => {
      const values = new Set(cells.map((row) => row[at]).filter(Boolean));
      return values.size > (["plate", "well", "time"].includes(column) ? 0 : 1);
    });
    const removable = listed.some(({ leave }) => leave !== null);
    const head = make("tr");
    head.append(th(t("add.column_file")));
    COLUMNS.forEach((column, at) => shown[at] && head.append(th(t(`add.column_${column}`))));
    head.append(th(t("add.column_state")));
    if (removable) head.append(th("", t("add.column_leave")));
    this.#head.replaceChildren(head);
    this.#cells.clear();
    this.#body.replaceChildren(...listed.map((row, at) => this.#row(row, cells[at].filter((_, index) => shown[index]), removable)));
    const rest = total - listed.length;
    this.#more.textContent = t("add.more", { n: rest, count: count(rest) });
    this.#more.hidden = rest <= 0;
  }

  /** Says how far one file is, without drawing the rest anew. */
  say(of: object, said: Said): void {
    const kept = this.#cells.get(of);
    if (kept && kept.told !== said.text) this.#fill(kept, said);
  }

  #row(row: TableRow, cells: string[], removable: boolean): HTMLElement {
    const line = make("tr");
    const name = make("td", "sw-add-file", row.name);
    name.title = row.name;
    line.append(name, ...cells.map((text) => make("td", "sw-add-cell", text)));
    const kept = { cell: make("td", "sw-add-said"), told: "" };
    this.#fill(kept, row.said);
    this.#cells.set(row.of, kept);
    line.append(kept.cell);
    if (removable) {
      const last = make("td", "sw-add-leave");
      if (row.leave) {
        const leave = make("button", "sw-button sw-add-x");
        leave.type = "button";
        leave.append(glyph("remove"));
        leave.setAttribute("aria-label", this.t("add.leave", { name: row.name }));
        leave.title = this.t("add.leave", { name: row.name });
        leave.addEventListener("click", row.leave);
        last.append(leave);
      }
      line.append(last);
    }
    return line;
  }

  #fill(kept: { cell: HTMLElement; told: string }, { text, tone }: Said): void {
    kept.told = text;
    kept.cell.dataset.tone = tone;
    kept.cell.replaceChildren(...(tone === "plain" ? [] : [glyph(tone === "good" ? "good" : "warning")]), text);
  }
}

function cellsOf([, plate, well, hours, site, channel, z]: Row, t: Translate): string[] {
  const time = hours === null ? "" : t("add.hours", { hours: Number(hours.toPrecision(6)) });
  return [plate ?? "", well ?? "", time, String(site), channel ?? "", z === null ? "" : String(z)];
}

function th(text: string, label = ""): HTMLElement {
  const cell = make("th", "", text);
  cell.scope = "col";
  if (label) cell.setAttribute("aria-label", label);
  return cell;
}
