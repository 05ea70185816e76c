/** What the kernel says of the images: the rows that changed, and for which of them an expression holds. */
import { lost } from "../shared/drawings";
import { messageOf } from "../shared/frame";
import type { Rpc } from "../shared/rpc";
import type { Matching } from "./sieve";
import type { Rows, RowsValue } from "./rows";

export interface FeedWishes {
  /** Rows came, changed or went; null when all may have. */
  rows(changed: number[] | null): void;
  /** The rows for which the expression holds have come. */
  matching(): void;
  failed(error: unknown): void;
}

export class Feed {
  /** Why the expression cannot be evaluated. */
  reason = "";
  #pulling = false;
  #again = false;
  #expression = "";
  #ids: Int32Array | null = null;
  #asked = new AbortController();

  constructor(
    private readonly rows: Rows,
    private readonly rpc: Rpc,
    private readonly wishes: FeedWishes,
    private readonly signal: AbortSignal,
  ) {
    signal.addEventListener("abort", () => this.#asked.abort(signal.reason), { once: true });
  }

  /** Asks for the rows that changed; one question at a time, and another when something changed meanwhile. */
  async pull(): Promise<void> {
    if (this.#pulling) {
      this.#again = true;
      return;
    }
    this.#pulling = true;
    try {
      do {
        this.#again = false;
        const { value, buffers } = await this.rpc.call<RowsValue>(
          "rows", { since: this.rows.version }, { signal: this.signal },
        ); // prettier-ignore
        const news = value.rows > 0 || value.whole;
        const changed = news ? await this.rows.apply(value, buffers[0]) : [];
        if (news && this.#expression) void this.#evaluate(); // what holds for a row may have changed with it
        this.wishes.rows(changed);
      } while (this.#again && !this.signal.aborted);
    } catch (error) {
      if (this.signal.aborted || lost(error)) return;
      this.wishes.failed(error);
    } finally {
      this.#pulling = false;
    }
  }

  /** Says which expression is asked for; "" is none. */
  ask(expression: string): void {
    if (expression === this.#expression) return;
    this.#expression = expression;
    this.#ids = null;
    this.reason = "";
    this.#asked.abort();
    if (expression) void this.#evaluate();
  }

  /** By row, whether the expression holds; null while nothing is known. A faulty one holds for no row. */
  get matching(): Matching {
    if (!this.#expression || (this.#ids === null && this.reason === "")) return null;
    const matching = new Uint8Array(this.rows.length);
    for (const id of this.#ids ?? []) {
      const row = this.rows.place(id);
      if (row !== undefined) matching[row] = 1;
    }
    return matching;
  }

  async #evaluate(): Promise<void> {
    this.#asked.abort();
    const asked = new AbortController();
    this.#asked = asked;
    try {
      const { buffers } = await this.rpc.call("matching", { expression: this.#expression }, { signal: asked.signal });
      const { buffer, byteOffset, byteLength } = buffers[0];
      this.#ids = new Int32Array(buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer);
      this.reason = "";
    } catch (error) {
      if (asked.signal.aborted || lost(error)) return;
      this.#ids = null;
      this.reason = messageOf(error);
    }
    this.wishes.matching();
  }
}
