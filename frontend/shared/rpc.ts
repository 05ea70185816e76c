/**
 * Calls to the kernel half of a widget, and its events (Python: `widgets/rpc.py`).
 *
 *     const { value, buffers } = await rpc.call<Page>("page", { first: 0 }, { signal });
 *     rpc.on("progress", (value) => draw(value));
 *     rpc.onResync(() => reload());          // an event was lost: ask for everything again
 *     rpc.onState((state) => ...);           // the frame shows a banner by itself
 */
import type { Buffers, Model } from "./types";

/** "busy": calls are not answered, but nothing says that the kernel is gone (a cell is running, or it is slow). */
export type State = "connected" | "busy" | "lost";

export interface Answer<T> {
  value: T;
  buffers: DataView[];
}

export interface CallOptions {
  /** Aborting sends "cancel" to the kernel and rejects with the signal's reason. */
  signal?: AbortSignal;
  /** Milliseconds; without it a call waits as long as the kernel may be busy, and fails when the kernel is lost. */
  timeout?: number;
  buffers?: Buffers;
}

/** What went wrong in the kernel (`type` is the Python exception's name), or "KernelLost", "Timeout", "TooLarge". */
export class RpcError extends Error {
  constructor(
    readonly type: string,
    message: string,
  ) {
    super(message);
    this.name = "RpcError";
  }

  /** The part of a script that comes later (`later.ts`) has a class of its own, and is told of the errors of this one. */
  static override [Symbol.hasInstance](error: unknown): boolean {
    return error instanceof Error && error.name === "RpcError";
  }
}

type Message =
  | { kind: "result"; id: number; value: unknown }
  | { kind: "error"; id: number; error: { type: string; message: string } }
  | { kind: "event"; seq: number; name: string; value: unknown }
  | { kind: "resynced"; seq: number };

interface Pending {
  resolve(answer: Answer<unknown>): void;
  reject(error: unknown): void;
  release(): void;
}

type EventHandler = (value: never, buffers: DataView[]) => void;

// Above 10 MiB the websocket closes without a word; bulk travels from the kernel to the browser only.
const LARGEST_MESSAGE = 4 * 1024 * 1024;

export class Rpc {
  /** How often the kernel is asked for a sign of life, and after how long without one it counts as silent (ms). */
  static pingEvery = 5_000;
  static silentAfter = 10_000;

  #state: State = "connected";
  // Answers reach every page that shows this kernel; a random start keeps a second tab from taking ours.
  #nextId = Math.floor(Math.random() * 2 ** 32) * 2 ** 20;
  #lastSeq: number | null = null;
  #resyncing = false;
  #heard = performance.now();
  #watched = performance.now();
  #pingId: number | null = null;
  /** What a silent kernel that is idle says of this widget; null before it was asked. */
  #asked: Promise<void> | null = null;
  #unknown = false;
  #broken = false; // the last message could not even be handed over
  readonly #pending = new Map<number, Pending>();
  readonly #events = new Map<string, Set<EventHandler>>();
  readonly #resyncHandlers = new Set<() => void>();
  readonly #stateHandlers = new Set<(state: State) => void>();

