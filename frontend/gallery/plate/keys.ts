/** Every key of the plate: the same table makes the keys work, the tooltips and the help that `?` shows. */
import { chordOf, written } from "../../shared/keys";
import type { Move } from "./selected";

export const KEYS = [
  { action: "left", keys: ["arrowleft"], words: "move" },
  { action: "right", keys: ["arrowright"], words: "move" },
  { action: "up", keys: ["arrowup"], words: "move" },
  { action: "down", keys: ["arrowdown"], words: "move" },
  { action: "row_start", keys: ["home"], words: "row_ends" },
  { action: "row_end", keys: ["end"], words: "row_ends" },
  { action: "first", keys: ["ctrl+home"], words: "ends" },
  { action: "last", keys: ["ctrl+end"], words: "ends" },
  { action: "open", keys: ["enter"], words: "open" },
  { action: "toggle", keys: ["space", "ctrl+space"], words: "toggle" },
  { action: "all", keys: ["ctrl+a"], words: "all" },
  { action: "earlier", keys: [","], words: "earlier" },
  { action: "later", keys: ["."], words: "later" },
  { action: "play", keys: ["p"], words: "play" },
  { action: "larger", keys: ["+", "="], words: "larger" },
  { action: "smaller", keys: ["-"], words: "smaller" },
  { action: "back", keys: ["escape"], words: "back" },
  { action: "help", keys: ["?"], words: "help" },
] as const;

export type Action = (typeof KEYS)[number]["action"];

/** With Shift they select on the way; with Ctrl arrows only go there. */
const MOVES: readonly Move[] = ["left", "right", "up", "down", "row_start", "row_end", "first", "last"];

export function isMove(action: Action): action is Move {
  return (MOVES as readonly Action[]).includes(action);
}

export function actionOf(event: KeyboardEvent): Action | undefined {
  const chord = chordOf(event);
  const exact = find(chord);
  if (exact) return exact;
  const moved = find(chord.replace("shift+", "")) ?? find(chord.replace("ctrl+", "")) ?? find(chord.replace("ctrl+shift+", ""));
  return moved && isMove(moved) ? moved : undefined;
}

function find(chord: string): Action | undefined {
  return KEYS.find(({ keys }) => (keys as readonly string[]).includes(chord))?.action;
}

/** The keys of an action as tooltips show them. */
export function keysOf(action: Action): string {
  return KEYS.filter((key) => key.action === action).flatMap(({ keys }) => keys.map(written)).join(", ");
}

/** Lines of the help: keys, and the end of the words' name. */
export function helpLines(): [string, string][] {
  const words = [...new Set(KEYS.map((key) => key.words))];
  return words.map((name) => [KEYS.filter((key) => key.words === name).map(({ keys }) => written(keys[0])).join(" "), name]);
}
