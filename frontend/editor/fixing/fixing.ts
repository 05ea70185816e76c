/**
 * Going through images that await review: each is judged by one key, and the next of them is shown at once. What is said
 * is stored in its order and can be taken back.
 */

import { messageOf } from "../../shared/frame";
import { covers, type Decision, type ReviewItem } from "../../shared/review/decision";
import { Exclusion } from "../../shared/review/exclusion";
import { reviewCalls } from "../../shared/review/kernel";
import { onTrait, type Model } from "../../shared/types";
import type { ImageInfo } from "../document";
import type { Step } from "../history";
import type { EditorHost } from "../host";

/** Where an image lies among those that are gone through. */
export type Place = Pick<ImageInfo, "position" | "count" | "previous" | "next">;

/** Something that was said of an image; `stored` resolves to what takes it back. */
interface Said {
  item: ReviewItem;
  decision: Decision;
  stored: Promise<unknown>;
  /** What could be undone in its image at that time. */
  step: Step | null;
}

export class Fixing {
  readonly #form: Exclusion;
  readonly #calls;
  /** In the order in which they are gone through. */
  #items: readonly ReviewItem[] = [];
  /** The list that was asked for; null before. */
  #listed: Promise<void> | null = null;
  readonly #judged: Set<number>;
  /** What can be taken back, the newest last. */
  readonly #said: Said[] = [];
  /** What is asked of the kernel, one after the other. */
  #chain: Promise<unknown> = Promise.resolve();
  /** What is said when the next image is shown. */
  #news = "";

