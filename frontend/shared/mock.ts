/** A model without a kernel, for tests: it records what is sent and answers as the test says. */
import type { Buffers, HostKernel, Model } from "./types";

interface Call {
  kind: "call";
  id: number;
  method: string;
  params: Record<string, unknown>;
}
export type Sent = Call | { kind: "cancel"; id: number } | { kind: "resync"; last: number };
type Listener = (...args: never[]) => void;
type Handler = (params: Record<string, unknown>, buffers: Buffers) => unknown | Promise<unknown>;

/** An answer with buffers. */
export class MockAnswer {
  constructor(
    readonly value: unknown,
    readonly buffers: DataView[] = [],
  ) {}
}

export class MockModel implements Model {
  readonly sent: Sent[] = [];
  readonly saved: string[] = [];
  seq = 0;
  /** "silent" answers nothing: a busy or dead kernel. */
  silent = false;
  readonly model_id = "model-1";
  widget_manager: { kernel: HostKernel & { status: string } } = { kernel: { status: "busy" } };
  readonly #handlers = new Map<string, Handler>();
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #changed = new Set<string>();

  constructor(readonly traits: Record<string, unknown> = {}) {
    traits.kernel_id ??= "kernel-1";
    traits.error ??= "";
    traits.strings ??= {};
    this.handle("ping", () => ({ seq: this.seq }));
  }

  /** Says how the kernel answers a method; throwing answers with an error, a promise answers later. */
  handle(method: string, handler: Handler): this {
    this.#handlers.set(method, handler);
    return this;
  }

  /** Calls of a method so far. */
  calls(method: string): Call[] {
    return this.sent.filter((message): message is Call => message.kind === "call" && message.method === method);
  }

  /** Pushes an event; `lose` counts it without delivering it. */
  event(name: string, value: unknown, { lose = false, buffers = [] as DataView[] } = {}): void {
    this.seq += 1;
    if (!lose) this.deliver({ kind: "event", seq: this.seq, name, value }, buffers);
  }

  /** Changes traits as the kernel does. */
  update(traits: Record<string, unknown>): void {
    Object.assign(this.traits, traits);
    for (const name of Object.keys(traits)) this.emit(`change:${name}`);
  }

  deliver(message: unknown, buffers: DataView[] = []): void {
    this.emit("msg:custom", message, buffers);
  }

  emit(event: string, ...args: unknown[]): void {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) listener(...(args as never[]));
  }

  get listeners(): number {
    return [...this.#listeners.values()].reduce((sum, set) => sum + set.size, 0);
  }

  get<T>(key: string): T {
    return this.traits[key] as T;
  }

  set(key: string, value: unknown): void {
    this.traits[key] = value;
    this.#changed.add(key);
    this.emit(`change:${key}`);
  }

  save_changes(): void {
    this.saved.push(...this.#changed);
    this.#changed.clear();
  }

  on(event: string, callback: Listener): void {
    this.#listeners.set(event, (this.#listeners.get(event) ?? new Set()).add(callback));
  }

  off(event?: string | null, callback?: Listener | null): void {
    if (event && callback) this.#listeners.get(event)?.delete(callback);
    else if (event) this.#listeners.delete(event);
    else this.#listeners.clear();
  }

  send(content: unknown, _callbacks?: unknown, buffers: Buffers = []): void {
    const message = structuredClone(content) as Sent;
    this.sent.push(message);
    if (this.silent) return;
    if (message.kind === "resync") queueMicrotask(() => this.deliver({ kind: "resynced", seq: this.seq }));
    if (message.kind === "call") void this.#answer(message, buffers);
  }

  async #answer(call: Call, buffers: Buffers): Promise<void> {
    await Promise.resolve();
    const handler = this.#handlers.get(call.method);
    try {
      if (!handler) throw new Error(`no such method: ${call.method}`);
      const value = await handler(call.params, buffers);
      if (value instanceof MockAnswer) this.deliver({ kind: "result", id: call.id, value: value.value }, value.buffers);
      else this.deliver({ kind: "result", id: call.id, value: value ?? null });
    } catch (error) {
      const { name, message } = error as Error;
      this.deliver({ kind: "error", id: call.id, error: { type: name, message } });
    }
  }
}
