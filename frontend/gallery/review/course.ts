/** The course of a review: which image is next, what was decided, what failed. Nothing of it is drawn here. */
import { covers, type Deciding, type Decision, type ReviewItem } from "../../shared/review/decision";

export type Verdict = Decision["kind"] | "corrected" | "skip";
export const VERDICTS: readonly Verdict[] = ["approve", "corrected", "absent", "unusable", "exclude", "skip"];

const NOT_STORED = Symbol();

interface Entry {
  /** In the order in which they were said. */
  readonly number: number;
  readonly place: number;
  readonly decision: Decision | { kind: Verdict };
  /** Other images of the list that it speaks of too: those of an excluded well. */
  readonly covered: readonly number[];
  stored: Promise<unknown> | null;
}

/** A decision, or taking one back, that the kernel did not store. */
export interface Failure {
  readonly what: "decide" | "undo";
  readonly item: ReviewItem;
  readonly verdict: Verdict;
  readonly error: unknown;
  readonly entry: Entry;
}

export class Course {
  /** Place of the image that is shown; -1 when there is none left. */
  current: number;
  readonly failures: Failure[] = [];
  /** By image, what was said of it and holds, the newest last. */
  readonly #said: Entry[][];
  /** What can be taken back, the newest last. */
  readonly #history: Entry[] = [];
  /** What is being taken back: news of it may still come, and is of before. */
  readonly #undoing: Entry[] = [];
  #number = 0;
  /** By image, when all that was asked of it is answered: what is asked next waits for that. */
  readonly #answered = new Map<number, Promise<unknown>>();

  /** @param failed  something was not stored, and is in `failures`; or what was is there no more */
  constructor(
    readonly items: readonly ReviewItem[],
    private readonly wishes: Deciding,
    private readonly failed: (failure: Failure) => void,
  ) {
    this.#said = items.map(() => []);
    this.current = this.#next();
  }

  get item(): ReviewItem | null {
    return this.items[this.current] ?? null;
  }

  /** What was said of the image that is shown, if it was shown again. */
  get verdict(): Verdict | null {
    return this.#said[this.current]?.at(-1)?.decision.kind ?? null;
  }

  /** The decision that `back` takes back. */
  get last(): { item: ReviewItem; verdict: Verdict } | null {
    const entry = this.#history.at(-1);
    return entry ? { item: this.items[entry.place], verdict: entry.decision.kind } : null;
  }

  /** Images about which something was said. */
  get done(): number {
    return this.#said.filter((said) => said.length > 0).length;
  }