  constructor(private readonly editor: EditorHost, private readonly model: Model, signal: AbortSignal) {
    const { t, rpc } = editor.frame;
    this.#calls = reviewCalls(rpc);
    this.#judged = new Set(model.get<number[]>("judged_ids"));
    this.#form = new Exclusion(t, {
      objects: (id) => this.#calls.objects(id),
      exclude: (decision) => this.judge(decision),
      cancel: () => this.close(),
    });
    const { element } = this.#form;
    element.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      this.close();
    });
    editor.chrome.stage.after(element);
    onTrait<number[]>(model, "queue", signal, () => void this.#list());
    onTrait<number[]>(model, "judged_ids", signal, (ids) => {
      this.#judged.clear();
      for (const id of ids) this.#judged.add(id);
    });
    if (model.get<number[]>("queue").length) void this.#list();
  }

  /** Whether a judgement is what was done last: nothing was changed since in the image that is open. */
  get last(): boolean {
    const { history, image } = this.editor.work;
    const said = this.#said.at(-1);
    return said !== undefined && (history.undoable === null || (said.item.id === image?.id && said.step === history.undoable));
  }

  /** Where an image lies in the list, or, where it is not listed, among all. */
  place(image: ImageInfo): Place {
    const at = this.#at(image.id);
    const id = (place: number) => this.#items[place]?.id ?? null;
    return at < 0 ? image : { position: at + 1, count: this.#items.length, previous: id(at - 1), next: id(at + 1) };
  }

  /** What speaks against an image, and what was said of it. */
  about(image: number): string {
    const { t } = this.editor.frame;
    const said = this.#said.filter(({ item }) => item.id === image).at(-1);
    const verdict = said && t("review.said", { verdict: t(`review.done.${said.decision.kind}`) });
    return [...(this.#items[this.#at(image)]?.sentences ?? []), verdict].filter(Boolean).join(" ");
  }

  /** An image is shown: the next is asked for. Returns what is to be said of how one came there. */
  opened(image: ImageInfo): string {
    this.close(false);
    this.editor.work.ahead.want(this.#next(image.id)?.id ?? this.place(image).next);
    const news = this.#news;
    this.#news = "";
    return news;
  }

  judge(decision: Decision): void {
    const { editor } = this;
    const { image, info, readOnly, unsaved } = editor.work;
    if (!image || !info || readOnly) return editor.refuse("editor.state.read_only");
    if (decision.kind === "approve" && info.base_revision === null && !unsaved) return editor.refuse("editor.refused.nothing_to_approve");
    this.close();
    const item = this.#items[this.#at(image.id)] ?? unlisted(image);
    const changes = editor.work.settled(); // of this image, before another is opened
    changes.catch(() => undefined);
    const said: Said = {
      item, decision, step: editor.work.history.undoable, stored: this.#ask(async () => (await changes, this.#calls.decide(item.id, decision))),
    };
    this.#mark(said, true);
    said.stored.catch((error: unknown) => {
      if (!this.#said.includes(said)) return; // it was taken back meanwhile
      this.#mark(said, false);
      this.#failed("decide", item, decision, error);
    });
    void this.#goOn(item, this.#words("review.told", said));
  }

  /** Ask why the image is excluded. */
  async ask(): Promise<void> {
    const { image, readOnly } = this.editor.work;
    if (!image || readOnly) return this.editor.refuse("editor.state.read_only");
    const item = this.#items[this.#at(image.id)] ?? (await this.#calls.queue([image.id]).catch(() => []))[0] ?? unlisted(image);
    if (image.id === this.editor.work.image?.id) this.#form.ask(item);
  }

  /** Take the last judgement back and show its image; false when there is none. */
  takeBack(): boolean {
    const said = this.#said.at(-1);
    if (!said) return false;
    const { item, decision, stored } = said;
    this.#mark(said, false);
    this.#news = `${this.editor.frame.t("review.taken_back")} ${this.#words("review.told", said)}`;
    const undone = this.#ask(async () => {
      const token = await stored.catch(() => null); // what was not stored needs no undoing
      if (token !== null) await this.#calls.undo(token);
    });
    undone.catch((error: unknown) => {
      this.#mark(said, true);
      this.#failed("undo", item, decision, error);
    });
    if (this.editor.work.image?.id === item.id) this.editor.tell(this.opened(this.editor.work.image));
    else void this.editor.goTo(item.id);
    return true;
  }

  /** Put the question for a reason away. */
  close(release = true): void {
    if (!this.#form.open) return;
    this.#form.close();
    if (release) this.editor.release();
  }

  /** Show the next image that nobody has judged; say so where there is none. */
  async #goOn(item: ReviewItem, words: string): Promise<void> {
    const { t } = this.editor.frame;
    await (this.#listed ?? this.#list());
    if (this.editor.work.image?.id !== item.id) return; // one went on by oneself meanwhile
    const next = this.#next(item.id);
    this.#news = next ? words : "";
    if (next) return this.editor.goTo(next.id);
    this.editor.tell(`${words} ${t("review.nothing_left")}`);
    this.editor.changed();
  }

  #list(): Promise<void> {
    const queue = this.model.get<number[]>("queue");
    this.#listed = this.#calls.queue(queue.length ? queue : undefined).then(
      (items) => {
        this.#items = items;
        const { image, info } = this.editor.work;
        if (image && info) this.opened(image);
        this.editor.changed();
      },
      (error: unknown) => {
        this.#listed = null; // the next judgement asks again
        this.editor.refuse("editor.assist.failed", { reason: messageOf(error) });
      },
    );
    return this.#listed;
  }

  /** The first after an image that is not judged yet, and then the first of all. */
  #next(image: number): ReviewItem | undefined {
    const after = this.#at(image) + 1;
    const order = [...this.#items.slice(after), ...this.#items.slice(0, after)];
    const open = ({ id }: ReviewItem) => id !== image && !this.#judged.has(id);
    return order.find((one) => open(one) && !this.#said.some(({ item, decision }) => covers(decision, item, one)));
  }

  #at(image: number): number {
    return this.#items.findIndex(({ id }) => id === image);
  }

  #mark(said: Said, holds: boolean): void {
    const others = this.#said.filter((one) => one !== said);
    this.#said.splice(0, Infinity, ...others, ...(holds ? [said] : []));
    if (holds) this.#judged.add(said.item.id);
    else if (!others.some(({ item }) => item.id === said.item.id)) this.#judged.delete(said.item.id);
    this.model.set("judged_ids", [...this.#judged]);
    this.model.save_changes();
    this.editor.changed();
  }

  #ask<T>(run: () => Promise<T>): Promise<T> {
    const answer = this.#chain.then(run);
    this.#chain = answer.catch(() => undefined);
    return answer;
  }

  #words(key: string, { item, decision }: Pick<Said, "item" | "decision">): string {
    const { t } = this.editor.frame;
    return t(key, { name: item.name, verdict: t(`review.done.${decision.kind}`) });
  }

  #failed(what: "decide" | "undo", item: ReviewItem, decision: Decision, error: unknown): void {
    const { notices, frame: { t } } = this.editor;
    const words = t(`review.failed.${what}`, { name: item.name, verdict: t(`review.done.${decision.kind}`), reason: messageOf(error) });
    notices.show(`judged ${item.id}`, words, "error", [
      { label: t("editor.judge.open"), run: () => this.editor.goTo(item.id) },
      { label: t("editor.dismiss"), run: () => undefined },
    ]);
  }
}

function unlisted({ id, name }: ImageInfo): ReviewItem {
  return { id, name, plate: null, well: null, time_h: null, flags: [], sentences: [] };
}
