/** The editor: it joins the open image, the tools, the renderer and what stands around the picture. */

import { messageOf, type Frame } from "../shared/frame";
import { onTrait, type Model } from "../shared/types";
import { handlersOf } from "./actions";
import { Arrival } from "./arrival";
import { Proposer } from "./assist/proposer";
import { CanvasRenderer } from "./canvas_renderer";
import { Chrome } from "./chrome";
import { ClassMenu } from "./class_menu";
import { Clipboard } from "./clipboard";
import type { DocumentInfo } from "./document";
import { Fixing } from "./fixing/fixing";
import { GlRenderer } from "./gl/renderer";
import { Help } from "./help";
import type { Change, Step } from "./history";
import { listen } from "./input";
import { Keys, type Bindings, type Handlers } from "./keys";
import { Notices } from "./notices";
import { Presence } from "./presence";
import { setClass } from "./object_actions";
import { ObjectsPanel } from "./objects/panel";
import { Painter } from "./painter";
import type { EditorParts } from "./parts";
import { adjusted, type Pixels, type Window } from "./pixels";
import { zoomTo } from "./reading/going";
import { Reading } from "./reading/reading";
import { classOf, readings, showHeader } from "./readings";
import type { Renderer } from "./scene";
import { Saying, type Vars } from "./saying";
import { shareAside, shareSelection } from "./sharing";
import { Revisions } from "./revisions/panel";
import { Side, type PanelName } from "./side";
import { Strip } from "./strip";
import { Planes } from "./tiles/planes";
import { makeTools } from "./tools/all";
import { PanTool } from "./tools/pan";
import { LOOKING, type Drawing, type Marks, type Pointer, type Preview, type Tool, type ToolName } from "./tools/tool";
import { View } from "../shared/view";
import { Work } from "./work";

/** Screen pixels around a vertex or line that count as it: for a mouse or pen, and for a finger. */
const REACH = { fine: 8, coarse: 18 };
/** Milliseconds an image that is left waits for the kernel. */
const PATIENCE = 400;

export class Editor implements EditorParts {
  readonly view = new View();
  readonly work: Work;
  readonly chrome: Chrome;
  readonly notices = new Notices();
  readonly arrival: Arrival;
  readonly help: Help;
  readonly handlers: Handlers;
  readonly keys: Keys;
  readonly clipboard: Clipboard;
  readonly classMenu: ClassMenu;
  readonly strip: Strip;
  readonly proposer: Proposer;
  readonly painter = new Painter(this);
  readonly reading: Reading;
  readonly planes: Planes;
  readonly objects: ObjectsPanel;
  readonly side: Side;
  hovered: string | null = null;
  readonly revisions: Revisions;
  readonly presence: Presence;
  readonly fixing: Fixing;
  readonly drawing: Drawing = { classIndex: 0, hole: false };
  preview: Preview | null = null;
  renderer!: Renderer;
  readonly #saying: Saying;
  #tools: Record<ToolName, Tool>;
  #tool: Tool;
  #hand: Tool;
  #handHeld = false;
  #hover: Pointer | null = null;
  #coarse = false;
  outlinesShown = true;
  #base = { low: 0, high: 1 };
  #waiting: ReturnType<typeof setTimeout> | undefined;
  /** Size of the image that was shown last. */
  #shown: [number, number] | null = null;

