/** What helps to read the image: settings of the look, probability map, other revisions, the small map, and their panel. */

import type { EditorHost } from "../host";
import { Ghost } from "./ghost";
import { HeatLayer } from "./heat";
import { LayersPanel } from "./layers";
import { Looks } from "./looks";
import { Minimap } from "./minimap";

export class Reading {
  readonly looks = new Looks();
  readonly heat: HeatLayer;
  readonly ghost: Ghost;
  readonly minimap: Minimap;
  readonly panel: LayersPanel;

  constructor(private readonly editor: EditorHost) {
    const { rpc, t } = editor.frame;
    this.heat = new HeatLayer(rpc, () => this.#changed());
    this.ghost = new Ghost(rpc, () => this.#changed());
    this.minimap = new Minimap(t("editor.minimap"), (x, y) => this.#centre(x, y));
    this.panel = new LayersPanel(t, this.looks, this.heat, this.ghost);
    this.looks.onChange(() => editor.redrawAll());
  }

  /** Another image is open, or another revision of it. */
  follow(image: number, revision: number | null): void {
    this.heat.follow(image, revision);
    this.ghost.follow(image, revision);
  }

  /** Draw what has a canvas of its own. */
  draw(ratio: number): void {
    const { view, work, width, height, window } = this.editor;
    this.ghost.paint(view, ratio, work.info !== null);
    this.minimap.show(work.info && work.pixels, width, height, view, window, this.looks.values.minimap);
  }

  #changed(): void {
    this.editor.renderer.setHeat(this.heat.on ? this.heat.heat : null);
    this.panel.refresh();
    this.editor.redrawAll();
  }

  /** Show a place of the image in the middle. */
  #centre(x: number, y: number): void {
    const { view } = this.editor;
    const [screenX, screenY] = view.toScreen(x, y);
    view.pan(view.width / 2 - screenX, view.height / 2 - screenY);
    this.editor.moved();
  }
}
