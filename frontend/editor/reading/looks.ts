/** How the picture is looked at: settings that this browser keeps from image to image and from day to day. */

export interface Values {
  /** Of the outlines, 0..1. */
  opacity: number;
  /** Of their lines, CSS pixels. */
  width: number;
  /** How strongly a probability map covers the image, 0..1. */
  heat: number;
  /** Exponent of the grey between black and white. */
  gamma: number;
  /** Black is shown white. */
  inverted: boolean;
  /** A small map of an image that is larger than the view. */
  minimap: boolean;
  /** The panel beside the picture; "" for none. */
  panel: string;
}

const USUAL: Values = { opacity: 1, width: 1.5, heat: 0.6, gamma: 1, inverted: false, minimap: true, panel: "" };
const RANGE = { opacity: [0.1, 1], width: [0.5, 6], heat: [0.1, 1], gamma: [0.25, 4] } as const;
const PLACE = "spheroseg.editor.looks";

export class Looks {
  readonly #values = { ...USUAL };
  readonly #listeners = new Set<() => void>();

  constructor() {
    try {
      this.#take(JSON.parse(localStorage.getItem(PLACE) ?? "{}"));
    } catch {
      // A browser may keep nothing, and a person may have written anything there.
    }
  }

  get values(): Readonly<Values> {
    return this.#values;
  }

  set(values: Partial<Values>): void {
    this.#take(values);
    try {
      localStorage.setItem(PLACE, JSON.stringify(this.#values));
    } catch {
      // It holds as long as the editor is open.
    }
    for (const listener of this.#listeners) listener();
  }

  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** What is not of the kind it should be is left as it was. */
  #take(given: Partial<Values>): void {
    for (const name of ["opacity", "width", "heat", "gamma"] as const) {
      const value = given[name];
      const [least, most] = RANGE[name];
      if (typeof value === "number" && Number.isFinite(value)) this.#values[name] = Math.min(most, Math.max(least, value));
    }
    for (const name of ["minimap", "inverted"] as const) if (typeof given[name] === "boolean") this.#values[name] = given[name];
    if (typeof given.panel === "string") this.#values.panel = given.panel;
  }
}
