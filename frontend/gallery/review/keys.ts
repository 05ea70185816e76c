/** Every key of the review: the same table makes the keys work, the tooltips, the labels and the help. */
import { chordOf, written } from "../../shared/keys";

export const KEYS = [
  { action: "approve", keys: ["a"] },
  { action: "open", keys: ["enter", "e"] },
  { action: "absent", keys: ["n", "0"] },
  { action: "unusable", keys: ["u"] },
  { action: "exclude", keys: ["x"] },
  { action: "skip", keys: ["s", "arrowright"] },
  { action: "outlines", keys: ["o"] },
  { action: "back", keys: ["backspace", "arrowleft", "ctrl+z"] },
  { action: "help", keys: ["?"] },
  { action: "close", keys: ["escape"] },
  // While the reason of an exclusion is asked.
  { action: "reason", keys: ["1", "2", "3", "4", "5", "6", "7"] },
] as const;

export type Action = (typeof KEYS)[number]["action"];

export function actionOf(event: KeyboardEvent): Action | undefined {
  const chord = chordOf(event);
  return KEYS.find(({ keys }) => (keys as readonly string[]).includes(chord))?.action;
}

/** The keys of an action as tooltips and the help show them. */
export function keysOf(action: Action): string {
  return chordsOf(action).map(written).join(", ");
}

/** The first of them, as it stands beside a verb. */
export function keyOf(action: Action): string {
  return written(chordsOf(action)[0]);
}

function chordsOf(action: Action): readonly string[] {
  return KEYS.find((key) => key.action === action)!.keys;
}
