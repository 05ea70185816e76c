/** A growing GPU buffer that holds a range for every slot: one outline changes, one range is uploaded. */

export interface Range {
  start: number;
  capacity: number;
  used: number;
}

/** A range that is drawn at once. */
export interface Run {
  start: number;
  count: number;
}

export class Arena {
  #buffer: WebGLBuffer | null = null;
  #capacity = 0;
  #end = 0;
  #ranges = new Map<number, Range>();

  /**
   * @param target ARRAY_BUFFER or ELEMENT_ARRAY_BUFFER
   * @param itemBytes bytes of one item (a vertex, an index)
   */
  constructor(
    private readonly gl: WebGL2RenderingContext,
    private readonly target: GLenum,
    private readonly itemBytes: number,
  ) {}

  get buffer(): WebGLBuffer | null {
    return this.#buffer;
  }

  range(slot: number): Range | undefined {
    return this.#ranges.get(slot);
  }

  /** Forget everything; there is room for `items` after it. */
  reset(items: number): void {
    this.#ranges.clear();
    this.#end = 0;
    this.#grow(items, false);
  }

  /** Reserve a range, or keep the one there is when it is large enough. */
  place(slot: number, items: number, slack = 0): Range {
    const old = this.#ranges.get(slot);
    if (old && old.capacity >= items) {
      old.used = items;
      return old;
    }
    // Ranges that were left behind are not used again: an hour of editing leaves less than the outlines take.
    const range = { start: this.#end, capacity: items + slack, used: items };
    this.#end += range.capacity;
    if (this.#end > this.#capacity) this.#grow(2 * this.#end, true);
    this.#ranges.set(slot, range);
    return range;
  }

  remove(slot: number): void {
    const range = this.#ranges.get(slot);
    if (range) range.used = 0;
  }

  upload(start: number, data: ArrayBufferView): void {
    this.gl.bindBuffer(this.target, this.#buffer);
    this.gl.bufferSubData(this.target, start * this.itemBytes, data);
  }

  /** Ranges of these slots, neighbours joined, in the order of the buffer. */
  runs(slots: Iterable<number>): Run[] {
    const ranges: Range[] = [];
    for (const slot of slots) {
      const range = this.#ranges.get(slot);
      if (range?.used) ranges.push(range);
    }
    ranges.sort((a, b) => a.start - b.start);
    const runs: Run[] = [];
    for (const { start, used } of ranges) {
      const last = runs.at(-1);
      if (last && last.start + last.count === start) last.count += used;
      else runs.push({ start, count: used });
    }
    return runs;
  }

  #grow(items: number, keep: boolean): void {
    const { gl, target } = this;
    if (items <= this.#capacity) return;
    const larger = gl.createBuffer();
    gl.bindBuffer(target, larger);
    gl.bufferData(target, items * this.itemBytes, gl.DYNAMIC_DRAW);
    if (this.#buffer && keep) {
      // An element buffer can only be copied through the neutral binding points.
      gl.bindBuffer(gl.COPY_READ_BUFFER, this.#buffer);
      gl.bindBuffer(gl.COPY_WRITE_BUFFER, larger);
      gl.copyBufferSubData(gl.COPY_READ_BUFFER, gl.COPY_WRITE_BUFFER, 0, 0, this.#capacity * this.itemBytes);
    }
    if (this.#buffer) gl.deleteBuffer(this.#buffer);
    this.#buffer = larger;
    this.#capacity = items;
  }
}
