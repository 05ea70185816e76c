/** What travels between a page that adds images and its kernel (Python: `widgets/adding.py`). */

/** What is to be sent of a file (Python: `project/upload_offers.py`). */
export interface Offer {
  key: string;
  /** Bytes that are there, and their checksum: of other bytes here, everything is sent again. */
  have: number;
  checksum: number;
  refused: string;
  /** The path it will have, where that is another one; `taken` because another file has its name. */
  stored_as: string;
  taken: boolean;
}

/** The answer to bytes that were sent: how many are there, and where the file lies once it is whole. */
export interface Taken {
  have: number;
  stored?: string;
  known?: boolean;
  refused?: string;
}

export type Mark = "" | "unparsed" | "duplicate" | "taken" | "known";
/** Name, plate, well, hours, site, channel, plane, mark, and the image that has the place already. */
export type Row = [
  string, string | null, string | null, number | null, number, string | null, number | null, Mark, string,
]; // prettier-ignore
/** How many, and the names of the first ones. */
export type Counted = [number, string[]];
/** How many, and the first ones with their reasons. */
export interface Listed {
  n: number;
  some: [string, string][];
}

export interface SheetTold {
  of_images: boolean;
  rows: number;
  used: string[];
  unused: string[];
  wells: number;
  open_plates: string[];
  /** Line, column and reason. */
  problems: [number, string, string][];
  matched: number;
  without_file: Counted;
}

export interface Preview {
  counts: Record<"files" | "plates" | "wells" | "times" | "sites" | "channels", number>;
  rows: Row[];
  unparsed: Counted;
  duplicates: Counted;
  taken: Counted;
  known: Counted;
  gaps: Counted;
  skipped?: Listed;
  sheet?: SheetTold | { error: string };
}

export interface Outcome {
  id: string;
  added: number;
  known: number;
  failed: Listed;
  skipped: Listed;
  changed: Listed;
  warnings: string[];
  wells: number;
  map_problem: string;
}

export interface Progress {
  stage: "reading" | "demo";
  done: number;
  total: number;
}

export interface AddState {
  empty: boolean;
  demo: boolean;
  /** Suffixes of images and of tables, with their dots, in small letters. */
  images: string[];
  tables: string[];
  /** Name, bytes in all and bytes that are there, of files that arrived in part. */
  unfinished: [string, number, number][];
  file_mb: number;
  batch_mb: number;
  progress: Progress | null;
  outcome: Outcome | null;
}
