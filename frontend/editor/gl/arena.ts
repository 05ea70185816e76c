/** A range on the GPU for every slot: one outline changes, one range is uploaded. */

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

/** What ranges lie in. */
export interface Storage {
  /** Bytes of one item (a vertex, an index). */
  readonly itemBytes: number;
  /** Make room for so many items, what was there is lost; returns for how many there is. */
  allocate(items: number): number;
  put(start: number, data: DataView<ArrayBuffer>): void;
}

export class Arena {
  #capacity = 0;
  #end = 0;
  #ranges = new Map<number, Range>();

  constructor(private readonly storage: Storage) {}

  range(slot: number): Range | undefined {
    return this.#ranges.get(slot);
  }

  /** Whether there is room for so many items more. */
  fits(items: number): boolean {
    return this.#end + items <= this.#capacity;
  }

  /** Forget everything; there is room for `items` after it. */
  reset(items: number): void {
    this.#ranges.clear();
    this.#end = 0;
    if (items > this.#capacity) this.#capacity = this.storage.allocate(items);
  }

  /**
   * Put something into ranges of slots, for which there is room, as few uploads as can be: one costs as much as a copy of
   * all that is there while that is being drawn from.
   *
   * @param write puts what belongs to the i-th slot at a byte of the data
   */
  write(slots: readonly number[], sizes: readonly number[], write: (data: DataView, at: number, i: number) => void): void {
    const { itemBytes } = this.storage;
    const starts = slots.map((slot, i) => this.#place(slot, sizes[i]));
    for (let first = 0, next = 0; first < slots.length; first = next) {
      let end = starts[first];
      while (next < slots.length && starts[next] === end) end += sizes[next++];
      const data = new DataView(new ArrayBuffer((end - starts[first]) * itemBytes));
      for (let i = first; i < next; i++) write(data, (starts[i] - starts[first]) * itemBytes, i);
      if (data.byteLength) this.storage.put(starts[first], data);
    }
  }

  remove(slot: number): void {
    const range = this.#ranges.get(slot);
    if (range) range.used = 0;
  }

  /** Ranges of these slots, neighbours joined, in the order of the buffer. */
  runs(slots: Iterable<number>): Run[] {
    const ranges: Range[] = [];
    let end = 0, ordered = true;
    for (const slot of slots) {
      const range = this.#ranges.get(slot);
      if (!range?.used) continue;
      ranges.push(range);
      ordered &&= range.start >= end;
      end = range.start;
    }
    if (!ordered) ranges.sort((a, b) => a.start - b.start);
    const runs: Run[] = [];
    for (const { start, used } of ranges) {
      const last = runs.at(-1);
      if (last && last.start + last.count === start) last.count += used;
      else runs.push({ start, count: used });
    }
    return runs;
  }

  /** Where the range of a slot begins: the one there is, when it is large enough. */
  #place(slot: number, items: number): number {
    const old = this.#ranges.get(slot);
    if (old && old.capacity >= items) {
      old.used = items;
      return old.start;
    }
    // Ranges that were left behind are not used again: an hour of editing leaves less than the outlines take.
    const start = this.#end;
    this.#end += items;
    this.#ranges.set(slot, { start, capacity: items, used: items });
    return start;
  }
}
