/** Saved views: a menu to choose one, to save what is shown now under a name, and to delete. */
import { button, make, messageOf } from "../shared/frame";
import type { Rpc } from "../shared/rpc";
import type { Translate } from "../shared/strings";
import { Popover } from "./popover";
import { EVERYTHING, readView, sameView, type View, writeView } from "./view";

/** What the kernel keeps of a view (Python: `widgets/gallery_views.py`). */
interface Saved {
  name: string;
  view: Record<string, unknown>;
}

export class Views {
  readonly #popover: Popover;
  readonly #list = make("ul", "sw-views-list");
  readonly #name = make("input", "sw-view-name");
  readonly #save: HTMLButtonElement;
  readonly #said = make("div", "sw-views-said");
  #saved: Saved[] = [];
  #view: View = EVERYTHING;

  constructor(
    private readonly rpc: Rpc,
    private readonly t: Translate,
    private readonly apply: (view: View) => void,
    private readonly signal: AbortSignal,
  ) {
    this.#popover = new Popover(t("gallery.views"), () => void this.#read(), signal);
    this.#name.placeholder = t("gallery.view_name");
    this.#name.setAttribute("aria-label", t("gallery.view_name"));
    this.#name.maxLength = 120;
    this.#name.addEventListener("input", () => this.#draw());
    this.#name.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      this.#save.click();
    });
    this.#save = button(t("gallery.view_save"), () => void this.#keep(this.#name.value.trim(), writeView(this.#view)));
    this.#said.setAttribute("role", "status");
    const form = make("div", "sw-view-form");
    form.append(this.#name, this.#save);
    this.#popover.content.append(this.#list, form, this.#said);
    this.#popover.element.classList.add("sw-views");
    rpc.on<{ views: Saved[] }>("views", ({ views }) => this.#take(views));
    this.#draw();
  }

  get element(): HTMLElement {
    return this.#popover.element;
  }

  /** The view that is shown now. */
  show(view: View): void {
    this.#view = view;
    this.#draw();
  }

  async #read(): Promise<void> {
    this.#said.replaceChildren();
    await this.#ask("views", {});
  }

  async #keep(name: string, view: Record<string, unknown>): Promise<void> {
    if (name === "") {
      this.#name.focus();
      return;
    }
    if (await this.#ask("save_view", { name, view })) {
      this.#name.value = "";
      this.#say(this.t("gallery.view_saved", { name }));
      this.#draw();
    }
  }

  async #delete({ name, view }: Saved): Promise<void> {
    if (!(await this.#ask("delete_view", { name }))) return;
    this.#say(this.t("gallery.view_deleted", { name }), button(this.t("gallery.undo"), () => void this.#keep(name, view), "sw-quiet"));
  }

  /** Every answer is the list as it is now; returns whether there was one. */
  async #ask(method: string, params: Record<string, unknown>): Promise<boolean> {
    try {
      const { value } = await this.rpc.call<{ views: Saved[] }>(method, params, { signal: this.signal });
      this.#take(value.views);
      return true;
    } catch (error) {
      if (!this.signal.aborted) this.#say(messageOf(error));
      return false;
    }
  }

  #take(views: Saved[]): void {
    this.#saved = views;
    this.#draw();
  }

  #say(words: string, ...more: HTMLElement[]): void {
    this.#said.replaceChildren(make("span", "", words), ...more);
  }

  #draw(): void {
    const { t } = this;
    const current = this.#saved.find(({ view }) => sameView(readView(view), this.#view));
    const label = current ? t("gallery.view_now", { name: current.name }) : t("gallery.views");
    this.#popover.button.textContent = label;
    this.#popover.button.title = label;
    const taken = this.#saved.some(({ name }) => name === this.#name.value.trim());
    this.#save.textContent = t(taken ? "gallery.view_replace" : "gallery.view_save");
    if (!this.#popover.open && this.#list.childElementCount > 0) this.#list.replaceChildren();
    const lines = this.#saved.map((saved) => {
      const line = make("li");
      const choose = button(saved.name, () => this.#choose(saved), "sw-view");
      choose.title = saved.name;
      choose.setAttribute("aria-current", String(saved === current));
      const remove = button("\u00d7", () => void this.#delete(saved), "sw-remove");
      remove.setAttribute("aria-label", t("gallery.view_delete", { name: saved.name }));
      remove.title = t("gallery.view_delete", { name: saved.name });
      line.append(choose, remove);
      return line;
    });
    const held = this.#list.contains(document.activeElement);
    this.#list.replaceChildren(...(lines.length > 0 ? lines : [make("li", "sw-views-none", t("gallery.views_none"))]));
    if (held) this.#name.focus();
  }

  #choose({ view }: Saved): void {
    this.#popover.toggle(false);
    this.apply(readView(view));
  }
}
