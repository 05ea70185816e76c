/** Every key of the gallery: the same table makes the keys work and the help that `?` shows. */

export type Action =
  | "left" | "right" | "up" | "down" | "first" | "last" | "pageUp" | "pageDown"
  | "open" | "peek" | "toggle" | "all" | "back" | "outlines" | "search" | "filters" | "compare" | "help" | "approve" | "exclude" | "tag" | "undo"; // prettier-ignore

interface Key {
  action: Action;
  /** `KeyboardEvent.key`, lower case. */
  keys: string[];
  /** true: only with Ctrl or Cmd; false: only without; missing: both. */
  ctrl?: boolean;
  /** Key of the words in the help; entries with the same words share a line. */
  words: string;
  shown: string;
}

export const KEYS: readonly Key[] = [
  { action: "left", keys: ["arrowleft"], words: "keys.move", shown: "← → ↑ ↓" },
  { action: "right", keys: ["arrowright"], words: "keys.move", shown: "" },
  { action: "up", keys: ["arrowup"], words: "keys.move", shown: "" },
  { action: "down", keys: ["arrowdown"], words: "keys.move", shown: "" },
  { action: "first", keys: ["home"], words: "keys.ends", shown: "Home End" },
  { action: "last", keys: ["end"], words: "keys.ends", shown: "" },
  { action: "pageUp", keys: ["pageup"], words: "keys.page", shown: "Page ↑ Page ↓" },
  { action: "pageDown", keys: ["pagedown"], words: "keys.page", shown: "" },
  { action: "open", keys: ["enter"], words: "keys.open", shown: "Enter" },
  { action: "toggle", keys: [" "], ctrl: true, words: "keys.toggle", shown: "Ctrl Space" },
  { action: "peek", keys: [" "], ctrl: false, words: "keys.peek", shown: "Space" },
  { action: "all", keys: ["a"], ctrl: true, words: "keys.all", shown: "Ctrl A" },
  { action: "approve", keys: ["a"], ctrl: false, words: "keys.approve", shown: "A" },
  { action: "exclude", keys: ["x"], ctrl: false, words: "keys.exclude", shown: "X" },
  { action: "tag", keys: ["t"], ctrl: false, words: "keys.tag", shown: "T" },
  { action: "undo", keys: ["z"], ctrl: true, words: "keys.undo", shown: "Ctrl Z" },
  { action: "outlines", keys: ["o"], ctrl: false, words: "keys.outlines", shown: "O" },
  { action: "compare", keys: ["c"], ctrl: false, words: "keys.compare", shown: "C" },
  { action: "search", keys: ["/"], ctrl: false, words: "keys.search", shown: "/" },
  { action: "filters", keys: ["f"], ctrl: false, words: "keys.filters", shown: "F" },
  { action: "back", keys: ["escape"], words: "keys.back", shown: "Esc" },
  { action: "help", keys: ["?"], words: "keys.help", shown: "?" },
];

export function actionOf(event: KeyboardEvent): Action | undefined {
  if (event.altKey) return undefined;
  const ctrl = event.ctrlKey || event.metaKey;
  const key = event.key.toLowerCase();
  return KEYS.find((entry) => entry.keys.includes(key) && (entry.ctrl === undefined || entry.ctrl === ctrl))?.action;
}

/** Lines of the help: keys and the words' key. */
export function helpLines(): [string, string][] {
  return KEYS.filter((entry) => entry.shown).map((entry) => [entry.shown, entry.words]);
}
