/**
 * Sends files to the kernel: in pieces of at most 1 MiB, a few files at a time, each piece after the last of its file
 * was acknowledged. What the kernel has is asked for first, so a file goes on where it was interrupted.
 */
import { messageOf } from "../../shared/frame";
import { type Rpc, RpcError } from "../../shared/rpc";
import type { Translate } from "../../shared/strings";
import type { Batch, Item } from "./batch";
import { bytesOf, checksumOf, crc32 } from "./checksum";
import type { Offer, Taken } from "./wire";

const CHUNK = 1024 * 1024;
/** Bytes from the beginning by which files are told apart (Python: `known_content.HEAD`). */
const HEAD = 64 * 1024;
const AT_ONCE = 4;
const OFFERED_AT_ONCE = 200;
/** Pieces of one file that may be lost or damaged. */
const MOST_TRIES = 5;

export class Transfer {
  /** After so long without an answer a piece is sent again, if the kernel answers other questions (ms). */
  static patience = 30_000;

  /**
   * @param changed says that a file's state or progress is another
   */
  constructor(
    private readonly rpc: Rpc,
    private readonly t: Translate,
    private readonly batch: Batch,
    private readonly changed: (item: Item) => void,
  ) {}

  /** Asks which of these files are taken and how much of them is there; known ones are found by their content. */
  async offer(items: Item[], signal: AbortSignal): Promise<void> {
    for (let at = 0; at < items.length; at += OFFERED_AT_ONCE) {
      const some = items.slice(at, at + OFFERED_AT_ONCE);
      await this.#offer(some, signal);
    }
    const open = items.filter(({ state }) => state === "checking");
    await this.#each(open, signal, (item, both) => this.#agree(item, both));
  }

  /** Sends what waits; returns when everything has come to an end, and throws what stops all of it. */
  async send(signal: AbortSignal): Promise<void> {
    await this.#each(this.batch.of("waiting", "sending"), signal, (item, both) => this.#send(item, both));
  }

