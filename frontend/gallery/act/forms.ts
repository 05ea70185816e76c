/** What each verb asks before it is done: inline, with how many images it is about on its button. */
import { download, formatChoices } from "../../shared/archive";
import { Form, choice, chosen, freshName, group } from "../../shared/form";
import { type Frame, button, make } from "../../shared/frame";
import { count } from "../../shared/numbers";
import { REASONS } from "../../shared/review/exclusion";
import type { Choices, Done, Kernel } from "./kernel";
import type { Verb } from "./verbs";
import { imagesText } from "./words";

/** The images that a form is about, as they were when it was opened. */
export interface About {
  ids: readonly number[];
  /** How many of them have outlines. */
  outlined: number;
}

export interface FormWishes {
  kernel: Kernel;
  /** Something was done, or nothing was to do: words, and what the kernel said. */
  done(words: string, answer: Done | null): void;
  cancel(): void;
  signal: AbortSignal;
}

export abstract class ActForm extends Form {
  protected about: About = { ids: [], outlined: 0 };

  /** With `waits` it cannot be sent before what it offers has come from the kernel. */
  constructor(
    frame: Frame,
    protected readonly wishes: FormWishes,
    protected readonly verb: Verb,
    waits = false,
  ) {
    super(frame, wishes.signal, "");
    this.go.disabled = waits;
    this.element.classList.add("sw-act-form");
    this.element.setAttribute("aria-label", frame.t(`act.${verb}`));
  }

  /** Asks about images. */
  ask(about: About): void {
    this.about = about;
    this.name();
    this.opened();
  }

  /** What is offered has come from the kernel. */
  offer(_choices: Choices): void {
    this.go.disabled = false;
  }

  protected override fill(...parts: HTMLElement[]): void {
    super.fill(...parts);
    this.go.after(button(this.frame.t("act.cancel"), () => this.wishes.cancel()));
  }

  /** Writes on the button what it does, and to how many images. */
  protected name(key = this.verb as string, images = this.about.ids.length): void {
    this.go.textContent = this.frame.t(`act.ask.${key}`, { images: imagesText(this.frame, images) });
  }

  protected async act(verb: string, more: Record<string, unknown>, said: (n: string, done: Done) => string): Promise<void> {
    const { t } = this.frame;
    this.go.textContent = t("act.working", { what: t(`act.${this.verb}`), images: imagesText(this.frame, this.about.ids.length) });
    const done = await this.wishes.kernel.act(verb, this.about.ids, more).finally(() => this.name());
    const words = done.n > 0 ? said(imagesText(this.frame, done.n), done) : t("act.did_nothing", { what: t(`act.${this.verb}`) });
    this.wishes.done(words, done);
  }
}

class SegmentForm extends ActForm {
  readonly #model = make("select", "sw-form-field");
  readonly #have = make("p", "sw-act-note");

