/** Layers between image and outlines by WebGL2: the probability map, and outlines that the image shows through. */

import { HEAT_COLOURS } from "../reading/heat_colours";
import type { Heat } from "../reading/heat";
import { IMAGE, FADED, HEAT } from "./shaders";
import type { MakeProgram, Program } from "./program";
import type { Scene } from "../scene";

export class HeatTexture {
  readonly #program: Program;
  readonly #map: WebGLTexture;
  readonly #colours: WebGLTexture;

  constructor(private readonly gl: WebGL2RenderingContext, make: MakeProgram) {
    this.#program = make({ vertex: IMAGE.vertex, fragment: HEAT });
    this.#map = gl.createTexture();
    this.#colours = smooth(gl);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, 256, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, HEAT_COLOURS);
  }

  upload({ width, height, data }: Heat): void {
    const { gl } = this;
    smooth(gl, this.#map);
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.R8, width, height, 0, gl.RED, gl.UNSIGNED_BYTE, data);
  }

  /** Paint it over an image of so many pixels. */
  draw(scene: Scene, ratio: number, heat: Heat, size: readonly [number, number]): void {
    const { gl } = this;
    const [width, height] = [size[0] * heat.covers[0], size[1] * heat.covers[1]];
    this.#program.use(scene, ratio);
    gl.uniform2f(this.#program.at("size"), width, height);
    gl.uniform2f(this.#program.at("covered"), width, height);
    gl.uniform2f(this.#program.at("whole"), ...size);
    gl.uniform1f(this.#program.at("strength"), scene.heat);
    gl.uniform1i(this.#program.at("map"), 0);
    gl.uniform1i(this.#program.at("colours"), 1);
    gl.activeTexture(gl.TEXTURE1);
    gl.bindTexture(gl.TEXTURE_2D, this.#colours);
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, this.#map);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
    gl.disable(gl.BLEND);
  }
}

/** A picture of its own for the outlines: laid over the image as a whole, lines that overlap do not show it. */
export class Faded {
  readonly #program: Program;
  readonly #texture: WebGLTexture;
  readonly #frame: WebGLFramebuffer;
  #size = "";

  constructor(private readonly gl: WebGL2RenderingContext, make: MakeProgram) {
    this.#program = make(FADED);
    this.#texture = gl.createTexture();
    this.#frame = gl.createFramebuffer();
  }

  /** What is drawn now goes into it. */
  begin(): void {
    const { gl } = this;
    const { drawingBufferWidth: width, drawingBufferHeight: height } = gl;
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.#frame);
    if (this.#size !== `${width} ${height}`) {
      this.#size = `${width} ${height}`;
      smooth(gl, this.#texture);
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, width, height, 0, gl.RGBA, gl.UNSIGNED_BYTE, null);
      gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, this.#texture, 0);
    }
    gl.clear(gl.COLOR_BUFFER_BIT);
  }

  end(scene: Scene, ratio: number): void {
    const { gl } = this;
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    this.#program.use(scene, ratio);
    gl.uniform1f(this.#program.at("opacity"), scene.opacity);
    gl.bindTexture(gl.TEXTURE_2D, this.#texture);
    gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
  }
}

/** A texture, a new one unless given, read between its pixels; it is bound then. */
function smooth(gl: WebGL2RenderingContext, texture = gl.createTexture()): WebGLTexture {
  gl.bindTexture(gl.TEXTURE_2D, texture);
  for (const name of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, name, gl.LINEAR);
  for (const name of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.texParameteri(gl.TEXTURE_2D, name, gl.CLAMP_TO_EDGE);
  return texture;
}
