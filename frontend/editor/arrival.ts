/** What comes after the first picture: asked for when an image stands, and said where it does not come. */

import { messageOf } from "../shared/frame";
import { later } from "../shared/later";
import type { Rpc } from "../shared/rpc";
import type { Translate } from "../shared/strings";
import type { Algebra } from "./later";
import type { Notices } from "./notices";
import { isHere, supply } from "./outlines/algebra";

export class Arrival {
  #asked = false;

  constructor(
    private readonly rpc: Rpc,
    private readonly notices: Notices,
    private readonly t: Translate,
    /** Who changes nothing needs none of it. */
    private readonly readOnly: boolean,
    private readonly arrived: () => void,
  ) {}

  /** Ask for it, unless it is here or on its way. */
  async ask(): Promise<void> {
    if (this.readOnly || this.#asked || isHere()) return;
    this.#asked = true;
    try {
      supply(await later<Algebra>(this.rpc, "editor"));
      this.notices.hide("later");
      this.arrived();
    } catch (error) {
      this.notices.show("later", this.t("editor.later", { reason: messageOf(error) }), "warning", [
        { label: this.t("common.retry"), run: () => this.ask() },
      ]);
    } finally {
      this.#asked = false;
    }
  }
}
