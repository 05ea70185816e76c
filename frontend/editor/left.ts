/** Images that were left with changes on their way: these go on until all is stored, and what is not stored is said. */

import type { Rpc } from "../shared/rpc";
import type { Place } from "./journal";
import type { Outbox } from "./outbox";

/** Milliseconds after which one hears that changes of an image that was left still wait. */
const PATIENCE = 3000;

/** Says how an image that is not open stands; what it said before goes where there is no key. */
export type Tell = (place: Place, key?: string, vars?: Record<string, string | number>) => void;

export class Left {
  readonly #outboxes = new Map<number, Outbox>();

  constructor(private readonly rpc: Rpc, private readonly tell: Tell) {}

  add(outbox: Outbox): void {
    if (!outbox.waiting.length) return outbox.end();
    this.#outboxes.set(outbox.place.image, outbox);
    setTimeout(() => this.#say(outbox), PATIENCE);
    if (outbox.storing.state === "not_stored") this.#say(outbox);
  }

  has(image: number): boolean {
    return this.#outboxes.has(image);
  }

  /** What waits of an image that is opened again. */
  take(image: number): Outbox | null {
    const outbox = this.#outboxes.get(image) ?? null;
    this.#outboxes.delete(image);
    return outbox;
  }

  changed(outbox: Outbox): void {
    const { place, storing } = outbox;
    if (storing.state === "not_stored") this.#say(outbox);
    if (storing.state !== "stored" || this.#outboxes.get(place.image) !== outbox) return;
    this.#outboxes.delete(place.image);
    this.tell(place);
    // Leaving an image closes its revision; this came after it.
    this.rpc.call("save", { image_id: place.image }).catch(({ message }: Error) => this.tell(place, "editor.not_saved", { reason: message }));
  }

  retry(): void {
    for (const outbox of this.#outboxes.values()) outbox.retry();
  }

  end(): void {
    for (const outbox of this.#outboxes.values()) outbox.end();
    this.#outboxes.clear();
  }

  #say(outbox: Outbox): void {
    const { place, storing } = outbox;
    if (storing.state === "stored" || this.#outboxes.get(place.image) !== outbox) return;
    const reason = storing.state === "not_stored" ? storing.reason : "";
    this.tell(place, reason ? "editor.state.not_stored" : "editor.state.waiting", { n: storing.waiting, reason });
  }
}
