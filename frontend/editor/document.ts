/** The open image as the kernel describes it. */

import { OutlineSet } from "../shared/outlines";
import type { Answer } from "../shared/rpc";
import type { Classes } from "./classes";
import type { Columns } from "./store";

export interface ImageInfo {
  id: number;
  name: string;
  width: number;
  height: number;
  /** Micrometres a pixel; null when nobody knows. */
  pixel_size_um: number | null;
  position: number;
  count: number;
  previous: number | null;
  next: number | null;
}

/** A draft that lies open on this image and is not ours. */
export interface OpenDraft {
  id: string;
  author: string;
  operations: number;
  changed_at: string;
  /** "left": of this author, its session is gone; "elsewhere": of this author, another editor has it open. */
  kind: "left" | "elsewhere" | "other";
  stale: boolean;
}

export interface DocumentInfo {
  project: string;
  image: ImageInfo;
  base_revision: number | null;
  /** Revisions from which what this editor saved led to this one: late changes of them go on here. */
  continued: (number | null)[];
  /** Operations of our own draft. */
  draft_operations: number;
  /** A newer revision than the one our draft began on was saved meanwhile. */
  stale: boolean;
  /** Counts the changes of the document in this kernel. */
  version: number;
  read_only: boolean;
  drafts: OpenDraft[];
  classes: string[];
  ids: string[];
  /** Outlines that others were made from, by the id of what was made. */
  parents: Record<string, string[]>;
}

export interface OpenDocument {
  info: DocumentInfo;
  outlines: OutlineSet;
  columns: Columns;
}

/**
 * Buffers: outlines (SWO1), class index u1, confidence f4, flags u1. Classes are numbered by `classes`, which grows by
 * those it does not know.
 */
export function readDocument({ value, buffers }: Answer<DocumentInfo>, classes: Classes): OpenDocument {
  const outlines = OutlineSet.decode(buffers[0]);
  const bytes = (view: DataView) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  const confidence = Float32Array.from({ length: value.ids.length }, (_, i) => buffers[2].getFloat32(4 * i, true));
  const numbers = value.classes.map((name) => classes.number(name));
  if (outlines.length !== value.ids.length) throw new Error("the document does not fit its outlines");
  return {
    info: value,
    outlines,
    columns: { ids: value.ids, classIndex: bytes(buffers[1]).map((i) => numbers[i]), confidence, flags: bytes(buffers[3]), parents: value.parents },
  };
}
