/** A comparison in place of the images: the kernel makes the widget (Python: `widgets/comparing.py`), the host shows it here. */
import { type Frame, button, make, messageOf } from "../shared/frame";
import type { Host } from "../shared/types";

export class ComparePane {
  readonly element = make("section", "sw-compares");
  readonly #place = make("div", "sw-compares-place");
  #life: AbortController | null = null;

  /** @param closed  the comparison is left */
  constructor(
    private readonly frame: Frame,
    private readonly host: Host,
    private readonly closed: () => void,
    private readonly signal: AbortSignal,
  ) {
    const { t } = frame;
    const back = button(t("gallery.compare_back"), () => this.close());
    back.title = "Esc";
    back.setAttribute("aria-keyshortcuts", "Escape");
    this.element.tabIndex = -1;
    this.element.setAttribute("aria-label", t("gallery.compare"));
    this.element.append(back, this.#place);
    this.element.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return; // it went a step back inside, or there is none left
      event.preventDefault();
      event.stopPropagation();
      this.close();
    });
    signal.addEventListener("abort", () => this.#life?.abort(), { once: true });
  }

  get open(): boolean {
    return this.#life !== null;
  }

  /** Compares these images, or shows the well of one through time. */
  async show(ids: readonly number[]): Promise<void> {
    const { rpc, t } = this.frame;
    const life = (this.#life = new AbortController());
    const place = make("div"); // of this one alone: an older one may still be on its way
    this.#place.replaceChildren(make("p", "sw-reading", t("gallery.compare_opening")), place);
    this.element.focus({ preventScroll: true });
    try {
      const { value } = await rpc.call<{ model: string }>("compare.open", { ids }, { signal: this.signal });
      const end = () => void rpc.call("compare.close", value).catch(() => {}); // a kernel that is gone keeps none
      life.signal.addEventListener("abort", end, { once: true });
      if (life.signal.aborted) return end();
      const shown = await this.host.getWidget(`anywidget:${value.model}`);
      if (life.signal.aborted) return;
      await shown.render({ el: place, signal: life.signal });
      this.#place.firstElementChild?.remove();
      // Its keys act at once, where nobody went elsewhere meanwhile.
      if (document.activeElement === this.element) place.querySelector<HTMLElement>("[tabindex='0']")?.focus({ preventScroll: true });
    } catch (error) {
      if (life.signal.aborted) return;
      const failed = make("p", "", messageOf(error));
      failed.setAttribute("role", "alert");
      this.#place.replaceChildren(failed);
    }
  }

  close(): void {
    this.#life?.abort();
    this.#life = null;
    this.#place.replaceChildren();
    this.closed();
  }
}
