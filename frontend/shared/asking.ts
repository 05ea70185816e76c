/** A verb that was asked of the kernel: at most one at a time; what is said meanwhile, and why it failed. */
import { make, messageOf } from "./frame";

export class Asking<Verb extends string> {
  /** Where it says so; the view puts it in its place. */
  readonly note = make("p", "sw-asked");
  #verb: Verb | null = null;

  /**
   * @param run  asks the kernel
   * @param draw draws anew when a verb is asked or answered
   */
  constructor(
    private readonly run: (verb: Verb, params: Record<string, unknown>) => Promise<unknown>,
    private readonly draw: () => void,
  ) {
    this.note.hidden = true;
    this.note.setAttribute("role", "status");
  }

  /** What was asked and is not answered yet. */
  get verb(): Verb | null {
    return this.#verb;
  }

  async ask(verb: Verb, params: Record<string, unknown> = {}): Promise<void> {
    if (this.#verb !== null) return;
    this.#verb = verb;
    this.note.hidden = true;
    this.draw();
    try {
      await this.run(verb, params);
      this.note.hidden = true;
    } catch (error) {
      this.#say(messageOf(error));
    }
    this.#verb = null;
    this.draw();
  }

  /** Says that what was asked waits, for a kernel that runs a cell; nothing where nothing was asked. */
  sayThatItWaits(text: string): void {
    if (this.#verb !== null) this.#say(text);
  }

  #say(text: string): void {
    this.note.textContent = text;
    this.note.hidden = false;
  }
}
