/** The image by WebGL2: the plane as it was sent, and over it finer tiles of a large one. */

import type { Pixels } from "../pixels";
import type { Scene } from "../scene";
import { APRON, levelAt, TILE } from "../tiles/choose";
import type { Tile } from "../tiles/tiles";
import type { MakeProgram, Program } from "./program";
import { FADED, HALF, IMAGE } from "./shaders";

/** A plane is halved until it is no longer than this, texels. */
const SMALL = 256;
/** Tiles that stay on the GPU: those of a screen, and some that were drawn before. */
const MOST_TILES = 160;

export class ImageLayer {
  readonly #program: Program;
  readonly #half: Program;
  readonly #frame: WebGLFramebuffer;
  /** The plane, at half its size, at a quarter ... : a screen pixel is the mean of four numbers, and not of all under it. */
  #plane: WebGLTexture[] = [];
  #pixels: Pixels | null = null;
  /** In the order in which they were drawn last. */
  readonly #tiles = new Map<Tile, WebGLTexture>();

  constructor(private readonly gl: WebGL2RenderingContext, make: MakeProgram) {
    this.#program = make(IMAGE);
    this.#half = make({ vertex: FADED.vertex, fragment: HALF });
    this.#frame = gl.createFramebuffer();
  }

  set(pixels: Pixels | null): void {
    for (const texture of [...this.#tiles.values(), ...this.#plane]) this.gl.deleteTexture(texture);
    this.#tiles.clear();
    this.#plane = [];
    this.#pixels = pixels;
    if (!pixels) return;
    let { width, height } = pixels.info;
    this.#plane.push(this.#upload(width, height, pixels.data));
    while (Math.max(width, height) > SMALL) {
      [width, height] = [Math.ceil(width / 2), Math.ceil(height / 2)];
      this.#plane.push(this.#halved(this.#plane.at(-1)!, width, height, pixels.info.dtype));
    }
  }

  draw(scene: Scene, ratio: number): void {
    const { gl } = this, program = this.#program, pixels = this.#pixels;
    if (!pixels) return;
    const { info } = pixels, { window, shown } = scene;
    program.use(scene, ratio);
    const black = pixels.stored(window.low), white = pixels.stored(window.high);
    gl.uniform2f(program.at("window"), black, 1 / Math.max(1e-6, white - black));
    gl.uniform2f(program.at("tone"), window.gamma, Number(window.inverted));
    if (!shown.whole) {
      const level = levelAt(info.downsample * scene.view.scale * ratio, this.#plane.length - 1), texels = 2 ** level;
      this.#quad(scene, ratio, this.#plane[level], [0, 0], [info.width / texels, info.height / texels], info.downsample * texels, 0);
    }
    for (const tile of shown.tiles) {
      const { column, row, width, height, level } = tile;
      this.#quad(scene, ratio, this.#texture(tile), [column * TILE, row * TILE], [width - 2 * APRON, height - 2 * APRON], 2 ** level, APRON);
    }
    for (const [tile, texture] of this.#tiles) {
      if (this.#tiles.size <= MOST_TILES) return;
      gl.deleteTexture(texture);
      this.#tiles.delete(tile);
    }
  }

  /** A part of the plane: its first texel and its size in texels, image pixels a texel, and texels around it. */
  #quad(
    { view }: Scene, ratio: number, texture: WebGLTexture, first: readonly number[], size: readonly number[], perTexel: number, apron: number,
  ): void {
    const { gl } = this, program = this.#program;
    gl.bindTexture(gl.TEXTURE_2D, texture);
    gl.uniform2f(program.at("corner"), first[0] * perTexel, first[1] * perTexel);
    gl.uniform2f(program.at("size"), size[0] * perTexel, size[1] * perTexel);
    gl.uniform2f(program.at("first"), first[0] - apron, first[1] - apron);
    gl.uniform1f(program.at("perTexel"), perTexel);
    gl.uniform1f(program.at("screen"), perTexel * view.scale * ratio);
    gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
  }

  #texture(tile: Tile): WebGLTexture {
    let texture = this.#tiles.get(tile);
    if (texture) this.#tiles.delete(tile);
    else {
      texture = this.#upload(tile.width, tile.height, tile.data);
    }
    this.#tiles.set(tile, texture);
    return texture;
  }

  #halved(whole: WebGLTexture, width: number, height: number, dtype: "uint8" | "uint16"): WebGLTexture {
    const { gl } = this;
    const texture = this.#upload(width, height, null, dtype);
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.#frame);
    gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture, 0);
    gl.bindTexture(gl.TEXTURE_2D, whole);
    this.#half.start();
    gl.viewport(0, 0, width, height);
    gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    return texture;
  }

  #upload(width: number, height: number, data: Uint8Array | Uint16Array | null, dtype = data instanceof Uint16Array ? "uint16" : "uint8"): WebGLTexture {
    const { gl } = this;
    const texture = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, texture);
    for (const name of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, name, gl.NEAREST);
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
    const [inner, type] = dtype === "uint16" ? [gl.R16UI, gl.UNSIGNED_SHORT] as const : [gl.R8UI, gl.UNSIGNED_BYTE] as const;
    gl.texImage2D(gl.TEXTURE_2D, 0, inner, width, height, 0, gl.RED_INTEGER, type, data);
    return texture;
  }
}
