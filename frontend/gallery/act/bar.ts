/** The bar of what can be done with the selected images: verbs, the form of one, and what was done, with its undo. */
import { type Frame, button, make, messageOf } from "../../shared/frame";
import { count } from "../../shared/numbers";
import { onTrait, type Model } from "../../shared/types";
import type { Later } from "../later";
import type { Rest } from "../rest";
import type { About, ActForm, Forms } from "./forms";
import { type Choices, type Done, Kernel, type Refused } from "./kernel";
import { MANY, OFFERED, SHORTCUTS, VERBS, type Verb } from "./verbs";
import { imagesText } from "./words";

export interface ActWishes {
  /** The selected images. */
  about(): About;
  /** Nothing is selected any more. */
  clear(): void;
  /** Focus goes back to the images. */
  leave(): void;
}

interface Deed {
  undo: number;
  words: string;
}

export class ActBar {
  readonly element = make("section", "sw-act");
  readonly #line = make("div", "sw-act-verbs");
  readonly #place = make("div", "sw-act-place");
  readonly #report = make("div", "sw-act-report");
  readonly #buttons = new Map<Verb, HTMLButtonElement>();
  readonly #kernel: Kernel;
  #forms: Forms | null = null;
  /** What can be taken back, the newest last. */
  readonly #deeds: Deed[] = [];
  #open: Verb | null = null;
  /** Something was asked of the kernel that it has not answered. */
  #busy = false;
  #selected = 0;

