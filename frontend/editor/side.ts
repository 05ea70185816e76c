/** What stands beside the picture: one panel at a time, each with its tab. Where there is little room it stands below. */

import { make } from "../shared/frame";
import type { Translate } from "../shared/strings";
import type { Buttons } from "./buttons";
import type { Looks } from "./reading/looks";

export interface Panel {
  readonly element: HTMLElement;
  /** It was opened. */
  enter(): void;
}

export type PanelName = "objects" | "layers" | "history";

export class Side {
  readonly element = make("aside", "sw-editor-side");
  readonly #content = make("div", "sw-editor-side-content");
  open: PanelName | null = null;

  constructor(
    t: Translate,
    private readonly buttons: Buttons,
    private readonly panels: Record<PanelName, Panel>,
    /** Which one is open is kept there. */
    private readonly looks: Looks,
  ) {
    const tabs = make("div", "sw-editor-tabs");
    tabs.append(...(Object.keys(panels) as PanelName[]).map((name) => (
      buttons.text(`panel.${name}`, `editor.panel.${name}`, "sw-editor-tab")
    )));
    this.element.setAttribute("aria-label", t("editor.panel"));
    this.element.append(tabs, this.#content);
    this.element.hidden = true;
    for (const name of Object.keys(panels) as PanelName[]) buttons.press(`panel.${name}`, false);
  }

  show(name: PanelName | null): void {
    this.open = name;
    this.element.hidden = name === null;
    for (const one of Object.keys(this.panels) as PanelName[]) this.buttons.press(`panel.${one}`, one === name);
    this.#content.replaceChildren(...(name ? [this.panels[name].element] : []));
    if (name) this.panels[name].enter();
    if (this.looks.values.panel !== (name ?? "")) this.looks.set({ panel: name ?? "" });
  }

  /** Open what was open last. */
  restore(): void {
    const { panel } = this.looks.values;
    if (panel in this.panels) this.show(panel as PanelName);
  }

  toggle(name: PanelName): void {
    this.show(this.open === name ? null : name);
  }
}
