/** What leads out of the images and back: adding some, and the review. Both are made when they are first needed. */
import { KEYS } from "../shared/bench";
import { type Frame, make, messageOf } from "../shared/frame";
import { type Host, type Model, onTrait } from "../shared/types";
import { takeDrops } from "./add/drop_target";
import type { Found } from "./add/dropped";
import type { AddPanel } from "./add/panel";
import { type Comparison, comparisonOf } from "./comparable";
import { ComparePane } from "./compare_pane";
import type { Finder } from "./finder";
import type { Later } from "./later";
import type { Rest } from "./rest";
import type { ReviewPane } from "./review_pane";
import { Top } from "./top";

export interface EntranceWishes {
  /** Something was opened or closed: what is beside it is to be shown or hidden. */
  changed(): void;
  /** An image that is judged is to be opened in the editor. */
  open(id: number, left: readonly number[]): void;
  /** The focus goes back to the images. */
  leave(): void;
}

export class Entrances {
  /** The line above, and what takes the place of the images. */
  readonly elements: readonly HTMLElement[];
  readonly #top: Top;
  readonly #adds = make("div", "sw-adds");
  readonly #reviews = make("div", "sw-reviews");
  #panel: AddPanel | null = null;
  #pane: ReviewPane | null = null;
  readonly #compares: ComparePane | null;
  /** Whether a person asked for the ways of adding images. */
  #adding = false;
  /** The ways of adding images could not be fetched. */
  #missing = false;
  /** Whether a review is asked of the kernel: what changes meanwhile must not hide what then takes the focus. */
  #asking = false;
  /** The line above says something from here. */
  #said = false;

  constructor(
    private readonly model: Model,
    private readonly frame: Frame,
    private readonly finder: Finder,
    private readonly wishes: EntranceWishes,
    private readonly rest: Rest,
    private readonly signal: AbortSignal,
    host?: Host,
  ) {
    this.#compares = host ? new ComparePane(frame, host, () => this.#leaveComparison(), signal) : null;
    this.#top = new Top(frame.t, { add: () => this.#toggle(), review: () => void this.review() });
    this.elements = [this.#top.element, this.#adds, this.#reviews, ...(this.#compares ? [this.#compares.element] : [])];
    for (const name of ["run", "project_name", "flags_state", "can_add", "can_act"]) onTrait(model, name, signal, () => this.show());
    this.#adds.hidden = true;
    takeDrops(frame.root, signal, (found) => this.#can("add") && !this.away && void this.#take(found));
    frame.root.addEventListener(KEYS, () => this.#takeKeys(), { signal });
    this.show();
  }

  get #reviewing(): boolean {
    return this.#pane?.open === true;
  }

  /** Whether something else is in the place of the images: the review, or a comparison. */
  get away(): boolean {
    return this.#reviewing || this.#compares?.open === true;
  }

  /** How these images can be compared here; null where they cannot. */
  comparison(ids: ReadonlySet<number>): Comparison | null {
    return this.#compares && comparisonOf(this.finder.rows, ids);
  }

  /** Whether the ways of adding images are in sight. */
  get adding(): boolean {
    return !this.#adds.hidden;
  }

  /** Draws the line above, and the ways in where there are no images yet. */
  show(): void {
    const { model, finder } = this;
    const { rows } = finder;
    const empty = rows.version > 0 && rows.length === 0;
    const adds = this.#can("add") && !this.away && (empty || this.#adding);
    const opened = adds && this.#adds.hidden;
    this.#adds.hidden = !adds;
    if (opened) void this.#offerAdding();
    this.#reviews.hidden = !this.#reviewing && !this.#asking;
    if (this.#compares) this.#compares.element.hidden = !this.#compares.open;
    this.#top.show({
      project: model.get("project_name"), images: rows.firstOf || rows.length, run: model.get("run") ?? {},
      flagged: finder.flagged(), flagging: model.get("flags_state") === "working", adding: this.#adding,
      canAdd: this.#can("add") && !this.away, canReview: this.#can("act") && !this.away,
    }); // prettier-ignore
  }

  /** Rows have changed; null: came or went. */
  changed(ids: readonly number[] | null): void {
    this.#pane?.changed(ids);
  }

  #can(what: "add" | "act"): boolean {
    return this.model.get<boolean>(`can_${what}`) === true;
  }