  constructor(
    private readonly model: Model,
    private readonly frame: Frame,
    private readonly wishes: ActWishes,
    private readonly rest: Rest,
    private readonly signal: AbortSignal,
  ) {
    const { t, rpc } = frame;
    this.#kernel = new Kernel(rpc, signal);
    this.#line.setAttribute("role", "group");
    this.#line.setAttribute("aria-label", t("act.title"));
    for (const verb of VERBS) {
      const one = button(t(`act.${verb}`), () => this.start(verb), "sw-act-verb");
      one.setAttribute("aria-expanded", "false");
      const key = SHORTCUTS[verb];
      if (key) {
        one.title = `${t(`act.${verb}`)} (${key})`;
        one.setAttribute("aria-keyshortcuts", key);
      }
      this.#buttons.set(verb, one);
      this.#line.append(one);
    }
    this.#place.hidden = this.#report.hidden = true;
    this.#place.tabIndex = -1;
    this.element.append(this.#line, this.#place, this.#report);
    this.element.addEventListener("keydown", (event) => this.#key(event));
    onTrait(model, "can_act", signal, () => this.#draw());
    this.#draw();
  }

  /** So many images are selected. */
  show(selected: number): void {
    this.#selected = selected;
    this.#draw();
  }

  /** Asks for what a verb needs, or does it where it needs nothing. */
  start(verb: Verb): void {
    if (!this.#may(verb)) return;
    if (this.#open === verb) return this.#close();
    const about = this.wishes.about();
    if (about.ids.length === 0) return this.#say(this.frame.t("act.none_selected"));
    if (verb === "approve" && about.ids.length <= MANY) return void this.#approve(about);
    this.#close(false);
    this.#open = verb;
    this.#place.hidden = false;
    this.#report.hidden = true;
    this.#draw();
    void this.#ask(verb, about);
  }

  /** Takes back what was done last; returns whether there was something. */
  undo(): boolean {
    const deed = this.#deeds.at(-1);
    if (deed === undefined || this.#busy) return deed !== undefined;
    void this.#undo(deed);
    return true;
  }

  /** One step back: the form, then the report; returns whether there was one. */
  back(): boolean {
    if (this.#open !== null) this.#close();
    else if (!this.#report.hidden) this.#report.hidden = true;
    else return false;
    this.#draw();
    return true;
  }

  /** Shows the form of a verb, as soon as there is one. */
  async #ask(verb: Verb, about: About): Promise<void> {
    try {
      if (!this.rest.here) this.#place.focus({ preventScroll: true }); // what is typed meanwhile is not for the images
      const later = this.rest.here ?? (await this.rest.into(this.#place));
      if (this.#open !== verb) return; // it was closed, or another one opened, meanwhile
      const form = (this.#forms ??= this.#made(later))[verb];
      this.#place.replaceChildren(form.element);
      form.ask(about);
      if (OFFERED.includes(verb)) void this.#offer(form);
    } catch (error) {
      if (this.#open !== verb) return;
      this.#close(false); // so that another click tries again
      this.#failed(error, verb);
    }
  }

  #made({ makeForms }: Later): Forms {
    return makeForms(this.frame, {
      kernel: this.#kernel,
      signal: this.signal,
      done: (words, answer) => {
        if (this.#open === "delete") this.wishes.clear();
        this.#close();
        this.#tell(words, answer);
      },
      cancel: () => this.#close(),
    });
  }

  async #offer(form: ActForm): Promise<void> {
    try {
      const choices: Choices = await this.#kernel.choices();
      form.offer(choices);
      if (form.element.isConnected && !form.element.contains(document.activeElement)) form.opened();
    } catch (error) {
      this.#failed(error, "choices");
    }
  }

  async #approve({ ids }: About): Promise<void> {
    const { t } = this.frame;
    this.#close(false);
    await this.#work(t("act.working", { what: t("act.approve"), images: imagesText(this.frame, ids.length) }), "approve", async () => {
      const done = await this.#kernel.act("approve", ids);
      const words = done.n > 0
        ? t("act.did.approve", { images: imagesText(this.frame, done.n) })
        : t("act.did_nothing", { what: t("act.approve") }); // prettier-ignore
      this.#tell(words, done);
    });
  }

  async #undo(deed: Deed): Promise<void> {
    const { t } = this.frame;
    await this.#work(t("act.undoing"), "undo", async () => {
      const left = await this.#kernel.undo(deed.undo);
      this.#deeds.splice(this.#deeds.indexOf(deed), 1);
      this.#say(t("act.undone", { words: deed.words }), left);
    });
  }

  /** Asks the kernel for one thing at a time; says that it does, and why it did not. */
  async #work(words: string, what: string, run: () => Promise<void>): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    const timer = setTimeout(() => this.#say(words), 200);
    try {
      await run();
    } catch (error) {
      this.#failed(error, what);
    } finally {
      clearTimeout(timer);
      this.#busy = false;
      this.#draw();
    }
  }

  #failed(error: unknown, what: string): void {
    if (this.signal.aborted) return;
    const { t } = this.frame;
    const key = `act.${what}`;
    this.#say(t(key) === key ? messageOf(error) : t("act.failed", { what: t(key), reason: messageOf(error) }));
  }

  #tell(words: string, done: Done | null): void {
    const undo = done?.undo ?? null;
    if (undo !== null) this.#deeds.push({ undo, words });
    this.#say(words, done, undo);
  }

  /** Says what was done; it stays until something else is done or it is closed. */
  #say(words: string, left: Refused | null = null, undo: number | null = null): void {
    const { t } = this.frame;
    const parts: HTMLElement[] = [make("span", "sw-act-words", words)];
    if (undo !== null) {
      const one = button(t("act.undo"), () => this.undo());
      one.setAttribute("aria-keyshortcuts", "Control+Z");
      one.title = `${t("act.undo")} (Ctrl+Z)`;
      parts.push(one);
    }
    parts.push(button(t("act.dismiss"), () => this.back()));
    if (left !== null && left.refused > 0) parts.push(...this.#refused(left));
    const held = this.#report.contains(document.activeElement);
    this.#report.replaceChildren(...parts);
    this.#report.hidden = false;
    this.frame.announce([words, ...(left?.refused ? [t("act.refused", { n: left.refused, count: count(left.refused) })] : [])].join(" "));
    this.#draw();
    if (held) this.wishes.leave(); // the button that was pressed is gone
  }

  #refused({ refused, some }: Refused): HTMLElement[] {
    const { t } = this.frame;
    const list = make("ul", "sw-act-refused");
    list.append(...some.map(([name, reason]) => make("li", "", `${name}: ${reason}`)));
    const rest = refused - some.length;
    if (rest > 0) list.append(make("li", "", t("act.more", { n: rest, count: count(rest) })));
    return [make("strong", "sw-act-left", t("act.refused", { n: refused, count: count(refused) })), list];
  }

  #close(leave = true): void {
    if (this.#open === null) return;
    this.#open = null;
    this.#place.hidden = true;
    this.#place.replaceChildren();
    this.#draw();
    if (leave) this.wishes.leave();
  }

  #may(verb: Verb): boolean {
    return verb === "export" || this.model.get<boolean>("can_act") !== false;
  }

  #draw(): void {
    const none = this.#selected === 0;
    this.#line.hidden = none;
    this.element.hidden = none && this.#place.hidden && this.#report.hidden;
    for (const [verb, one] of this.#buttons) {
      one.hidden = !this.#may(verb);
      one.disabled = this.#busy;
      one.setAttribute("aria-expanded", String(verb === this.#open));
    }
  }

  #key(event: KeyboardEvent): void {
    const typing = event.target instanceof HTMLInputElement && event.target.type === "text";
    if (event.key === "Enter" && event.target instanceof HTMLInputElement) {
      event.target.form?.querySelector<HTMLButtonElement>("[type=submit]")?.click(); // in JupyterLab Enter alone does nothing
      event.preventDefault();
    } else if (event.key === "Escape" ? this.back() : isUndo(event) && !typing && this.undo()) {
      event.preventDefault();
      event.stopPropagation();
    }
  }
}

function isUndo(event: KeyboardEvent): boolean {
  return (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === "z";
}
