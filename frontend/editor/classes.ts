/**
 * The classes an object can have, numbered in the order in which they were met. A class keeps its number, and so its
 * colour and key, from image to image and through a refresh: undo knows classes by number.
 */
export class Classes {
  #names: string[] = [];

  get names(): readonly string[] {
    return this.#names;
  }

  /** The number of a class; a new one gets the next. */
  number(name: string): number {
    const known = this.#names.indexOf(name);
    return known >= 0 ? known : this.#names.push(name) - 1;
  }
}
