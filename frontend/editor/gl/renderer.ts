/** Image and outlines by WebGL2. What it draws from can be made anew at any time: a lost context comes back whole. */

import { PALETTE } from "../../shared/outlines";
import type { Pixels } from "../pixels";
import type { Heat } from "../reading/heat";
import { CROWD, CROWDED_WIDTH, LINE, type Renderer, type Scene } from "../scene";
import { ImageLayer } from "./image";
import { Faded, HeatTexture } from "./layers";
import { Level, toleranceAt } from "./level";
import type { Mesh } from "./mesh";
import { Program } from "./program";
import { FAN, FILL, LINES, SPOTS } from "./shaders";
import { SPOT } from "./spot";
import type { VertexTexture } from "./storage";

const FILL_STRENGTH = 0.07;
const COLOURS = new Float32Array(
  PALETTE.flatMap((hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255)),
);

interface Resources {
  image: ImageLayer;
  lines: Program;
  fill: Program;
  fan: Program;
  spots: Program;
  /** By how far outlines are reduced in them, image pixels. */
  levels: Map<number, Level>;
  /** The one drawn last. */
  drawn: Level | null;
  /** Without attributes: corners are counted, vertices fetched. */
  noArray: WebGLVertexArrayObject;
  heat: HeatTexture;
  faded: Faded;
}

export class GlRenderer implements Renderer {
  readonly kind = "webgl2";
  #made: Resources | null;
  #pixels: Pixels | null = null;
  #heat: Heat | null = null;
  readonly #end = new AbortController();

  /** Throws when the canvas has no WebGL2. `restored` is called when a lost context is back: draw again. */
  constructor(canvas: HTMLCanvasElement, restored: () => void) {
    const gl = canvas.getContext("webgl2", { antialias: false, alpha: true, preserveDrawingBuffer: false });
    if (!gl) throw new Error("no WebGL2");
    this.gl = gl;
    this.#made = this.#make();
    const { signal } = this.#end;
    canvas.addEventListener("webglcontextlost", (event) => {
      event.preventDefault(); // says that we want it back
      this.#made = null;
    }, { signal });
    canvas.addEventListener("webglcontextrestored", () => {
      this.#made = this.#make();
      restored();
    }, { signal });
  }

  readonly gl: WebGL2RenderingContext;

  setImage(pixels: Pixels | null): void {
    this.#pixels = pixels;
    this.#made?.image.set(pixels);
  }

  setHeat(heat: Heat | null): void {
    this.#heat = heat;
    if (heat) this.#made?.heat.upload(heat);
  }

  change(slots: readonly number[] | "all"): void {
    for (const level of this.#made?.levels.values() ?? []) level.change(slots);
  }

  draw(scene: Scene, ratio: number): boolean {
    const { gl } = this;
    const made = this.#made;
    if (!made) return false;
    gl.viewport(0, 0, gl.drawingBufferWidth, gl.drawingBufferHeight);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.bindVertexArray(made.noArray);
    made.image.draw(scene, ratio);
    if (this.#pixels && this.#heat && scene.heat) {
      const { width, height, downsample } = this.#pixels.info;
      made.heat.draw(scene, ratio, this.#heat, [width * downsample, height * downsample]);
    }
    if (!scene.outlines) return false;
    // In the order in which they lie on the GPU, as a rule: what is looked up by them is in order then, too.
    const slots = [...Int32Array.from(scene.store.query(scene.view.visible())).sort()].filter((slot) => slot !== scene.hidden);
    const wanted = this.#level(made, scene.view.scale * ratio);
    const late = !wanted.prepare(scene.store, slots, made.drawn);
    const level = late ? made.drawn! : wanted;
    level.upload(scene.store, slots);
    made.drawn = level;
    const crowd = slots.length > CROWD, width = crowd ? Math.min(scene.width, CROWDED_WIDTH) : scene.width;
    const thick: number[] = [], spots: number[] = [], fans: number[] = [], others: number[] = [];
    for (const slot of slots) {
      const part = scene.selected.has(slot) ? thick : !crowd ? others : level.isSpot(slot) ? spots : level.isFan(slot) ? fans : others;
      part.push(slot);
    }
    const more = level.prepareFills(scene.store, [...others, ...thick]);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    if (scene.opacity < 1) made.faded.begin();
    this.#drawMesh(made, made.fill, level, level.fills, scene, ratio, [...others, ...thick]);
    this.#drawMesh(made, made.fan, level, level.fans, scene, ratio, fans, width);
    this.#drawSpots(made, level, scene, ratio, spots, width);
    this.#drawLines(made, level, scene, ratio, others, width, crowd ? [false] : [true, false]);
    this.#drawLines(made, level, scene, ratio, thick, scene.width + LINE.thicker);
    if (scene.opacity < 1) {
      gl.bindVertexArray(made.noArray);
      made.faded.end(scene, ratio);
    }
    gl.disable(gl.BLEND);
    return more || late;
  }

  dispose(): void {
    this.#end.abort();
    this.#made = null;
    // Browsers allow about sixteen contexts a page: this one is given back now, not when memory is swept.
    this.gl.getExtension("WEBGL_lose_context")?.loseContext();
  }

  #make(): Resources {
    const { gl } = this;
    const make = (source: { vertex: string; fragment: string }) => new Program(gl, source);
    const made: Resources = {
      image: new ImageLayer(gl, make),
      lines: make(LINES),
      fill: make(FILL),
      fan: make(FAN),
      spots: make(SPOTS),
      levels: new Map(),
      drawn: null,
      noArray: gl.createVertexArray(),
      heat: new HeatTexture(gl, make),
      faded: new Faded(gl, make),
    };
    made.image.set(this.#pixels);
    if (this.#heat) made.heat.upload(this.#heat);
    return made;
  }

  /** The outlines for a scale of so many device pixels an image pixel. */
  #level({ levels }: Resources, scale: number): Level {
    const tolerance = toleranceAt(scale);
    const known = levels.get(tolerance) ?? new Level(this.gl, tolerance);
    levels.set(tolerance, known);
    return known;
  }

  /** Fills, or fans whose line has a width. */
  #drawMesh(
    made: Resources, program: Program, { texture }: Level, { triangles, indices }: Mesh, scene: Scene, ratio: number,
    slots: readonly number[], width = 0,
  ): void {
    const runs = triangles.runs(slots);
    if (!runs.length) return;
    const { gl } = this;
    this.#useFilling(made, program, texture, scene, ratio, width);
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, indices.buffer);
    for (const { start, count } of runs) {
      gl.drawElements(gl.TRIANGLES, count, gl.UNSIGNED_INT, start * 4);
    }
  }

