/** How soon the page that is looked at is asked for: at once, unless pages pass that nobody looks at. */

/** A flick passes pages: after its first they are asked for only when the grid rests this long, ms. */
export const REST = 60;

export class Pace {
  #top = 0;
  #jumped = -Infinity;

  /** Milliseconds to wait, at a place so far down a grid of such a height, px. */
  wait(top: number, height: number, now: number): number {
    const far = Math.abs(top - this.#top) > height;
    const flick = far && now - this.#jumped < REST; // one jump alone is not: who makes it looks at where it ends
    this.#top = top;
    if (far) this.#jumped = now;
    return flick ? REST : 0;
  }
}
