/** What a tool is, and what it may use. A tool is a small state machine fed with pointer events in image pixels. */

import type { Rings } from "../geometry";
import type { Change } from "../history";
import type { Selection } from "../selection";
import type { OutlineStore } from "../store";

export type ToolName = "select" | "pan" | "vertices" | "draw";

export interface Pointer {
  /** Image pixels. */
  x: number;
  y: number;
  /** CSS pixels of the canvas. */
  screenX: number;
  screenY: number;
  shift: boolean;
  alt: boolean;
}

/** Geometry shown in place of what is stored, while a drag lasts. */
export interface Preview {
  id: string;
  rings: Rings;
  /** The outline crosses itself there: it would not be taken. */
  crossed: boolean;
}

export interface ToolHost {
  readonly store: OutlineStore;
  readonly selection: Selection;
  readonly width: number;
  readonly height: number;
  readonly readOnly: boolean;
  /** How near, in image pixels, a pointer must come to a vertex or line. */
  readonly reach: number;
  preview: Preview | null;
  pan(dx: number, dy: number): void;
  commit(label: string, changes: readonly Change[]): void;
  /** Say visibly why something was not done; `key` names the string. */
  refuse(key: string): void;
  redraw(): void;
}

/** What a tool wants drawn over the outlines, in image pixels. */
export interface Marks {
  /** An open line that is being drawn. */
  path?: readonly (readonly [number, number])[];
  /** A place that a click would act on. */
  ghost?: readonly [number, number] | null;
  /** The vertex that keys act on. */
  picked?: readonly [number, number] | null;
}

export interface Tool {
  readonly name: ToolName;
  readonly cursor: string;
  down(at: Pointer): void;
  move(at: Pointer): void;
  up(at: Pointer): void;
  /** True when the double click meant something to the tool. */
  doubleClick(at: Pointer): boolean;
  /** Take one step back (Esc); false when there is none. */
  back(): boolean;
  /** Finish (Enter); false when there is nothing to finish. */
  finish(): boolean;
  /** Delete what the tool has picked; false leaves the key to the selected outlines. */
  remove(): boolean;
  /** Another tool is taken up: a drag ends as if it had not begun; what is selected or half drawn stays. */
  leave(): void;
  marks(): Marks;
}

/** A tool that does nothing, for tools to say only what they do. */
export abstract class QuietTool implements Tool {
  abstract readonly name: ToolName;
  readonly cursor: string = "default";

  constructor(protected readonly host: ToolHost) {}

  down(_at: Pointer): void {}
  move(_at: Pointer): void {}
  up(_at: Pointer): void {}
  doubleClick(_at: Pointer): boolean {
    return false;
  }
  back(): boolean {
    return false;
  }
  finish(): boolean {
    return false;
  }
  remove(): boolean {
    return false;
  }
  leave(): void {}
  marks(): Marks {
    return {};
  }
}

/** Keep a point within the image. */
export function within(host: ToolHost, x: number, y: number): [number, number] {
  return [Math.min(host.width, Math.max(0, x)), Math.min(host.height, Math.max(0, y))];
}
