/** Draws the wells of a plate on one canvas. */
import type { PlateSeries } from "./images";
import type { Look, Scheme } from "./scheme";
import type { Format } from "./wells";

/** A well that is smaller has no mark, a part of one no picture, px. */
const LEAST_MARKED = 11;
const LEAST_PICTURED = 40;
const RADIUS = 4;
/** Widest mark, px. */
const LARGEST_MARK = 30;
const RING = 2;
/** Free between two sites of a well, px. */
const PART_GAP = 1;

/** Where wells lie: px of the page. */
export interface Geometry {
  format: Format;
  /** From one well to the next. */
  pitch: number;
  /** Free between two wells. */
  gap: number;
}

export interface Colours {
  /** Behind the wells. */
  ground: string;
  /** Around a well. */
  line: string;
  /** Around a selected one. */
  accent: string;
  ink: string;
  font: string;
}

export interface Scene extends Geometry {
  series: PlateSeries;
  point: number;
  scheme: Scheme;
  colours: Colours;
  excluded(entry: number): boolean;
  selected(row: number, column: number): boolean;
  /** A picture of an entry that is shown so large, if there is one by now. */
  picture(entry: number, pixels: number): CanvasImageSource | null;
}

type Box = [left: number, top: number, width: number, height: number];

/** Sets the canvas to the size of the plate and draws it; `ratio` is device pixels a CSS pixel. */
export function paint(canvas: HTMLCanvasElement, scene: Scene, ratio: number): void {
  const { format, pitch, series, point, colours } = scene;
  const [width, height] = [format.columns * pitch, format.rows * pitch];
  const [deviceWidth, deviceHeight] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== deviceWidth || canvas.height !== deviceHeight) {
    canvas.width = deviceWidth;
    canvas.height = deviceHeight;
  }
  const context = canvas.getContext("2d");
  if (!context) return;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  const hatch = hatching(context, colours.ink);
  for (let row = 0; row < format.rows; row++) {
    for (let column = 0; column < format.columns; column++) {
      const box = boxOf(scene, row, column);
      let empty = true;
      for (let site = 0; site < series.sites; site++) {
        const entry = series.at(point, row, column, site);
        if (entry < 0) continue;
        empty = false;
        drawPart(context, partOf(box, site, series.sites), entry, scene, hatch);
      }
      if (empty) outline(context, box, colours.line, 1);
      if (scene.selected(row, column)) {
        outline(context, box, colours.ground, RING + 1.5);
        outline(context, box, colours.accent, RING);
      }
    }
  }
}

export function boxOf({ pitch, gap }: Geometry, row: number, column: number): Box {
  return [column * pitch + gap / 2, row * pitch + gap / 2, pitch - gap, pitch - gap];
}

/** Columns in which the sites of a well lie. */
function acrossOf(sites: number): number {
  return Math.ceil(Math.sqrt(sites));
}

export function partOf([left, top, width, height]: Box, site: number, sites: number): Box {
  const across = acrossOf(sites);
  const down = Math.ceil(sites / across);
  const free = sites > 1 ? PART_GAP : 0;
  const [w, h] = [(width + free) / across, (height + free) / down];
  return [left + (site % across) * w, top + Math.floor(site / across) * h, w - free, h - free];
}

/** Which site of its well lies at a point, given from the well's corner as shares of its size. */
export function siteAt(x: number, y: number, sites: number): number {
  const across = acrossOf(sites);
  const down = Math.ceil(sites / across);
  const clamp = (share: number, count: number) => Math.min(count - 1, Math.max(0, Math.floor(share * count)));
  return Math.min(sites - 1, clamp(y, down) * across + clamp(x, across));
}

function drawPart(context: CanvasRenderingContext2D, box: Box, entry: number, scene: Scene, hatch: CanvasPattern | null): void {
  const { scheme, colours } = scene;
  const look = scheme.looks[scheme.of(entry)];
  const size = Math.min(box[2], box[3]);
  const excluded = scene.excluded(entry);
  const picture = size >= LEAST_PICTURED ? scene.picture(entry, size) : null;
  rounded(context, box);
  context.fillStyle = look.fill;
  context.globalAlpha = excluded ? 0.4 : 1;
  context.fill();
  if (picture) drawPicture(context, picture, box, look, hatch);
  else {
    if (look.hatched && hatch) {
      context.fillStyle = hatch;
      context.fill();
    }
    if (!excluded) drawSign(context, entry, box, scene);
  }
  context.globalAlpha = 1;
  if (excluded) cross(context, box, colours);
}

