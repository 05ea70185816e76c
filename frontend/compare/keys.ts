/** Every key of the comparison: the same table makes the keys work, the tooltips and the help that `?` shows. */
import { chordOf, written } from "../shared/keys";

export type Mode = "side" | "swipe" | "series";

const ALL: readonly Mode[] = ["side", "swipe", "series"];
const SWIPE: readonly Mode[] = ["swipe"];
const SERIES: readonly Mode[] = ["series"];

export const KEYS = [
  { action: "left", keys: ["arrowleft"], modes: ALL, words: "move" },
  { action: "right", keys: ["arrowright"], modes: ALL, words: "move" },
  { action: "up", keys: ["arrowup"], modes: ALL, words: "move" },
  { action: "down", keys: ["arrowdown"], modes: ALL, words: "move" },
  { action: "zoom_in", keys: ["+", "="], modes: ALL },
  { action: "zoom_out", keys: ["-"], modes: ALL },
  { action: "fit", keys: ["0"], modes: ALL },
  { action: "outlines", keys: ["o"], modes: ALL },
  { action: "contrast", keys: ["c"], modes: ["side", "series"] },
  { action: "first_only", keys: ["1"], modes: SWIPE },
  { action: "second_only", keys: ["2"], modes: SWIPE },
  { action: "exchange", keys: ["x"], modes: SWIPE },
  { action: "play", keys: ["space"], modes: SERIES },
  { action: "previous", keys: [","], modes: SERIES },
  { action: "next", keys: ["."], modes: SERIES },
  { action: "first", keys: ["home"], modes: SERIES },
  { action: "last", keys: ["end"], modes: SERIES },
  { action: "slower", keys: ["<"], modes: SERIES },
  { action: "faster", keys: [">"], modes: SERIES },
  { action: "loop", keys: ["l"], modes: SERIES },
  { action: "help", keys: ["?"], modes: ALL },
  { action: "back", keys: ["escape"], modes: ALL },
] as const satisfies readonly Binding[];

interface Binding {
  action: string;
  keys: readonly string[];
  modes: readonly Mode[];
  /** Key of its words; that of the action where none is named. Those of the same words share a line of the help. */
  words?: string;
}

export type Action = (typeof KEYS)[number]["action"];

export function actionOf(event: KeyboardEvent, mode: Mode): Action | undefined {
  const chord = chordOf(event);
  const found = (KEYS as readonly Binding[]).find(({ keys, modes }) => keys.includes(chord) && modes.includes(mode));
  return found?.action as Action | undefined;
}

/** The keys of an action as tooltips show them. */
export function keysOf(action: Action): string {
  return KEYS.find((binding) => binding.action === action)!.keys.map(written).join(", ");
}

/** Lines of the help: keys, and the key of their words. */
export function helpLines(mode: Mode): [string, string][] {
  const lines = new Map<string, string[]>();
  for (const { action, keys, modes, words = action } of KEYS as readonly Binding[]) {
    if (modes.includes(mode)) lines.set(words, [...(lines.get(words) ?? []), keys.map(written).join(", ")]);
  }
  return [...lines].map(([words, keys]) => [keys.join(" "), words]);
}
