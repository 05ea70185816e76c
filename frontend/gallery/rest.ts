/** The rest of the gallery (`later.ts`): fetched in idle time after the first screen, or at once by what needs it. */
import { type Frame, make, messageOf } from "../shared/frame";
import { later } from "../shared/later";
import type { Later } from "./later";

/** A wait that is shorter needs no words, ms. */
const PATIENCE = 200;
/** A page that is never idle gets it after so long, ms. */
const LONGEST = 2_000;

export class Rest {
  #here: Later | null = null;
  /** It is on its way; all who need it wait for the same. */
  #asked: Promise<Later> | null = null;
  #soon = false;

  constructor(
    private readonly frame: Pick<Frame, "rpc" | "t">,
    private readonly signal: AbortSignal,
  ) {}

  /** Null until it has come. */
  get here(): Later | null {
    return this.#here;
  }

  /** The first screen stands: fetches it as soon as the page has nothing else to do. */
  ahead(): void {
    if (this.#soon) return;
    this.#soon = true;
    // Whoever needs it asks again where this fails, and says why.
    const fetch = () => this.signal.aborted || this.#here || this.#get().catch(() => {});
    if ("requestIdleCallback" in globalThis) requestIdleCallback(fetch, { timeout: LONGEST });
    else setTimeout(fetch, PATIENCE);
  }

  /** Fetches it now; the place where it is needed says so meanwhile. Rejects with words for the person. */
  async into(place: HTMLElement): Promise<Later> {
    if (this.#here) return this.#here;
    const words = make("p", "sw-reading sw-coming", this.frame.t("gallery.coming"));
    words.setAttribute("role", "status");
    const timer = setTimeout(() => place.append(words), PATIENCE);
    try {
      return await this.#get();
    } catch (error) {
      throw new Error(this.frame.t("gallery.not_come", { reason: messageOf(error) }));
    } finally {
      clearTimeout(timer);
      words.remove();
    }
  }

  #get(): Promise<Later> {
    this.#asked ??= later<Later>(this.frame.rpc, "gallery")
      .then((here) => (this.#here = here))
      .finally(() => (this.#asked = null));
    return this.#asked;
  }
}
