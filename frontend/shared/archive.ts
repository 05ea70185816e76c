/** Exports as one file: which formats, and fetching the archive part by part (Python: `widgets/archives.py`). */
import { choice, group } from "./form";
import { bytes } from "./numbers";
import type { Rpc } from "./rpc";
import type { Translate } from "./strings";

const USUAL = new Set(["csv", "masks"]);

/** What the kernel wrote. */
export interface Archive {
  name: string;
  bytes: number;
  files: number;
  path: string;
}

/** Check boxes of the formats, the usual ones chosen; one of another package has its name alone. */
export function formatChoices(formats: readonly string[], name: string, t: Translate): HTMLFieldSetElement {
  const choices = formats.map((format) => {
    const key = `archive.format_${format}`;
    const label = choice("checkbox", name, format, t(key) === key ? format : t(key));
    label.querySelector("input")!.checked = USUAL.has(format);
    return label;
  });
  return group(t("archive.formats"), choices);
}

/** Fetches an archive and hands it to the browser; returns the words for it. `told` hears how far it is. */
export async function download(rpc: Rpc, archive: Archive, t: Translate, told: (words: string) => void, signal: AbortSignal): Promise<string> {
  const parts: ArrayBuffer[] = [];
  for (let offset = 0; offset < archive.bytes; ) {
    told(t("archive.fetching", { percent: Math.floor((100 * offset) / archive.bytes) }));
    const { buffers } = await rpc.call("part", { name: archive.name, offset }, { signal });
    const { buffer, byteOffset, byteLength } = buffers[0];
    if (byteLength === 0) throw new Error(t("archive.cut_short", { name: archive.name }));
    parts.push(buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer);
    offset += byteLength;
  }
  save(new Blob(parts, { type: "application/zip" }), archive.name);
  return t("archive.exported", { n: archive.files, size: bytes(archive.bytes), path: archive.path });
}

/** Hands a file to the browser, which puts it where it puts downloads. */
function save(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
