/** The panel of what lies over the image: outlines, probability map, another revision, the small map. */

import { button, make } from "../../shared/frame";
import type { Translate } from "../../shared/strings";
import { describe } from "../revisions/revision";
import { choiceOf, type Choice, type Ghost } from "./ghost";
import type { HeatLayer } from "./heat";
import { HEAT_GRADIENT } from "./heat_colours";
import type { Looks } from "./looks";

type Slider = "opacity" | "width" | "heat" | "gamma";
const SLIDERS: Record<Slider, { min: string; max: string; step: string }> = {
  opacity: { min: "0.1", max: "1", step: "0.05" },
  width: { min: "0.5", max: "6", step: "0.5" },
  heat: { min: "0.1", max: "1", step: "0.05" },
  gamma: { min: "0.25", max: "4", step: "0.05" },
};

export class LayersPanel {
  readonly element = make("div", "sw-editor-layers");
  readonly #sliders = {} as Record<Slider, HTMLInputElement>;
  readonly #values = {} as Record<Slider, HTMLElement>;
  readonly #heat: HTMLInputElement;
  readonly #minimap: HTMLInputElement;
  readonly #inverted: HTMLInputElement;
  readonly #heatNote = make("p", "sw-editor-note");
  readonly #legend = make("div", "sw-editor-legend");
  readonly #list = make("div", "sw-editor-ghosts");
  readonly #ghostNote = make("p", "sw-editor-note");
  #written = "";

  constructor(
    private readonly t: Translate,
    private readonly looks: Looks,
    private readonly heat: HeatLayer,
    private readonly ghost: Ghost,
  ) {
    this.#heat = this.#check("heat", (on) => heat.turn(on));
    this.#minimap = this.#check("minimap", (on) => looks.set({ minimap: on }));
    this.#inverted = this.#check("inverted", (on) => looks.set({ inverted: on }));
    const scale = make("div", "sw-editor-gradient");
    scale.style.background = HEAT_GRADIENT;
    this.#legend.append(make("span", "", "0"), scale, make("span", "", "1"));
    this.#list.setAttribute("role", "group");
    this.#list.setAttribute("aria-label", t("editor.layers.ghost"));
    this.element.append(
      this.#section("outlines", this.#slider("opacity"), this.#slider("width")),
      this.#section("heat", this.#labelled("heat", this.#heat), this.#slider("heat"), this.#legend, this.#heatNote),
      this.#section("ghost", this.#list, this.#ghostNote),
      this.#section("image", this.#slider("gamma"), this.#labelled("inverted", this.#inverted)),
      this.#section("view", this.#labelled("minimap", this.#minimap)),
    );
    looks.onChange(() => this.refresh());
    this.refresh();
  }

  /** The panel is opened: only now one needs to know which revisions there are. */
  enter(): void {
    void this.ghost.list();
  }

  refresh(): void {
    const { values } = this.looks;
    for (const name of Object.keys(SLIDERS) as Slider[]) {
      this.#sliders[name].value = String(values[name]);
      const value = values[name];
      this.#values[name].textContent = name === "width" ? `${value} px` : name === "gamma" ? value.toFixed(2) : `${Math.round(100 * value)} %`;
    }
    this.#minimap.checked = values.minimap;
    this.#inverted.checked = values.inverted;
    const { on, heat, reason } = this.heat;
    this.#heat.checked = on;
    this.#legend.hidden = !on || !heat;
    this.#heatNote.hidden = !on;
    this.#heatNote.textContent = heat ? this.t("editor.layers.heat_run", { run: heat.run }) : (reason ?? this.t("editor.layers.wait"));
    this.#sliders.heat.disabled = !on;
    this.#showRevisions();
  }

  #showRevisions(): void {
    const { ghost, t } = this;
    const written = JSON.stringify([ghost.revisions, ghost.choice, ghost.shown?.id, ghost.reason]);
    if (written === this.#written) return;
    this.#written = written;
    const focused = (this.#list.getRootNode() as Document).activeElement as HTMLElement | null;
    const choice = this.#list.contains(focused) ? focused!.dataset.choice : undefined;
    const others = ghost.revisions.filter(({ current }) => !current);
    this.#list.replaceChildren(
      this.#offer(null, t("editor.layers.ghost_none")),
      ...(others.length ? [this.#offer("before", t("editor.layers.ghost_before"))] : []),
      ...others.map((one) => this.#offer(choiceOf(one), t("editor.revisions.number", { number: one.id }), describe(one, t))),
    );
    if (choice !== undefined) this.#list.querySelector<HTMLElement>(`[data-choice="${choice}"]`)?.focus();
    const nothing = ghost.choice !== null && !ghost.shown && ghost.revisions.length > 0;
    this.#ghostNote.textContent = ghost.reason ?? (nothing ? t("editor.layers.ghost_nothing") : "");
    this.#ghostNote.hidden = !this.#ghostNote.textContent;
  }

  #offer(choice: Choice, title: string, details = ""): HTMLElement {
    const made = button("", () => void this.ghost.choose(choice), "sw-editor-ghost-choice");
    made.dataset.choice = choice ?? "";
    made.setAttribute("aria-pressed", String(this.ghost.choice === choice));
    made.append(make("span", "", title));
    if (details) made.append(make("span", "sw-editor-soft", details));
    return made;
  }

  #section(name: string, ...parts: HTMLElement[]): HTMLElement {
    const section = make("section", "sw-editor-layer");
    section.append(make("h3", "sw-editor-layer-name", this.t(`editor.layers.${name}`)), ...parts);
    return section;
  }

  #check(name: string, set: (on: boolean) => void): HTMLInputElement {
    const box = make("input");
    Object.assign(box, { type: "checkbox", name });
    box.addEventListener("change", () => set(box.checked));
    return box;
  }

  #labelled(name: string, box: HTMLInputElement): HTMLElement {
    const label = make("label", "sw-editor-check");
    label.append(box, make("span", "", this.t(`editor.layers.show_${name}`)));
    return label;
  }

  #slider(name: Slider): HTMLElement {
    const label = make("label", "sw-editor-layer-slide");
    const slider = Object.assign(make("input", "sw-editor-slider"), { type: "range", ...SLIDERS[name] });
    slider.addEventListener("input", () => this.looks.set({ [name]: Number(slider.value) }));
    this.#sliders[name] = slider;
    this.#values[name] = make("span", "sw-editor-layer-value");
    label.append(make("span", "", this.t(`editor.layers.${name === "heat" ? "strength" : name}`)), slider, this.#values[name]);
    return label;
  }
}
