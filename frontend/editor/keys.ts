/**
 * Keys and what they do. The table is `widgets/keys/editor.json`, with what a person changed in it: it makes the
 * handlers, the help and the tooltips. Keys act only while the editor has the focus.
 */
import type usual from "../../spheroseg_widgets/widgets/keys/editor.json";
import { chordOf, written } from "../shared/keys";

type Usual = typeof usual;
export type Group = keyof Usual;
type ActionOf<G extends Group> = G extends Group ? keyof Usual[G] & string : never;
export type Action = ActionOf<Group>;
/** By group and action, the chords that do it. */
export type Bindings = Record<Group, Record<string, readonly string[]>>;
/** `chord` is the key that was pressed; a button has none. */
export type Handlers = Record<Action, (down: boolean, chord?: string) => void>;

/** Acts while it is held down. */
const HELD: Action = "view.hand";
/** More keys than these are written as a range. */
const LISTED = 4;

export class Keys {
  #actions = new Map<string, Action>();
  #chords = new Map<Action, readonly string[]>();
  #listeners: (() => void)[] = [];

  constructor(public bindings: Bindings) {
    this.take(bindings);
  }

  /** The person has changed some. */
  take(bindings: Bindings): void {
    this.bindings = bindings;
    this.#chords = new Map(Object.values(bindings).flatMap((rows) => Object.entries(rows) as [Action, readonly string[]][]));
    this.#actions = new Map([...this.#chords].flatMap(([action, chords]) => chords.map((chord) => [chord, action] as const)));
    for (const listener of this.#listeners) listener();
  }

  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** Run what a key is for. True when the key was ours, and nobody else should see it. */
  handle(event: KeyboardEvent, handlers: Handlers): boolean {
    const chord = chordOf(event);
    const action = this.#actions.get(chord);
    if (!action) return false;
    const down = event.type === "keydown", held = action === HELD;
    // A key that is held judges one image, not all of them.
    const once = held || action.startsWith("review.");
    if ((down || held) && !(once && event.repeat)) handlers[action](down, chord);
    return true;
  }

  /** The keys of an action, each as it is written for people. */
  of(action: Action): readonly string[] {
    const chords = this.#chords.get(action) ?? [];
    return chords.length > LISTED ? [`${written(chords[0])} – ${written(chords.at(-1)!)}`] : chords.map(written);
  }
}
