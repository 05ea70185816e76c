/** The comparison: joins the panes, what is below or above them, the keys and the kernel (Python: `widgets/compare.py`). */
import { Drawings } from "../shared/drawings";
import { type Frame, make } from "../shared/frame";
import { RpcError } from "../shared/rpc";
import { type Model, onTrait } from "../shared/types";
import { pushable } from "./buttons";
import { Choice } from "./choice";
import { icon } from "./icons";
import { type Action, actionOf, helpLines, type Mode } from "./keys";
import { Series } from "./series";
import { Stage } from "./stage";
import type { Seen, Told } from "./state";
import { Divider } from "./swipe";
import { Tiles } from "./tiles";

/** What is looked at goes to the kernel this long after the last change of it, ms. */
const SETTLE = 200;
/** Changes that come one after another are asked for at most this often, ms. */
const REST = 300;

/** How much of the page's height the panes may take: below those of a series come film strip and curve. */
const SHARES: Record<Mode, number> = { side: 0.66, swipe: 0.66, series: 0.46 };
const NOTHING = { tiles: [], results: [] };

export class Compare {
  readonly #mode: Mode;
  readonly #stage: Stage;
  readonly #tiles: Tiles;
  readonly #drawings: Drawings;
  readonly #series: Series | null;
  readonly #choice: Choice | null;
  readonly #divider: Divider | null;
  readonly #title = make("strong", "sw-compare-title");
  readonly #linked = make("span", "sw-compare-linked");
  readonly #outlines: HTMLButtonElement;
  readonly #contrast: HTMLButtonElement;
  readonly #help = make("div", "sw-compare-help");
  #told: Told | null = null;
  #loading = false;
  #again = false;
  #started = false;
  #settle: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly model: Model,
    private readonly frame: Frame,
    private readonly signal: AbortSignal,
  ) {
    const { rpc, t } = frame;
    this.#mode = model.get<Mode>("mode");
    this.#tiles = new Tiles(rpc, signal, () => this.#arrived());
    this.#tiles.shared = model.get<boolean>("shared_contrast");
    this.#drawings = new Drawings(rpc, signal, () => this.#stage.repaint());
    const parts = {
      tiles: this.#tiles,
      drawings: this.#drawings,
      t,
      halo: () => frame.token("--sw-halo"),
      outlines: () => model.get<boolean>("show_outlines"),
    };
    this.#stage = new Stage({
      ...parts,
      share: SHARES[this.#mode],
      more: () => this.#series?.wanted() ?? NOTHING,
      painted: () => this.#series?.paint(),
    }, signal);
    this.#outlines = pushable(t, "outlines", () => this.#act("outlines"));
    this.#contrast = pushable(t, "contrast", () => this.#act("contrast"));
    this.#contrast.hidden = this.#mode === "swipe"; // one image has one contrast
    this.#choice = this.#mode === "swipe" ? new Choice(t, (results) => this.#set("results", results), signal) : null;
    this.#divider = this.#mode === "swipe" ? new Divider(t, (at) => this.#split(at), signal) : null;
    this.#series = this.#mode === "series"
      ? new Series({
          ...parts, stage: this.#stage, announce: frame.announce, seen: (image) => this.#seen(image),
        }, signal) // prettier-ignore
      : null;
    this.#build();
    this.#listen();
    void this.#load();
  }

  #build(): void {
    const { root, t } = this.frame;
    root.dataset.mode = this.#mode;
    const head = make("header", "sw-compare-head");
    const tools = make("div", "sw-compare-tools");
    tools.setAttribute("role", "toolbar");
    tools.setAttribute("aria-label", t("compare.tools"));
    const view = (["zoom_out", "zoom_in", "fit"] as const).map((name) => pushable(t, name, () => this.#act(name), icon(name)));
    const keys = pushable(t, "help", () => this.#act("help"), make("span", "", "?"));
    keys.setAttribute("aria-expanded", "false");
    tools.append(this.#outlines, this.#contrast, ...view, keys);
    head.append(this.#title, this.#linked, tools);
    const lines = make("dl", "sw-compare-keys");
    for (const [shown, words] of helpLines(this.#mode)) {
      const line = make("div", "sw-compare-key");
      line.append(make("dt", "", shown), make("dd", "", t(`compare.action.${words}`)));
      lines.append(line);
    }
    this.#help.append(lines, make("p", "", t(this.#series ? "compare.help_series" : "compare.help")));
    this.#help.hidden = true;
    root.append(head, this.#help, ...(this.#choice ? [this.#choice.element] : []), this.#stage.element);
    if (this.#series) root.append(this.#series.element);
    this.#showToggles();
  }

  #listen(): void {
    const { model, signal } = this;
    const { rpc, root } = this.frame;
    rpc.on("changed", () => void this.#load());
    rpc.onResync(() => {
      this.#tiles.forgive();
      void this.#load();
    });
    this.frame.onTheme(() => this.#stage.repaint());
    onTrait(model, "show_outlines", signal, () => this.#changedLook());
    onTrait(model, "shared_contrast", signal, () => this.#changedLook());
    onTrait(model, "results", signal, () => this.#show());
    onTrait<number | null>(model, "image_id", signal, (id) => this.#series?.goTo(id));
    root.addEventListener("keydown", (event) => this.#key(event), { signal });
    signal.addEventListener("abort", () => clearTimeout(this.#settle));
  }

  async #load(): Promise<void> {
    if (this.#loading) {
      this.#again = true;
      return;
    }
    this.#loading = true;
    do {
      this.#again = false;
      try {
        const { value } = await this.frame.rpc.call<Told>("document", {}, { signal: this.signal });
        if (this.#told && this.#told.pixels !== value.pixels) this.#tiles.forget();
        this.#told = value;
        this.frame.recover();
        this.#show();
      } catch (error) {
        if (this.signal.aborted) return;
        // A kernel that is gone is told by the banner; what is shown stays.
        if (!(error instanceof RpcError && error.type === "KernelLost")) this.frame.fail(error, () => void this.#load());
      }
      await new Promise((resolve) => setTimeout(resolve, REST));
    } while (this.#again && !this.signal.aborted);
    this.#loading = false;
  }

  #show(): void {
    const told = this.#told;
    if (!told) return;
    const { t } = this.frame;
    const { images, gone, revisions } = told;
    this.#stage.linked.setImages(images);
    this.#title.textContent = told.title || (this.#choice && images[0]?.name) || this.model.get<string>("project_name");
    this.#title.title = this.#title.textContent;
    const linked = this.#stage.linked.calibrated ? "compare.linked_um" : "compare.linked_relative";
    this.#linked.textContent = this.#mode === "side" ? t(linked) : "";
    if (this.#series) {
      this.#series.show(images, this.model.get("image_id"));
      if (!this.#started && this.model.get("autoplay") && !lessMotion()) this.#series.act("play");
      this.#started = true;
      return;
    }
    const results = this.#choice ? this.model.get<number[]>("results") : null;
    this.#choice?.show(images[0], revisions, results ?? []);
    this.#stage.show([
      ...images.map((image) => ({ image, results: results ?? [image.result] })),
      ...gone.map((image) => ({ image, results: [] })),
    ]);
    if (this.#divider) this.#stage.panes[0].stage.append(this.#divider.element);
  }

  #arrived(): void {
    this.#showToggles();
    this.#stage.repaint();
  }

  #seen(image: Seen): void {
    clearTimeout(this.#settle);
    this.#settle = setTimeout(() => this.#set("image_id", image.id), SETTLE);
  }

  #set(trait: string, value: unknown): void {
    this.model.set(trait, value);
    this.model.save_changes();
  }

  #split(at: number): void {
    this.#stage.split = at;
    this.#stage.repaint();
  }

  #changedLook(): void {
    this.#tiles.shared = this.model.get<boolean>("shared_contrast");
    this.#showToggles();
    this.#stage.repaint();
  }

  #showToggles(): void {
    const { t } = this.frame;
    this.#outlines.setAttribute("aria-pressed", String(this.model.get<boolean>("show_outlines")));
    const comparable = this.#tiles.comparable !== false;
    this.#contrast.disabled = !comparable;
    this.#contrast.setAttribute("aria-pressed", String(comparable && this.#tiles.shared));
    if (!comparable) this.#contrast.title = t("compare.not_comparable");
  }

  #key(event: KeyboardEvent): void {
    const target = event.target as HTMLElement;
    if (target.closest("input, select, textarea")) return;
    // A button that has the focus is pressed by these.
    if (target.closest("button") && (event.key === "Enter" || event.key === " ")) return;
    const action = actionOf(event, this.#mode);
    if (!action || !this.#act(this.#meant(action, target))) return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** Arrows move the view of the picture that has the focus; elsewhere in a series they go through time. */
  #meant(action: Action, target: HTMLElement): Action {
    const elsewhere = this.#series !== null && !this.#stage.element.contains(target);
    if (elsewhere && action === "left") return "previous";
    return elsewhere && action === "right" ? "next" : action;
  }

  /** Carries an action out; false when there is nothing to do. */
  #act(action: Action): boolean {
    const steps: Partial<Record<Action, [number, number]>> = { left: [-1, 0], right: [1, 0], up: [0, -1], down: [0, 1] };
    const step = steps[action];
    if (step) this.#stage.step(step[0], step[1]);
    else if (action === "zoom_in" || action === "zoom_out") this.#stage.zoom(action === "zoom_in");
    else if (action === "fit") this.#stage.fit();
    else if (action === "outlines") this.#set("show_outlines", !this.model.get<boolean>("show_outlines"));
    else if (action === "contrast" && !this.#contrast.disabled) this.#set("shared_contrast", !this.#tiles.shared);
    else if (action === "first_only") this.#divider?.set(1);
    else if (action === "second_only") this.#divider?.set(0);
    else if (action === "exchange") this.#choice?.exchange();
    else if (action === "help") this.#toggleHelp();
    else if (action === "back" && !this.#help.hidden) this.#toggleHelp();
    else return this.#series?.act(action) ?? false;
    return true;
  }

  #toggleHelp(): void {
    this.#help.hidden = !this.#help.hidden;
    this.frame.root.querySelector("[data-action=help]")?.setAttribute("aria-expanded", String(!this.#help.hidden));
  }
}

function lessMotion(): boolean {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}
