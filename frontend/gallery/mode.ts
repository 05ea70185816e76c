/**
 * What every way of showing the images (grid, list, plate, ...) is to the gallery.
 *
 * A mode draws `shown.finder.order` into its element; selection, keys, filters and pictures are the gallery's. A new
 * one is a file and a line in `modes.ts`.
 */
import type { Drawings } from "../shared/drawings";
import type { Frame } from "../shared/frame";
import type { Translate } from "../shared/strings";
import type { Finder } from "./finder";
import type { Move } from "./layout";
import type { Pictures } from "./pictures";
import type { PlateView } from "./plate/plate";
import type { Rows } from "./rows";
import type { Selection } from "./selection";
import type { SortedName } from "./view";

/** What all modes show; the gallery changes it and then says so. */
export interface Shown {
  rows: Rows;
  finder: Finder;
  /** Wished width of a card, px. */
  size: number;
  outlines: boolean;
  /** The image that is open elsewhere. */
  opened: number | null;
}

/** What a mode is made of. */
export interface Parts {
  shown: Shown;
  selection: Selection;
  pictures: Pictures;
  drawings: Drawings;
  t: Translate;
  frame: Pick<Frame, "t" | "rpc" | "token" | "onTheme">;
  /** Height the images may take, px. */
  height: number;
  /** Colour of the halo around outlines, of the present theme. */
  halo(): string;
  /** A person asks to sort by a column: once more turns it round. */
  sort(by: SortedName): void;
  /** Selects these images and no others. */
  pick(ids: readonly number[]): void;
  open(id: number): void;
  /** Keeps how the plate is shown with the view. */
  keepPlate(plate: PlateView): void;
  signal: AbortSignal;
}

export interface Mode {
  readonly element: HTMLElement;
  /** Takes the focus, and with it the keys. */
  focus(): void;
  /** The rows that are shown, their order, their size or the room for them changed. */
  arrange(): void;
  /** Draws what is in sight again. */
  refresh(): void;
  /** Goes back to the first image. */
  toTop(): void;
  /** Pictures, or reasons why there is none, have come; null: any. */
  update(ids: readonly number[] | null): void;
  /** Outlines have come. */
  updateResults(results: readonly number[]): void;
  /** Selection, keyboard or opened image changed. */
  updateMarks(): void;
  /** Brings a position into sight. */
  reveal(position: number): void;
  /** Where a key leads from a position; undefined where it means nothing here. */
  step(move: Move, from: number): number | undefined;
  /** The position that was clicked. */
  positionAt(target: Element): number | undefined;
}