  /** Puts the ways of adding images in their place; null where they have not come. */
  async #offerAdding(again = () => void this.#offerAdding()): Promise<AddPanel | null> {
    this.#unsay();
    this.#missing = false;
    try {
      const later = this.rest.here ?? (await this.rest.into(this.#adds));
      this.#panel ??= this.#madePanel(later);
    } catch (error) {
      this.#missing = true;
      this.#say(messageOf(error), "error", { label: this.frame.t("common.retry"), run: again });
    }
    return this.#panel;
  }

  #madePanel({ AddPanel }: Later): AddPanel {
    const panel = new AddPanel(this.frame, this.model, this.signal);
    panel.onAdded(() => {
      this.#adding = true; // what became of them stays in sight until it is closed
    });
    panel.onClosed(() => {
      this.#adding = false;
      this.wishes.changed();
      this.wishes.leave();
    });
    this.#adds.append(panel.element);
    return panel;
  }

  /** Takes what was dropped. */
  async #take(found: Promise<Found[]>): Promise<void> {
    this.#adding = true;
    this.#adds.hidden = false; // it is filled from here
    this.wishes.changed();
    const panel = await this.#offerAdding(() => void this.#take(found));
    void panel?.take(found);
  }

  /** The keys come back from the editor: to the review, if there is one, else to the images. */
  #takeKeys(): void {
    const place = this.#reviewing ? this.#pane : this.#compares?.open ? this.#compares : null;
    if (place) place.element.focus({ preventScroll: true });
    else this.wishes.leave();
  }

  #toggle(): void {
    if (this.#adding && this.#missing) return void this.#offerAdding();
    this.#adding = !this.#adding;
    this.wishes.changed();
  }

  /** Goes through these images, or through what is flagged. */
  async review(ids?: readonly number[]): Promise<void> {
    this.#unsay();
    this.#asking = true;
    this.#reviews.hidden = false; // it takes the focus
    try {
      const later = this.rest.here ?? (await this.rest.into(this.#reviews));
      this.#pane ??= this.#madePane(later);
      await this.#pane.start(ids);
    } catch (error) {
      this.#say(messageOf(error), "error");
    }
    this.#asking = false;
    this.wishes.changed();
  }

  #madePane({ ReviewPane }: Later): ReviewPane {
    const wishes = { open: (id: number, left: readonly number[]) => this.#open(id, left), closed: () => this.#close() };
    const pane = new ReviewPane(this.frame, this.finder.rows, wishes, this.signal);
    this.#reviews.append(pane.element);
    return pane;
  }

  /** Shows images side by side, or the well of one through time; says what can be compared where these cannot. */
  compare(ids: readonly number[]): void {
    if (this.#compares === null) return;
    if (this.comparison(new Set(ids)) === null) {
      this.#say(this.frame.t("gallery.compare_which"), "info");
      return;
    }
    this.#compares.element.hidden = false; // it takes the focus
    void this.#compares.show(ids);
    this.wishes.changed();
  }

  #leaveComparison(): void {
    this.wishes.changed();
    this.wishes.leave();
  }

  #close(): void {
    this.wishes.changed();
    this.#top.focusReview();
  }

  #open(id: number, left: readonly number[]): void {
    if (this.model.get<boolean>("opens")) this.wishes.open(id, left);
    else this.#say(this.frame.t("gallery.opens_nothing"), "info");
  }

  #say(text: string, tone: "info" | "error", action = { label: this.frame.t("gallery.close"), run: () => this.#unsay() }): void {
    if (this.signal.aborted) return;
    this.#said = true;
    this.frame.banner.show(text, tone, action);
  }

  /** What was said here holds no longer. */
  #unsay(): void {
    if (this.#said) this.frame.banner.hide();
    this.#said = false;
  }
}
