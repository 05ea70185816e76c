/** The view of a batch before and while it is added: names, findings, its files, a table, and the verbs. */
import { button, make } from "../../shared/frame";
import type { Translate } from "../../shared/strings";
import { noteLine } from "./findings";
import { Names } from "./names";
import { FileTable } from "./table";

export interface StageTaken {
  namesChanged(): void;
  sheet(file: File): void;
  add(): void;
  cancel(): void;
  clear(): void;
}

/** How far something is that is under way. */
export interface Running {
  text: string;
  /** From 0 to 1; null where nobody knows. */
  share: number | null;
}

const MODALITIES = ["brightfield", "phase", "fluorescence"] as const;

export class Stage {
  readonly element = make("section", "sw-add-stage");
  readonly names: Names;
  readonly table: FileTable;
  readonly #counts = make("strong", "sw-add-headline");
  readonly #where = make("p", "sw-add-hint sw-add-where");
  readonly #notes = make("ul", "sw-add-notes");
  readonly #sheet = make("div", "sw-add-sheet");
  readonly #sheetFile = make("input");
  readonly #size = make("input", "sw-add-field sw-add-number");
  readonly #modality = make("select", "sw-add-field");
  readonly #running = new RunningLine();
  readonly #why = make("span", "sw-add-why");
  readonly #add: HTMLButtonElement;
  readonly #cancel: HTMLButtonElement;
  readonly #clear: HTMLButtonElement;
  readonly #choose: HTMLButtonElement;
  #barred = "";

  constructor(t: Translate, taken: StageTaken, signal: AbortSignal) {
    this.names = new Names(t, () => taken.namesChanged(), signal);
    this.table = new FileTable(t);
    this.#clear = button(t("add.clear"), () => taken.clear());
    this.#cancel = button(t("add.cancel"), () => taken.cancel());
    this.#add = button("", () => this.#barred === "" && taken.add(), "sw-button-main");
    this.#choose = button(t("add.sheet_choose"), () => this.#sheetFile.click());
    this.#choose.title = t("add.sheet_help");
    this.#sheetFile.type = "file";
    this.#sheetFile.hidden = true;
    this.#sheetFile.addEventListener("change", () => {
      const [file] = this.#sheetFile.files ?? [];
      this.#sheetFile.value = "";
      if (file) taken.sheet(file);
    });
    this.#size.type = "number";
    this.#size.min = "0";
    this.#size.step = "any";
    this.#size.placeholder = t("add.from_files");
    this.#size.title = t("add.size_help");
    for (const name of MODALITIES) {
      const option = make("option", "", t(`add.modality_${name}`));
      option.value = name;
      this.#modality.append(option);
    }
    this.#modality.title = t("add.modality_help");
    const labelled = (text: string, field: HTMLElement) => {
      const label = make("label", "sw-add-row");
      label.append(make("span", "", text), field);
      return label;
    };
    const head = make("div", "sw-add-row");
    this.#counts.setAttribute("role", "status");
    head.append(this.#counts, this.#clear);
    const options = make("div", "sw-add-row sw-add-options");
    options.append(
      this.names.element,
      labelled(t("add.size"), this.#size),
      labelled(t("add.modality"), this.#modality),
      this.#choose,
      this.#sheetFile,
    );
    const verbs = make("div", "sw-add-row");
    verbs.append(this.#add, this.#cancel, this.#why);
    this.#why.id = `${this.names.element.querySelector("p")?.id}-why`;
    this.#add.setAttribute("aria-describedby", this.#why.id);
    this.element.append(head, this.#where, options, this.#sheet, this.#notes, this.table.element, this.#running.element, verbs);
    this.element.setAttribute("aria-label", t("add.stage"));
    this.running = null;
  }

  /** How names are read. */
  get pattern(): string {
    return this.names.value;
  }

  /** Micrometres a pixel; null where the files are to say it. */
  get pixelSize(): number | null {
    const size = Number(this.#size.value);
    return Number.isFinite(size) && size > 0 ? size : null;
  }

  get modality(): string {
    return this.#modality.value;
  }

  set tables(suffixes: string[]) {
    this.#sheetFile.accept = suffixes.join(",");
  }

  counts(text: string): void {
    if (this.#counts.textContent !== text) this.#counts.textContent = text;
  }

  /** The path that is looked into; "" for files that are sent. */
  where(path: string): void {
    this.#where.textContent = path;
    this.#where.hidden = path === "";
  }

  notes(lines: HTMLElement[]): void {
    this.#notes.replaceChildren(...lines);
    this.#notes.hidden = lines.length === 0;
  }

  sheet(lines: HTMLElement[]): void {
    this.#sheet.replaceChildren(...lines);
    this.#sheet.hidden = lines.length === 0;
  }

  /** The main verb, and why it cannot be done ("" where it can). */
  verb(text: string, why: string): void {
    this.#add.textContent = text;
    this.#barred = why;
    this.#why.textContent = why;
    // Not `disabled`: it keeps the focus, and a screen reader reads why.
    this.#add.setAttribute("aria-disabled", String(why !== ""));
  }

  /** What is under way; null when nothing is. */
  set running(running: Running | null) {
    const began = running !== null && this.#cancel.hidden;
    const held = this.#add === document.activeElement;
    this.#running.show(running);
    this.#cancel.hidden = running === null;
    this.#add.hidden = this.#why.hidden = this.#clear.hidden = running !== null;
    for (const element of [this.#size, this.#modality, this.#choose]) element.disabled = running !== null;
    this.names.busy = running !== null;
    if (began && held) this.#cancel.focus(); // the verb that was pressed is gone
  }

  focusAdd(): void {
    if (this.#cancel === document.activeElement || document.activeElement === document.body) this.#add.focus();
  }
}

/** A bar, and how far it is in words. */
export class RunningLine {
  readonly element = make("div", "sw-add-row");
  readonly #bar = make("progress", "sw-thin-bar sw-add-bar");
  readonly #said = make("span");

  constructor() {
    this.element.append(this.#bar, this.#said);
    this.element.hidden = true;
  }

  show(running: Running | null): void {
    this.element.hidden = running === null;
    if (running === null) return;
    if (running.share === null) this.#bar.removeAttribute("value");
    else this.#bar.value = running.share;
    this.#bar.setAttribute("aria-label", running.text);
    this.#said.textContent = running.text;
  }
}

/** A line that says why something did not go on, and how to try again. */
export class Trouble {
  readonly element = make("div", "sw-add-trouble");

  constructor() {
    this.element.setAttribute("role", "alert");
    this.hide();
  }

  show(text: string, action?: { label: string; run: () => void }): void {
    const list = make("ul", "sw-add-notes");
    list.append(noteLine("warning", text));
    this.element.replaceChildren(list);
    if (action) this.element.append(button(action.label, action.run));
    this.element.hidden = false;
  }

  hide(): void {
    this.element.hidden = true;
    this.element.replaceChildren();
  }
}
