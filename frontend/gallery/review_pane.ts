/** The review in the gallery: goes through images in place of the grid, each as large as there is room. */
import { Drawings } from "../shared/drawings";
import type { Frame } from "../shared/frame";
import { Outlined } from "./outlined";
import { Pictures } from "./pictures";
import type { ReviewItem } from "../shared/review/decision";
import type { ImageState } from "../shared/states";
import { reviewCalls } from "../shared/review/kernel";
import type { Verdict } from "./review/course";
import { Stepper } from "./review/stepper";
import type { Rows } from "./rows";
import { size } from "./text";

/** Longest edge of the pictures that are there at once, and of those that take their place where there is room, px. */
const LARGE = 512;
const SHARP = 1024;
/** So many of each are kept. */
const KEPT = 24;
/** What was said of an image, by its state. */
const VERDICT_OF: Partial<Record<ImageState, Verdict>> = {
  corrected: "corrected", approved: "approve", absent: "absent", excluded: "exclude",
}; // prettier-ignore

export interface ReviewPaneWishes {
  open(id: number, left: readonly number[]): void;
  /** The review is left. */
  closed(): void;
}

interface Awaited {
  there(element: HTMLElement): void;
  failed(reason: Error): void;
}

export class ReviewPane {
  readonly #stepper: Stepper;
  readonly #pictures: Pictures;
  readonly #sharp: Pictures;
  readonly #drawings: Drawings;
  readonly #outlined = new Outlined("sw-review-outlined");
  readonly #awaited = new Map<number, Awaited>();
  readonly #calls;
  #id: number | null = null;
  #outlines = true;

  constructor(
    private readonly frame: Frame,
    private readonly rows: Rows,
    private readonly wishes: ReviewPaneWishes,
    signal: AbortSignal,
  ) {
    this.#calls = reviewCalls(frame.rpc);
    this.#pictures = new Pictures(frame.rpc, signal, (ids) => ids.forEach((id) => this.#came(id)), KEPT);
    this.#pictures.size = LARGE;
    this.#sharp = new Pictures(frame.rpc, signal, (ids) => this.#sharpen(ids), KEPT);
    this.#sharp.size = SHARP;
    this.#drawings = new Drawings(frame.rpc, signal, () => this.#paint());
    this.#stepper = new Stepper(
      frame,
      {
        ...this.#calls,
        picture: (item) => this.#picture(item),
        ahead: (items) => this.#ahead(items),
        facts: (id) => this.#facts(id),
        outlines: () => this.#toggle(),
        open: (id, left) => wishes.open(id, left),
        close: () => this.#close(),
      },
      signal,
    );
    const observer = new ResizeObserver(() => this.#paint());
    observer.observe(this.#outlined.element);
    signal.addEventListener("abort", () => observer.disconnect(), { once: true });
    frame.onTheme(() => this.#paint());
    // What was asked of a kernel that is gone is asked of the one that came.
    frame.rpc.onState((state) => state === "connected" && this.#again());
    frame.rpc.onResync(() => this.#again());
  }

  get element(): HTMLElement {
    return this.#stepper.element;
  }

  get open(): boolean {
    return this.#stepper.open;
  }

  /** Goes through what is flagged and awaits review, worst first; or through these images. */
  async start(ids?: readonly number[]): Promise<void> {
    this.#stepper.start(await this.#calls.queue(ids));
  }

  /** Rows have changed; null: came or went. What was saved or judged in the editor meanwhile is done here, too. */
  changed(ids: readonly number[] | null): void {
    if (!this.open) return;
    for (const pictures of [this.#pictures, this.#sharp]) pictures.forgive(ids ?? undefined);
    for (const id of ids ?? []) {
      const row = this.rows.place(id);
      const verdict = row === undefined ? undefined : VERDICT_OF[this.rows.state(row)];
      if (verdict) this.#stepper.elsewhere(id, verdict);
    }
    this.#paint();
  }

  #close(): void {
    this.#stepper.stop();
    this.#id = null;
    this.wishes.closed();
  }

  #picture({ id }: ReviewItem): HTMLElement | Promise<HTMLElement> {
    this.#id = id;
    this.#awaited.clear(); // of an earlier image
    if (this.#pictures.get(id)) return this.#show(id);
    const reason = this.#pictures.reason(id); // it was asked for ahead, and will not be again
    if (reason !== undefined) return Promise.reject(new Error(reason));
    this.#pictures.want([id]);
    return new Promise((there, failed) => this.#awaited.set(id, { there, failed }));
  }

  #again(): void {
    if (this.#id === null) return;
    this.#pictures.want([this.#id]);
    this.#paint();
  }

  #came(id: number): void {
    const awaited = this.#awaited.get(id);
    if (!awaited) return;
    this.#awaited.delete(id);
    if (this.#pictures.get(id)) awaited.there(this.#show(id));
    else awaited.failed(new Error(this.#pictures.reason(id)));
  }

  #show(id: number): HTMLElement {
    this.#outlined.show(this.#sharp.get(id) ?? this.#pictures.get(id));
    this.#paint();
    return this.#outlined.element;
  }

  /** Larger pictures have come; where one cannot be made, the smaller one does. */
  #sharpen(ids: readonly number[]): void {
    const id = this.#id;
    if (id === null || !ids.includes(id) || !this.#pictures.get(id)) return;
    const sharp = this.#sharp.get(id);
    if (sharp) this.#outlined.show(sharp);
  }

  /** Whether a larger picture would show more of an image here. */
  #gains(id: number): boolean {
    const row = this.rows.place(id);
    const { clientWidth, clientHeight } = this.element;
    const room = Math.max(clientWidth, clientHeight) * (window.devicePixelRatio || 1);
    return row !== undefined && room > LARGE && Math.max(this.rows.width(row), this.rows.height(row)) > LARGE;
  }

  #ahead(items: readonly ReviewItem[]): void {
    const ids = [...(this.#id === null ? [] : [this.#id]), ...items.map(({ id }) => id)];
    this.#pictures.want(ids);
    this.#sharp.want(ids.filter((one) => this.#gains(one)));
    this.#drawings.want(ids.map((id) => this.#result(id)).filter((result) => result > 0));
  }

  #result(id: number): number {
    const row = this.rows.place(id);
    return row === undefined ? 0 : this.rows.result(row);
  }

  #facts(id: number): string {
    const row = this.rows.place(id);
    return row === undefined ? "" : size(this.rows, row, this.frame.t);
  }

  #toggle(): void {
    this.#outlines = !this.#outlines;
    this.#paint();
  }

  #paint(): void {
    const id = this.#id;
    const row = id === null ? undefined : this.rows.place(id);
    const { clientWidth: width, clientHeight: height } = this.#outlined.element;
    if (id === null || row === undefined || !width || !height) return;
    const result = this.#outlines ? this.rows.result(row) : 0;
    const drawing = result > 0 ? this.#drawings.get(result) : undefined;
    if (result > 0 && !drawing) this.#drawings.want([result]);
    this.#outlined.draw(drawing, {
      width, height, imageWidth: this.rows.width(row), imageHeight: this.rows.height(row),
      ratio: Math.min(2, window.devicePixelRatio || 1), halo: this.frame.token("--sw-halo"),
    }); // prettier-ignore
  }
}
