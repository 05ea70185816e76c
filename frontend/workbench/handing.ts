/** Where the keys are: with an image that is opened in the gallery they go to the editor, and by Esc back. */
import { KEYS, LEAVES, OPENS, say } from "../shared/bench";

export type Pane = "gallery" | "editor";

export class Handing {
  #watch: MutationObserver | null = null;

  /**
   * @param home  the box around all panes
   * @param show  brings a pane into sight where there is room for one
   */
  constructor(
    private readonly home: () => HTMLElement | null,
    private readonly show: (pane: Pane) => void,
    signal: AbortSignal,
  ) {
    // At the document: the bar is not in its box yet when it is made.
    const hear = (what: string, act: (home: HTMLElement, detail: number) => void) => {
      const heard = ({ target, detail }: CustomEvent<number>) => {
        const home = this.home();
        if (home?.contains(target as Node)) act(home, detail);
      };
      document.addEventListener(what, heard as EventListener, { signal });
    };
    hear(OPENS, (box, image) => this.#opens(box, image));
    hear(LEAVES, (box) => {
      this.#watch?.disconnect();
      this.show("gallery");
      const gallery = box.querySelector(".sw-gallery > .sw-content");
      if (gallery) say(gallery, KEYS);
    });
    signal.addEventListener("abort", () => this.#watch?.disconnect(), { once: true });
  }

  /** Gives the keys to the editor once it shows the image; who has gone elsewhere meanwhile keeps them there. */
  #opens(home: HTMLElement, image: number): void {
    this.#watch?.disconnect();
    this.show("editor");
    const held = document.activeElement;
    const shown = (): boolean => {
      const stage = home.querySelector<HTMLElement>(`.sw-editor-stage[data-image="${image}"]`);
      if (!stage) return false;
      this.#watch?.disconnect();
      const now = document.activeElement;
      if (now === held || now === null || now === document.body) stage.focus({ preventScroll: true });
      return true;
    };
    if (shown()) return;
    this.#watch = new MutationObserver(shown);
    this.#watch.observe(home, { subtree: true, attributeFilter: ["data-image"] });
  }
}
