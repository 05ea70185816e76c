/** A program with its uniforms, looked up once. */

import type { Scene } from "../scene";
import { program } from "./shaders";

export type MakeProgram = (source: { vertex: string; fragment: string }) => Program;

export class Program {
  readonly #program: WebGLProgram;
  readonly #places = new Map<string, WebGLUniformLocation | null>();

  constructor(private readonly gl: WebGL2RenderingContext, source: { vertex: string; fragment: string }) {
    this.#program = program(gl, source);
  }

  start(): void {
    this.gl.useProgram(this.#program);
  }

  use(scene: Scene, ratio: number): void {
    const { gl } = this;
    this.start();
    gl.uniform2f(this.at("canvas"), gl.drawingBufferWidth, gl.drawingBufferHeight);
    gl.uniform3f(this.at("view"), scene.view.scale * ratio, scene.view.x * ratio, scene.view.y * ratio);
  }

  at(name: string): WebGLUniformLocation | null {
    if (!this.#places.has(name)) this.#places.set(name, this.gl.getUniformLocation(this.#program, name));
    return this.#places.get(name)!;
  }
}
