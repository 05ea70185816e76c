/** Which formats: writes an archive in the project's folder, and hands it to the browser. */
import { type Archive, download, formatChoices } from "../shared/archive";
import { Form, chosen, freshName } from "../shared/form";
import type { Frame } from "../shared/frame";
import type { Model } from "../shared/types";

export class ExportForm extends Form {
  readonly #name = freshName();

  constructor(
    traits: Model,
    frame: Frame,
    private readonly ends: AbortSignal,
    private readonly done: (words: string) => void,
  ) {
    super(frame, ends, frame.t("archive.download"));
    this.fill(formatChoices(traits.get<string[]>("formats"), this.#name, frame.t));
    this.element.addEventListener("change", () => (this.go.disabled = chosen(this.element, this.#name).length === 0));
  }

  protected async carryOut(): Promise<void> {
    const { t, rpc } = this.frame;
    const words = this.go.textContent;
    try {
      this.go.textContent = t("archive.writing");
      const { value } = await rpc.call<Archive>("export", { formats: chosen(this.element, this.#name) }, { signal: this.ends });
      this.done(await download(rpc, value, t, (told) => (this.go.textContent = told), this.ends));
    } finally {
      this.go.textContent = words;
    }
  }
}