  constructor(private readonly model: Model, readonly frame: Frame, signal: AbortSignal) {
    const { t } = frame;
    const readOnly = model.get<boolean>("read_only");
    this.keys = new Keys(model.get("bindings"));
    onTrait<Bindings>(model, "bindings", signal, (bindings) => this.keys.take(bindings));
    this.chrome = new Chrome(t, this.keys, (action) => this.handlers[action](true), readOnly);
    this.#saying = new Saying(frame, this.chrome, this.notices, () => this.revisions.showConflict(), (image) => this.goTo(image));
    this.help = new Help(t, this.keys, () => this.closeHelp());
    this.work = new Work(frame.rpc, {
      opened: (info, fresh) => this.#opened(info, fresh),
      changed: () => this.changed(),
      say: (key, tone, vars) => this.#saying.say(key, tone, vars),
      kept: (n, apply, discard) => this.#saying.kept(n, apply, discard),
      elsewhere: (place, key, vars) => this.#saying.elsewhere(place, key, vars),
      failed: (error) => {
        this.renderer.setImage(null);
        this.chrome.fail(messageOf(error), () => void this.#open());
        this.changed();
      },
    }, signal);
    this.revisions = new Revisions(frame.rpc, this.work, t, () => this.side.show("history"), () => this.release());
    this.presence = new Presence(frame.rpc, this.work, this.notices, t, signal);
    frame.rpc.on<{ outline: string }>("goto", ({ outline }) => void this.work.refresh().then(() => zoomTo(this, [outline])));
    frame.rpc.on<{ image_id: number; fraction: number }>("reading", ({ image_id, fraction }) => {
      if (image_id === model.get("image_id")) this.chrome.wait.textContent = t("editor.reading", { percent: Math.round(100 * fraction) });
    });
    this.arrival = new Arrival(frame.rpc, this.notices, t, readOnly, () => this.#tool.changed());
    frame.rpc.onState((state) => state === "connected" && this.work.info && void this.arrival.ask());
    this.clipboard = new Clipboard(frame.rpc);
    this.proposer = new Proposer(frame.rpc, () => this.work.info?.image.id ?? null);
    this.classMenu = new ClassMenu(t, this.work.classes, (number) => setClass(this, number), () => this.release());
    this.strip = new Strip(t, this.chrome.buttons, this.classMenu, this.chrome.about, this, readOnly);
    this.reading = new Reading(this);
    this.planes = new Planes(this);
    this.revisions.ghosts = (outlines) => this.reading.ghost.hint(outlines);
    this.objects = new ObjectsPanel(t, this, signal);
    this.side = new Side(t, this.chrome.buttons, { objects: this.objects, layers: this.reading.panel, history: this.revisions }, this.reading.looks);
    this.#tools = makeTools(this);
    this.#hand = new PanTool(this);
    this.#tool = this.#tools.select;
    this.handlers = handlersOf(this);
    this.#build(signal);
    this.fixing = new Fixing(this, model, signal);
    this.work.store.onChange((slots) => {
      this.renderer.change(slots);
      this.#tool.changed();
      this.redrawAll();
    });
    this.selection.onChange(() => {
      this.#tool.changed();
      this.changed();
      this.redrawAll();
    });
    shareSelection(model, this.selection, this.store, signal);
    for (const kind of ["locked", "hidden"] as const) shareAside(model, this.store, kind, signal);
    onTrait<number>(model, "image_id", signal, () => void this.#open());
    frame.onTheme(() => this.redraw());
    this.useTool("select");
    this.side.restore();
    void this.#open();
  }

  // What tools and parts use (see tools/tool.ts, host.ts, parts.ts)

  get store() {
    return this.work.store;
  }
  get selection() {
    return this.work.selection;
  }
  get width() {
    return this.work.info?.image.width ?? 0;
  }
  get height() {
    return this.work.info?.image.height ?? 0;
  }
  get readOnly() {
    return this.work.readOnly;
  }
  get reach() {
    return (this.#coarse ? REACH.coarse : REACH.fine) / this.view.scale;
  }
  get scale() {
    return this.view.scale;
  }
  get pixelSize() {
    return this.work.info?.image.pixel_size_um ?? null;
  }
  get pointer() {
    return this.#hover;
  }

  pan(dx: number, dy: number): void {
    this.view.pan(dx, dy);
    this.redrawAll();
  }

  commit(label: string, changes: readonly Change[]): boolean {
    return this.do({ label, changes });
  }

  do(step: Step): boolean {
    if (!this.work.commit(step)) return false;
    this.presence.edited();
    this.say(step.label);
    return true;
  }

  say(key: string, vars: Vars = {}): void {
    this.#saying.say(key, "info", vars);
  }

  refuse(key: string, vars: Vars = {}): void {
    this.#saying.say(key, "warning", vars);
  }

  redraw(): void {
    this.painter.redraw();
  }

  // Input

  tool(): Tool {
    return this.#handHeld ? this.#hand : this.#tool;
  }
  get current(): Tool {
    return this.#tool;
  }
  get hand(): Tool {
    return this.#hand;
  }

  hover(at: Pointer | null): void {
    if ((at === null) !== (this.#hover === null)) this.redraw();
    this.#hover = at;
    // While one draws, outlines do not light up under the tool, unless their rows do.
    const lit = this.outlinesShown && (this.#tool.handles || this.side.open === "objects");
    const slot = at && lit ? this.store.hit(at.x, at.y, 0) : null;
    this.point(slot === null ? null : this.store.id(slot));
    readings(this.chrome, this.work, this.planes, this.reading.heat, at, this.frame.t);
  }

  coarse(coarse: boolean): void {
    this.#coarse = coarse;
  }

  zoom(screenX: number, screenY: number, factor: number, smooth: boolean): void {
    this.painter.zoom(screenX, screenY, factor, smooth);
  }

  doubleClick(at: Pointer): void {
    // Two quick dabs of a brush are a double click, too.
    if (!this.#tool.doubleClick(at) && LOOKING.includes(this.#tool.name)) this.handlers["view.fit"](true);
  }

  // Drawing

  redrawAll(): void {
    this.painter.redrawAll();
  }

  moved(): void {
    this.painter.moved();
  }

  marks(): Marks {
    const marks = { ...this.#tool.marks(), ...this.#tools.ruler.marks() };
    // A brush that is not over the picture covers nothing.
    return this.#hover && !this.#handHeld ? marks : { ...marks, brush: null };
  }

  get window(): Window {
    const { gamma, inverted } = this.reading.looks.values;
    return { ...adjusted(this.#base, Number(this.chrome.brightness.value), Number(this.chrome.contrast.value)), gamma, inverted };
  }

  // Building

  #build(signal: AbortSignal): void {
    const { chrome, frame } = this;
    const body = document.createElement("div");
    body.className = "sw-editor-body";
    body.append(chrome.tools, chrome.stage, this.side.element);
    chrome.picture.after(this.reading.ghost.element);
    chrome.stage.append(this.reading.minimap.element);
    frame.root.append(chrome.header, this.notices.element, this.strip.element, body, this.planes.element, chrome.footer, this.help.element);
    try {
      this.renderer = new GlRenderer(chrome.picture, () => this.redrawAll());
    } catch {
      this.renderer = new CanvasRenderer(chrome.picture);
      this.#saying.plain();
    }
    listen(frame.root, chrome.stage, this, signal);
    for (const slider of [chrome.brightness, chrome.contrast]) {
      slider.addEventListener("input", () => this.redrawAll(), { signal });
    }
    chrome.retry.addEventListener("click", () => this.work.retry(), { signal });
    const watch = new ResizeObserver(() => this.painter.resize());
    watch.observe(chrome.stage);
    signal.addEventListener("abort", () => {
      watch.disconnect();
      this.painter.end();
      this.renderer.dispose();
    });
  }

  // The open image

  async #open(): Promise<void> {
    const image = this.model.get<number>("image_id");
    this.wait(true);
    this.#saying.leave();
    this.chrome.card.hidden = true;
    this.preview = null;
    this.tool().cancel(); // what is begun is of the image that is left
    await this.work.open(image);
    if (image === this.model.get("image_id")) this.wait(false); // else another one is on its way
  }

  wait(on: boolean): void {
    clearTimeout(this.#waiting);
    if (!on) this.chrome.wait.hidden = true;
    else if (this.chrome.wait.hidden) {
      this.chrome.wait.textContent = this.frame.t("editor.loading");
      this.#waiting = setTimeout(() => (this.chrome.wait.hidden = false), 200);
    }
  }

  #opened(info: DocumentInfo, fresh: boolean): void {
    this.#saying.opened(info.stale, info.drafts, (what, id) => this.work.draft(what, id));
    this.changed();
    this.reading.follow(info.image.id, info.base_revision);
    if (this.side.open === "history") this.revisions.enter();
    if (!fresh) return;
    this.planes.opened();
    const { width, height } = info.image;
    // The same place in the next image of a series; another size is shown whole.
    if (this.#shown?.[0] !== width || this.#shown[1] !== height) this.fit();
    this.chrome.stage.dataset.image = String(info.image.id); // a workbench waits for it
    this.#shown = [width, height];
    const factor = this.renderer.kind === "webgl2" ? 1 : this.work.pixels!.info.downsample;
    const news = this.fixing.opened(info.image);
    if (news) this.tell(news);
    else this.say(factor > 1 ? "editor.downsampled" : "editor.opened", { n: this.store.count, factor });
    this.redrawAll();
  }

  showPixels(pixels: Pixels): void {
    this.renderer.setImage(pixels);
    this.#base = { low: pixels.info.low, high: pixels.info.high };
    this.redrawAll();
    void this.arrival.ask();
  }

  changed(): void {
    showHeader(this.chrome, this.work, this.fixing, this.frame.rpc.state, this.frame.t);
    this.classMenu.show(classOf(this.work, this.drawing));
    this.chrome.buttons.press("draw.hole", this.drawing.hole);
    this.redraw();
  }

  tell(words: string): void {
    this.#saying.tell(words);
  }

  // What keys and buttons do beside the tools (see actions.ts)

  useTool(name: ToolName): void {
    this.#tool.leave();
    this.#tool = this.#tools[name];
    this.#tool.enter();
    this.chrome.showTool(name);
    this.strip.show(this.#tool);
    this.changed();
  }

  holdHand(held: boolean): void {
    this.#handHeld = held;
    this.redraw();
  }

  fit(): void {
    if (this.width) this.view.fit(0, 0, this.width, this.height);
    this.moved();
  }

  showOutlines(shown = !this.outlinesShown): void {
    this.outlinesShown = shown;
    this.chrome.buttons.press("view.outlines", shown);
    this.redrawAll();
  }

  togglePanel(name: PanelName): void {
    this.side.toggle(name);
    if (this.side.open === "objects") this.objects.focus();
    else if (this.side.open === null) this.release();
  }

  point(id: string | null): void {
    if (id === this.hovered) return;
    this.hovered = id;
    this.redraw();
  }

  clearRuler(): boolean {
    return this.#tools.ruler.back();
  }

  /** What fields of the strip do with Enter and Esc, and where the keys go then. */
  finish(): void {
    this.handlers["edit.finish"](true);
  }
  back(): void {
    this.handlers["edit.back"](true);
  }
  release(): void {
    this.chrome.stage.focus({ preventScroll: true });
  }

  closeHelp(): void {
    this.help.toggle(false);
    this.release();
  }

  async goTo(image: number | null | undefined): Promise<void> {
    if (image === null || image === undefined) return;
    if (this.work.storing.state === "storing") {
      // A busy kernel keeps nobody: what waits stays in this browser.
      await Promise.race([this.work.settled().catch(() => undefined), new Promise((resolve) => setTimeout(resolve, PATIENCE))]);
    }
    this.model.set("image_id", image);
    this.model.save_changes();
  }
}
