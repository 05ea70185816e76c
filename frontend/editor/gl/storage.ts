/** Where ranges lie on the GPU: vertices in a texture, indices of triangles in a buffer. */

import type { Storage } from "./arena";

/** Vertices a row of their texture. */
export const ROW = 1024;

/**
 * Vertices as texels of four words, which a shader fetches by number. Drawing every segment as an instance of one shape
 * would need no texture, but drawn by software an instance costs ten microseconds.
 */
export class VertexTexture implements Storage {
  readonly itemBytes = 16;
  readonly texture: WebGLTexture;

  constructor(private readonly gl: WebGL2RenderingContext) {
    this.texture = gl.createTexture();
  }

  allocate(items: number): number {
    const { gl } = this;
    const rows = Math.max(1, Math.ceil(items / ROW));
    gl.bindTexture(gl.TEXTURE_2D, this.texture);
    for (const name of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, name, gl.NEAREST);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA32UI, ROW, rows, 0, gl.RGBA_INTEGER, gl.UNSIGNED_INT, null);
    return rows * ROW;
  }

  put(start: number, data: DataView<ArrayBuffer>): void {
    const { gl } = this;
    const words = new Uint32Array(data.buffer);
    const end = start + words.length / 4;
    gl.bindTexture(gl.TEXTURE_2D, this.texture);
    for (let at = start; at < end; ) {
      const x = at % ROW;
      const rows = x ? 1 : Math.max(1, Math.floor((end - at) / ROW));
      const columns = Math.min(ROW - x, end - at);
      const some = words.subarray(4 * (at - start), 4 * (at - start + columns * rows));
      gl.texSubImage2D(gl.TEXTURE_2D, 0, x, Math.floor(at / ROW), columns, rows, gl.RGBA_INTEGER, gl.UNSIGNED_INT, some);
      at += columns * rows;
    }
  }
}

export class IndexBuffer implements Storage {
  readonly itemBytes = 4;
  readonly buffer: WebGLBuffer;

  constructor(private readonly gl: WebGL2RenderingContext) {
    this.buffer = gl.createBuffer();
  }

  allocate(items: number): number {
    const { gl } = this;
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, this.buffer);
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, items * this.itemBytes, gl.DYNAMIC_DRAW);
    return items;
  }

  put(start: number, data: DataView<ArrayBuffer>): void {
    const { gl } = this;
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, this.buffer);
    gl.bufferSubData(gl.ELEMENT_ARRAY_BUFFER, start * this.itemBytes, data);
  }
}
