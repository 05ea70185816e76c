/** A button with what it opens below it; Esc, a press elsewhere or leaving with the focus closes it. */
import { button, make } from "../shared/frame";

let made = 0;

export class Popover {
  readonly element = make("div", "sw-popover");
  readonly button: HTMLButtonElement;
  readonly content = make("div", "sw-popover-content");

  constructor(
    label: string,
    private readonly opening: () => void,
    signal: AbortSignal,
  ) {
    this.button = button(label, () => this.toggle());
    this.button.setAttribute("aria-haspopup", "dialog");
    this.button.setAttribute("aria-expanded", "false");
    this.content.id = `sw-popover-${made++}`;
    this.button.setAttribute("aria-controls", this.content.id);
    this.content.setAttribute("role", "dialog");
    this.content.setAttribute("aria-label", label);
    this.content.hidden = true;
    this.element.append(this.button, this.content);
    this.element.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !this.open) return;
      event.preventDefault();
      event.stopPropagation();
      this.toggle(false);
    });
    this.element.addEventListener("focusout", ({ relatedTarget }) => {
      if (relatedTarget instanceof Node && !this.element.contains(relatedTarget)) this.toggle(false);
    });
    const outside = (event: PointerEvent) => {
      if (this.open && !event.composedPath().includes(this.element)) this.toggle(false);
    };
    document.addEventListener("pointerdown", outside, { signal });
  }

  get open(): boolean {
    return !this.content.hidden;
  }

  toggle(open = !this.open): void {
    if (open === this.open) return;
    const held = this.content.contains(document.activeElement);
    if (open) this.opening();
    this.content.hidden = !open;
    this.button.setAttribute("aria-expanded", String(open));
    if (!open && held) this.button.focus();
  }
}