  /**
   * @param model  the widget's model
   * @param signal ends with the view: calls under way are cancelled, listeners removed
   * @param isCut  says that the host has cut the line to the kernel (the frame knows it from the host's element)
   */
  constructor(
    readonly model: Model,
    signal: AbortSignal,
    private readonly isCut: () => boolean = () => false,
  ) {
    const receive = (message: Message, buffers: DataView[] = []) => this.#receive(message, buffers);
    // The host marks its element after it has told the model, so look at it a moment later.
    const live = () =>
      void setTimeout(() => {
        if (!this.isCut()) this.#heard = performance.now();
        this.#watch();
      }, 0);
    model.on("msg:custom", receive);
    model.on("comm_live_update", live);
    const timer = setInterval(() => this.#watch(), Rpc.pingEvery);
    signal.addEventListener(
      "abort",
      () => {
        clearInterval(timer);
        for (const [id, call] of this.#pending) {
          this.#send({ kind: "cancel", id });
          call.reject(signal.reason);
          call.release();
        }
        this.#pending.clear();
        model.off("msg:custom", receive);
        model.off("comm_live_update", live);
      },
      { once: true },
    );
    this.#watch();
  }

  get state(): State {
    return this.#state;
  }

  /** Calls a method of the Python half. */
  call<T>(method: string, params: Record<string, unknown> = {}, options: CallOptions = {}): Promise<Answer<T>> {
    const { signal, timeout, buffers = [] } = options;
    const id = this.#nextId++;
    return new Promise<Answer<T>>((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      if (this.#state === "lost") return reject(kernelLost());
      const message = { kind: "call", id, method, params };
      if (sizeOf(message, buffers) > LARGEST_MESSAGE) {
        return reject(new RpcError("TooLarge", `A message of ${method} is larger than 4 MiB; send it in parts.`));
      }
      const give = (reason: unknown) => {
        if (!this.#pending.delete(id)) return;
        release();
        this.#send({ kind: "cancel", id });
        reject(reason);
      };
      const onAbort = () => give(signal?.reason);
      const late = () => give(new RpcError("Timeout", `The kernel did not answer within ${(timeout ?? 0) / 1000} s.`));
      const timer = timeout === undefined ? undefined : setTimeout(late, timeout);
      const release = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", onAbort);
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#pending.set(id, { resolve: resolve as Pending["resolve"], reject, release });
      this.#send(message, buffers);
    });
  }

  /** Listens to an event the Python half pushes; returns what ends it. */
  on<T>(name: string, handler: (value: T, buffers: DataView[]) => void): () => void {
    const handlers = this.#events.get(name) ?? new Set();
    this.#events.set(name, handlers.add(handler as EventHandler));
    return () => handlers.delete(handler as EventHandler);
  }

  /** Runs `handler` when events were lost, or the kernel came back: what is shown may be old. */
  onResync(handler: () => void): () => void {
    this.#resyncHandlers.add(handler);
    return () => this.#resyncHandlers.delete(handler);
  }

  onState(handler: (state: State) => void): () => void {
    this.#stateHandlers.add(handler);
    return () => this.#stateHandlers.delete(handler);
  }

  #send(message: unknown, buffers: Buffers = []): void {
    try {
      this.model.send(message, undefined, buffers);
      this.#broken = false;
    } catch {
      // The host has thrown the line away: a kernel that died and was started again by the server.
      this.#broken = true;
      setTimeout(() => this.#judge(), 0);
    }
  }

  #receive(message: Message, buffers: DataView[]): void {
    this.#heard = performance.now();
    switch (message.kind) {
      case "result":
      case "error":
        if (message.id === this.#pingId) this.#ponged(message);
        else this.#answer(message, buffers);
        break;
      case "event":
        this.#follow(message.seq);
        this.#events.get(message.name)?.forEach((handler) => handler(message.value as never, buffers));
        break;
      case "resynced":
        this.#lastSeq = message.seq;
        if (this.#resyncing) {
          this.#resyncing = false;
          this.#resyncHandlers.forEach((handler) => handler());
        }
        break;
    }
    this.#judge();
  }

  #answer(message: Extract<Message, { kind: "result" | "error" }>, buffers: DataView[]): void {
    const call = this.#pending.get(message.id);
    if (call === undefined) return; // cancelled, or another page's
    this.#pending.delete(message.id);
    call.release();
    if (message.kind === "result") call.resolve({ value: message.value, buffers });
    else call.reject(new RpcError(message.error.type, message.error.message));
  }

  /** Counts events; one that does not follow the last means that some were lost. */
  #follow(seq: number): void {
    if (this.#lastSeq !== null && seq > this.#lastSeq + 1) this.#resync();
    this.#lastSeq = Math.max(seq, this.#lastSeq ?? seq);
  }

  #resync(): void {
    this.#resyncing = true;
    this.#send({ kind: "resync", last: this.#lastSeq ?? 0 });
  }

  #ponged(message: Extract<Message, { kind: "result" | "error" }>): void {
    this.#pingId = null;
    if (message.kind === "error") return;
    const { seq } = message.value as { seq: number };
    // The answer left after every event it counts, so one not yet seen will not come any more.
    const missed = this.#lastSeq !== null && seq > this.#lastSeq;
    this.#lastSeq ??= seq;
    if (missed || this.#resyncing) this.#resync();
  }

  #watch(): void {
    const now = performance.now();
    // While the page itself stood still (a busy machine, a hidden tab) nothing could be heard: that is no silence.
    const late = now - this.#watched - Rpc.pingEvery;
    if (late > 0) this.#heard = Math.min(now, this.#heard + late);
    this.#watched = now;
    // A ping on its way is enough: a busy kernel answers each of them later, all at once. A kernel that no longer knows
    // this widget would only log the ping as a fault.
    if (this.#pingId === null && !this.isCut()) {
      this.#pingId = this.#nextId++;
      this.#send({ kind: "call", id: this.#pingId, method: "ping", params: {} });
    }
    this.#judge();
  }

  /** Says what is known about the kernel, and no more. */
  #judge(): void {
    const silent = performance.now() - this.#heard > Rpc.silentAfter;
    const status = this.model.widget_manager?.kernel?.status;
    const gone = this.#broken || this.isCut() || status === "dead" || status === "terminating";
    if (!silent) [this.#asked, this.#unknown] = [null, false];
    else if (status === "idle") this.#asked ??= this.#askWhetherKnown();
    // An idle kernel that no longer knows this widget was restarted, or the widget closed; one that says nothing at all
    // gets no time of its machine.
    const forgotten = silent && status === "idle" && this.#unknown;
    const state: State = gone || forgotten ? "lost" : silent ? "busy" : "connected";
    if (state === "lost") this.#forget();
    if (state === this.#state) return;
    const wasLost = this.#state === "lost";
    this.#state = state;
    if (wasLost && state === "connected") this.#resync();
    this.#stateHandlers.forEach((handler) => handler(state));
  }

  async #askWhetherKnown(): Promise<void> {
    const { model_id, widget_manager } = this.model;
    const asked = widget_manager?.kernel?.requestCommInfo?.({ target_name: "jupyter.widget" });
    if (!asked || model_id === undefined) {
      this.#unknown = true; // a host that cannot be asked
      return;
    }
    const late = new Promise<true>((resolve) => setTimeout(() => resolve(true), Rpc.silentAfter));
    const knows = asked.then(({ content }) => model_id in (content.comms ?? {}), () => false);
    this.#unknown = !(await Promise.race([knows, late]));
    if (this.#unknown) this.#judge();
    else this.#asked = null; // asked again at the next look, while it is silent
  }

  /** Fails what waits: a lost kernel will not answer, and whoever asked keeps what the user made. */
  #forget(): void {
    this.#pingId = null;
    for (const call of this.#pending.values()) {
      call.release();
      call.reject(kernelLost());
    }
    this.#pending.clear();
  }
}

function kernelLost(): RpcError {
  return new RpcError("KernelLost", "The kernel does not answer.");
}

function sizeOf(message: unknown, buffers: Buffers): number {
  return buffers.reduce((sum, buffer) => sum + buffer.byteLength, JSON.stringify(message).length);
}
