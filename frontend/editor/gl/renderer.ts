/** Image and outlines by WebGL2. What it draws from can be made anew at any time: a lost context comes back whole. */

import earcut from "earcut";

import { PALETTE } from "../../shared/outlines";
import type { Rings } from "../geometry";
import type { Pixels } from "../pixels";
import type { Heat } from "../reading/heat";
import { LINE, type Renderer, type Scene } from "../scene";
import { FLAG, type OutlineStore } from "../store";
import { Arena, type Run } from "./arena";
import { Faded, HeatTexture } from "./layers";
import { Program } from "./program";
import { FILL, IMAGE, LINES, META } from "./shaders";

const VERTEX_BYTES = 16;
/** Milliseconds a frame may spend on preparing fills. */
const FILL_BUDGET = 6;
const FILL_STRENGTH = 0.07;
const COLOURS = new Float32Array(
  PALETTE.flatMap((hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255)),
);

interface Resources {
  image: Program;
  lines: Program;
  fill: Program;
  vertices: Arena;
  triangles: Arena;
  array: WebGLVertexArrayObject;
  /** Without attributes: the image's corners are counted. */
  noArray: WebGLVertexArrayObject;
  texture: WebGLTexture;
  heat: HeatTexture;
  faded: Faded;
}

export class GlRenderer implements Renderer {
  readonly kind = "webgl2";
  #made: Resources | null;
  #pixels: Pixels | null = null;
  #heat: Heat | null = null;
  #all = true;
  #changed = new Set<number>();
  #unfilled = new Set<number>();
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
    if (this.#made) this.#uploadImage(this.#made);
  }

  setHeat(heat: Heat | null): void {
    this.#heat = heat;
    if (heat) this.#made?.heat.upload(heat);
  }

  change(slots: readonly number[] | "all"): void {
    if (slots === "all") this.#all = true;
    else for (const slot of slots) this.#changed.add(slot);
  }