  #drawSpots(made: Resources, { spotTexture, spots }: Level, scene: Scene, ratio: number, slots: readonly number[], width: number): void {
    const runs = spots.runs(slots);
    if (!runs.length) return;
    const { gl } = this;
    this.#useFilling(made, made.spots, spotTexture, scene, ratio, width);
    for (const { start, count } of runs) {
      gl.uniform1i(made.spots.at("first"), start);
      gl.drawArrays(gl.POINTS, 0, count / SPOT);
    }
  }

  /** Take up a program that fills, or fills and draws lines of a width. */
  #useFilling(made: Resources, program: Program, { texture }: VertexTexture, scene: Scene, ratio: number, width: number): void {
    const { gl } = this;
    program.use(scene, ratio);
    gl.uniform3fv(program.at("palette"), COLOURS);
    gl.uniform1f(program.at("strength"), FILL_STRENGTH);
    gl.uniform1f(program.at("ratio"), ratio);
    gl.uniform1f(program.at("reach"), reachOf(width, ratio));
    gl.bindVertexArray(made.noArray);
    gl.bindTexture(gl.TEXTURE_2D, texture);
  }

  #drawLines(
    made: Resources, { texture, vertices }: Level, scene: Scene, ratio: number, slots: readonly number[], width: number,
    // All halos first, so that no halo lies over a neighbour's line.
    passes: readonly boolean[] = [true, false],
  ): void {
    const runs = vertices.runs(slots);
    if (!runs.length) return;
    const { gl } = this;
    const { lines } = made;
    lines.use(scene, ratio);
    gl.bindVertexArray(made.noArray);
    gl.bindTexture(gl.TEXTURE_2D, texture.texture);
    gl.uniform3fv(lines.at("palette"), COLOURS);
    for (const halo of passes) {
      gl.uniform1f(lines.at("reach"), reachOf(width + (halo ? 2 * LINE.halo : 0), ratio));
      gl.uniform2f(lines.at("dash"), LINE.dash * ratio, halo ? 1 : 1 - LINE.gap / LINE.dash);
      gl.uniform4f(lines.at("halo"), 0, 0, 0, halo ? 0.6 : 0);
      for (const { start, count } of runs) {
        gl.uniform1i(lines.at("first"), start);
        gl.drawArrays(gl.TRIANGLE_STRIP, 0, 2 * count);
      }
    }
  }
}

/** Device pixels from the middle of a line of such a width to where it ends: a pixel is covered by as much as it lies within. */
function reachOf(width: number, ratio: number): number {
  return (width / 2) * ratio + 0.5;
}
