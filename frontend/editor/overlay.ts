/** What changes with the pointer: preview, handles, the path being drawn, labels. A plain canvas over the picture. */

import { classColour, type Ring } from "../shared/outlines";
import { strokeRings } from "./canvas_renderer";
import { bounds, countVertices, type Box, type Rings } from "./geometry";
import type { Point } from "./outlines/shapes";
import { LINE } from "./scene";
import { FLAG, type OutlineStore } from "./store";
import type { Marks, Preview } from "./tools/tool";
import type { View } from "../shared/view";

/** Above so many vertices on screen handles would be a blur. */
const MOST_HANDLES = 4000;
/** Vertices of locked outlines that are dotted: more would slow every frame. */
const MOST_LOCKED = 20_000;
const MOST_LABELS = 12;
const MOST_CUT_MARKS = 400;
/** An edge of the image counts as reached within so many pixels. */
const ON_EDGE = 1;
/** Screen pixels between the marks of a cut object. */
const TICK = 7;
/** Half of the marks at the ends of a ruler, screen pixels. */
const RULER_TICK = 6;

export interface OverlayState {
  view: View;
  store: OutlineStore;
  selected: ReadonlySet<number>;
  preview: Preview | null;
  marks: Marks;
  imageWidth: number;
  imageHeight: number;
  /** The slot that is pointed at. */
  hovered: number | null;
  handles: boolean;
  outlines: boolean;
  accent: string;
  font: string;
  label(slot: number): string;
  /** A length of so many image pixels in words. */
  length(px: number): string;
}

export function paintOverlay(context: CanvasRenderingContext2D, state: OverlayState, ratio: number): void {
  const { view, preview, marks } = state;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, context.canvas.width, context.canvas.height);
  context.scale(ratio, ratio);
  if (state.outlines) paintCutMarks(context, state);
  if (state.outlines) paintLocks(context, state);
  paintHovered(context, state);
  for (const { rings, classIndex } of preview?.shapes ?? []) {
    // Crossed lines are dashed in white: seen without colour, and told in words beside the picture.
    strokeRings(context, view, rings, preview?.crossed ? "#ffffff" : classColour(classIndex), LINE.selected);
    if (!preview?.crossed) continue;
    context.setLineDash([4, 4]);
    context.strokeStyle = "#000000";
    trace(context, view, rings);
    context.stroke();
    context.setLineDash([]);
  }
  if (state.handles) paintHandles(context, state);
  if (marks.region) paintRegion(context, view, marks.region);
  if (marks.shape) paintLine(context, view, marks.shape, true);
  if (marks.path) paintLine(context, view, marks.path.flat(), false);
  for (const point of marks.knots ?? []) dot(context, view, point, "#ffffff", LINE.handle);
  if (marks.brush) paintBrush(context, view, marks.brush);
  if (marks.ghost) dot(context, view, marks.ghost, "rgb(255 255 255 / 70%)", LINE.handle + 2);
  for (const point of marks.picked ?? []) dot(context, view, point, state.accent, LINE.handle + 2);
  if (marks.ruler) paintRuler(context, state, marks.ruler);
  paintLabels(context, state);
}

/** The outline that is pointed at, in the picture or in the list, stands out by a white line around its own. */
function paintHovered(context: CanvasRenderingContext2D, { view, store, hovered, outlines, preview }: OverlayState): void {
  if (hovered === null || preview || !outlines || !store.alive(hovered)) return;
  const rings = store.rings(hovered);
  if (!onScreen(view, bounds(rings))) return;
  trace(context, view, rings);
  context.lineJoin = "round";
  for (const [width, colour] of [
    [LINE.selected + 4, "rgb(255 255 255 / 85%)"], [LINE.selected, classColour(store.attributes(hovered).classIndex)],
  ] as const) {
    context.lineWidth = width;
    context.strokeStyle = colour;
    context.stroke();
  }
}

function ringsOf(state: OverlayState, slot: number): Rings {
  const { preview, store } = state;
  return preview?.shapes.find(({ id }) => id === store.id(slot))?.rings ?? store.rings(slot);
}

function onScreen(view: View, box: Box): boolean {
  const [x0, y0, x1, y1] = view.visible();
  return box[0] <= x1 && box[2] >= x0 && box[1] <= y1 && box[3] >= y0;
}

