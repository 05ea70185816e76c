/** Pulls what a page needs, newest page first; what has scrolled away is cancelled. */

const MOST_CALLS = 3;
const LONGEST_PAGE = 240;

export interface Source {
  /** Whether something is here, or known to be impossible. */
  has(id: number): boolean;
  /** Asks the kernel; returns the ids that are not ready yet. */
  load(ids: number[], signal: AbortSignal): Promise<number[]>;
  /** The call failed for a reason other than being cancelled. */
  failed(ids: number[], error: unknown): void;
}

export class Pager {
  #wanted: readonly number[] = [];
  readonly #calls = new Map<AbortController, number[]>();

  constructor(
    private readonly source: Source,
    private readonly signal: AbortSignal,
  ) {
    signal.addEventListener("abort", () => this.#calls.forEach((_, call) => call.abort()), { once: true });
  }

  /** Says what is looked at now, the most wanted first. */
  want(ids: readonly number[]): void {
    this.#wanted = ids;
    const still = new Set(ids);
    for (const [call, asked] of [...this.#calls]) {
      if (asked.some((id) => still.has(id))) continue;
      this.#calls.delete(call);
      call.abort();
    }
    this.#pull();
  }

  #pull(): void {
    if (this.signal.aborted || this.#calls.size >= MOST_CALLS) return;
    const underway = new Set([...this.#calls.values()].flat());
    const missing = this.#wanted.filter((id) => !underway.has(id) && !this.source.has(id)).slice(0, LONGEST_PAGE);
    if (missing.length > 0) void this.#ask(missing);
  }

  async #ask(ids: number[]): Promise<void> {
    const call = new AbortController();
    this.#calls.set(call, ids);
    try {
      const pending = new Set(await this.source.load(ids, call.signal));
      const unanswered = ids.filter((id) => !pending.has(id) && !this.source.has(id));
      if (unanswered.length > 0) throw new Error("The kernel left this out of its answer.");
    } catch (error) {
      const without = ids.filter((id) => !this.source.has(id));
      if (!call.signal.aborted && !this.signal.aborted) this.source.failed(without, error);
      return; // not asked again at once: the next look at the page does
    } finally {
      this.#calls.delete(call);
    }
    this.#pull();
  }
}

/** Keeps the most recently used, up to a number and a weight; what goes is given to `drop`. */
export class Recent<V, K = number> {
  readonly #kept = new Map<K, { value: V; weight: number }>();
  #weight = 0;

  constructor(
    private readonly most: number,
    private readonly heaviest: number,
    private readonly drop: (value: V) => void = () => {},
  ) {}

  get size(): number {
    return this.#kept.size;
  }

  /** Looks without counting as use. */
  peek(id: K): V | undefined {
    return this.#kept.get(id)?.value;
  }

  get(id: K): V | undefined {
    const entry = this.#kept.get(id);
    if (entry === undefined) return undefined;
    this.#kept.delete(id);
    this.#kept.set(id, entry);
    return entry.value;
  }

  set(id: K, value: V, weight: number): void {
    this.delete(id);
    this.#kept.set(id, { value, weight });
    this.#weight += weight;
    for (const oldest of this.#kept.keys()) {
      if ((this.#kept.size <= this.most && this.#weight <= this.heaviest) || oldest === id) break;
      this.delete(oldest);
    }
  }

  delete(id: K): void {
    const entry = this.#kept.get(id);
    if (entry === undefined) return;
    this.#kept.delete(id);
    this.#weight -= entry.weight;
    this.drop(entry.value);
  }

  clear(): void {
    for (const id of [...this.#kept.keys()]) this.delete(id);
  }
}
