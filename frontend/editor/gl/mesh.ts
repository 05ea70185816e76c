/** Triangles of outlines: which of their vertices are the corners. */

import { Arena } from "./arena";
import { IndexBuffer } from "./storage";

export class Mesh {
  readonly indices: IndexBuffer;
  /** By slot. */
  readonly triangles: Arena;

  constructor(gl: WebGL2RenderingContext) {
    this.indices = new IndexBuffer(gl);
    this.triangles = new Arena(this.indices);
  }

  /** Put the triangles of slots: by three, numbers of vertices. */
  write(slots: readonly number[], corners: readonly ArrayLike<number>[]): void {
    this.triangles.write(slots, corners.map(({ length }) => length), (data, at, i) => {
      for (let k = 0; k < corners[i].length; k++) data.setUint32(at + 4 * k, corners[i][k], true);
    });
  }
}
