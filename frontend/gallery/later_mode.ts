/** A way of showing the images that is part of the rest of the gallery: until that has come its place says so. */
import { button, make, messageOf } from "../shared/frame";
import type { Later } from "./later";
import type { Move } from "./layout";
import type { Mode, Parts } from "./mode";
import type { Rest } from "./rest";

export class LaterMode implements Mode {
  readonly element = make("div");
  #mode: Mode | null = null;

  constructor(
    private readonly parts: Pick<Parts, "t" | "signal">,
    private readonly rest: Rest,
    private readonly made: (later: Later) => Mode,
  ) {
    this.element.tabIndex = -1;
    const { here } = rest;
    if (here) this.#take(here);
    else void this.#fetch();
  }

  async #fetch(): Promise<void> {
    const { rest, parts: { t, signal } } = this;
    this.#say();
    try {
      const later = await rest.into(this.element);
      if (!signal.aborted) this.#take(later);
    } catch (error) {
      if (signal.aborted) return;
      const failed = make("p", "", messageOf(error));
      failed.setAttribute("role", "alert");
      this.#say(failed, button(t("common.retry"), () => void this.#fetch()));
    }
  }

  /** Says something in its place; nothing takes it away. */
  #say(...parts: HTMLElement[]): void {
    const held = this.element.contains(document.activeElement);
    this.element.replaceChildren(...parts);
    this.element.classList.toggle("sw-coming", parts.length > 0);
    if (held) this.focus(); // the button that was pressed is gone
  }

  #take(later: Later): void {
    const held = this.element.contains(document.activeElement);
    this.#mode = this.made(later);
    this.element.replaceChildren(this.#mode.element);
    this.arrange();
    if (held) this.focus();
  }

  focus(): void {
    if (this.#mode) this.#mode.focus();
    else this.element.focus({ preventScroll: true });
  }

  arrange(): void {
    this.#mode?.arrange();
  }

  refresh(): void {
    this.#mode?.refresh();
  }

  toTop(): void {
    this.#mode?.toTop();
  }

  update(ids: readonly number[] | null): void {
    this.#mode?.update(ids);
  }

  updateResults(results: readonly number[]): void {
    this.#mode?.updateResults(results);
  }

  updateMarks(): void {
    this.#mode?.updateMarks();
  }

  reveal(position: number): void {
    this.#mode?.reveal(position);
  }

  step(move: Move, from: number): number | undefined {
    return this.#mode?.step(move, from);
  }

  positionAt(target: Element): number | undefined {
    return this.#mode?.positionAt(target);
  }
}
