/** The image that is likely to be opened next, asked for before it is wanted. */

import type { Answer, Rpc } from "../../shared/rpc";

/** What an image is opened with. */
const METHODS = ["document", "pixels"] as const;

export class Ahead {
  #image: number | null = null;
  #stop = new AbortController();
  readonly #asked = new Map<string, Promise<Answer<unknown>>>();

  constructor(private readonly rpc: Rpc) {}

  /** Ask for an image, and no longer for another one. */
  want(image: number | null): void {
    if (image === this.#image) return;
    this.drop();
    this.#image = image;
    if (image === null) return;
    for (const method of METHODS) {
      const asked = this.rpc.call(method, { image_id: image, ahead: true }, { signal: this.#stop.signal });
      asked.catch(() => this.#asked.delete(method)); // then it is asked for when it is wanted
      this.#asked.set(method, asked);
    }
  }

  /** What was asked for of an image, once; undefined where nothing was. */
  take<T>(image: number, method: string): Promise<Answer<T>> | undefined {
    if (image !== this.#image) return undefined;
    const asked = this.#asked.get(method);
    this.#asked.delete(method);
    return asked as Promise<Answer<T>> | undefined;
  }

  /** @param image  only when it is this one */
  drop(image = this.#image): void {
    if (image !== this.#image) return;
    this.#stop.abort();
    this.#stop = new AbortController();
    this.#asked.clear();
    this.#image = null;
  }
}
