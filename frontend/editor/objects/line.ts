/** One object in the list: seen or not, locked or not, number, class, area, confidence, marks. */

import { make } from "../../shared/frame";
import { three } from "../../shared/numbers";
import { classColour } from "../../shared/outlines";
import type { Translate } from "../../shared/strings";
import { icon, type IconName } from "../icons";
import type { Aside } from "../store";
import type { Line } from "./list";
import type { Mark } from "./rows";

export interface Shown {
  number: number;
  /** Of all that are listed, from 1. */
  place: number;
  className: string;
  classIndex: number;
  /** In the unit that the column says. */
  area: number;
  /** Not confirmed by the kernel yet. */
  pending: boolean;
  confidence: number;
  marks: readonly Mark[];
  selected: boolean;
  active: boolean;
  hovered: boolean;
  readOnly: boolean;
}

let made = 0;

export class ObjectLine implements Line {
  readonly element = make("div", "sw-editor-row");
  /** What stands here. */
  position = -1;
  readonly #cells = ["number", "class", "area", "confidence", "flags"].map((name) => make("span", `sw-editor-cell sw-editor-cell-${name}`));
  readonly #dot = make("span", "sw-editor-class-dot");
  readonly #name = make("span", "sw-editor-cell-words");
  readonly #asides: Record<Aside, HTMLButtonElement>;

  /**
   * @param look what stands at a place; null beyond the end
   * @param turn lock, free, hide or show the object at a place
   */
  constructor(private readonly t: Translate, private readonly look: (position: number) => Shown | null, turn: (position: number, kind: Aside) => void) {
    const { element } = this;
    element.id = `sw-editor-row-${made++}`;
    element.setAttribute("role", "row");
    const toggles = make("span", "sw-editor-cell sw-editor-cell-asides");
    const aside = (kind: Aside, name: IconName) => {
      const button = make("button", "sw-editor-aside");
      Object.assign(button, { type: "button", tabIndex: -1 });
      button.append(icon(name));
      button.addEventListener("click", (event) => {
        event.stopPropagation();
        turn(this.position, kind);
      });
      button.addEventListener("dblclick", (event) => event.stopPropagation());
      return button;
    };
    this.#asides = { hidden: aside("hidden", "outlines"), locked: aside("locked", "lock") };
    toggles.append(this.#asides.hidden, this.#asides.locked);
    this.#cells[1].append(this.#dot, this.#name);
    for (const cell of [toggles, ...this.#cells]) cell.setAttribute("role", "gridcell");
    element.append(toggles, ...this.#cells);
  }

  show(position: number): void {
    this.position = position;
    const shown = this.look(position);
    if (!shown) return;
    const { element, t } = this;
    const [number, , area, confidence, flags] = this.#cells;
    element.setAttribute("aria-rowindex", String(shown.place + 1));
    element.setAttribute("aria-selected", String(shown.selected));
    element.toggleAttribute("data-active", shown.active);
    element.toggleAttribute("data-hovered", shown.hovered);
    write(number, `#${shown.number}`);
    write(this.#name, shown.className);
    this.#name.title = shown.className;
    this.#dot.style.setProperty("--sw-class", classColour(shown.classIndex));
    write(area, three(shown.area));
    area.toggleAttribute("data-pending", shown.pending);
    area.title = shown.pending ? t("editor.objects.pending") : "";
    write(confidence, Number.isFinite(shown.confidence) ? shown.confidence.toFixed(2) : "–");
    const words = shown.marks.filter((mark) => mark !== "locked" && mark !== "hidden").map((mark) => t(`editor.mark.${mark}`));
    write(flags, words.join(" · "));
    flags.title = words.join(" · ");
    for (const kind of ["hidden", "locked"] as const) {
      const on = shown.marks.includes(kind);
      const button = this.#asides[kind];
      button.setAttribute("aria-pressed", String(on));
      button.title = t(`editor.objects.${on ? "un" : ""}${kind}`, { number: shown.number });
      button.setAttribute("aria-label", button.title);
      button.disabled = shown.readOnly;
    }
    element.toggleAttribute("data-hidden", shown.marks.includes("hidden"));
  }
}

function write(element: HTMLElement, words: string): void {
  if (element.textContent !== words) element.textContent = words;
}
