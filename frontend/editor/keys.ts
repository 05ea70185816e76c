/** The one table of keys: it makes the handlers, the help and the tooltips. Keys act only while the editor has focus. */
import { chordOf, written } from "../shared/keys";

export const KEYS = [
  { action: "tool.select", keys: ["v"], group: "tools" },
  { action: "tool.vertices", keys: ["e"], group: "tools" },
  { action: "tool.draw", keys: ["d"], group: "tools" },
  { action: "tool.pan", keys: ["h"], group: "tools" },
  { action: "edit.remove", keys: ["delete", "backspace"], group: "edit" },
  { action: "edit.undo", keys: ["ctrl+z"], group: "edit" },
  { action: "edit.redo", keys: ["ctrl+shift+z", "ctrl+y"], group: "edit" },
  { action: "edit.save", keys: ["ctrl+s"], group: "edit" },
  { action: "edit.finish", keys: ["enter"], group: "edit" },
  { action: "edit.back", keys: ["escape"], group: "edit" },
  { action: "select.all", keys: ["ctrl+a"], group: "select" },
  { action: "select.next", keys: ["j"], group: "select" },
  { action: "select.previous", keys: ["k"], group: "select" },
  { action: "view.hand", keys: ["space"], group: "view", held: true },
  { action: "view.fit", keys: ["f"], group: "view" },
  { action: "view.one", keys: ["1"], group: "view" },
  { action: "view.zoom_in", keys: ["+", "="], group: "view" },
  { action: "view.zoom_out", keys: ["-"], group: "view" },
  { action: "view.left", keys: ["arrowleft"], group: "view" },
  { action: "view.right", keys: ["arrowright"], group: "view" },
  { action: "view.up", keys: ["arrowup"], group: "view" },
  { action: "view.down", keys: ["arrowdown"], group: "view" },
  { action: "view.outlines", keys: ["o"], group: "view" },
  { action: "view.contrast", keys: ["a"], group: "view" },
  { action: "image.next", keys: ["."], group: "image" },
  { action: "image.previous", keys: [","], group: "image" },
  { action: "general.help", keys: ["?"], group: "general" },
] as const satisfies readonly Binding[];

interface Binding {
  action: string;
  keys: readonly string[];
  group: "tools" | "edit" | "select" | "view" | "image" | "general";
  /** Acts while it is held down. */
  held?: boolean;
}

export type Action = (typeof KEYS)[number]["action"];
export type Handlers = Record<Action, (down: boolean) => void>;

const BY_CHORD: ReadonlyMap<string, Binding> = new Map(
  KEYS.flatMap((binding) => binding.keys.map((chord) => [chord, binding] as const)),
);

/** Run what a key is for. True when the key was ours, and nobody else should see it. */
export function handleKey(event: KeyboardEvent, handlers: Handlers): boolean {
  const binding = BY_CHORD.get(chordOf(event));
  if (!binding) return false;
  const down = event.type === "keydown";
  if (down || binding.held) {
    if (!(binding.held && event.repeat)) handlers[binding.action as Action](down);
  }
  return true;
}

/** The keys of an action as tooltips show them; "" without any. */
export function keysOf(action: Action): string {
  return KEYS.find((binding) => binding.action === action)!.keys.map(written).join(", ");
}
