/** Carries operations to the kernel, one batch at a time and in order, and says at any moment how it stands. */

import { RpcError } from "../shared/rpc";
import * as journal from "./journal";
import type { Operation, Verdict } from "./operations";

export type Storing =
  | { state: "stored" }
  | { state: "storing"; waiting: number }
  | { state: "not_stored"; waiting: number; reason: string };

const RETRY_AFTER = 5000;
const BATCH = 32;
const BATCH_BYTES = 2 ** 20;
/** What is said of an operation beside its geometry, in bytes. */
const DESCRIBED = 300;
/** A message of 10 MiB would close the connection. */
const MOST_BYTES = 3 * 2 ** 20;

export interface OutboxHost {
  send(operations: readonly Operation[]): Promise<Verdict[]>;
  verdict(verdict: Verdict): void;
  changed(): void;
}

export class Outbox {
  /** Milliseconds after which what is not answered may have been lost on the way, and is sent again. */
  static lostAfter = 30_000;
  #waiting: Operation[] = [];
  #sending = false;
  #reason: string | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #idle = new Set<(error: Error | null) => void>();
  #ended = false;

  constructor(
    readonly place: journal.Place,
    private readonly host: OutboxHost,
  ) {}

  /** What the kernel has not acknowledged, oldest first. */
  get waiting(): readonly Operation[] {
    return this.#waiting;
  }

  get storing(): Storing {
    const waiting = this.#waiting.length;
    if (!waiting) return { state: "stored" };
    return this.#reason === null ? { state: "storing", waiting } : { state: "not_stored", waiting, reason: this.#reason };
  }

  add(operations: readonly Operation[]): void {
    this.#waiting.push(...operations);
    this.host.changed();
    void journal.keep(this.place, operations);
    void this.#run();
  }

  /** Try again now: the kernel is back, or the user asks. */
  retry(): void {
    if (this.#reason === null) return;
    this.#reason = null;
    this.host.changed();
    void this.#run();
  }

  /** Resolves when everything is stored; rejects when something cannot be. */
  async settled(): Promise<void> {
    if (!this.#waiting.length) return;
    if (this.#reason !== null) this.retry();
    await new Promise<void>((resolve, reject) => this.#idle.add((error) => (error ? reject(error) : resolve())));
  }

  /** Send no more; what waits stays in the journal. */
  end(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#tell(new Error("the image was left"));
  }

  async #run(): Promise<void> {
    if (this.#sending || this.#ended || !this.#waiting.length) return;
    this.#sending = true;
    clearTimeout(this.#timer);
    const batch = firstBatch(this.#waiting);
    try {
      const verdicts = await this.host.send(batch);
      const done = new Set(verdicts.map(({ id }) => id));
      this.#waiting = this.#waiting.filter(({ id }) => !done.has(id));
      this.#reason = null;
      void journal.drop([...done]);
      if (this.#ended) return;
      for (const verdict of verdicts) this.host.verdict(verdict);
    } catch (error) {
      if (error instanceof RpcError && error.type === "Timeout") return void setTimeout(() => this.#run());
      this.#reason = error instanceof Error ? error.message : String(error);
      this.#timer = setTimeout(() => this.retry(), RETRY_AFTER);
      this.#tell(new Error(this.#reason));
      return;
    } finally {
      this.#sending = false;
      if (!this.#ended) this.host.changed();
    }
    if (this.#waiting.length) void this.#run();
    else this.#tell(null);
  }

  #tell(error: Error | null): void {
    for (const tell of this.#idle) tell(error);
    this.#idle.clear();
  }
}

/** As many as one message holds; what was done in one step stays together as far as a message goes at all. */
function firstBatch(waiting: readonly Operation[]): Operation[] {
  const batch: Operation[] = [];
  let bytes = 0;
  for (const operation of waiting) {
    bytes += (operation.rings ?? []).reduce((sum, ring) => sum + ring.byteLength, DESCRIBED);
    const begun = operation.step === batch.at(-1)?.step;
    const full = begun ? bytes > MOST_BYTES : bytes > BATCH_BYTES || batch.length >= BATCH;
    if (batch.length && full) break;
    batch.push(operation);
  }
  return batch;
}
