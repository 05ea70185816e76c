/** What the host gives a widget (anywidget's front-end module contract), as far as we use it. */

export type Buffers = (ArrayBuffer | ArrayBufferView)[];

export interface Model {
  get<T = unknown>(key: string): T;
  set(key: string, value: unknown): void;
  save_changes(): void;
  send(content: unknown, callbacks?: unknown, buffers?: Buffers): void;
  on(event: string, callback: (...args: never[]) => void): void;
  off(event?: string | null, callback?: ((...args: never[]) => void) | null): void;
  /** Of this model, and of its line to the kernel. */
  readonly model_id?: string;
  /** The host's manager; in JupyterLab and Voila it knows the kernel, its status, and how to ask it for its lines. */
  readonly widget_manager?: { readonly kernel?: HostKernel | null };
}

export interface HostKernel {
  readonly status?: string;
  requestCommInfo?(content: { target_name: string }): Promise<{ content: { comms?: Record<string, unknown> } }>;
}

/** Shows other widgets of the kernel inside a widget (anywidget 0.11 on). */
export interface Host {
  /** @param reference  `anywidget:` and the widget's model id */
  getWidget(reference: string): Promise<{ render(place: { el: HTMLElement; signal: AbortSignal }): Promise<void> }>;
}

export interface RenderProps {
  model: Model;
  el: HTMLElement;
  signal: AbortSignal;
  host?: Host;
}

export interface Widget {
  initialize?(props: { model: Model; signal: AbortSignal }): void | Promise<void>;
  render(props: RenderProps): void | Promise<void>;
}

/** Calls `handler` at every change of a trait until `signal` ends; returns nothing, reads nothing at once. */
export function onTrait<T>(model: Model, name: string, signal: AbortSignal, handler: (value: T) => void): void {
  const listen = () => handler(model.get<T>(name));
  model.on(`change:${name}`, listen);
  signal.addEventListener("abort", () => model.off(`change:${name}`, listen), { once: true });
}
