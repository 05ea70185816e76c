/** Who edits the open image in another kernel: asked for every two seconds, and taken over on demand. */

import type { Rpc } from "../shared/rpc";
import type { Translate } from "../shared/strings";
import type { Notices } from "./notices";
import type { Work } from "./work";

const EVERY = 2000;
/** After the last change the image counts as being edited for so long. */
const LINGERS = 60_000;

interface Answer {
  /** Who edits it elsewhere now. */
  author: string | null;
  /** Who took it over from us. */
  taken_by: string | null;
}

export class Presence {
  #said = "";
  #edited = -Infinity;
  /** The image that was changed then. */
  #changed = 0;
  #image = 0;
  /** How often an image was taken over: what was asked before says nothing any more. */
  #takings = 0;
  #waiting = 0;

  constructor(
    private readonly rpc: Rpc,
    private readonly work: Work,
    private readonly notices: Notices,
    private readonly t: Translate,
    signal: AbortSignal,
  ) {
    const timer = setInterval(() => void this.ask(), EVERY);
    signal.addEventListener("abort", () => clearInterval(timer));
  }

  /** Something was changed here. */
  edited(): void {
    this.#edited = performance.now();
    this.#changed = this.work.info?.image.id ?? 0;
  }

  async ask(): Promise<void> {
    const { info } = this.work;
    // One question at a time: a busy kernel answers late, and then once.
    if (!info || info.read_only || this.#waiting || document.hidden || this.rpc.state !== "connected") return;
    if (this.#image !== info.image.id) {
      this.#image = info.image.id;
      this.#said = "";
      this.notices.hide("presence"); // it was about the image before
    }
    this.#waiting++;
    const takings = this.#takings;
    try {
      const editing = this.#changed === info.image.id && performance.now() - this.#edited < LINGERS;
      const { value } = await this.rpc.call<Answer>("presence", { image_id: info.image.id, editing });
      if (takings === this.#takings && this.work.info?.image.id === info.image.id) this.#tell(value);
    } catch {
      // What cannot be asked is asked again; the banner tells of a lost kernel.
    } finally {
      this.#waiting--;
    }
  }

  #tell({ author, taken_by }: Answer): void {
    const key = taken_by !== null ? "editor.presence.taken" : author !== null ? "editor.presence.now" : "";
    const said = key && `${key} ${taken_by ?? author}`;
    this.work.bar(key !== "");
    if (said === this.#said) return;
    this.#said = said;
    if (!key) return this.notices.hide("presence");
    this.notices.show("presence", this.t(key, { author: (taken_by ?? author)! }), "warning", [
      { label: this.t("editor.presence.take_over"), run: () => this.#takeOver() },
    ]);
  }

  async #takeOver(): Promise<void> {
    const { id } = this.work.info!.image;
    await this.rpc.call("take_over", { image_id: id });
    if (this.work.info?.image.id !== id) return;
    this.#takings++;
    this.edited();
    this.#said = "";
    this.work.bar(false);
    await this.work.refresh();
    this.work.retry();
  }
}
