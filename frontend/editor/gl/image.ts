/** The image by WebGL2: the plane as it was sent, and over it finer tiles of a large one. */

import type { Pixels } from "../pixels";
import type { Scene } from "../scene";
import { APRON, levelAt, TILE } from "../tiles/choose";
import type { Tile } from "../tiles/tiles";
import { halved, type Numbers } from "./halving";
import type { MakeProgram, Program } from "./program";
import { IMAGE } from "./shaders";

/** A plane is halved until it is no longer than this, texels. */
const SMALL = 256;
/** Tiles that stay on the GPU: those of a screen, and some that were drawn before. */
const MOST_TILES = 128;

/** Below so many device pixels a texel each is the mean of four; from so many on texels are seen as the squares they are. */
const SHRUNK = 0.75, SQUARES = 4;

interface Texture {
  texture: WebGLTexture;
  width: number;
  height: number;
}

export class ImageLayer {
  /** By whether there is a gamma: a power takes a quarter of the time, and a gamma of 1 changes nothing. */
  readonly #programs = new Map<boolean, Program>();
  /** Whether the device reads between numbers of sixteen bits: those are floats on the GPU, normalised ones have eight. */
  readonly #filtered: boolean;
  /** The plane, at half its size, at a quarter ...; on the GPU once it was drawn. */
  #plane: { numbers: Numbers; texture?: Texture }[] = [];
  /** The last one of these. */
  #smallest = 0;
  #pixels: Pixels | null = null;
  /** In the order in which they were drawn last. */
  readonly #tiles = new Map<Tile, Texture>();

  constructor(private readonly gl: WebGL2RenderingContext, private readonly make: MakeProgram) {
    this.#filtered = !!gl.getExtension("OES_texture_float_linear");
  }

  set(pixels: Pixels | null): void {
    const textures = [...this.#tiles.values(), ...this.#plane.map((level) => level.texture)];
    for (const held of textures) if (held) this.gl.deleteTexture(held.texture);
    this.#tiles.clear();
    this.#plane = [];
    this.#pixels = pixels;
    if (!pixels) return;
    const { width, height } = pixels.info;
    this.#plane.push({ numbers: { width, height, data: pixels.data } });
    this.#smallest = Math.max(0, Math.ceil(Math.log2(Math.max(width, height) / SMALL)));
  }

  draw(scene: Scene, ratio: number): void {
    const { gl } = this, pixels = this.#pixels;
    if (!pixels) return;
    const { info } = pixels, { window, shown } = scene;
    const program = this.#program(window.gamma !== 1);
    program.use(scene, ratio);
    const black = pixels.stored(window.low), white = pixels.stored(window.high);
    const unit = info.dtype === "uint8" ? 255 : 1;
    gl.uniform2f(program.at("window"), black / unit, unit / Math.max(1e-6, white - black));
    gl.uniform2f(program.at("tone"), window.gamma, Number(window.inverted));
    if (!shown.whole) {
      const level = levelAt(info.downsample * scene.view.scale * ratio, this.#smallest), texels = 2 ** level;
      this.#quad(program, scene, ratio, this.#level(level), [0, 0], [info.width / texels, info.height / texels], info.downsample * texels, 0);
    }
    for (const tile of shown.tiles) {
      const { column, row, width, height, level } = tile;
      this.#quad(program, scene, ratio, this.#tile(tile), [column * TILE, row * TILE], [width - 2 * APRON, height - 2 * APRON], 2 ** level, APRON);
    }
    for (const [tile, { texture }] of this.#tiles) {
      if (this.#tiles.size <= MOST_TILES) return;
      gl.deleteTexture(texture);
      this.#tiles.delete(tile);
    }
  }

  /** A part of the plane: its first texel and its size in texels, image pixels a texel, and texels around it. */
  #quad(
    program: Program, { view }: Scene, ratio: number, { texture, width, height }: Texture,
    first: readonly number[], size: readonly number[], perTexel: number, apron: number,
  ): void {
    const { gl } = this;
    gl.bindTexture(gl.TEXTURE_2D, texture);
    gl.uniform2f(program.at("texel"), 1 / width, 1 / height);
    gl.uniform2f(program.at("corner"), first[0] * perTexel, first[1] * perTexel);
    gl.uniform2f(program.at("size"), size[0] * perTexel, size[1] * perTexel);
    gl.uniform2f(program.at("first"), first[0] - apron, first[1] - apron);
    gl.uniform1f(program.at("perTexel"), perTexel);
    const screen = perTexel * view.scale * ratio;
    gl.uniform1f(program.at("apart"), screen < SHRUNK ? 0.25 / screen : 0);
    gl.uniform1f(program.at("snapped"), Number(screen < SHRUNK || screen >= SQUARES));
    gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
  }

  #program(gamma: boolean): Program {
    const known = this.#programs.get(gamma);
    if (known) return known;
    const made = this.make({ vertex: IMAGE.vertex, fragment: IMAGE.fragment(this.#filtered, gamma) });
    this.#programs.set(gamma, made);
    return made;
  }

  #tile(tile: Tile): Texture {
    const texture = this.#tiles.get(tile) ?? this.#upload(tile);
    this.#tiles.delete(tile);
    this.#tiles.set(tile, texture);
    return texture;
  }

  #level(number: number): Texture {
    while (this.#plane.length <= number) this.#plane.push({ numbers: halved(this.#plane.at(-1)!.numbers) });
    const level = this.#plane[number];
    return (level.texture ??= this.#upload(level.numbers));
  }

  #upload({ width, height, data }: Numbers): Texture {
    const { gl } = this;
    const texture = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, texture);
    const filter = this.#filtered ? gl.LINEAR : gl.NEAREST;
    for (const name of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, name, filter);
    for (const name of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.texParameteri(gl.TEXTURE_2D, name, gl.CLAMP_TO_EDGE);
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
    const deep = data instanceof Uint16Array;
    gl.texImage2D(
      gl.TEXTURE_2D, 0, deep ? gl.R32F : gl.R8, width, height, 0, gl.RED, deep ? gl.FLOAT : gl.UNSIGNED_BYTE,
      deep ? new Float32Array(data) : data,
    );
    return { texture, width, height };
  }
}
