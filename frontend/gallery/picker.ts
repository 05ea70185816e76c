/** Clicks and keys: what they select, where the keyboard is, and what they open. */
import { actionOf, type Action } from "./keys";
import type { Move } from "./layout";
import type { Mode, Shown } from "./mode";
import type { Selection } from "./selection";

export interface PickerWishes {
  mode(): Mode;
  /** The selection or the keyboard's place was changed here. */
  changed(): void;
  open(): void;
  /** Opens or closes the closer look. */
  peek(): void;
  /** One step back; returns whether there was one. */
  back(): boolean;
  outlines(): void;
  search(): void;
  filters(): void;
  compare(): void;
  help(): void;
  act(verb: "approve" | "exclude" | "tag" | "undo"): void;
}

const MOVES: readonly Move[] = ["left", "right", "up", "down", "first", "last", "pageUp", "pageDown"];

function isMove(action: Action): action is Move {
  return (MOVES as readonly string[]).includes(action);
}

export class Picker {
  /** The image the keyboard is on. */
  activeId: number | null = null;

  constructor(
    private readonly shown: Shown,
    private readonly selection: Selection,
    private readonly wishes: PickerWishes,
  ) {}

  /** Listens on what holds the modes. */
  listen(stage: HTMLElement, signal: AbortSignal): void {
    stage.addEventListener("click", (event) => this.#click(event), { signal });
    stage.addEventListener("dblclick", (event) => this.#at(event) !== undefined && this.wishes.open(), { signal });
    stage.addEventListener("keydown", (event) => this.#key(event), { signal });
  }

  clear(): void {
    this.selection.ids.clear();
    this.#changed();
  }

  /** Other rows are shown: the keyboard stays on its image where that is still there. */
  reorder(): void {
    const { finder } = this.shown;
    this.selection.reorder(finder.order.length, (id) => finder.positionOf(id), this.activeId);
  }

  #click(event: MouseEvent): void {
    const position = this.#at(event);
    if (position === undefined) return;
    this.selection.pick(position, { shift: event.shiftKey, ctrl: event.ctrlKey || event.metaKey });
    this.#changed();
  }

  #at(event: MouseEvent): number | undefined {
    return this.wishes.mode().positionAt(event.target as Element);
  }

  #key(event: KeyboardEvent): void {
    const action = actionOf(event);
    const onButton = event.target instanceof HTMLButtonElement;
    if (!action || (onButton && (action === "open" || action === "peek"))) return;
    if (isMove(action)) {
      if (!this.#move(action, event)) return; // the host, or the list that scrolls sideways, may use it
    } else if (action === "back") {
      if (!this.wishes.back()) return; // nothing to go back from: the host may use it
    } else this.#do(action);
    event.preventDefault();
    event.stopPropagation();
  }

  #do(action: Exclude<Action, Move | "back">): void {
    switch (action) {
      case "open": return this.wishes.open();
      case "peek": return this.wishes.peek();
      case "toggle": return this.#toggle();
      case "all": return this.#all();
      case "outlines": return this.wishes.outlines();
      case "search": return this.wishes.search();
      case "filters": return this.wishes.filters();
      case "compare": return this.wishes.compare();
      case "help": return this.wishes.help();
      default: return this.wishes.act(action);
    } // prettier-ignore
  }

  #move(move: Move, event: KeyboardEvent): boolean {
    const { selection } = this;
    if (this.shown.finder.order.length === 0) return false;
    const mode = this.wishes.mode();
    let position = mode.step(move, Math.max(0, selection.active));
    if (position === undefined) return false;
    if (selection.active < 0 && move !== "last") position = 0; // before the first key nothing is active
    const ctrl = event.ctrlKey || event.metaKey;
    if (ctrl && !event.shiftKey) selection.active = position;
    else selection.pick(position, { shift: event.shiftKey, ctrl });
    mode.reveal(position);
    this.#changed();
    return true;
  }

  #toggle(): void {
    if (this.selection.active < 0) return;
    this.selection.toggle(this.selection.active);
    this.#changed();
  }

  #all(): void {
    const { rows, finder } = this.shown;
    for (const row of finder.order) this.selection.ids.add(rows.id(row));
    this.#changed();
  }

  #changed(): void {
    const { rows, finder } = this.shown;
    const { active } = this.selection;
    this.activeId = active < 0 ? null : rows.id(finder.order[active]);
    this.wishes.changed();
  }
}