/** A number where there is room for one, else the mark. */
function drawSign(context: CanvasRenderingContext2D, entry: number, box: Box, { scheme, colours }: Scene): void {
  const look = scheme.looks[scheme.of(entry)];
  const size = Math.min(box[2], box[3]);
  const text = size >= LEAST_PICTURED ? scheme.text(entry) : "";
  if (text) write(context, text, box, look.ink, colours.font, 11);
  else if (size >= LEAST_MARKED) drawMark(context, look, box, colours.font);
}

/** The picture fills its part, with the colour around it and the mark in a corner. */
function drawPicture(
  context: CanvasRenderingContext2D, picture: CanvasImageSource, box: Box, look: Look, hatch: CanvasPattern | null,
): void { // prettier-ignore
  const [left, top, width, height] = box;
  const { width: w, height: h } = picture as ImageBitmap;
  const scale = Math.max(width / w, height / h);
  const [cutWidth, cutHeight] = [width / scale, height / scale];
  context.save();
  context.clip();
  context.drawImage(picture, (w - cutWidth) / 2, (h - cutHeight) / 2, cutWidth, cutHeight, left, top, width, height);
  context.lineWidth = 6;
  for (const style of [look.fill, look.hatched && hatch]) {
    if (!style) continue;
    context.strokeStyle = style;
    context.stroke();
  }
  context.restore();
  if (!look.path && !look.sign) return;
  const chip: Box = [left, top, 18, 18];
  context.fillStyle = look.fill;
  context.beginPath();
  context.roundRect(...chip, [RADIUS, 0, RADIUS, 0]);
  context.fill();
  drawMark(context, look, chip, "");
}

const paths = new Map<string, Path2D>();

function drawMark(context: CanvasRenderingContext2D, look: Look, box: Box, font: string): void {
  const [left, top, width, height] = box;
  const size = Math.min(LARGEST_MARK, Math.min(width, height) * 0.72);
  if (look.sign) {
    write(context, look.sign, box, look.ink, font, Math.min(14, Math.max(8, size * 0.75)));
    return;
  }
  if (!look.path) return;
  let path = paths.get(look.path);
  if (!path) paths.set(look.path, (path = new Path2D(look.path)));
  const scale = size / 16;
  context.save();
  context.translate(left + (width - size) / 2, top + (height - size) / 2);
  context.scale(scale, scale);
  context.lineWidth = Math.max(1.6, 1.2 / scale);
  context.lineCap = context.lineJoin = "round";
  context.strokeStyle = look.ink;
  context.stroke(path);
  context.restore();
}

function write(context: CanvasRenderingContext2D, text: string, [left, top, width, height]: Box, ink: string, font: string, size: number): void {
  context.font = `${size}px ${font || "sans-serif"}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillStyle = ink;
  context.fillText(text, left + width / 2, top + height / 2 + 0.5, width - 2);
}

function cross(context: CanvasRenderingContext2D, [left, top, width, height]: Box, { ground, ink }: Colours): void {
  const inset = Math.min(width, height) * 0.12;
  context.lineCap = "round";
  for (const [colour, line] of [[ground, 3.5], [ink, 1.5]] as const) {
    context.strokeStyle = colour;
    context.lineWidth = line;
    context.beginPath();
    context.moveTo(left + inset, top + inset);
    context.lineTo(left + width - inset, top + height - inset);
    context.moveTo(left + width - inset, top + inset);
    context.lineTo(left + inset, top + height - inset);
    context.stroke();
  }
}

function outline(context: CanvasRenderingContext2D, box: Box, colour: string, width: number): void {
  rounded(context, box);
  context.save();
  context.clip(); // inside the well: its neighbour is not covered
  context.lineWidth = 2 * width;
  context.strokeStyle = colour;
  context.stroke();
  context.restore();
}

function rounded(context: CanvasRenderingContext2D, [left, top, width, height]: Box): void {
  context.beginPath();
  context.roundRect(left, top, width, height, Math.min(RADIUS, width / 4));
}

function hatching(context: CanvasRenderingContext2D, ink: string): CanvasPattern | null {
  const tile = new OffscreenCanvas(6, 6);
  const brush = tile.getContext("2d") as OffscreenCanvasRenderingContext2D;
  brush.strokeStyle = ink;
  brush.globalAlpha = 0.45;
  brush.beginPath();
  for (const at of [-6, 0, 6]) {
    brush.moveTo(at - 1, 7);
    brush.lineTo(at + 7, -1);
  }
  brush.stroke();
  return context.createPattern(tile, "repeat");
}