  draw(scene: Scene, ratio: number): boolean {
    const { gl } = this;
    const made = this.#made;
    if (!made) return false;
    this.#uploadOutlines(made, scene.store);
    gl.viewport(0, 0, gl.drawingBufferWidth, gl.drawingBufferHeight);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    if (this.#pixels) this.#drawImage(made, this.#pixels, scene, ratio);
    if (this.#pixels && this.#heat && scene.heat) {
      const { width, height, downsample } = this.#pixels.info;
      made.heat.draw(scene, ratio, this.#heat, [width * downsample, height * downsample]);
    }
    if (!scene.outlines) return false;
    const slots = scene.store.query(scene.view.visible()).filter((slot) => slot !== scene.hidden);
    const more = this.#prepareFills(made, scene.store, slots);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    if (scene.opacity < 1) made.faded.begin();
    this.#drawFills(made, scene, ratio, slots);
    const thick = slots.filter((slot) => scene.selected.has(slot));
    const thin = thick.length ? slots.filter((slot) => !scene.selected.has(slot)) : slots;
    this.#drawLines(made, scene, ratio, made.vertices.runs(thin), scene.width);
    this.#drawLines(made, scene, ratio, made.vertices.runs(thick), scene.width + LINE.thicker);
    if (scene.opacity < 1) {
      gl.bindVertexArray(made.noArray);
      made.faded.end(scene, ratio);
    }
    gl.disable(gl.BLEND);
    return more;
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
      image: make(IMAGE),
      lines: make(LINES),
      fill: make(FILL),
      vertices: new Arena(gl, gl.ARRAY_BUFFER, VERTEX_BYTES),
      triangles: new Arena(gl, gl.ELEMENT_ARRAY_BUFFER, 4),
      array: gl.createVertexArray(),
      noArray: gl.createVertexArray(),
      texture: gl.createTexture(),
      heat: new HeatTexture(gl, make),
      faded: new Faded(gl, make),
    };
    gl.bindVertexArray(made.array);
    for (const location of [0, 1, 2]) gl.enableVertexAttribArray(location);
    this.#all = true;
    this.#uploadImage(made);
    if (this.#heat) made.heat.upload(this.#heat);
    return made;
  }

  #uploadImage(made: Resources): void {
    const { gl } = this;
    if (!this.#pixels) return;
    const { width, height, dtype } = this.#pixels.info;
    gl.bindTexture(gl.TEXTURE_2D, made.texture);
    for (const name of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, name, gl.NEAREST);
    for (const name of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.texParameteri(gl.TEXTURE_2D, name, gl.CLAMP_TO_EDGE);
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
    const [inner, type] = dtype === "uint16" ? [gl.R16UI, gl.UNSIGNED_SHORT] as const : [gl.R8UI, gl.UNSIGNED_BYTE] as const;
    gl.texImage2D(gl.TEXTURE_2D, 0, inner, width, height, 0, gl.RED_INTEGER, type, this.#pixels.data);
  }

  #uploadOutlines(made: Resources, store: OutlineStore): void {
    if (this.#all) {
      this.#all = false;
      this.#changed.clear();
      this.#unfilled = new Set(store.slots());
      this.#uploadAll(made, store);
    }
    for (const slot of this.#changed) {
      made.triangles.remove(slot);
      if (!store.alive(slot)) {
        made.vertices.remove(slot);
        continue;
      }
      const rings = store.rings(slot);
      const range = made.vertices.place(slot, items(rings), 16);
      const data = new DataView(new ArrayBuffer(range.used * VERTEX_BYTES));
      writeVertices(data, 0, rings, metaOf(store, slot));
      made.vertices.upload(range.start, data);
      this.#unfilled.add(slot);
    }
    this.#changed.clear();
  }

  #uploadAll(made: Resources, store: OutlineStore): void {
    let total = 0;
    for (const slot of store.slots()) total += items(store.rings(slot));
    made.vertices.reset(total + 1024);
    made.triangles.reset(3 * total + 1024);
    const data = new DataView(new ArrayBuffer(total * VERTEX_BYTES));
    for (const slot of store.slots()) {
      const rings = store.rings(slot);
      const range = made.vertices.place(slot, items(rings));
      writeVertices(data, range.start, rings, metaOf(store, slot));
    }
    if (total) made.vertices.upload(0, data);
  }

  /** Triangles of outlines on screen, as many as the budget allows; true when some are missing. */
  #prepareFills(made: Resources, store: OutlineStore, slots: readonly number[]): boolean {
    if (!this.#unfilled.size) return false;
    const end = performance.now() + FILL_BUDGET;
    for (const slot of slots) {
      if (!this.#unfilled.has(slot)) continue;
      if (performance.now() > end) return true;
      this.#unfilled.delete(slot);
      const { start } = made.vertices.range(slot)!;
      const triangles = triangulate(store.rings(slot), start);
      const range = made.triangles.place(slot, triangles.length);
      if (triangles.length) made.triangles.upload(range.start, triangles);
    }
    return false;
  }

  #drawImage(made: Resources, { info }: Pixels, scene: Scene, ratio: number): void {
    const { gl } = this;
    made.image.use(scene, ratio);
    gl.bindVertexArray(made.noArray);
    gl.bindTexture(gl.TEXTURE_2D, made.texture);
    gl.uniform2f(made.image.at("size"), info.width * info.downsample, info.height * info.downsample);
    gl.uniform1f(made.image.at("perTexel"), info.downsample);
    gl.uniform1f(made.image.at("screen"), info.downsample * scene.view.scale * ratio);
    const black = (scene.window.low - info.offset) / info.gain, white = (scene.window.high - info.offset) / info.gain;
    gl.uniform2f(made.image.at("window"), black, 1 / Math.max(1e-6, white - black));
    gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
  }

  #drawFills(made: Resources, scene: Scene, ratio: number, slots: readonly number[]): void {
    const { gl } = this;
    made.fill.use(scene, ratio);
    gl.uniform3fv(made.fill.at("palette"), COLOURS);
    gl.uniform1f(made.fill.at("strength"), FILL_STRENGTH);
    gl.uniform1f(made.fill.at("ratio"), ratio);
    this.#bind(made, 0, 0);
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, made.triangles.buffer);
    for (const { start, count } of made.triangles.runs(slots)) {
      gl.drawElements(gl.TRIANGLES, count, gl.UNSIGNED_INT, start * 4);
    }
  }

