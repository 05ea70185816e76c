/** The parts around the picture: header, tool column, footer. It shows what it is told and calls the actions. */

import { make } from "../shared/frame";
import { ScaleBar } from "../shared/scale_bar";
import type { Translate } from "../shared/strings";
import { Buttons } from "./buttons";
import { icon, type IconName } from "./icons";
import type { Action, Keys } from "./keys";
import { LOOKING, TOOLS, type ToolName } from "./tools/tool";

/** Tools in the order of the column, in groups. */
const COLUMN: readonly (readonly ToolName[])[] = [
  ["select", "vertices", "pan", "ruler"],
  ["draw", "rectangle", "ellipse"],
  ["brush", "eraser", "slice", "reshape", "assist"],
];

export class Chrome {
  readonly header = make("div", "sw-editor-header");
  readonly tools = make("div", "sw-editor-tools");
  readonly footer = make("div", "sw-editor-footer");
  readonly stage = make("div", "sw-editor-stage");
  readonly picture = make("canvas", "sw-editor-picture");
  readonly overlay = make("canvas", "sw-editor-overlay");
  readonly readout = make("div", "sw-editor-readout");
  readonly bar: ScaleBar;
  readonly wait = make("div", "sw-editor-wait");
  readonly card = make("div", "sw-card sw-editor-card");
  readonly name = make("span", "sw-editor-name");
  readonly place = make("span", "sw-editor-place");
  /** What speaks against the image, where it awaits review; the strip has room for it. */
  readonly about = make("span", "sw-editor-about");
  readonly storing = make("span", "sw-editor-storing");
  readonly retry: HTMLButtonElement;
  readonly save: HTMLButtonElement;
  readonly said = make("span", "sw-editor-said");
  readonly object = make("span", "sw-editor-object");
  /** How many objects there are; shows the list of them. */
  readonly count: HTMLButtonElement;
  /** How many are hidden; shows them again. */
  readonly hidden: HTMLButtonElement;
  readonly zoom = make("span", "sw-editor-zoom");
  readonly brightness: HTMLInputElement;
  readonly contrast: HTMLInputElement;
  readonly buttons: Buttons;

  constructor(private readonly t: Translate, keys: Keys, act: (action: Action) => void, readOnly: boolean) {
    this.buttons = new Buttons(t, keys, act, () => this.stage.focus({ preventScroll: true }));
    this.bar = new ScaleBar(t);
    const { buttons } = this;
    this.save = buttons.text("edit.save", "editor.save", "sw-button sw-button-main");
    this.retry = make("button", "sw-button", t("common.retry"));
    this.retry.type = "button";
    this.retry.hidden = true;
    this.save.hidden = readOnly;

    const steps = make("span", "sw-editor-steps");
    steps.append(buttons.icon("image.previous", "previous"), this.place, buttons.icon("image.next", "next"));
    this.storing.setAttribute("role", "status");
    const judge = make("span", "sw-editor-judge");
    for (const verb of ["approve", "absent", "exclude"] as const) {
      judge.append(buttons.text(`review.${verb}`, `review.action.${verb}`, "sw-button sw-editor-small"));
    }
    judge.hidden = readOnly;
    const history = buttons.text("panel.history", "editor.panel.history", "sw-button sw-editor-history");
    this.header.append(this.name, steps, judge, this.storing, this.retry, this.save, history, buttons.icon("general.help", "help"));

    this.tools.setAttribute("role", "toolbar");
    this.tools.setAttribute("aria-label", t("editor.tools"));
    this.tools.setAttribute("aria-orientation", "vertical");
    const groups: [Action, IconName][][] = COLUMN.map((names) => names.filter((name) => !readOnly || LOOKING.includes(name))
      .map((name) => [`tool.${name}`, name]));
    if (!readOnly) groups.push([["edit.undo", "undo"], ["edit.redo", "redo"]]);
    for (const group of groups.filter((one) => one.length)) {
      const box = make("div", "sw-editor-tool-group");
      box.append(...group.map(([action, name]) => buttons.icon(action, name)));
      this.tools.append(box);
    }

    this.stage.tabIndex = 0;
    this.stage.setAttribute("role", "application");
    this.stage.setAttribute("aria-label", t("editor.picture"));
    for (const element of [this.wait, this.readout]) element.hidden = true;
    this.wait.textContent = t("editor.loading");
    this.card.setAttribute("role", "alert");
    this.card.hidden = true;
    this.stage.append(this.picture, this.overlay, this.readout, this.bar.element, this.wait, this.card);

    this.brightness = this.#slider("brightness");
    this.contrast = this.#slider("contrast");
    const light = make("span", "sw-editor-light");
    light.append(
      this.#iconFor("brightness", this.brightness),
      this.#iconFor("contrast", this.contrast),
      buttons.text("view.contrast", "editor.auto", "sw-button sw-editor-auto"),
    );
    this.said.setAttribute("role", "status");
    const looks = make("span", "sw-editor-looks");
    looks.append(
      buttons.icon("view.outlines", "outlines"), buttons.icon("view.fit", "fit"), buttons.icon("view.one", "one"), this.zoom, buttons.icon("panel.layers", "layers"),
    );
    this.count = buttons.text("panel.objects", "editor.objects", "sw-button sw-editor-small sw-editor-count");
    this.hidden = buttons.text("object.show_all", "editor.hidden", "sw-button sw-editor-small");
    this.hidden.hidden = true;
    this.footer.append(this.object, this.said, light, this.count, this.hidden, looks);
  }

  /** Show why there is no picture, in its place; nothing can be edited then. */
  fail(message: string, retry: () => void): void {
    const again = make("button", "sw-button", this.t("common.retry"));
    again.type = "button";
    again.addEventListener("click", retry);
    this.card.replaceChildren(
      make("strong", "", this.t("common.failed")), make("p", "sw-card-text", message), again,
    );
    this.card.hidden = false;
  }

  showTool(name: ToolName): void {
    for (const tool of TOOLS) this.buttons.press(`tool.${tool}`, tool === name);
  }

  /** What is said stays until something else is. */
  say(words: string, tone: "info" | "warning" = "info"): void {
    this.said.textContent = words;
    this.said.title = words;
    this.said.dataset.tone = tone;
  }

  #slider(name: "brightness" | "contrast"): HTMLInputElement {
    const slider = make("input", "sw-editor-slider");
    Object.assign(slider, { type: "range", min: "-1", max: "1", step: "0.01", value: "0" });
    slider.setAttribute("aria-label", this.t(`editor.${name}`));
    return slider;
  }

  #iconFor(name: "brightness" | "contrast", slider: HTMLInputElement): HTMLLabelElement {
    const label = make("label", "sw-editor-light-part");
    label.title = this.t(`editor.${name}`);
    label.append(icon(name), slider);
    return label;
  }
}
