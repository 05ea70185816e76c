/** Which pane is seen, and the verbs: segment and export, each with a form of its own below the bar. */
import { type Frame, button, make } from "../shared/frame";
import { type Model, onTrait } from "../shared/types";
import { ExportForm } from "./export_form";
import type { Form } from "../shared/form";
import { Handing, type Pane } from "./handing";
import { SegmentForm } from "./segment_form";

const PANES: readonly Pane[] = ["gallery", "editor"];

export class Bar {
  readonly #tabs = new Map<Pane, HTMLButtonElement>();
  readonly #place = make("div", "sw-bench-form");
  readonly #said = make("p", "sw-bench-said");
  readonly #verbs = new Map<HTMLButtonElement, Form>();

  constructor(
    private readonly model: Model,
    private readonly frame: Frame,
    signal: AbortSignal,
    private readonly home: () => HTMLElement | null,
  ) {
    const { t, root } = frame;
    const line = make("div", "sw-bench-bar");
    const tabs = make("div", "sw-bench-tabs");
    tabs.setAttribute("role", "tablist");
    for (const pane of PANES) {
      const tab = button(t(`workbench.${pane}`), () => this.#choose(pane), "sw-bench-tab");
      tab.setAttribute("role", "tab");
      this.#tabs.set(pane, tab);
      tabs.append(tab);
    }
    tabs.addEventListener("keydown", (event) => {
      if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
      const next = PANES[1 - PANES.indexOf(this.#pane)];
      this.#choose(next);
      this.#tabs.get(next)!.focus();
    });
    line.append(tabs);
    const done = (words: string) => {
      this.#open(null);
      this.#said.textContent = words;
      this.#said.hidden = false;
    };
    if (!model.get<boolean>("read_only")) this.#verb(line, "segment", new SegmentForm(model, frame, signal, done));
    this.#verb(line, "export", new ExportForm(model, frame, signal, done));
    this.#said.setAttribute("role", "status");
    this.#said.hidden = true;
    this.#place.hidden = true;
    this.#place.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      this.#open(null);
    });
    root.append(line, this.#place, this.#said);
    onTrait(model, "pane", signal, () => this.#show());
    new Handing(home, (pane) => this.#pane !== pane && this.#choose(pane), signal);
    this.#show();
    // Not in the document yet: the box around is found a moment later.
    requestAnimationFrame(() => this.#show());
  }

  get #pane(): Pane {
    return this.model.get<Pane>("pane");
  }

  #verb(line: HTMLElement, name: string, form: Form): void {
    const opener = button(this.frame.t(`workbench.${name}`), () => this.#open(this.#place.contains(form.element) ? null : opener));
    opener.setAttribute("aria-expanded", "false");
    this.#verbs.set(opener, form);
    line.append(opener);
  }

  /** Shows the form of a verb, or none; the focus goes into it, and back to its button. */
  #open(opener: HTMLButtonElement | null): void {
    const before = [...this.#verbs.keys()].find((one) => one.getAttribute("aria-expanded") === "true");
    for (const one of this.#verbs.keys()) one.setAttribute("aria-expanded", String(one === opener));
    const form = opener && this.#verbs.get(opener);
    this.#place.hidden = !form;
    this.#place.replaceChildren(...(form ? [form.element] : []));
    this.#said.hidden = true;
    if (form) form.opened();
    else before?.focus();
  }

  /** At once here; the kernel hears of it, and need not be there. */
  #choose(pane: Pane): void {
    this.model.set("pane", pane);
    this.model.save_changes();
    this.#show();
  }

  #show(): void {
    const home = this.home();
    if (home) home.dataset.pane = this.#pane;
    for (const [pane, tab] of this.#tabs) {
      const chosen = pane === this.#pane;
      tab.setAttribute("aria-selected", String(chosen));
      tab.tabIndex = chosen ? 0 : -1;
    }
  }
}
