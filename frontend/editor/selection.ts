/** Which outlines are selected, by id: a refresh of the document keeps it. */
export class Selection {
  #ids = new Set<string>();
  #listeners = new Set<() => void>();

  get ids(): ReadonlySet<string> {
    return this.#ids;
  }

  /** The selected outline, when it is exactly one. */
  get only(): string | null {
    return this.#ids.size === 1 ? [...this.#ids][0] : null;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  set(ids: Iterable<string>): void {
    const wanted = new Set(ids);
    if (wanted.size === this.#ids.size && [...wanted].every((id) => this.#ids.has(id))) return;
    this.#ids = wanted;
    for (const listener of this.#listeners) listener();
  }

  toggle(id: string): void {
    const ids = new Set(this.#ids);
    if (!ids.delete(id)) ids.add(id);
    this.set(ids);
  }
}
