/** What the editor says: in the line below the picture, to screen readers, and in notices that stay until they are dealt with. */

import type { Frame } from "../shared/frame";
import type { Chrome } from "./chrome";
import type { OpenDraft } from "./document";
import type { Place } from "./journal";
import type { NoticeAction, Notices } from "./notices";

export type Vars = Record<string, string | number>;

/**
 * Keys of notices that are about the editor, not about the image that is open; those of judgements begin with "judged", of
 * images that were left with "left". */
const STAY = ["canvas", "later", "not_closed"];

export class Saying {
  readonly #dismiss: NoticeAction;

  constructor(
    private readonly frame: Frame,
    private readonly chrome: Chrome,
    private readonly notices: Notices,
    /** Show two revisions that are in conflict beside each other. */
    private readonly merge: () => void,
    private readonly open: (image: number) => Promise<void>,
  ) {
    this.#dismiss = { label: frame.t("editor.dismiss"), run: () => undefined };
    frame.rpc.on<{ name: string; reason: string }>("not_closed", (vars) =>
      this.notices.show("not_closed", frame.t("editor.not_closed", vars), "warning", [this.#dismiss]));
  }

  /** Say something in words that are there already. */
  tell(words: string): void {
    this.frame.announce(words);
    this.chrome.say(words);
  }

  /** Say what a key stands for; what was not saved stays in sight. */
  say(key: string, tone: "info" | "warning", vars: Vars = {}): void {
    const { t } = this.frame;
    const words = t(key, typeof vars.what === "string" ? { ...vars, what: t(vars.what) } : vars);
    this.frame.announce(words);
    if (key === "editor.conflict" || key === "editor.not_saved") {
      const merge = { label: t("editor.revisions.merge"), run: this.merge };
      this.notices.show(key, words, "error", key === "editor.conflict" ? [merge, this.#dismiss] : [this.#dismiss]);
    } else {
      this.chrome.say(words, tone);
    }
  }

  /** There is no WebGL2. */
  plain(): void {
    this.notices.show("canvas", this.frame.t("editor.no_webgl"), "info", [this.#dismiss]);
  }

  /** Changes made on an older revision lie in this browser. */
  kept(n: number, apply: () => void, discard: () => Promise<void>): void {
    const { t } = this.frame;
    this.notices.show("kept", t("editor.kept", { n }), "warning", [
      { label: t("editor.apply"), run: apply },
      { label: t("editor.discard"), run: discard },
    ]);
  }

  /** How changes of an image stand that is not open; without a key nothing is left to say of it. */
  elsewhere({ image, name }: Place, key?: string, vars?: Vars): void {
    const about = `left ${image}`, { t } = this.frame;
    if (!key) return this.notices.hide(about);
    const place = key.startsWith("editor.refused.") ? `${about} refused` : about;
    this.notices.show(place, `${name ?? image}: ${t(key, vars)}`, "warning", [
      { label: t("editor.judge.open"), run: () => this.open(image) }, this.#dismiss,
    ]);
  }

  /** How the revision stands that is shown: whether a newer one was saved, and which draft was left. */
  opened(stale: boolean, drafts: readonly OpenDraft[], decide: (what: "continue" | "discard", id: string) => Promise<void>): void {
    const { t } = this.frame;
    for (const key of ["draft", "stale"]) this.notices.hide(key);
    if (stale) this.notices.show("stale", t("editor.stale"), "warning", []);
    const open = drafts.find(({ kind }) => kind !== "other") ?? drafts[0];
    if (!open) return;
    const vars = { n: open.operations, author: open.author, when: new Date(open.changed_at).toLocaleString() };
    const own = open.kind !== "other";
    this.notices.show("draft", t(`editor.draft.${open.kind}`, vars), own ? "warning" : "info", own ? [
      { label: t("editor.continue"), run: () => decide("continue", open.id) },
      { label: t("editor.discard"), run: () => decide("discard", open.id) },
    ] : []);
  }

  /** Another image is opened: what was said of this one goes. */
  leave(): void {
    this.notices.clear((key) => STAY.includes(key) || /^(judged|left) /.test(key));
  }
}
