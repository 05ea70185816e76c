/**
 * The strip above the picture: settings of the tool that is taken up, and what can be done with the selected outlines.
 * It never lies over the picture, and is always there, so that the picture never jumps.
 */

import { make } from "../shared/frame";
import { three } from "../shared/numbers";
import type { Translate } from "../shared/strings";
import type { Buttons } from "./buttons";
import type { ClassMenu } from "./class_menu";
import type { IconName } from "./icons";
import type { Action } from "./keys";
import type { Selection } from "./selection";
import type { Control, Tool } from "./tools/tool";

/** What can be done with what is selected. */
const VERBS: readonly (readonly [Action, IconName])[] = [
  ["object.merge", "merge"], ["object.subtract", "subtract"], ["object.intersect", "intersect"],
  ["object.fill_holes", "fill"], ["object.free_hole", "free"],
  ["object.lock", "lock"], ["object.hide", "hide"], ["edit.remove", "remove"], ["edit.duplicate", "duplicate"], ["edit.copy", "copy"],
];

/** Steps of a slider: fine enough that no one is felt. */
const FINE = 1000;

export interface StripHost {
  readonly pixelSize: number | null;
  readonly selection: Selection;
  /** What Enter and Esc in a field do. */
  finish(): void;
  back(): void;
  /** Give the keys back to the picture. */
  release(): void;
}

export class Strip {
  readonly element = make("div", "sw-editor-strip");
  readonly #settings = make("div", "sw-editor-settings");
  readonly #hint = make("span", "sw-editor-hint");
  /** Out of the way while nothing is selected: the hint has the room. */
  readonly #forSelected = make("span", "sw-editor-selected");
  /** Unit in which lengths are shown and typed: micrometres where the pixel size is known. */
  #unit: "px" | "um" = "um";
  #refreshers: (() => void)[] = [];
  /** Settings of each tool, made once. */
  #made = new Map<string, { elements: HTMLElement[]; refreshers: (() => void)[] }>();

  constructor(
    private readonly t: Translate,
    private readonly buttons: Buttons,
    classes: ClassMenu,
    /** What is said of the image, before the hint. */
    about: HTMLElement,
    private readonly host: StripHost,
    readOnly: boolean,
  ) {
    this.element.setAttribute("role", "toolbar");
    this.element.setAttribute("aria-label", t("editor.options"));
    const options = make("div", "sw-editor-options");
    options.append(this.#settings, about, this.#hint);
    this.element.append(options);
    if (readOnly) return;
    const verbs = make("div", "sw-editor-verbs");
    this.#forSelected.append(...VERBS.map(([action, name]) => buttons.icon(action, name)));
    verbs.append(classes.element, this.#forSelected, buttons.icon("edit.paste", "paste"));
    this.element.append(verbs);
  }

  /** Show the settings of a tool. */
  show(tool: Tool): void {
    let made = this.#made.get(tool.name);
    if (!made) {
      this.#refreshers = [];
      made = { elements: tool.controls.map((control) => this.#element(control)), refreshers: this.#refreshers };
      this.#made.set(tool.name, made);
    }
    this.#refreshers = made.refreshers;
    this.element.dataset.tool = tool.name;
    this.#settings.replaceChildren(...made.elements);
    this.#hint.textContent = this.t(`editor.hint.${tool.name}`);
    this.#hint.title = this.#hint.textContent;
    this.refresh();
  }

  /** Show the values as they are now. */
  refresh(): void {
    this.#forSelected.hidden = !this.host.selection.ids.size;
    for (const refresh of this.#refreshers) refresh();
  }

  #element(control: Control): HTMLElement {
    switch (control.kind) {
      case "button": {
        const className = control.main ? "sw-button sw-button-main sw-editor-small" : "sw-button sw-editor-small";
        return this.buttons.text(control.action, control.label, className);
      }
      case "words": {
        const words = make("span", "sw-editor-words");
        this.#refreshers.push(() => {
          const text = control.text(this.t);
          if (words.textContent !== text) words.textContent = text;
        });
        return words;
      }
      case "choice": {
        const choice = make("select", "sw-editor-choice");
        choice.setAttribute("aria-label", this.t(control.label));
        choice.append(...control.options.map(({ value, label }) => Object.assign(make("option", "", this.t(label)), { value })));
        choice.addEventListener("change", () => {
          control.set(choice.value);
          this.refresh();
          this.host.release();
        });
        this.#refreshers.push(() => (choice.value = control.get()));
        return choice;
      }
      case "length":
        return this.#length(control);
    }
  }

  /** A slider with a field beside it, and the unit. */
  #length(control: Control & { kind: "length" }): HTMLElement {
    const { least, most, get, set } = control;
    const label = make("label", "sw-editor-slide");
    const slider = make("input", "sw-editor-slider");
    Object.assign(slider, { type: "range", min: "0", max: String(FINE), step: "1" });
    const field = make("input", "sw-editor-field");
    Object.assign(field, { type: "text", inputMode: "decimal", autocomplete: "off" });
    const unit = make("button", "sw-editor-unit");
    unit.type = "button";
    for (const element of [slider, field]) element.setAttribute("aria-label", this.t(control.label));
    const size = () => (this.#unit === "um" && this.host.pixelSize) || 1;
    slider.addEventListener("input", () => {
      set(least * (most / least) ** (Number(slider.value) / FINE));
      this.refresh();
    });
    field.addEventListener("change", () => {
      const typed = Number(field.value.replace(/\s/g, "").replace(",", "."));
      if (typed > 0) set(Math.min(most, Math.max(least, typed / size())));
      this.refresh();
    });
    field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== "Escape") return;
      if (event.key === "Enter") field.dispatchEvent(new Event("change"));
      event.preventDefault();
      event.stopPropagation();
      this.host.release();
      if (event.key === "Enter") this.host.finish();
      else this.host.back();
    });
    unit.addEventListener("click", () => {
      this.#unit = this.#unit === "um" ? "px" : "um";
      this.refresh();
      this.host.release();
    });
    this.#refreshers.push(() => {
      const value = get();
      slider.value = String(Math.round((FINE * Math.log(value / least)) / Math.log(most / least)));
      if (document.activeElement !== field) field.value = three(value * size());
      const um = this.#unit === "um" && this.host.pixelSize !== null;
      unit.textContent = um ? "µm" : "px";
      unit.disabled = this.host.pixelSize === null;
      unit.title = this.t(um ? "editor.unit_px" : "editor.unit_um");
    });
    label.append(make("span", "", this.t(control.label)), slider, field, unit);
    return label;
  }
}