  /** How many images by what was said of them, and how many are left. */
  tally(): Record<Verdict | "left", number> {
    const counts = { approve: 0, corrected: 0, absent: 0, unusable: 0, exclude: 0, skip: 0, left: 0 };
    for (const said of this.#said) counts[said.at(-1)?.decision.kind ?? "left"]++;
    return counts;
  }

  /** The images that come after the present one. */
  ahead(count: number): ReviewItem[] {
    return this.items.filter((_, place) => place !== this.current && this.#isOpen(place)).slice(0, count);
  }

  /** Stores a decision about the image that is shown and goes on at once. */
  decide(decision: Decision): void {
    if (this.current < 0) return;
    this.#decide(this.current, decision);
    this.current = this.#next();
  }

  skip(): void {
    const place = this.current;
    if (place < 0) return;
    // Where a decision stands that could not be taken back, it stands on.
    if (this.#isOpen(place)) {
      this.#forgive(place);
      this.#say(place, { kind: "skip" });
    }
    this.current = this.#next();
  }

  /** Takes the last decision back and shows its image; false if there is none. */
  back(): boolean {
    const entry = this.#history.pop();
    if (!entry) return false;
    this.#takeBack(entry);
    return true;
  }

  /** An image was corrected or judged elsewhere: nothing more needs to be said of it. True if it was the one shown. */
  elsewhere(id: number, verdict: Verdict): boolean {
    const place = this.items.findIndex((item) => item.id === id);
    // What was judged here comes back as news, too.
    if (place < 0 || (verdict !== "corrected" && (!this.#isOpen(place) || this.#isUndoing(place)))) return false;
    this.#forgive(place);
    const entry = this.#say(place, { kind: verdict });
    remove(this.#history, entry); // it is taken back in the editor
    if (place !== this.current) return false;
    this.current = this.#next();
    return true;
  }

  /** Asks the kernel again for what failed. */
  retry(failure: Failure): void {
    const { entry } = failure;
    remove(this.failures, failure);
    if (failure.what === "undo") {
      remove(this.#history, entry);
      this.#takeBack(entry);
    } else {
      this.#decide(entry.place, entry.decision as Decision);
      if (this.current === entry.place) this.current = this.#next();
    }
  }

  /** Shows what was skipped once more. */
  again(): void {
    for (const entry of this.#said.flat()) if (entry.decision.kind === "skip") this.#unsay(entry);
    this.current = this.#next();
  }

  /** The first in the order of the list: one that came back is next, and never changes what a person looks at. */
  #next(): number {
    return this.#said.findIndex((_, place) => this.#isOpen(place));
  }

  #isOpen(place: number): boolean {
    return this.#said[place].length === 0;
  }

  #isUndoing(place: number): boolean {
    return this.#undoing.some((entry) => entry.place === place || entry.covered.includes(place));
  }

  #decide(place: number, decision: Decision): void {
    const item = this.items[place];
    this.#forgive(place);
    const covered = this.items.flatMap((other, at) => (at !== place && this.#isOpen(at) && covers(decision, item, other) ? [at] : []));
    const entry = this.#say(place, decision, covered);
    entry.stored = this.#ask(place, () => this.wishes.decide(item.id, decision));
    entry.stored.catch((error: unknown) => {
      if (!this.#history.includes(entry)) return; // taken back meanwhile
      this.#unsay(entry);
      if (this.current < 0) this.current = this.#next();
      this.#fail("decide", entry, error);
    });
  }

  #takeBack(entry: Entry): void {
    this.#unsay(entry);
    this.current = entry.place;
    const { stored } = entry;
    if (!stored) return;
    const undo = async () => {
      const token = await stored.catch(() => NOT_STORED); // and needs no undoing
      if (token !== NOT_STORED) await this.wishes.undo(token);
    };
    this.#undoing.push(entry);
    const asked = this.#ask(entry.place, undo).finally(() => remove(this.#undoing, entry));
    asked.catch((error: unknown) => {
      // It stands; and who skipped its image since then has said nothing else.
      for (const other of [...this.#said[entry.place]]) if (other.decision.kind === "skip") this.#unsay(other);
      const anew = !this.#isOpen(entry.place);
      this.#enter(entry);
      if (!anew) this.#fail("undo", entry, error);
    });
  }

  #say(place: number, decision: Entry["decision"], covered: readonly number[] = []): Entry {
    const entry: Entry = { number: ++this.#number, place, decision, covered, stored: null };
    this.#enter(entry);
    return entry;
  }

  #enter(entry: Entry): void {
    for (const place of [entry.place, ...entry.covered]) insert(this.#said[place], entry);
    insert(this.#history, entry);
  }

  #unsay(entry: Entry): void {
    for (const place of [entry.place, ...entry.covered]) remove(this.#said[place], entry);
    remove(this.#history, entry);
  }

  #ask(place: number, run: () => Promise<unknown>): Promise<unknown> {
    const answer = (this.#answered.get(place) ?? Promise.resolve()).then(run);
    this.#answered.set(place, answer.catch(() => {}));
    return answer;
  }

  #fail(what: Failure["what"], entry: Entry, error: unknown): void {
    const failure: Failure = { what, entry, error, item: this.items[entry.place], verdict: entry.decision.kind };
    this.failures.push(failure);
    this.failed(failure);
  }

  #forgive(place: number): void {
    const others = this.failures.filter(({ entry }) => entry.place !== place);
    this.failures.splice(0, Infinity, ...others);
  }
}

function insert(entries: Entry[], entry: Entry): void {
  const newer = entries.findIndex(({ number }) => number > entry.number);
  entries.splice(newer < 0 ? entries.length : newer, 0, entry);
}

function remove<T>(list: T[], one: T): void {
  const at = list.indexOf(one);
  if (at >= 0) list.splice(at, 1);
}