  #drawLines(made: Resources, scene: Scene, ratio: number, runs: readonly Run[], width: number): void {
    if (!runs.length) return;
    const { gl } = this;
    const { lines } = made;
    lines.use(scene, ratio);
    gl.uniform3fv(lines.at("palette"), COLOURS);
    // All halos first, so that no halo lies over a neighbour's line.
    for (const halo of [true, false]) {
      gl.uniform1f(lines.at("halfWidth"), (width / 2 + (halo ? LINE.halo : 0)) * ratio);
      gl.uniform3f(lines.at("dash"), LINE.dash * ratio, LINE.gap * ratio, halo ? 0 : 1);
      gl.uniform4f(lines.at("halo"), 0, 0, 0, halo ? 0.6 : 0);
      for (const { start, count } of runs) {
        if (count < 2) continue;
        this.#bind(made, start, 1);
        gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, count - 1);
      }
    }
  }

  /** Point the attributes at a vertex; `divisor` 1 draws segments from each vertex to the next. */
  #bind(made: Resources, start: number, divisor: 0 | 1): void {
    const { gl } = this;
    const at = start * VERTEX_BYTES;
    gl.bindVertexArray(made.array);
    gl.bindBuffer(gl.ARRAY_BUFFER, made.vertices.buffer);
    gl.vertexAttribPointer(0, 3, gl.FLOAT, false, VERTEX_BYTES, at);
    gl.vertexAttribIPointer(1, 1, gl.UNSIGNED_INT, VERTEX_BYTES, at + 12);
    if (divisor) {
      gl.enableVertexAttribArray(2);
      gl.vertexAttribPointer(2, 2, gl.FLOAT, false, VERTEX_BYTES, at + VERTEX_BYTES);
    } else {
      gl.disableVertexAttribArray(2);
    }
    for (const location of [0, 1, 2]) gl.vertexAttribDivisor(location, divisor);
  }
}

/** Vertices of an outline in the buffer: each ring's first one stands again at its end. */
function items(rings: Rings): number {
  let sum = 0;
  for (const ring of rings) sum += ring.length / 2 + 1;
  return sum;
}

function metaOf(store: OutlineStore, slot: number): number {
  const { classIndex, flags } = store.attributes(slot);
  return (
    (classIndex & 7) | (flags & FLAG.border ? META.border : 0) | (flags & FLAG.lowConfidence ? META.lowConfidence : 0)
  );
}

function writeVertices(data: DataView, first: number, rings: Rings, meta: number): void {
  let at = first * VERTEX_BYTES;
  rings.forEach((ring, index) => {
    let length = 0;
    const word = index ? meta | META.hole : meta;
    for (let i = 0; i <= ring.length; i += 2) {
      const j = i % ring.length;
      if (i) length += Math.hypot(ring[j] - ring[i - 2], ring[j + 1] - ring[i - 1]);
      data.setFloat32(at, ring[j], true);
      data.setFloat32(at + 4, ring[j + 1], true);
      data.setFloat32(at + 8, length, true);
      data.setUint32(at + 12, i === ring.length ? word | META.last : word, true);
      at += VERTEX_BYTES;
    }
  });
}

function triangulate(rings: Rings, start: number): Uint32Array {
  const flat: number[] = [];
  const holes: number[] = [];
  const place: number[] = [];
  let at = start;
  for (const ring of rings) {
    if (flat.length) holes.push(flat.length / 2);
    for (let i = 0; i < ring.length; i += 2) {
      flat.push(ring[i], ring[i + 1]);
      place.push(at++);
    }
    at++; // the first vertex again
  }
  return Uint32Array.from(earcut(flat, holes), (vertex) => place[vertex]);
}