  constructor(frame: Frame, wishes: FormWishes) {
    super(frame, wishes, "segment", true);
    this.fill(labelled(frame.t("act.model"), this.#model), this.#have);
  }

  override offer(choices: Choices): void {
    super.offer(choices);
    const before = this.#model.value;
    this.#model.replaceChildren(...choices.models.map((name) => new Option(name, name, false, name === before)));
  }

  protected override name(): void {
    const { outlined } = this.about;
    super.name(outlined > 0 ? "again" : "segment");
    this.#have.textContent = outlined > 0 ? this.frame.t("act.have_results", { n: outlined, count: count(outlined) }) : "";
    this.#have.hidden = outlined === 0;
  }

  protected carryOut(): Promise<void> {
    const model = this.#model.value;
    return this.act("segment", { model }, (images, { run = 0 }) => this.frame.t("act.did.segment", { images, run, model }));
  }
}

class TagForm extends ActForm {
  readonly #way = freshName();
  readonly #tag = make("input", "sw-form-field");
  readonly #known = make("datalist");

  constructor(frame: Frame, wishes: FormWishes) {
    super(frame, wishes, "tag");
    const { t } = frame;
    this.#known.id = freshName();
    this.#tag.setAttribute("list", this.#known.id);
    this.#tag.maxLength = 100; // LONGEST of `store/tags.py`
    this.#tag.autocomplete = "off";
    const ways = [choice("radio", this.#way, "give", t("act.tag_give")), choice("radio", this.#way, "take", t("act.tag_take"))];
    ways[0].querySelector("input")!.checked = true;
    this.fill(labelled(t("act.tag_name"), this.#tag), this.#known, group(t("act.tag_way"), ways));
    this.element.addEventListener("change", () => this.name());
  }

  override offer(choices: Choices): void {
    super.offer(choices);
    this.#known.replaceChildren(...choices.tags.map(([name]) => new Option("", name)));
  }

  override opened(): void {
    super.opened();
    this.#tag.focus();
    this.#tag.select();
  }

  protected override name(): void {
    super.name(this.#takes ? "untag" : "tag");
  }

  protected async carryOut(): Promise<void> {
    const tag = this.#tag.value.trim();
    if (!tag) {
      this.#tag.focus();
      throw new Error(this.frame.t("act.no_tag"));
    }
    const take = this.#takes;
    await this.act("tag", { tag, take }, (images) => this.frame.t(take ? "act.did.untag" : "act.did.tag", { images, tag }));
  }

  get #takes(): boolean {
    return chosen(this.element, this.#way)[0] === "take";
  }
}

const FIELDS = ["plate", "well", "condition", "time_h", "pixel_size_um"] as const;

class MetadataForm extends ActForm {
  readonly #inputs = new Map<(typeof FIELDS)[number], HTMLInputElement>();
  readonly #known = make("datalist");
  /** Says how many images have a condition beside those that were selected; shown, they are agreed to. */
  readonly #others = make("p", "sw-act-note");

  constructor(frame: Frame, wishes: FormWishes) {
    super(frame, wishes, "metadata");
    this.#known.id = freshName();
    const fields = FIELDS.map((field) => {
      const input = make("input", "sw-form-field sw-act-field");
      input.placeholder = frame.t("act.unchanged");
      input.autocomplete = "off";
      if (isNumber(field)) input.inputMode = "decimal";
      if (field === "condition") input.setAttribute("list", this.#known.id);
      this.#inputs.set(field, input);
      return labelled(frame.t(`act.${field}`), input);
    });
    this.#others.setAttribute("role", "status");
    this.fill(...fields, this.#known, this.#others);
    this.element.addEventListener("input", () => this.#askAgain());
  }

  override ask(about: About): void {
    for (const input of this.#inputs.values()) input.value = "";
    this.#askAgain();
    super.ask(about);
  }

  override offer(choices: Choices): void {
    super.offer(choices);
    this.#known.replaceChildren(...choices.conditions.map((name) => new Option("", name)));
  }

  #askAgain(): void {
    this.#others.hidden = true;
    this.name();
  }

  /** Whether a condition may be said: it is the wells', and they may hold more images than are selected. */
  async #agreed(): Promise<boolean> {
    if (!this.#others.hidden) return true;
    const n = await this.wishes.kernel.beside(this.about.ids);
    if (n === 0) return true;
    const { t } = this.frame;
    this.#others.textContent = t("act.beside", { n, count: count(n) });
    this.#others.hidden = false;
    this.name("metadata", this.about.ids.length + n);
    return false;
  }

  protected async carryOut(): Promise<void> {
    const { t } = this.frame;
    const values: Record<string, string | number> = {};
    const said: string[] = [];
    for (const [field, input] of this.#inputs) {
      const text = input.value.trim();
      if (!text) continue;
      const value = isNumber(field) ? Number(text.replace(",", ".")) : text;
      if (typeof value === "number" && !Number.isFinite(value)) {
        input.focus();
        throw new Error(t("act.no_number", { name: t(`act.${field}`) }));
      }
      values[field] = value;
      said.push(`${t(`act.${field}`)} ${text}`);
    }
    if (said.length === 0) throw new Error(t("act.no_metadata"));
    if (values.condition !== undefined && (values.plate ?? values.well) !== undefined) throw new Error(t("act.well_first"));
    if (values.condition !== undefined && !(await this.#agreed())) return;
    await this.act("metadata", { values }, (images) => t("act.did.metadata", { images, said: said.join(", ") }));
  }
}

class ExcludeForm extends ActForm {
  readonly #name = freshName();
  readonly #note = make("input", "sw-form-field sw-act-wide");

  constructor(frame: Frame, wishes: FormWishes) {
    super(frame, wishes, "exclude");
    const { t } = frame;
    const reasons = REASONS.filter((reason) => reason !== "else").map((reason) => {
      const words = t(`review.reason.${reason}`);
      return choice("radio", this.#name, words, words);
    });
    this.fill(group(t("act.why"), reasons), labelled(t("act.reason_note"), this.#note));
  }

  override opened(): void {
    this.#note.value = "";
    super.opened();
  }

  protected async carryOut(): Promise<void> {
    const reason = [...chosen(this.element, this.#name), this.#note.value.trim()].filter(Boolean).join(": ");
    if (!reason) throw new Error(this.frame.t("act.no_reason"));
    await this.act("exclude", { reason }, (images) => this.frame.t("act.did.exclude", { images, reason }));
  }
}

/** Verbs that need a yes and nothing else. */
class ConfirmForm extends ActForm {
  constructor(frame: Frame, wishes: FormWishes, verb: "approve" | "delete", words: string) {
    super(frame, wishes, verb);
    this.fill(make("p", "sw-act-note", words));
  }

  override opened(): void {
    super.opened();
    this.go.focus();
  }

  carryOut(): Promise<void> {
    return this.act(this.verb, {}, (images) => this.frame.t(`act.did.${this.verb}`, { images }));
  }
}

class ExportForm extends ActForm {
  readonly #name = freshName();
  readonly #formats = make("div");

  constructor(frame: Frame, wishes: FormWishes) {
    super(frame, wishes, "export", true);
    this.fill(this.#formats);
  }

  override offer(choices: Choices): void {
    super.offer(choices);
    if (this.#formats.childElementCount === 0) this.#formats.append(formatChoices(choices.formats, this.#name, this.frame.t));
  }

  protected async carryOut(): Promise<void> {
    const { t, rpc } = this.frame;
    const formats = chosen(this.element, this.#name);
    if (formats.length === 0) throw new Error(t("act.no_format"));
    try {
      this.go.textContent = t("archive.writing");
      const archive = await this.wishes.kernel.export(this.about.ids, formats);
      const words = await download(rpc, archive, t, (told) => (this.go.textContent = told), this.wishes.signal);
      this.wishes.done(words, null);
    } finally {
      this.name();
    }
  }
}

export type Forms = { [name in Verb]: ActForm };

export function makeForms(frame: Frame, wishes: FormWishes): Forms {
  const { t } = frame;
  return {
    segment: new SegmentForm(frame, wishes),
    tag: new TagForm(frame, wishes),
    metadata: new MetadataForm(frame, wishes),
    approve: new ConfirmForm(frame, wishes, "approve", t("act.approve_many")),
    exclude: new ExcludeForm(frame, wishes),
    export: new ExportForm(frame, wishes),
    delete: new ConfirmForm(frame, wishes, "delete", t("act.delete_what")),
  };
}

function isNumber(field: string): boolean {
  return field === "time_h" || field === "pixel_size_um";
}

function labelled(words: string, field: HTMLElement): HTMLLabelElement {
  const label = make("label", "sw-form-choice");
  label.append(make("span", "", words), field);
  return label;
}
