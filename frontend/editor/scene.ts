/** What a renderer draws, whichever it is. */

import type { OutlineStore } from "./store";
import type { Pixels, Window } from "./pixels";
import type { Heat } from "./reading/heat";
import type { Shown } from "./tiles/tiles";
import type { View } from "../shared/view";

export const LINE = { normal: 1.5, thicker: 1, selected: 2.5, halo: 1.1, dash: 9, gap: 4, handle: 7 } as const;

/** Above so many outlines in view lines are thin, and only selected ones have a halo: more would cover the image. */
export const CROWD = 2000, CROWDED_WIDTH = 1.2;

export interface Scene {
  view: View;
  store: OutlineStore;
  window: Window;
  /** Of a large image, what is there in more detail than the plane as it was sent. */
  shown: Shown;
  /** Slots drawn thick. */
  selected: ReadonlySet<number>;
  /** The slot whose place a preview takes. */
  hidden: number | null;
  outlines: boolean;
  /** Of the outlines and their fills, 0..1. */
  opacity: number;
  /** CSS pixels of a line that is not selected. */
  width: number;
  /** How strongly the probability map covers the image, 0..1. */
  heat: number;
}

export interface Renderer {
  readonly kind: "webgl2" | "canvas2d";
  setImage(pixels: Pixels | null): void;
  /** The probability map over the image, null for none. */
  setHeat(heat: Heat | null): void;
  /** Outlines changed; only these are uploaded again. */
  change(slots: readonly number[] | "all"): void;
  /** Draw at `ratio` device pixels a CSS pixel. True when there is more to draw (fills still being prepared). */
  draw(scene: Scene, ratio: number): boolean;
  dispose(): void;
}
