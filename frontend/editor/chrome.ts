/** The parts around the picture: header, tool column, footer. It shows what it is told and calls the actions. */

import { make } from "../shared/frame";
import type { Translate } from "../shared/strings";
import { icon, type IconName } from "./icons";
import { keysOf, type Action } from "./keys";
import type { ToolName } from "./tools/tool";

export interface Readings {
  value: string;
  place: string;
}

export class Chrome {
  readonly header = make("div", "sw-editor-header");
  readonly tools = make("div", "sw-editor-tools");
  readonly footer = make("div", "sw-editor-footer");
  readonly stage = make("div", "sw-editor-stage");
  readonly picture = make("canvas", "sw-editor-picture");
  readonly overlay = make("canvas", "sw-editor-overlay");
  readonly readout = make("div", "sw-editor-readout");
  readonly bar = make("div", "sw-editor-bar");
  readonly wait = make("div", "sw-editor-wait");
  readonly card = make("div", "sw-card sw-editor-card");
  readonly name = make("span", "sw-editor-name");
  readonly place = make("span", "sw-editor-place");
  readonly storing = make("span", "sw-editor-storing");
  readonly retry: HTMLButtonElement;
  readonly save: HTMLButtonElement;
  readonly said = make("span", "sw-editor-said");
  readonly object = make("span", "sw-editor-object");
  readonly count = make("span", "sw-editor-count");
  readonly zoom = make("span", "sw-editor-zoom");
  readonly brightness: HTMLInputElement;
  readonly contrast: HTMLInputElement;
  #buttons = new Map<Action, HTMLButtonElement>();

  constructor(private readonly t: Translate, private readonly act: (action: Action) => void, readOnly: boolean) {
    this.save = this.#textButton("edit.save", "editor.save", "sw-button sw-button-main");
    this.retry = make("button", "sw-button", t("common.retry"));
    this.retry.type = "button";
    this.retry.hidden = true;
    this.save.hidden = readOnly;

    const steps = make("span", "sw-editor-steps");
    steps.append(this.#iconButton("image.previous", "previous"), this.place, this.#iconButton("image.next", "next"));
    this.storing.setAttribute("role", "status");
    this.header.append(this.name, steps, this.storing, this.retry, this.save);

    this.tools.setAttribute("role", "toolbar");
    this.tools.setAttribute("aria-label", t("editor.tools"));
    this.tools.setAttribute("aria-orientation", "vertical");
    const groups: [Action, IconName][][] = [
      readOnly
        ? [["tool.select", "select"], ["tool.pan", "pan"]]
        : [["tool.select", "select"], ["tool.vertices", "vertices"], ["tool.draw", "draw"], ["tool.pan", "pan"]],
      readOnly ? [] : [["edit.remove", "remove"], ["edit.undo", "undo"], ["edit.redo", "redo"]],
      [["view.fit", "fit"], ["view.one", "one"], ["view.outlines", "outlines"]],
      [["general.help", "help"]],
    ];
    for (const group of groups.filter((one) => one.length)) {
      const box = make("div", "sw-editor-tool-group");
      box.append(...group.map(([action, name]) => this.#iconButton(action, name)));
      this.tools.append(box);
    }

    this.stage.tabIndex = 0;
    this.stage.setAttribute("role", "application");
    this.stage.setAttribute("aria-label", t("editor.picture"));
    for (const element of [this.wait, this.readout, this.bar]) element.hidden = true;
    this.wait.textContent = t("editor.loading");
    this.card.setAttribute("role", "alert");
    this.card.hidden = true;
    this.stage.append(this.picture, this.overlay, this.readout, this.bar, this.wait, this.card);

    this.brightness = this.#slider("brightness");
    this.contrast = this.#slider("contrast");
    const light = make("span", "sw-editor-light");
    light.append(
      this.#iconFor("brightness", this.brightness),
      this.#iconFor("contrast", this.contrast),
      this.#textButton("view.contrast", "editor.auto", "sw-button sw-editor-auto"),
    );
    this.said.setAttribute("role", "status");
    this.footer.append(this.object, this.said, light, this.count, this.zoom);
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

  enable(action: Action, enabled: boolean): void {
    const found = this.#buttons.get(action);
    if (found) found.disabled = !enabled;
  }

  press(action: Action, pressed: boolean): void {
    this.#buttons.get(action)?.setAttribute("aria-pressed", String(pressed));
  }

  showTool(name: ToolName): void {
    for (const tool of ["select", "vertices", "draw", "pan"] as const) this.press(`tool.${tool}`, tool === name);
  }

  /** Lay out a scale bar of so many screen pixels. */
  showBar(pixels: number, words: string): void {
    this.bar.style.setProperty("--sw-bar", `${pixels}px`);
    this.bar.textContent = words;
    this.bar.hidden = !words;
  }

  /** What is said stays until something else is. */
  say(words: string, tone: "info" | "warning" = "info"): void {
    this.said.textContent = words;
    this.said.title = words;
    this.said.dataset.tone = tone;
  }

  #title(action: Action): string {
    return `${this.t(`editor.action.${action}`)} (${keysOf(action)})`;
  }

  #iconButton(action: Action, name: IconName): HTMLButtonElement {
    const made = this.#button(action, "sw-editor-tool");
    made.append(icon(name));
    made.setAttribute("aria-label", this.t(`editor.action.${action}`));
    return made;
  }

  #textButton(action: Action, key: string, className: string): HTMLButtonElement {
    const made = this.#button(action, className);
    made.textContent = this.t(key);
    return made;
  }

  #button(action: Action, className: string): HTMLButtonElement {
    const made = make("button", className);
    made.type = "button";
    made.title = this.#title(action);
    made.dataset.action = action;
    made.addEventListener("click", (event) => {
      this.act(action);
      // A click with the pointer leaves the keys with the picture; one by key leaves the focus where it is.
      if (event.detail > 0 && action !== "general.help") this.stage.focus({ preventScroll: true });
    });
    this.#buttons.set(action, made);
    return made;
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
