import { QuietTool, type Pointer } from "./tool";

/** Drag moves the image. Held Space lends it to every other tool. */
export class PanTool extends QuietTool {
  readonly name = "pan";
  override readonly cursor = "grab";
  #last: Pointer | null = null;

  override down(at: Pointer): void {
    this.#last = at;
  }

  override move(at: Pointer): void {
    if (!this.#last) return;
    this.host.pan(at.screenX - this.#last.screenX, at.screenY - this.#last.screenY);
    this.#last = at;
  }

  override up(_at: Pointer): void {
    this.#last = null;
  }

  override back(): boolean {
    const dragging = this.#last !== null;
    this.leave();
    return dragging;
  }

  override leave(): void {
    this.#last = null;
  }
}