function paintHandles(context: CanvasRenderingContext2D, state: OverlayState): void {
  const { view } = state;
  let left = MOST_HANDLES;
  for (const slot of state.selected) {
    const rings = ringsOf(state, slot);
    if (!rings.length || state.store.isAside("locked", state.store.id(slot)) || !onScreen(view, bounds(rings))) continue;
    left -= countVertices(rings);
    if (left < 0) return;
    for (const ring of rings) {
      let lastX = -1e9, lastY = -1e9;
      // Dense outlines get smaller and fewer handles, so that the line between them is still seen.
      const side = LINE.handle * Math.min(1, Math.max(0.5, spacing(ring, view.scale) / 14));
      for (let i = 0; i < ring.length; i += 2) {
        const [x, y] = view.toScreen(ring[i], ring[i + 1]);
        if (x < -8 || y < -8 || x > view.width + 8 || y > view.height + 8) continue;
        if (Math.hypot(x - lastX, y - lastY) < 2.4 * side) continue;
        [lastX, lastY] = [x, y];
        context.fillStyle = "rgb(0 0 0 / 80%)";
        context.fillRect(x - side / 2 - 1, y - side / 2 - 1, side + 2, side + 2);
        context.fillStyle = "#ffffff";
        context.fillRect(x - side / 2, y - side / 2, side, side);
      }
    }
  }
}

function spacing(ring: Float32Array, scale: number): number {
  let length = 0;
  for (let i = 0; i < ring.length; i += 2) {
    const j = (i + 2) % ring.length;
    length += Math.hypot(ring[j] - ring[i], ring[j + 1] - ring[i + 1]);
  }
  return (length / (ring.length / 2)) * scale;
}

function trace(context: CanvasRenderingContext2D, view: View, rings: Rings): void {
  context.beginPath();
  for (const ring of rings) {
    for (let i = 0; i < ring.length; i += 2) {
      const [x, y] = view.toScreen(ring[i], ring[i + 1]);
      if (i) context.lineTo(x, y);
      else context.moveTo(x, y);
    }
    context.closePath();
  }
}

/** A line that is being drawn: white over a dark halo. */
function paintLine(context: CanvasRenderingContext2D, view: View, line: ArrayLike<number>, closed: boolean): void {
  context.lineJoin = "round";
  context.beginPath();
  for (let i = 0; i < line.length; i += 2) {
    const [x, y] = view.toScreen(line[i], line[i + 1]);
    if (i) context.lineTo(x, y);
    else context.moveTo(x, y);
  }
  if (closed) context.closePath();
  for (const [width, colour] of [[LINE.selected + 2 * LINE.halo, "rgb(0 0 0 / 60%)"], [LINE.selected, "#ffffff"]] as const) {
    context.lineWidth = width;
    context.strokeStyle = colour;
    context.stroke();
  }
}

/** What a drag selects: a veil within a thin dashed line. */
function paintRegion(context: CanvasRenderingContext2D, view: View, region: Ring): void {
  trace(context, view, [region]);
  context.fillStyle = "rgb(255 255 255 / 12%)";
  context.fill("evenodd");
  for (const [dash, colour] of [[[], "rgb(0 0 0 / 60%)"], [[4, 4], "#ffffff"]] as const) {
    context.setLineDash([...dash]);
    context.lineWidth = 1;
    context.strokeStyle = colour;
    context.stroke();
  }
  context.setLineDash([]);
}

function paintBrush(context: CanvasRenderingContext2D, view: View, { x, y, radius }: { x: number; y: number; radius: number }): void {
  context.beginPath();
  context.arc(...view.toScreen(x, y), radius * view.scale, 0, 2 * Math.PI);
  for (const [width, colour] of [[3, "rgb(0 0 0 / 60%)"], [1, "#ffffff"]] as const) {
    context.lineWidth = width;
    context.strokeStyle = colour;
    context.stroke();
  }
}

/** Locked outlines are dotted in black over their line: it is seen without colour that they cannot be changed. */
function paintLocks(context: CanvasRenderingContext2D, state: OverlayState): void {
  const { view, store } = state;
  if (!store.aside("locked").size) return;
  let left = MOST_LOCKED;
  for (const slot of store.query(view.visible())) {
    if (!store.isAside("locked", store.id(slot))) continue;
    const rings = ringsOf(state, slot);
    left -= countVertices(rings);
    if (left < 0) return;
    trace(context, view, rings);
    context.setLineDash([2, 4]);
    context.lineWidth = state.selected.has(slot) ? LINE.selected : LINE.normal;
    context.strokeStyle = "#000000";
    context.stroke();
  }
  context.setLineDash([]);
}

function dot(context: CanvasRenderingContext2D, view: View, [x, y]: readonly [number, number], colour: string, size: number): void {
  const [sx, sy] = view.toScreen(x, y);
  context.beginPath();
  context.arc(sx, sy, size / 2, 0, 2 * Math.PI);
  context.fillStyle = colour;
  context.fill();
  context.strokeStyle = "rgb(0 0 0 / 80%)";
  context.lineWidth = 1.5;
  context.stroke();
}

