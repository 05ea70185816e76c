/** The history of the open image: its revisions, one restored as a new one, a kept one merged with what holds. */

import { button, make } from "../../shared/frame";
import type { Rpc } from "../../shared/rpc";
import type { Translate } from "../../shared/strings";
import type { Work } from "../work";
import { Merge } from "./merge";
import { describe, differencesOf, outlinesOf, type Revision, type ShowGhosts } from "./revision";

export class Revisions {
  readonly element = make("div", "sw-editor-revisions");
  readonly open: HTMLButtonElement;
  /** Lays outlines of a revision over the picture; whoever draws them sets it. */
  ghosts: ShowGhosts = () => undefined;
  #body = make("div", "sw-editor-revisions-body");
  #pointed = 0;

  constructor(private readonly rpc: Rpc, private readonly work: Work, private readonly t: Translate, private readonly release: () => void) {
    const { element } = this;
    element.hidden = true;
    element.setAttribute("role", "dialog");
    element.setAttribute("aria-label", t("editor.revisions.title"));
    const head = make("div", "sw-editor-help-head");
    head.append(make("strong", "", t("editor.revisions.title")), button(t("editor.help.close"), () => this.close()));
    element.append(head, this.#body);
    element.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Escape") this.close();
    });
    this.open = button(t("editor.revisions.open"), () => (element.hidden ? this.show() : this.close()));
  }

  close(): void {
    this.element.hidden = true;
    this.#point(null);
    this.release();
  }

  /** List the revisions; with one of them to be merged, begin with that. */
  async show(merging: number | null = null): Promise<void> {
    const image = this.work.image;
    if (!image) return;
    this.element.hidden = false;
    try {
      const { value: all } = await this.rpc.call<Revision[]>("revisions", { image_id: image.id });
      this.#list(all);
      const kept = all.find(({ id }) => id === merging);
      if (kept) await this.#compare(kept, all);
    } catch (error) {
      this.#fail(error);
    }
    this.element.querySelector("button")?.focus();
  }

  /** The newest revision that was kept beside another: what a conflict just made. */
  async showConflict(): Promise<void> {
    const { value: all } = await this.rpc.call<Revision[]>("revisions", { image_id: this.work.image!.id });
    await this.show(all.find(({ note }) => note === "conflict")?.id ?? null);
  }

  #list(all: readonly Revision[]): void {
    const { t } = this;
    const current = all.find((one) => one.current);
    this.#body.replaceChildren(...all.map((one) => {
      const row = make("div", "sw-editor-revision");
      row.dataset.revision = String(one.id);
      row.append(make("strong", "", t(one.current ? "editor.revisions.current" : "editor.revisions.number", { number: one.number })));
      row.append(make("span", "sw-editor-revision-words", describe(one, all, t)));
      if (!one.current && !this.work.readOnly) {
        row.append(button(t("editor.revisions.restore"), () => this.#do("restore", { revision: one.id })));
        if (current) row.append(button(t("editor.revisions.merge"), () => this.#compare(one, all)));
      }
      row.addEventListener("pointerenter", () => this.#point(one.id));
      row.addEventListener("pointerleave", () => this.#point(null));
      return row;
    }));
    if (!all.length) this.#body.append(make("p", "", t("editor.revisions.none")));
  }

  async #compare(mine: Revision, all: readonly Revision[]): Promise<void> {
    const theirs = all.find((one) => one.current)!;
    try {
      const found = await differencesOf(this.rpc, this.work.image!.id, mine.id, theirs.id);
      const merge = new Merge(found, this.t, (rings) => this.ghosts(rings),
        () => this.#do("merge", { mine: mine.id, theirs: theirs.id, choices: Object.fromEntries(merge.choices) }),
        () => this.#list(all));
      this.#body.replaceChildren(merge.element);
    } catch (error) {
      this.#fail(error);
    }
  }

  async #do(verb: "restore" | "merge", params: Record<string, unknown>): Promise<void> {
    try {
      await this.work.settled();
      await this.rpc.call(verb, { image_id: this.work.image!.id, ...params });
      await this.work.refresh();
      await this.show();
    } catch (error) {
      this.#fail(error);
    }
  }

  #point(revision: number | null): void {
    const asked = ++this.#pointed;
    if (revision === null) return this.ghosts(null);
    outlinesOf(this.rpc, this.work.image!.id, revision).then(
      (outlines) => asked === this.#pointed && this.ghosts(outlines),
      () => undefined,
    );
  }

  #fail(error: unknown): void {
    const words = make("p", "sw-editor-revisions-failed", error instanceof Error ? error.message : String(error));
    words.setAttribute("role", "alert");
    this.#body.prepend(words);
  }
}
