/** What the kernel does with many images at once, and what it says of it (Python: `widgets/acting.py`). */
import type { Archive } from "../../shared/archive";
import type { Rpc } from "../../shared/rpc";

/** What a form offers: models (the default first), formats of exports, conditions, tags with how many images have each. */
export interface Choices {
  models: string[];
  formats: string[];
  conditions: string[];
  tags: [name: string, images: number][];
}

export interface Refused {
  refused: number;
  /** The first of them: name and reason. */
  some: [name: string, reason: string][];
}

export interface Done extends Refused {
  /** Images that changed. */
  n: number;
  /** Takes it back; null where nothing changed. */
  undo: number | null;
  run?: number;
}

export class Kernel {
  constructor(
    private readonly rpc: Rpc,
    private readonly signal: AbortSignal,
  ) {}

  choices(): Promise<Choices> {
    return this.#ask("act.choices", {});
  }

  act(verb: string, ids: readonly number[], more: Record<string, unknown> = {}): Promise<Done> {
    return this.#ask(`act.${verb}`, { ids, ...more });
  }

  /** How many other images lie in the wells of some. */
  beside(ids: readonly number[]): Promise<number> {
    return this.#ask("act.beside", { ids });
  }

  export(ids: readonly number[], formats: readonly string[]): Promise<Archive> {
    return this.#ask("act.export", { ids, formats });
  }

  undo(number: number): Promise<Refused> {
    return this.#ask("act.undo", { undo: number });
  }

  async #ask<T>(method: string, params: Record<string, unknown>): Promise<T> {
    return (await this.rpc.call<T>(method, params, { signal: this.signal })).value;
  }
}