/** Ticks outside the image's edge where it cuts an object: its size is a lower bound. */
function paintCutMarks(context: CanvasRenderingContext2D, state: OverlayState): void {
  const { view, store } = state;
  const visible = store.query(view.visible());
  if (visible.length > 4 * MOST_CUT_MARKS) return;
  let left = MOST_CUT_MARKS;
  for (const slot of visible) {
    const { flags, classIndex } = store.attributes(slot);
    if (!(flags & FLAG.border) || left-- <= 0) continue;
    context.beginPath();
    traceTicks(context, state, ringsOf(state, slot)[0] ?? []);
    for (const [width, stroke] of [[3, "rgb(0 0 0 / 45%)"], [1.5, classColour(classIndex)]] as const) {
      context.lineWidth = width;
      context.strokeStyle = stroke;
      context.stroke();
    }
  }
}

/** Each edge of the ring that lies on an edge of the image gets ticks, in step along the whole image. */
function traceTicks(context: CanvasRenderingContext2D, state: OverlayState, ring: ArrayLike<number>): void {
  const { view, imageWidth, imageHeight } = state;
  for (const [axis, at, out] of [[0, 0, -1], [0, imageWidth, 1], [1, 0, -1], [1, imageHeight, 1]] as const) {
    const on = (vertex: number) => Math.abs(ring[vertex + axis] - at) <= ON_EDGE;
    for (let i = 0; i < ring.length; i += 2) {
      const j = (i + 2) % ring.length;
      if (!on(i) || !on(j)) continue;
      const ends = [ring[i + 1 - axis], ring[j + 1 - axis]].map((value) => value * view.scale).sort((a, b) => a - b);
      for (let tick = Math.ceil(ends[0] / TICK) * TICK; tick <= ends[1]; tick += TICK) {
        const [near, far] = [2 * out, 8 * out].map((away) => at * view.scale + away);
        const place = (across: number): [number, number] =>
          axis ? [view.x + tick, view.y + across] : [view.x + across, view.y + tick];
        context.moveTo(...place(near));
        context.lineTo(...place(far));
      }
    }
  }
}

function paintLabels(context: CanvasRenderingContext2D, state: OverlayState): void {
  if (!state.outlines || state.selected.size > MOST_LABELS) return;
  const { view } = state;
  context.font = state.font;
  context.textBaseline = "middle";
  for (const slot of state.selected) {
    const rings = ringsOf(state, slot);
    if (!rings.length) continue;
    const box = bounds(rings);
    if (!onScreen(view, box)) continue;
    const text = state.label(slot);
    // Above the outline where there is room.
    const [right, top] = view.toScreen((box[0] + box[2]) / 2, box[1]);
    paintWords(context, view, text, right, top - 20);
  }
}

/** Words about a place, always whole within the canvas. */
function paintWords(context: CanvasRenderingContext2D, view: View, text: string, middleX: number, middleY: number): void {
  const size = context.measureText(text).width + 12;
  const x = Math.min(view.width - size - 4, Math.max(4, middleX - size / 2));
  const y = Math.min(view.height - 24, Math.max(4, middleY - 10));
  context.fillStyle = "rgb(0 0 0 / 72%)";
  context.beginPath();
  context.roundRect(x, y, size, 20, 4);
  context.fill();
  context.fillStyle = "#ffffff";
  context.fillText(text, x + 6, y + 10.5);
}

/** A line with a tick at each end, and how long it is. */
function paintRuler(context: CanvasRenderingContext2D, state: OverlayState, [from, to]: readonly [Point, Point]): void {
  const { view } = state;
  if (!onScreen(view, bounds([Float32Array.of(...from, ...to)]))) return;
  const [[x0, y0], [x1, y1]] = [view.toScreen(...from), view.toScreen(...to)];
  const size = Math.hypot(x1 - x0, y1 - y0) || 1;
  const across = [-(y1 - y0) / size, (x1 - x0) / size].map((part) => part * RULER_TICK);
  context.beginPath();
  context.moveTo(x0, y0);
  context.lineTo(x1, y1);
  for (const [x, y] of [[x0, y0], [x1, y1]]) {
    context.moveTo(x - across[0], y - across[1]);
    context.lineTo(x + across[0], y + across[1]);
  }
  for (const [width, colour] of [[4, "rgb(0 0 0 / 70%)"], [1.5, "#ffffff"]] as const) {
    context.lineWidth = width;
    context.strokeStyle = colour;
    context.stroke();
  }
  context.font = state.font;
  context.textBaseline = "middle";
  paintWords(context, view, state.length(Math.hypot(to[0] - from[0], to[1] - from[1])), (x0 + x1) / 2, (y0 + y1) / 2 - 18);
}
