/** Which formats: writes an archive in the project's folder, and hands it to the browser. */
import type { Frame } from "../shared/frame";
import { bytes } from "../shared/numbers";
import type { Model } from "../shared/types";
import { Form, choice, chosen, freshName, group } from "./form";

const USUAL = new Set(["csv", "masks"]);

interface Archive {
  name: string;
  bytes: number;
  files: number;
  path: string;
}

export class ExportForm extends Form {
  readonly #name = freshName();

  constructor(
    traits: Model,
    frame: Frame,
    private readonly ends: AbortSignal,
    private readonly done: (words: string) => void,
  ) {
    super(frame, ends, frame.t("workbench.download"));
    const { t } = frame;
    const formats = traits.get<string[]>("formats").map((format) => {
      const key = `workbench.format_${format}`;
      const words = t(key) === key ? format : t(key); // one of another package has its name alone
      const label = choice("checkbox", this.#name, format, words);
      label.querySelector("input")!.checked = USUAL.has(format);
      return label;
    });
    this.fill(group(t("workbench.formats"), formats));
    this.element.addEventListener("change", () => (this.go.disabled = chosen(this.element, this.#name).length === 0));
  }

  protected async carryOut(): Promise<void> {
    const { t, rpc } = this.frame;
    const words = this.go.textContent;
    try {
      this.go.textContent = t("workbench.writing");
      const { value } = await rpc.call<Archive>("export", { formats: chosen(this.element, this.#name) }, { signal: this.ends });
      const parts: ArrayBuffer[] = [];
      for (let offset = 0; offset < value.bytes; ) {
        this.go.textContent = t("workbench.fetching", { percent: Math.floor((100 * offset) / value.bytes) });
        const { buffers } = await rpc.call("part", { name: value.name, offset }, { signal: this.ends });
        const { buffer, byteOffset, byteLength } = buffers[0];
        if (byteLength === 0) throw new Error(t("workbench.cut_short", { name: value.name }));
        parts.push(buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer);
        offset += byteLength;
      }
      save(new Blob(parts, { type: "application/zip" }), value.name);
      this.done(t("workbench.exported", { n: value.files, size: bytes(value.bytes), path: value.path }));
    } finally {
      this.go.textContent = words;
    }
  }
}

/** Hands a file to the browser, which puts it where it puts downloads. */
function save(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
