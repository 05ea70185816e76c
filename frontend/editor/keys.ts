/** The one table of keys: it makes the handlers, the help and the tooltips. Keys act only while the editor has focus. */
import { chordOf, written } from "../shared/keys";

export const KEYS = [
  { action: "tool.select", keys: ["v"], group: "tools" },
  { action: "tool.vertices", keys: ["e"], group: "tools" },
  { action: "tool.pan", keys: ["h"], group: "tools" },
  { action: "tool.draw", keys: ["d"], group: "tools" },
  { action: "tool.rectangle", keys: ["r"], group: "tools" },
  { action: "tool.ellipse", keys: ["l"], group: "tools" },
  { action: "tool.brush", keys: ["b"], group: "tools" },
  { action: "tool.eraser", keys: ["shift+b"], group: "tools" },
  { action: "tool.slice", keys: ["s"], group: "tools" },
  { action: "tool.reshape", keys: ["t"], group: "tools" },
  { action: "tool.assist", keys: ["w"], group: "tools" },
  { action: "tool.ruler", keys: ["u"], group: "tools" },
  { action: "draw.hole", keys: ["i"], group: "tools" },
  { action: "brush.larger", keys: [">"], group: "tools" },
  { action: "brush.smaller", keys: ["<"], group: "tools" },
  { action: "edit.remove", keys: ["delete", "backspace"], group: "edit" },
  { action: "edit.undo", keys: ["ctrl+z"], group: "edit" },
  { action: "edit.redo", keys: ["ctrl+shift+z", "ctrl+y"], group: "edit" },
  { action: "edit.copy", keys: ["ctrl+c"], group: "edit" },
  { action: "edit.paste", keys: ["ctrl+v"], group: "edit" },
  { action: "edit.duplicate", keys: ["ctrl+d"], group: "edit" },
  { action: "edit.save", keys: ["ctrl+s"], group: "edit" },
  { action: "edit.finish", keys: ["enter"], group: "edit" },
  { action: "edit.back", keys: ["escape"], group: "edit" },
  { action: "edit.left", keys: ["shift+arrowleft"], group: "edit" },
  { action: "edit.right", keys: ["shift+arrowright"], group: "edit" },
  { action: "edit.up", keys: ["shift+arrowup"], group: "edit" },
  { action: "edit.down", keys: ["shift+arrowdown"], group: "edit" },
  { action: "object.merge", keys: ["m"], group: "object" },
  { action: "object.subtract", keys: ["shift+m"], group: "object" },
  { action: "object.intersect", keys: ["shift+n"], group: "object" },
  { action: "object.fill_holes", keys: ["g"], group: "object" },
  { action: "object.free_hole", keys: ["shift+i"], group: "object" },
  { action: "object.again", keys: ["shift+w"], group: "object" },
  { action: "object.earlier", keys: ["shift+v"], group: "object" },
  { action: "object.class", keys: ["1", "2", "3", "4", "5", "6", "7", "8", "9"], written: ["1 – 9"], group: "object" },
  { action: "object.classes", keys: ["c"], group: "object" },
  { action: "object.lock", keys: ["shift+l"], group: "object" },
  { action: "object.hide", keys: ["shift+h"], group: "object" },
  { action: "object.show_all", keys: ["shift+o"], group: "object" },
  { action: "select.all", keys: ["ctrl+a"], group: "select" },
  { action: "select.next", keys: ["j"], group: "select" },
  { action: "select.previous", keys: ["k"], group: "select" },
  { action: "select.uncertain", keys: ["]"], group: "select" },
  { action: "select.less_uncertain", keys: ["["], group: "select" },
  { action: "view.hand", keys: ["space"], group: "view", held: true },
  { action: "view.fit", keys: ["f"], group: "view" },
  { action: "view.one", keys: ["0"], group: "view" },
  { action: "view.object", keys: ["z"], group: "view" },
  { action: "view.zoom_in", keys: ["+", "="], group: "view" },
  { action: "view.zoom_out", keys: ["-"], group: "view" },
  { action: "view.left", keys: ["arrowleft"], group: "view" },
  { action: "view.right", keys: ["arrowright"], group: "view" },
  { action: "view.up", keys: ["arrowup"], group: "view" },
  { action: "view.down", keys: ["arrowdown"], group: "view" },
  { action: "view.outlines", keys: ["o"], group: "view" },
  { action: "view.heat", keys: ["shift+p"], group: "view" },
  { action: "view.ghost", keys: ["shift+g"], group: "view" },
  { action: "view.minimap", keys: ["shift+f"], group: "view" },
  { action: "view.contrast", keys: ["a"], group: "view" },
  { action: "panel.objects", keys: ["q"], group: "view" },
  { action: "panel.layers", keys: ["shift+q"], group: "view" },
  { action: "panel.history", keys: ["y"], group: "view" },
  { action: "image.next", keys: ["."], group: "image" },
  { action: "image.previous", keys: [","], group: "image" },
  { action: "general.help", keys: ["?"], group: "general" },
] as const satisfies readonly Binding[];

interface Binding {
  action: string;
  keys: readonly string[];
  /** How the keys are written for people, where one by one would be a list. */
  written?: readonly string[];
  group: "tools" | "edit" | "object" | "select" | "view" | "image" | "general";
  /** Acts while it is held down. */
  held?: boolean;
}

export type Action = (typeof KEYS)[number]["action"];
/** `chord` is the key that was pressed; a button has none. */
export type Handlers = Record<Action, (down: boolean, chord?: string) => void>;

const BY_CHORD: ReadonlyMap<string, Binding> = new Map(
  KEYS.flatMap((binding) => binding.keys.map((chord) => [chord, binding] as const)),
);

/** Run what a key is for. True when the key was ours, and nobody else should see it. */
export function handleKey(event: KeyboardEvent, handlers: Handlers): boolean {
  const chord = chordOf(event);
  const binding = BY_CHORD.get(chord);
  if (!binding) return false;
  const down = event.type === "keydown";
  if (down || binding.held) {
    if (!(binding.held && event.repeat)) handlers[binding.action as Action](down, chord);
  }
  return true;
}

/** The keys of an action, each as it is written for people. */
export function keysOf(action: Action): readonly string[] {
  const binding: Binding = KEYS.find((one) => one.action === action)!;
  return binding.written ?? binding.keys.map(written);
}
