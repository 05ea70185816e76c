/** Adding images without its looks: what was taken in, what is known of it, and the one thing that is under way. */
import { type Frame, messageOf } from "../../shared/frame";
import { RpcError } from "../../shared/rpc";
import { Batch, type Item } from "./batch";
import { type Found, meant, suffixOf } from "./dropped";
import { Transfer } from "./transfer";
import type { AddState, Outcome, Preview, Progress, Row } from "./wire";

export type Work = "looking" | "sending" | "adding" | "demo";

/** What the view is told. */
export interface Told {
  /** Something is another: draw it. */
  changed(): void;
  /** One file is further; comes often. */
  moved(item: Item): void;
  /** Why something does not go on; null when that is over. */
  trouble(text: string | null, again?: () => void): void;
  /** Images were added; `here` where it was asked from this page. */
  added(outcome: Outcome, here: boolean): void;
  began(kind: Work): void;
  ended(kind: Work): void;
}

/** What the view asks of a person besides files. */
export interface Options {
  /** How names are read, as the kernel takes it. */
  readonly pattern: string;
  readonly pixelSize: number | null;
  readonly modality: string;
}

interface Sheet {
  name: string;
  bytes: ArrayBuffer;
}

export class Adding {
  state: AddState | null = null;
  batch = new Batch();
  /** A path that the kernel reads, in place of files that are sent; "" without. */
  path = "";
  sheet: Sheet | null = null;
  preview: Preview | null = null;
  /** Why the pattern cannot be used; "" where it can. */
  wrongPattern = "";
  /** What the preview says of each file that is to be sent. */
  rows = new Map<Item, Row>();
  work: { kind: Work; began: number; there: number; abort: AbortController } | null = null;
  /** How far the kernel is with adding, from here or from another page. */
  progress: Progress | null = null;
  #transfer: Transfer;
  #asking: AbortController | null = null;
  /** The kernel was lost; what was under way goes on when one answers. */
  #interrupted = false;
  /** Whether the files are to be added, and not only looked at: an interruption does not change that. */
  #adds = false;
  /** What was told already: the kernel keeps the last outcome for pages that open later. */
  readonly #outcomes = new Set<string>();

