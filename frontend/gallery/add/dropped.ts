/** Files that were dropped or chosen, with the folders they were in. */

export interface Found {
  /** Folders, as far as they were dropped with it, and name. */
  parts: string[];
  file: File;
}

const HIDDEN = /^(\.|~)|\.(tmp|part|partial|crdownload)$/i;
const byName = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

/** The files of a drop, folders looked through. Must be called in the event's own turn: later the list is empty. */
export async function filesOfDrop(transfer: DataTransfer): Promise<Found[]> {
  const entries: FileSystemEntry[] = [];
  const found: Found[] = [];
  for (const item of transfer.items) {
    if (item.kind !== "file") continue;
    const entry = item.webkitGetAsEntry?.();
    const file = entry ? null : item.getAsFile();
    if (entry) entries.push(entry);
    else if (file) found.push({ parts: [file.name], file });
  }
  for (const entry of entries) await look(entry, [], found);
  return found.sort(inOrder);
}

/** The files of a file input; one for folders gives their paths. */
export function filesOfInput(input: HTMLInputElement): Found[] {
  const files = [...(input.files ?? [])];
  return files.map((file) => ({ parts: (file.webkitRelativePath || file.name).split("/"), file })).sort(inOrder);
}

/** What of it is meant: in folders there lie other files as well, which are passed over; what was named is not. */
export function meant(found: Found[], suffixes: readonly string[]): Found[] {
  const hidden = (part: string) => HIDDEN.test(part);
  return found.filter(({ parts }) => parts.length === 1 || (!parts.some(hidden) && suffixes.includes(suffixOf(parts))));
}

export function suffixOf(parts: readonly string[]): string {
  const name = parts[parts.length - 1];
  const dot = name.lastIndexOf(".");
  return dot > 0 ? name.slice(dot).toLowerCase() : "";
}

export function nameOf(parts: readonly string[]): string {
  return parts.join("/");
}

function inOrder(one: Found, other: Found): number {
  return byName.compare(nameOf(one.parts), nameOf(other.parts));
}

async function look(entry: FileSystemEntry, above: string[], found: Found[]): Promise<void> {
  const parts = [...above, entry.name];
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    found.push({ parts, file });
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  // It gives a hundred at a time, and an empty list at the end.
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return;
    for (const inside of some) await look(inside, parts, found);
  }
}
