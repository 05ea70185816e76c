/** What is selected, and where the keyboard is. Positions count the rows that are shown; ids stay when the filter changes. */

export interface Modifiers {
  shift?: boolean;
  ctrl?: boolean;
}

export class Selection {
  readonly ids = new Set<number>();
  /** The card the keyboard is on; -1 before the first key or click. */
  active = -1;
  #anchor = -1;

  /** @param idAt  id of the image at a position */
  constructor(private readonly idAt: (position: number) => number) {}

  /** A click, or an arrow key that arrives at a card. */
  pick(position: number, { shift = false, ctrl = false }: Modifiers = {}): void {
    if (shift) {
      if (this.#anchor < 0) this.#anchor = Math.max(0, this.active);
      if (!ctrl) this.ids.clear();
      const [first, last] = [Math.min(this.#anchor, position), Math.max(this.#anchor, position)];
      for (let at = first; at <= last; at++) this.ids.add(this.idAt(at));
    } else {
      if (ctrl) this.toggle(position);
      else {
        this.ids.clear();
        this.ids.add(this.idAt(position));
      }
      this.#anchor = position;
    }
    this.active = position;
  }

  toggle(position: number): void {
    const id = this.idAt(position);
    if (!this.ids.delete(id)) this.ids.add(id);
    this.active = this.#anchor = position;
  }

  /** Takes over a selection made elsewhere; returns whether it differs. */
  replace(ids: readonly number[]): boolean {
    if (ids.length === this.ids.size && ids.every((id) => this.ids.has(id))) return false;
    this.ids.clear();
    for (const id of ids) this.ids.add(id);
    return true;
  }

  /** The shown rows are others now: the keyboard stays on the same image where it is still shown. */
  reorder(count: number, positionOf: (id: number) => number, activeId: number | null): void {
    this.active = activeId === null ? -1 : positionOf(activeId);
    if (this.#anchor >= count || this.active < 0) this.#anchor = this.active;
  }
}
