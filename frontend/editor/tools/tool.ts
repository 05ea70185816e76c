/** What a tool is, and what it may use. A tool is a small state machine fed with pointer events in image pixels. */

import type { Proposer } from "../assist/proposer";
import type { Ring } from "../../shared/outlines";
import type { Translate } from "../../shared/strings";
import type { Rings } from "../geometry";
import type { Change } from "../history";
import type { Action } from "../keys";
import type { Point } from "../outlines/shapes";
import type { Selection } from "../selection";
import type { OutlineStore } from "../store";

export const TOOLS = [
  "select", "vertices", "pan", "draw", "rectangle", "ellipse", "brush", "eraser", "slice", "reshape", "assist", "ruler",
] as const;
export type ToolName = (typeof TOOLS)[number];
/** Tools that change nothing. */
export const LOOKING: readonly ToolName[] = ["select", "pan", "ruler"];

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

/** An outline as it would be. */
export interface Shape {
  /** Of the outline it comes from; null is a new one. */
  id: string | null;
  rings: Rings;
  classIndex: number;
}

/** Geometry shown while something goes on. */
export interface Preview {
  shapes: readonly Shape[];
  /** The outline whose place it takes: not drawn meanwhile. Others stay in sight. */
  hides: string | null;
  /** An outline crosses itself there: it would not be taken. */
  crossed?: boolean;
}

/** What the next shape is drawn as; all tools that draw share it. */
export interface Drawing {
  classIndex: number;
  /** As a hole of the object it is drawn in. */
  hole: boolean;
}

export interface ToolHost {
  readonly store: OutlineStore;
  readonly selection: Selection;
  readonly width: number;
  readonly height: number;
  readonly readOnly: boolean;
  /** How near, in image pixels, a pointer must come to a vertex or line. */
  readonly reach: number;
  /** Screen pixels an image pixel. */
  readonly scale: number;
  /** Micrometres a pixel; null when nobody knows. */
  readonly pixelSize: number | null;
  readonly drawing: Drawing;
  readonly proposer: Proposer;
  preview: Preview | null;
  pan(dx: number, dy: number): void;
  /** False, and said visibly, when it was not done. */
  commit(label: string, changes: readonly Change[]): boolean;
  /** Say visibly why something was not done; `key` names the string. */
  refuse(key: string, vars?: Record<string, string | number>): void;
  /** Take up another tool. */
  useTool(name: ToolName): void;
  redraw(): void;
}

/** What a tool wants drawn over the outlines, in image pixels. */
export interface Marks {
  /** An open line that is being drawn, and its vertices as they were set. */
  path?: readonly Point[];
  knots?: readonly Point[];
  /** A shape that is being drawn. */
  shape?: Ring | null;
  /** What a drag selects. */
  region?: Ring | null;
  /** A place that a click would act on. */
  ghost?: Point | null;
  /** Vertices that keys act on. */
  picked?: readonly Point[];
  /** What is measured, from end to end. */
  ruler?: readonly [Point, Point] | null;
  /** What a brush would cover. */
  brush?: { x: number; y: number; radius: number } | null;
}

/** A setting of a tool, shown in the strip above the picture. */
export type Control =
  | {
      /** A length, in pixels; the slider's middle is the geometric mean of its ends. */
      kind: "length";
      label: string;
      least: number;
      most: number;
      get(): number;
      set(value: number): void;
    }
  | { kind: "choice"; label: string; options: readonly { value: string; label: string }[]; get(): string; set(value: string): void }
  | { kind: "button"; action: Action; label: string; main?: boolean }
  /** Words that change: the tool says them anew at every look. */
  | { kind: "words"; text(t: Translate): string };

export interface Tool {
  readonly name: ToolName;
  readonly cursor: string;
  /** Handles of what is selected are shown. */
  readonly handles: boolean;
  readonly controls: readonly Control[];
  down(at: Pointer): void;
  move(at: Pointer): void;
  up(at: Pointer): void;
  /** The press that goes on counts as not having been: a second finger came, or the system took the pointer. */
  cancel(): void;
  /** True when the double click meant something to the tool. */
  doubleClick(at: Pointer): boolean;
  /** The wheel is the tool's without Alt as well. */
  readonly takesWheel: boolean;
  /** The wheel was turned with Alt held; true when that meant something to the tool. */
  wheel(steps: number): boolean;
  /** Take one step back (Esc); false when there is none. */
  back(): boolean;
  /** Finish (Enter); false when there is nothing to finish. */
  finish(): boolean;
  /** Delete what the tool has picked; false leaves the key to the selected outlines. */
  remove(): boolean;
  /** Move what the tool has picked; false leaves the key to the selected outlines. */
  nudge(dx: number, dy: number): boolean;
  /** The tool is taken up. */
  enter(): void;
  /** Another tool is taken up: a drag ends as if it had not begun; what is selected or half drawn stays. */
  leave(): void;
  /** Selection or outlines changed, by whatever. */
  changed(): void;
  marks(): Marks;
}

/** A tool that does nothing, for tools to say only what they do. */
export abstract class QuietTool implements Tool {
  abstract readonly name: ToolName;
  readonly cursor: string = "default";
  readonly handles: boolean = false;
  readonly controls: readonly Control[] = [];

  get takesWheel(): boolean {
    return false;
  }

  constructor(protected readonly host: ToolHost) {}

  down(_at: Pointer): void {}
  move(_at: Pointer): void {}
  up(_at: Pointer): void {}
  cancel(): void {
    this.leave();
  }
  doubleClick(_at: Pointer): boolean {
    return false;
  }
  wheel(_steps: number): boolean {
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
  nudge(_dx: number, _dy: number): boolean {
    return false;
  }
  enter(): void {}
  leave(): void {}
  changed(): void {}
  marks(): Marks {
    return {};
  }
}

/** Whether all of some outlines are there: another editor or the notebook may have taken them away meanwhile. */
export function areThere({ store }: ToolHost, ids: Iterable<string>): boolean {
  return [...ids].every((id) => {
    const slot = store.slot(id);
    return slot !== undefined && store.alive(slot);
  });
}

/** Keep a point within the image. */
export function within(host: ToolHost, x: number, y: number): [number, number] {
  return [Math.min(host.width, Math.max(0, x)), Math.min(host.height, Math.max(0, y))];
}

/** Whether a press has become a drag: a hand that trembles moves nothing. */
export function dragged(from: Pointer, at: Pointer, least = 3): boolean {
  return Math.hypot(at.screenX - from.screenX, at.screenY - from.screenY) >= least;
}