  constructor(
    private readonly frame: Frame,
    private readonly signal: AbortSignal,
    private readonly options: Options,
    private readonly told: Told,
  ) {
    const { rpc } = frame;
    this.#transfer = this.#newTransfer();
    rpc.on<{ progress: Progress | null; outcome: Outcome | null }>("adding", (heard) => this.#hear(heard));
    rpc.onResync(() => void this.refresh());
    rpc.onState((state) => {
      if (state !== "connected") return;
      if (this.#interrupted) void this.resume();
      else if (this.state === null) void this.refresh();
    });
  }

  /** Whether there is something to look at. */
  get staged(): boolean {
    return this.path !== "" || this.batch.items.length > 0 || this.sheet !== null;
  }

  /** How many files would be added. */
  get addable(): number {
    if (this.path) return (this.preview?.counts.files ?? 0) - (this.preview?.known[0] ?? 0);
    return this.batch.of("waiting", "stored").length;
  }

  /** How many wells the table describes. */
  get describes(): number {
    const told = this.preview?.sheet;
    return told === undefined || "error" in told ? 0 : told.wells;
  }

  /** Asks the kernel how things stand: whether the project is empty, and what arrived in part. */
  async refresh(): Promise<void> {
    try {
      const { value } = await this.frame.rpc.call<AddState>("add_state", {}, { signal: this.signal });
      this.state = value;
      this.#hear(value);
    } catch (error) {
      this.#fail(error, () => void this.refresh());
    }
  }

  // Taking in

  async take(found: Found[]): Promise<void> {
    if (this.state === null) await this.refresh(); // dropped on a gallery, whose panel is made for it
    const { state } = this;
    const { t } = this.frame;
    if (state === null) return; // it was said why
    if (this.work !== null) return this.told.trouble(t("add.not_now"));
    this.told.trouble(null);
    const wanted = meant(found, [...state.images, ...state.tables]);
    const isTable = ({ parts }: Found) => state.tables.includes(suffixOf(parts));
    const files = wanted.filter((one) => !isTable(one));
    // A table in a folder of images may be anybody's.
    const table = wanted.filter((one) => isTable(one) && one.parts.length === 1).pop();
    if (table) await this.#readSheet(table.file);
    else if (files.length === 0) return this.told.trouble(t("add.nothing"));
    if (files.length > 0) {
      this.path = "";
      const fresh = this.batch.add(files);
      await this.#begin("looking", (abort) => this.#transfer.offer(fresh, abort));
    }
    await this.ask();
  }

  async takeSheet(file: File): Promise<void> {
    await this.#readSheet(file);
    await this.ask();
  }

  async dropSheet(): Promise<void> {
    this.sheet = null;
    await this.ask();
  }

  /** Shows what lies at a path that the kernel reads. */
  async look(path: string): Promise<void> {
    this.path = path;
    if (await this.#begin("looking", (abort) => this.#ask(abort, true))) return;
    this.path = "";
    this.told.changed();
  }

  leave(item: Item): void {
    this.batch.remove(item);
    if (item.key) void this.discard([item.key]);
    void this.ask();
  }

  /** Asks what names and table say; the newest question counts. */
  async ask(): Promise<void> {
    try {
      await this.#ask(this.signal);
    } catch (error) {
      this.#fail(error, () => void this.ask());
    }
  }

  async #ask(signal: AbortSignal, again = false): Promise<void> {
    this.#asking?.abort();
    const asking = (this.#asking = new AbortController());
    const items = this.batch.of("checking", "waiting", "sending", "stored");
    if (!this.staged) {
      this.preview = null;
      return this.told.changed();
    }
    const source = this.path ? { path: this.path, again } : { files: items.map(({ parts }) => parts) };
    const params = { ...source, names: this.options.pattern, sheet: this.sheet?.name ?? null };
    try {
      const options = { signal: AbortSignal.any([signal, asking.signal]), ...this.#buffers() };
      this.preview = (await this.frame.rpc.call<Preview>("add_preview", params, options)).value;
      this.rows = new Map(items.map((item, at) => [item, this.preview?.rows[at]]).filter(([, row]) => row) as [Item, Row][]);
      this.wrongPattern = "";
    } catch (error) {
      if (asking.signal.aborted && !signal.aborted) return; // a newer question is under way
      if (!(error instanceof RpcError) || error.type !== "ValueError") throw error;
      this.wrongPattern = error.message;
    }
    this.told.changed();
  }

  // Adding

  async add(): Promise<void> {
    if (this.path) return this.#addStaged({ path: this.path });
    this.#adds = true;
    const sent = await this.#begin("sending", (abort) => this.#transfer.send(abort));
    const there = this.batch.of("stored", "known");
    if (sent && (there.length > 0 || this.describes > 0)) await this.#addStaged({ files: there.map(({ key, parts }) => [key, parts]) });
  }

  async addDemo(): Promise<void> {
    await this.#begin("demo", async (signal) => {
      this.#finish((await this.frame.rpc.call<Outcome>("add_demo", {}, { signal })).value);
    });
  }

  /** Goes on after an interruption: the kernel may be another one, so everything is offered anew. */
  async resume(): Promise<void> {
    const items = this.batch.taken;
    for (const item of items) item.state = "checking";
    if (!(await this.#begin("looking", (abort) => this.#transfer.offer(items, abort)))) return;
    await (this.#adds ? this.add() : this.ask());
  }

  cancel(): void {
    this.work?.abort.abort();
  }

  /** Lets go of everything, in the kernel as well. */
  async clear(): Promise<void> {
    const keys = this.batch.items.map(({ key }) => key).filter(Boolean);
    this.#reset();
    if (keys.length > 0) await this.discard(keys);
  }

  /** Removes what was sent and not added; without keys, what arrived in part, whoever sent it. */
  async discard(keys: string[] | null): Promise<void> {
    try {
      await this.frame.rpc.call("add_discard", { keys }, { signal: this.signal });
    } catch (error) {
      return this.#fail(error);
    }
    await this.refresh();
  }

  async #addStaged(source: Record<string, unknown>): Promise<void> {
    const { pattern, pixelSize, modality } = this.options;
    const params = { ...source, names: pattern, sheet: this.sheet?.name ?? null, pixel_size_um: pixelSize, modality };
    await this.#begin("adding", async (signal) => {
      this.#finish((await this.frame.rpc.call<Outcome>("add_images", params, { signal, ...this.#buffers() })).value);
    });
  }

  #finish(outcome: Outcome): void {
    // What was not taken stays said beside what was.
    const left = this.batch.of("refused", "failed").map(({ name, reason }): [string, string] => [name, reason]);
    const { n, some } = outcome.failed;
    this.#outcomes.add(outcome.id);
    this.#reset();
    this.told.added({ ...outcome, failed: { n: n + left.length, some: [...left, ...some] } }, true);
    void this.refresh();
  }

  /** Does one thing at a time; returns whether it went well. */
  async #begin(kind: Work, work: (abort: AbortSignal) => Promise<void>): Promise<boolean> {
    if (this.work !== null) return false;
    const abort = new AbortController();
    this.work = { kind, abort, began: performance.now(), there: this.batch.bytes.there };
    this.#interrupted = false;
    this.told.trouble(null);
    this.told.began(kind);
    this.told.changed();
    try {
      await work(AbortSignal.any([this.signal, abort.signal]));
      return true;
    } catch (error) {
      if (!this.signal.aborted) this.#stumble(kind, error, abort.signal.aborted);
      return false;
    } finally {
      this.work = null;
      if (!this.signal.aborted) {
        this.told.ended(kind);
        this.told.changed();
      }
    }
  }

