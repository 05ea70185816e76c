/** The files of one batch, and how far each is. */
import { type Found, nameOf } from "./dropped";

export type FileState = "checking" | "waiting" | "sending" | "stored" | "known" | "refused" | "failed";

export interface Item extends Found {
  name: string;
  state: FileState;
  /** The upload's name in the kernel; "" before it was offered. */
  key: string;
  /** Bytes that are there, and their checksum. */
  have: number;
  checksum: number;
  /** Why it is refused, or failed. */
  reason: string;
  /** The path it is kept under, where that is another one. */
  storedAs: string;
  /** Whether that is because another file has its name. */
  nameTaken: boolean;
}

export class Batch {
  readonly items: Item[] = [];
  readonly #seen = new Set<string>();

  /** Takes files in; those that are in it already are left out. Returns the new ones. */
  add(found: Found[]): Item[] {
    const fresh = found
      .filter(({ parts, file }) => {
        const identity = JSON.stringify([parts, file.size, file.lastModified]);
        return !this.#seen.has(identity) && this.#seen.add(identity);
      })
      .map((one): Item => ({
        ...one, name: nameOf(one.parts), state: "checking", key: "", have: 0, checksum: 0, reason: "", storedAs: "", nameTaken: false,
      })); // prettier-ignore
    this.items.push(...fresh);
    return fresh;
  }

  remove(item: Item): void {
    const at = this.items.indexOf(item);
    if (at < 0) return;
    this.items.splice(at, 1);
    this.#seen.delete(JSON.stringify([item.parts, item.file.size, item.file.lastModified]));
  }

  /** Those that are or will be in the kernel. */
  get taken(): Item[] {
    return this.items.filter(({ state }) => state !== "refused" && state !== "failed");
  }

  of(...states: FileState[]): Item[] {
    return this.items.filter(({ state }) => states.includes(state));
  }

  /** Bytes of what is taken, and of those how many are there. */
  get bytes(): { all: number; there: number } {
    let [all, there] = [0, 0];
    for (const { file, state, have } of this.taken) {
      all += file.size;
      there += state === "stored" || state === "known" ? file.size : state === "checking" ? 0 : have;
    }
    return { all, there };
  }
}
