/** The keys come here with an image that is opened in the gallery of the same workbench, and go back there by Esc. */

import { handKeys, takeKeys } from "../shared/bench";
import type { Editor } from "./editor";

export class Handed {
  /** The image that was opened there and is not shown yet, and what had the focus then. */
  #awaited: { image: number | null; held: Element | null } | null = null;

  constructor(private readonly editor: Editor, signal: AbortSignal) {
    takeKeys(editor.frame.root, "editor", signal, (image) => {
      this.#awaited = { image, held: document.activeElement };
      const { work } = editor;
      const shown = work.info !== null && work.image?.id === image;
      // After all that hears of it: in a narrow place the editor is brought into sight first.
      if (shown) queueMicrotask(() => this.opened(image));
    });
  }

  /** An image is shown. Who has gone elsewhere meanwhile keeps the keys there. */
  opened(image: number): void {
    if (this.#awaited?.image !== image) return;
    const { held } = this.#awaited;
    this.#awaited = null;
    const now = document.activeElement;
    if (now === held || now === null || now === document.body) this.editor.release();
  }

  /** Nothing is left to go back from here: back to where the image was opened. */
  back(): void {
    handKeys(this.editor.frame.root, "gallery");
  }
}
