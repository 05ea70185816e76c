/**
 * The open image: its outlines (`sheet.ts`), and how what was done to them stands with the kernel. It draws nothing; it
 * tells its listener when something is to be shown.
 */

import { OutlineSet } from "../shared/outlines";
import { RpcError, type Answer, type Rpc } from "../shared/rpc";
import { Classes } from "./classes";
import { readDocument, type DocumentInfo, type ImageInfo } from "./document";
import { area } from "./geometry";
import type { Step } from "./history";
import * as journal from "./journal";
import { parted } from "./kept";
import { Left, type Tell } from "./left";
import { operationsOf, unwire, wire, type Operation, type SentVerdict, type Verdict } from "./operations";
import { Outbox, type Storing } from "./outbox";
import { Ahead } from "./fixing/ahead";
import { patiently } from "./patience";
import { Pixels, type PixelsInfo } from "./pixels";
import { Sheet } from "./sheet";
import { stepsOf } from "./steps";

export interface WorkListener {
  /** The document was read; `fresh` when it is another image than before. */
  opened(info: DocumentInfo, fresh: boolean): void;
  changed(): void;
  say(key: string, tone: "info" | "warning", vars?: Record<string, string | number>): void;
  /** Operations of an older revision lie in this browser. */
  kept(count: number, apply: () => void, discard: () => Promise<void>): void;
  /** How an image that is not open stands. */
  elsewhere: Tell;
  failed(error: unknown): void;
}

interface StoredAnswer {
  verdicts: SentVerdict[];
  before: number;
  version: number;
  draft_operations: number;
}

