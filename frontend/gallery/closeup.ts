/** The closer look at the image the keyboard is on: its large picture and what is known of it. */
import type { Drawings } from "../shared/drawings";
import type { Frame } from "../shared/frame";
import type { Shown } from "./mode";
import { Peek } from "./peek";
import { Pictures } from "./pictures";

/** Longest edge of a picture that is looked at closely, px; so many are kept. */
const LARGE = 512;
const KEPT = 24;

export class Closeup {
  readonly #peek: Peek;
  readonly #large: Pictures;
  #id: number | null = null;

  constructor(
    private readonly frame: Frame,
    private readonly shown: Shown,
    private readonly pictures: Pictures,
    private readonly drawings: Drawings,
    private readonly wishes: { close(): void; wantOutlines(): void },
    signal: AbortSignal,
  ) {
    this.#peek = new Peek(frame.t, () => wishes.close(), signal);
    this.#large = new Pictures(frame.rpc, signal, () => this.refresh(), KEPT);
    this.#large.size = LARGE;
  }

  get element(): HTMLElement {
    return this.#peek.element;
  }

  get open(): boolean {
    return this.#peek.open;
  }

  /** Shows an image closely; what is not there is not shown. */
  show(id: number | null): void {
    this.#id = id;
    const { rows, outlines } = this.shown;
    const row = id === null ? undefined : rows.place(id);
    if (id === null || row === undefined) return;
    const result = rows.result(row);
    this.#large.want([id]);
    const drawing = outlines && result > 0 ? this.drawings.get(result) : undefined;
    if (outlines && result > 0 && !drawing) this.wishes.wantOutlines();
    this.#peek.show({
      rows, row, picture: this.#large.get(id) ?? this.pictures.get(id), reason: this.#large.reason(id), drawing,
      halo: this.frame.token("--sw-halo"),
    }); // prettier-ignore
  }

  /** Something of it may have come. */
  refresh(): void {
    if (this.open) this.show(this.#id);
  }

  /** Forgets why pictures could not be made. */
  forgive(ids?: Iterable<number>): void {
    this.#large.forgive(ids);
  }

  hide(): void {
    this.#peek.hide();
  }
}
