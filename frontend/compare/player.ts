/** The clock of playback: it goes on when a picture's time is over and the next one is here. */

/** Pictures a second. */
export const SPEEDS = [1, 2, 4, 8, 16] as const;
/** A picture that does not come is waited for this long, ms. */
const PATIENCE = 2_000;

export interface Film {
  /** Whether the next picture can be shown as it should be. */
  ready(): boolean;
  /** Shows the next picture; false at the end. */
  advance(): boolean;
  /** Playing or not, and the speed, have changed. */
  changed(): void;
}

export class Player {
  #speed: number = SPEEDS[2];
  #frame = 0;
  #shownAt = 0;

  constructor(
    private readonly film: Film,
    private readonly signal: AbortSignal,
  ) {
    signal.addEventListener("abort", () => cancelAnimationFrame(this.#frame), { once: true });
  }

  get playing(): boolean {
    return this.#frame !== 0;
  }

  get speed(): number {
    return this.#speed;
  }

  set speed(speed: number) {
    this.#speed = speed;
    this.film.changed();
  }

  /** The next faster or slower of `SPEEDS`. */
  shift(by: 1 | -1): void {
    const at = SPEEDS.findIndex((speed) => speed === this.#speed) + by;
    this.speed = SPEEDS[Math.min(SPEEDS.length - 1, Math.max(0, at))];
  }

  start(): void {
    if (this.playing || this.signal.aborted) return;
    this.#shownAt = performance.now();
    this.#frame = requestAnimationFrame((now) => this.#tick(now));
    this.film.changed();
  }

  stop(): void {
    if (!this.playing) return;
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.film.changed();
  }

  #tick(now: number): void {
    const waited = now - this.#shownAt;
    if (waited >= 1000 / this.#speed && (this.film.ready() || waited >= PATIENCE)) {
      this.#shownAt = now;
      if (!this.film.advance()) {
        this.stop();
        return;
      }
    }
    this.#frame = requestAnimationFrame((at) => this.#tick(at));
  }
}