export class Work {
  readonly classes = new Classes();
  readonly #sheet = new Sheet(this.classes, () => this.info!.image);
  readonly store = this.#sheet.store;
  readonly history = this.#sheet.history;
  readonly selection = this.#sheet.selection;
  readonly ahead: Ahead;
  /** Null until an image is wholly here: what is not there cannot be changed or saved. */
  info: DocumentInfo | null = null;
  /** What is known of the image, even when it cannot be shown. */
  image: ImageInfo | null = null;
  pixels: Pixels | null = null;
  #outbox: Outbox | null = null;
  readonly #left: Left;
  /** Calls by which the kernel stored something of the open image. */
  #stored = 0;
  #loading: AbortController | null = null;
  #image = 0;
  #draftOperations = 0;
  #version = 0;
  #saving = false;
  #barred = false;
  #refreshTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly rpc: Rpc,
    private readonly listener: WorkListener,
    signal: AbortSignal,
  ) {
    this.ahead = new Ahead(rpc);
    this.#left = new Left(rpc, listener.elsewhere);
    rpc.on<{ image_id: number; version: number | null }>("version", ({ image_id, version }) => {
      if (image_id === this.#image && (version === null || version > this.#version)) this.#refreshSoon();
    });
    rpc.onResync(() => {
      this.ahead.drop();
      this.#refreshSoon();
    });
    rpc.onState((state) => {
      if (state === "connected") {
        this.#outbox?.retry();
        this.#left.retry();
      }
      listener.changed();
    });
    signal.addEventListener("abort", () => {
      this.#loading?.abort();
      this.#outbox?.end();
      this.#left.end();
      clearTimeout(this.#refreshTimer);
    });
  }

  /** Nothing can be changed: shown only, or not shown at all. */
  get readOnly(): boolean {
    return this.info === null || this.info.read_only || this.#barred;
  }

  /** Somebody else edits the image: nothing is changed here until it is taken over. */
  bar(barred: boolean): void {
    if (barred === this.#barred) return;
    this.#barred = barred;
    this.listener.changed();
  }

  /** Resolves when everything is stored; rejects when something cannot be. */
  async settled(): Promise<void> {
    await this.#outbox?.settled();
  }

  get storing(): Storing {
    return this.#outbox?.storing ?? { state: "stored" };
  }

  /** Changes that no revision holds yet. */
  get unsaved(): number {
    return this.#draftOperations + (this.#outbox?.waiting.length ?? 0);
  }

  /** Area of an outline as the kernel measured what it stored, px2; undefined where it has not. */
  measured(slot: number): number | undefined {
    return this.#sheet.measured(slot);
  }

  /** Whether a change of an outline is on its way to the kernel, which confirms its measurements. */
  isOnItsWay(id: string): boolean {
    return this.#outbox?.waiting.some(({ outline }) => outline === id) ?? false;
  }

  get saving(): boolean {
    return this.#saving;
  }

  /** Read an image. Until it is here there is nothing that could be changed or saved. */
  async open(image: number): Promise<void> {
    this.#loading?.abort();
    const loading = new AbortController();
    this.#loading = loading;
    if (this.#outbox) this.#left.add(this.#outbox);
    this.#outbox = null;
    this.info = null;
    this.#barred = false;
    this.#image = image;
    this.listener.changed();
    try {
      const options = { signal: loading.signal };
      const afresh = <T>(method: string) => patiently(() => this.rpc.call<T>(method, { image_id: image }, options), loading.signal);
      let early = false;
      const ask = <T>(method: string) => {
        const asked = this.ahead.take<T>(image, method);
        early ||= asked !== undefined;
        return asked?.catch(() => afresh<T>(method)) ?? afresh<T>(method);
      };
      const seen = this.#stored;
      const asked = ask<DocumentInfo>("document");
      const both = Promise.all([asked, ask<PixelsInfo>("pixels")]);
      both.catch(() => undefined);
      this.image = (await asked).value.image;
      const [first, pixels] = await both;
      const document = seen === this.#stored ? first : await this.#read(loading.signal);
      if (loading.signal.aborted) return;
      this.pixels = new Pixels(pixels.value, pixels.buffers[0]);
      this.history.clear();
      this.selection.set([]);
      this.#take(document);
      this.listener.opened(this.info!, true);
      void this.#recall();
      if (early) await this.refresh(); // somebody may have changed it since it was asked for
      await this.#findKept();
    } catch (error) {
      if (loading.signal.aborted) return;
      this.info = null;
      this.store.load(OutlineSet.empty(), { ids: [], classIndex: new Uint8Array(), confidence: new Float32Array(), flags: new Uint8Array(), parents: {} });
      this.listener.failed(error);
    }
  }

  /** Read the document again, quietly: view, selection and undo stay. */
  async refresh(): Promise<void> {
    if (!this.info) return;
    const loading = this.#loading!;
    try {
      const document = await this.#read(loading.signal);
      if (loading.signal.aborted) return;
      const moved = document.value.base_revision !== this.info.base_revision;
      this.#take(document);
      this.listener.opened(this.info, false);
      if (moved) await this.#findKept();
    } catch (error) {
      // What is shown stays as it is: it was stored, and the banner tells of a lost kernel.
      if (!loading.signal.aborted && !(error instanceof RpcError && error.type === "KernelLost")) this.listener.failed(error);
    }
  }

  /** The document with every change that the kernel acknowledged: an answer can be overtaken by that to a later change. */
  async #read(signal: AbortSignal): Promise<Answer<DocumentInfo>> {
    for (;;) {
      const seen = this.#stored;
      const document = await patiently(() => this.rpc.call<DocumentInfo>("document", { image_id: this.#image }, { signal }), signal);
      if (seen === this.#stored) return document;
    }
  }

  /** Do something: shown at once, stored as soon as the kernel answers. False, visibly, where an outline is locked. */
  commit(step: Step): boolean {
    if (this.readOnly) this.listener.say("editor.state.read_only", "warning");
    if (this.readOnly || this.#locked(step)) return false;
    const marked = this.#sheet.byHand(step);
    this.history.push(marked);
    this.#do(marked);
    return true;
  }

  undo(): boolean {
    return this.#turn(this.history.undoable, () => this.history.undo(), "editor.undone");
  }

  redo(): boolean {
    return this.#turn(this.history.redoable, () => this.history.redo(), "editor.redone");
  }

  /** Store what waits, then let the kernel close the draft into a revision. */
  async save(): Promise<void> {
    if (this.readOnly || this.#saving || !this.unsaved) return;
    this.#saving = true;
    this.listener.changed();
    const image_id = this.#image;
    try {
      await this.#outbox?.settled();
      const { value } = await this.rpc.call<number | null>("save", { image_id });
      if (value !== null) this.listener.say("editor.saved", "info", { revision: value });
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const conflict = error instanceof RpcError && /Conflict/.test(error.type);
      this.listener.say(conflict ? "editor.conflict" : "editor.not_saved", "warning", { reason: message });
    } finally {
      this.#saving = false;
      this.listener.changed();
    }
    await this.refresh();
  }

  retry(): void {
    this.#outbox?.retry();
  }

  async draft(verb: "continue" | "discard", id: string): Promise<void> {
    await this.rpc.call(`${verb}_draft`, { image_id: this.#image, draft: id });
    await this.refresh();
    if (verb === "continue") {
      this.history.clear();
      void this.#recall();
    }
    if (verb === "discard" && this.info) {
      // What that editor could not send any more goes with what it sent.
      const { project, image, base_revision } = this.info;
      const waiting = new Set(this.#outbox?.waiting.map((operation) => operation.id));
      const found = await journal.kept(project);
      const gone = found.filter((one) => one.image === image.id && one.base === base_revision && !waiting.has(one.id));
      await journal.drop(gone.map((one) => one.id));
    }
    await this.#findKept();
  }

  #take(answer: Parameters<typeof readDocument>[0]): void {
    const { info, outlines, columns } = readDocument(answer, this.classes);
    const before = this.#outbox ?? this.#left.take(info.image.id);
    let moved: readonly Operation[] = [];
    this.#outbox = before;
    if (before?.place.base !== info.base_revision) {
      before?.end();
      // What was on its way while this editor saved goes on; on somebody else's revision it is offered.
      if (before && info.continued.includes(before.place.base)) moved = before.waiting;
      this.#outbox = this.#newOutbox(info);
    }
    this.info = info;
    this.image = info.image;
    this.#version = info.version;
    this.#draftOperations = info.draft_operations;
    this.store.load(outlines, columns);
    if (moved.length) this.#outbox!.add(moved);
    for (const operation of this.#outbox!.waiting) this.#sheet.show(operation);
    this.#sheet.deselect();
  }

  /** What was done in our draft before it was opened here can be undone here. */
  async #recall(): Promise<void> {
    const { info } = this, loading = this.#loading!;
    if (!info?.draft_operations || info.read_only) return;
    const steps = await stepsOf(this.rpc, info, this.classes, loading.signal).catch(() => []);
    if (loading.signal.aborted) return;
    this.history.precede(steps);
    this.listener.changed();
  }

  #newOutbox(info: DocumentInfo): Outbox {
    const { id: image, name } = info.image;
    const place = { project: info.project, image, name, base: info.base_revision };
    const outbox: Outbox = new Outbox(place, {
      send: async (operations) => {
        const { operations: described, buffers } = wire(operations);
        const params = { image_id: image, base_revision: place.base, operations: described };
        const answer = await this.rpc.call<StoredAnswer>("operations", params, { buffers, timeout: Outbox.lostAfter }).catch((error: unknown) => {
          // Of a newer revision one learns by reading it; the changes are offered then.
          if (this.#image === image && error instanceof RpcError && error.type === "MovedOnError") this.#refreshSoon();
          throw error;
        });
        const { before, version, verdicts, draft_operations } = answer.value;
        this.ahead.drop(image); // it was read before
        if (this.#image === image) {
          this.#stored++;
          this.#draftOperations = draft_operations;
          // Somebody else changed the document between our last look and this call.
          if (before !== this.#version) this.#refreshSoon();
          this.#version = Math.max(this.#version, version);
        }
        return unwire(verdicts, answer.buffers);
      },
      verdict: (verdict) => {
        if (this.#outbox === outbox) {
          this.#heed(verdict);
          if (!this.isOnItsWay(verdict.outline)) this.#sheet.confirm(verdict);
        } else if (verdict.state === "refused") {
          this.listener.elsewhere(place, `editor.refused.${verdict.reason}`);
        }
      },
      changed: () => (this.#outbox === outbox ? this.listener.changed() : this.#left.changed(outbox)),
    });
    return outbox;
  }

  /** Operations that this browser kept: of this revision they are sent again, of another one they are offered. */
  async #findKept(): Promise<void> {
    const info = this.info;
    if (!info || info.read_only) return;
    const all = await journal.kept(info.project);
    if (this.info !== info) return;
    const waiting = new Set(this.#outbox!.waiting.map(({ id }) => id));
    const { ours, old, elsewhere } = parted(all, info, ({ id, image }) => waiting.has(id) || this.#left.has(image));
    if (ours.length) this.#again(ours.map(({ operation }) => operation));
    this.listener.elsewhere(this.#outbox!.place);
    for (const { place, n } of elsewhere) this.listener.elsewhere(place, "editor.state.waiting", { n });
    if (!old.length) return;
    const ids = old.map(({ id }) => id);
    this.listener.kept(
      old.length,
      () => {
        void journal.drop(ids);
        this.#again(old.map(({ operation }) => operation));
      },
      () => journal.drop(ids),
    );
  }

  #again(operations: readonly Operation[]): void {
    this.#sheet.again(operations);
    this.#outbox?.add(operations);
  }

  #do(step: Step): void {
    this.#sheet.apply(step);
    if (step.changes.length) this.#outbox?.add(operationsOf(step, this.classes.names));
    this.listener.changed();
  }

  #turn(next: Step | null, turn: () => Step | null, key: string): boolean {
    if (!next || this.readOnly || this.#locked(next)) return false;
    this.#do(turn()!);
    this.listener.say(key, "info", { what: next.label });
    return true;
  }

  #locked(step: Step): boolean {
    const locked = this.#sheet.isLocked(step);
    if (locked) this.listener.say("editor.refused.locked", "warning");
    return locked;
  }

  #heed(verdict: Verdict): void {
    const { outline, state, reason, rings } = verdict;
    if (state === "ok" || rings === undefined) return;
    // A later operation on the outline is on its way and carries the whole geometry.
    if (this.isOnItsWay(outline)) return;
    this.#sheet.heed(verdict);
    this.listener.say(`editor.${state}.${reason}`, "warning", { area: rings ? area(rings) : 0 });
    this.listener.changed();
  }

  #refreshSoon(): void {
    clearTimeout(this.#refreshTimer);
    this.#refreshTimer = setTimeout(() => {
      if (this.#outbox?.storing.state === "storing" || this.#saving) this.#refreshSoon();
      else void this.refresh();
    }, 200);
  }
}