  #stumble(kind: Work, error: unknown, stopped: boolean): void {
    const { t } = this.frame;
    const again = kind === "sending" || (kind === "looking" && !this.path) ? () => void this.resume() : undefined;
    if (stopped) {
      this.#adds = false;
      this.told.trouble(t(kind === "adding" ? "add.stopped_adding" : "add.stopped"), kind === "looking" ? again : undefined);
    } else if (isLost(error) && again) {
      this.#interrupted = true;
      this.told.trouble(t("add.interrupted"));
    } else this.#fail(error, again);
  }

  #fail(error: unknown, again?: () => void): void {
    if (this.signal.aborted) return;
    // The frame says by itself that the kernel is gone.
    if (!isLost(error)) this.told.trouble(messageOf(error), again);
  }

  async #readSheet(file: File): Promise<void> {
    try {
      this.sheet = { name: file.name, bytes: await file.arrayBuffer() };
    } catch {
      this.told.trouble(`${file.name}: ${this.frame.t("add.unreadable")}`);
    }
  }

  #reset(): void {
    this.#asking?.abort();
    this.batch = new Batch();
    this.#transfer = this.#newTransfer();
    this.path = "";
    this.sheet = null;
    this.preview = null;
    this.wrongPattern = "";
    this.rows.clear();
    this.#interrupted = this.#adds = false;
    this.told.trouble(null);
    this.told.changed();
  }

  #newTransfer(): Transfer {
    return new Transfer(this.frame.rpc, this.frame.t, this.batch, (item) => this.told.moved(item));
  }

  #buffers(): { buffers: ArrayBuffer[] } {
    return { buffers: this.sheet ? [this.sheet.bytes] : [] };
  }

  #hear({ progress, outcome }: { progress: Progress | null; outcome: Outcome | null }): void {
    this.progress = progress;
    // Another page's, or this one's before it was reloaded; our own comes as the answer of its call.
    if (outcome !== null && this.work === null && !this.#outcomes.has(outcome.id)) {
      this.#outcomes.add(outcome.id);
      this.told.added(outcome, false);
    }
    this.told.changed();
  }
}

function isLost(error: unknown): boolean {
  return error instanceof RpcError && error.type === "KernelLost";
}