  /** Does something with each file, a few at a time; what stops one for all files stops the others. */
  async #each(items: Item[], signal: AbortSignal, work: (item: Item, signal: AbortSignal) => Promise<void>): Promise<void> {
    const queue = [...items];
    const inner = new AbortController();
    const both = AbortSignal.any([signal, inner.signal]);
    const worker = async () => {
      for (let item = queue.shift(); item !== undefined; item = queue.shift()) {
        const one = item;
        if (this.batch.items.includes(one)) await this.#guard(one, both, () => work(one, both));
      }
    };
    try {
      await Promise.all(Array.from({ length: AT_ONCE }, worker));
    } catch (error) {
      inner.abort(error);
      throw error;
    }
  }

  async #offer(items: Item[], signal: AbortSignal): Promise<void> {
    const readable: Item[] = [];
    const files: [string[], number, number, number, string][] = [];
    for (const item of items) {
      await this.#guard(item, signal, async () => {
        const head = await bytesOf(item.file, 0, HEAD);
        const first = Array.from(head.subarray(0, 16), (byte) => byte.toString(16).padStart(2, "0")).join("");
        readable.push(item);
        files.push([item.parts, item.file.size, item.file.lastModified, crc32(head), first]);
      });
    }
    if (files.length === 0) return;
    const asked = new Set(items);
    const earlier = this.batch.of("checking", "waiting", "sending").filter((item) => item.key && !asked.has(item));
    const before = earlier.reduce((sum, { file, have }) => sum + file.size - have, 0);
    const { value } = await this.rpc.call<Offer[]>("add_offer", { files, before }, { signal });
    value.forEach((offer, index) => {
      const item = readable[index];
      const { key, have, checksum, stored_as: storedAs, taken: nameTaken } = offer;
      Object.assign(item, { key, have, checksum, storedAs, nameTaken });
      if (offer.refused) this.#set(item, "refused", offer.refused);
      else this.#set(item, "checking");
    });
  }

  /** Compares what the kernel has of a file with the file. What is there whole needs not be sent. */
  async #agree(item: Item, signal: AbortSignal): Promise<void> {
    const { have, checksum, file } = item;
    if (have > 0 && (await checksumOf(file, have, CHUNK, signal)) !== checksum) item.have = item.checksum = 0;
    if (item.have < file.size) return this.#set(item, "waiting");
    const taken = await this.#chunk(item, new Uint8Array(0), item.checksum, signal);
    if (item.state !== "checking") return;
    item.checksum = await checksumOf(file, taken.have, CHUNK, signal); // it was there, and is no longer
    item.have = taken.have;
    this.#set(item, "waiting");
  }

  async #send(item: Item, signal: AbortSignal): Promise<void> {
    this.#set(item, "sending");
    let tries = 0;
    while (item.state === "sending") {
      const [from, size] = [item.have, item.file.size];
      const bytes = await bytesOf(item.file, from, Math.min(size, from + CHUNK));
      const whole = crc32(bytes, item.checksum);
      const last = from + bytes.length === size;
      const taken = await this.#chunk(item, bytes, last ? whole : null, signal);
      if (item.state !== "sending") return;
      if (!last && taken.have === from + bytes.length) item.checksum = whole;
      else if (++tries > MOST_TRIES) throw new Error(this.t("add.damaged"));
      else item.checksum = await checksumOf(item.file, taken.have, CHUNK, signal);
      item.have = taken.have;
      this.changed(item);
    }
  }

  /** Sends one piece, and again when its answer got lost; `whole` is the file's checksum with its last piece. */
  async #chunk(item: Item, bytes: Uint8Array<ArrayBuffer>, whole: number | null, signal: AbortSignal): Promise<Taken> {
    const { key, have: offset } = item;
    const params = { key, offset, checksum: crc32(bytes), whole };
    for (let tries = 0; ; tries++) {
      try {
        const options = { signal, timeout: Transfer.patience, buffers: bytes.length ? [bytes] : [] };
        const { value } = await this.rpc.call<Taken>("add_chunk", params, options);
        if (value.refused) this.#set(item, "refused", value.refused);
        else if (value.stored !== undefined) {
          item.storedAs = value.stored === item.name ? "" : value.stored;
          this.#set(item, value.known ? "known" : "stored");
        }
        return value;
      } catch (error) {
        const type = error instanceof RpcError ? error.type : "";
        if (type === "Timeout" && tries < MOST_TRIES) await this.#connected(signal);
        else if (type === "UnknownUploadError" && tries < MOST_TRIES) return await this.#again(item, signal);
        else throw error;
      }
    }
  }

  /** Another kernel answers, which was not told of this file: offers it anew, and goes on from what is there. */
  async #again(item: Item, signal: AbortSignal): Promise<Taken> {
    await this.#offer([item], signal);
    if (item.state === "checking") await this.#agree(item, signal);
    if (item.state === "waiting") this.#set(item, "sending");
    return { have: item.have };
  }

  /** Waits while a cell keeps the kernel busy: what was sent is read when it ends. */
  async #connected(signal: AbortSignal): Promise<void> {
    while (this.rpc.state === "busy") {
      await new Promise<void>((resolve) => {
        const leave = this.rpc.onState(() => done());
        const done = () => (leave(), signal.removeEventListener("abort", done), resolve());
        signal.addEventListener("abort", done, { once: true });
      });
      signal.throwIfAborted();
    }
  }

  /** Does something with one file; what concerns that file alone does not stop the others. */
  async #guard(item: Item, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (signal.aborted || error instanceof RpcError) {
        if (item.state === "sending") this.#set(item, "waiting");
        throw error;
      }
      const unreadable = error instanceof DOMException;
      this.#set(item, "failed", unreadable ? this.t("add.unreadable") : messageOf(error));
    }
  }

  #set(item: Item, state: Item["state"], reason = ""): void {
    item.state = state;
    item.reason = reason;
    this.changed(item);
  }
}
