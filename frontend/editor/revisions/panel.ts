/** The history of the open image: its revisions, one restored as a new one, a kept one merged with what holds. */

import { button, make } from "../../shared/frame";
import type { Rpc } from "../../shared/rpc";
import type { Translate } from "../../shared/strings";
import type { Panel } from "../side";
import type { Work } from "../work";
import { Merge } from "./merge";
import { describe, differencesOf, outlinesOf, type Revision, type ShowGhosts } from "./revision";

export class Revisions implements Panel {
  readonly element = make("div", "sw-editor-revisions");
  /** Lays outlines of a revision over the picture; whoever draws them sets it. */
  ghosts: ShowGhosts = () => undefined;
  #body = make("div", "sw-editor-revisions-body");
  #pointed = 0;
  /** The kept revision of a conflict is to be merged at once. */
  #conflict = false;

  /**
   * @param reveal   brings it into sight
   * @param release  gives the focus back to the picture
   */
  constructor(
    private readonly rpc: Rpc,
    private readonly work: Work,
    private readonly t: Translate,
    private readonly reveal: () => void,
    release: () => void,
  ) {
    const { element } = this;
    element.setAttribute("role", "group");
    element.setAttribute("aria-label", t("editor.revisions.title"));
    element.append(this.#body);
    element.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Escape") release();
    });
  }

  enter(): void {
    void this.show();
  }

  /** List the revisions; after a conflict, begin with merging what it kept. */
  async show(): Promise<void> {
    const image = this.work.image;
    if (!image) return;
    this.#point(null);
    const conflict = this.#conflict;
    this.#conflict = false;
    try {
      const { value: all } = await this.rpc.call<Revision[]>("revisions", { image_id: image.id });
      if (image !== this.work.image) return;
      this.#list(all);
      const kept = conflict ? all.find(({ note }) => note === "conflict") : undefined;
      if (kept) await this.#compare(kept, all);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Merge the newest revision that was kept beside another: what a conflict just made. */
  showConflict(): void {
    this.#conflict = true;
    this.reveal();
  }

  #list(all: readonly Revision[]): void {
    const { t } = this;
    const current = all.find((one) => one.current);
    this.#body.replaceChildren(...all.map((one) => {
      const row = make("div", "sw-editor-revision");
      row.dataset.revision = String(one.id);
      row.append(make("strong", "", t(one.current ? "editor.revisions.current" : "editor.revisions.number", { number: one.id })));
      row.append(make("span", "sw-editor-revision-words", describe(one, t)));
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
