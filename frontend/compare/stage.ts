/** The panes: how they lie beside each other, that they move together, and what is asked for to fill them. */
import type { Drawings } from "../shared/drawings";
import { make } from "../shared/frame";
import type { Translate } from "../shared/strings";
import { listen } from "./gestures";
import { Linked } from "./linked";
import { Pane, type Shown } from "./pane";
import type { Tiles, Wanted } from "./tiles";

/** Between which heights the panes are, CSS px. */
const LEAST = 260;
const MOST = 720;
const LEAST_PICTURE = 120;
const CAPTION = 28;
const GAP = 8;
/** A step of an arrow, of the shorter side of a pane. */
const STEP = 0.1;
const ZOOM = 1.25;

export interface StageHost {
  tiles: Tiles;
  drawings: Drawings;
  t: Translate;
  /** How much of the page's height the panes may take. */
  share: number;
  halo(): string;
  outlines(): boolean;
  /** What is wanted beside what the panes show. */
  more(): { tiles: Wanted[]; results: number[] };
  painted(): void;
}

export class Stage {
  readonly element = make("div", "sw-compare-panes");
  readonly linked = new Linked();
  /** Where the divider is, 0 to 1. */
  split = 0.5;
  #panes: Pane[] = [];
  #frame = 0;
  #width = 0;

  constructor(
    private readonly host: StageHost,
    private readonly signal: AbortSignal,
  ) {
    this.element.tabIndex = 0;
    this.element.setAttribute("role", "application");
    this.element.setAttribute("aria-label", host.t("compare.panes"));
    listen(this.element, (target) => this.#paneAt(target), {
      pan: (dx, dy) => this.#moved(() => this.linked.pan(dx, dy)),
      zoomAt: (x, y, factor) => this.#moved(() => this.linked.zoomAt(x, y, factor)),
      fit: () => this.fit(),
      hover: (at) => this.#panes.forEach((pane) => pane.setCursor(this.#panes.length > 1 ? at : null)),
    }, signal);
    // In the next frame: laying out changes the height, which an observer must not do while it is told of one.
    const observer = new ResizeObserver(() => requestAnimationFrame(() => this.#resize()));
    observer.observe(this.element);
    signal.addEventListener("abort", () => {
      observer.disconnect();
      cancelAnimationFrame(this.#frame);
    });
  }

  get panes(): readonly Pane[] {
    return this.#panes;
  }

  /** Shows these images, each in a pane. */
  show(shown: readonly Shown[]): void {
    const before = this.#panes.length;
    while (this.#panes.length > shown.length) this.#panes.pop();
    while (this.#panes.length < shown.length) this.#panes.push(new Pane(this.host.t));
    shown.forEach((one, i) => this.#panes[i].show(one));
    if (before !== shown.length) this.element.replaceChildren(...this.#panes.map(({ element }) => element));
    this.#layOut();
    this.repaint();
  }

  repaint(): void {
    if (!this.signal.aborted) this.#frame ||= requestAnimationFrame(() => this.#paint());
  }

  fit(): void {
    this.#moved(() => this.linked.fit());
  }

  zoom(inwards: boolean): void {
    this.#moved(() => this.linked.zoom(inwards ? ZOOM : 1 / ZOOM));
  }

  /** Moves the view by a step: 1, 0 is to the right. */
  step(x: number, y: number): void {
    const length = STEP * Math.min(this.linked.view.width, this.linked.view.height);
    this.#moved(() => this.linked.pan(-x * length, -y * length));
  }

  #moved(move: () => void): void {
    move();
    this.repaint();
  }

  #paneAt(target: EventTarget | null): HTMLElement | null {
    const element = target instanceof Element ? target : null;
    if (element?.closest("[role=slider], button, select")) return null;
    return element?.closest<HTMLElement>(".sw-compare-stage") ?? null;
  }

  #resize(): void {
    if (this.element.clientWidth === this.#width) return;
    this.#layOut();
    // A canvas is empty once its size is set: painted in the same frame it does not flicker.
    this.#paint();
  }

  /** As many columns as make the pictures largest. */
  #layOut(): void {
    const [count, width] = [this.#panes.length, this.element.clientWidth];
    this.#width = width;
    if (count === 0 || width === 0) return;
    const [x, y] = this.linked.extent();
    const aspect = y / x;
    const room = Math.min(MOST, Math.max(LEAST, this.host.share * window.innerHeight));
    const options = Array.from({ length: count }, (_, i) => {
      const columns = i + 1;
      const rows = Math.ceil(count / columns);
      const paneWidth = Math.floor((width - (columns - 1) * GAP) / columns);
      const most = (room - (rows - 1) * GAP) / rows - CAPTION;
      const paneHeight = Math.round(Math.max(LEAST_PICTURE, Math.min(most, paneWidth * aspect)));
      // Places that stay empty count against it.
      const score = Math.min(paneWidth / x, paneHeight / y) * (count / (rows * columns));
      return { columns, paneWidth, paneHeight, score };
    });
    const best = options.reduce((a, b) => (b.score > a.score ? b : a));
    this.element.style.setProperty("--sw-columns", String(best.columns));
    for (const pane of this.#panes) pane.resize(best.paneWidth, best.paneHeight);
    this.linked.resize(best.paneWidth, best.paneHeight);
  }

  #paint(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    if (this.#width === 0) return;
    const { tiles, drawings } = this.host;
    const look = { tiles, drawings, outlines: this.host.outlines(), halo: this.host.halo(), split: this.split };
    const wanted: Wanted[][] = [];
    const results: number[] = [];
    for (const pane of this.#panes) {
      const { image } = pane;
      const at = image ? this.linked.at(image) : { scale: 1, left: 0, top: 0 };
      pane.paint({ ...look, at });
      if (!image) continue;
      wanted.push(pane.wanted(image, at));
      results.push(...(pane.shown?.results ?? []));
    }
    const more = this.host.more();
    // Every picture in the coarse first, then what is seen of each in the fine, then what may be looked at next.
    tiles.want([...wanted.flatMap((one) => one.slice(0, 1)), ...wanted.flatMap((one) => one.slice(1)), ...more.tiles]);
    if (look.outlines) drawings.want([...results, ...more.results].filter((result) => result > 0));
    this.host.painted();
  }
}
