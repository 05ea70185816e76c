/** What monitors share: they show what lies in traits, and ask the kernel now and then while nobody tells of anything. */
import type { Frame } from "./frame";
import type { State } from "./rpc";
import { onTrait, type RenderProps } from "./types";

const LOOK_EVERY = 5_000;

/** What draws the state. */
export interface LiveView {
  /** Whether what is shown is at work. */
  readonly live: boolean;
  setConnection(state: State): void;
  /** A second has passed. */
  tick(): void;
}

/**
 * Keeps a view in step with its kernel for as long as it is shown.
 *
 * `read` draws the traits; `seeks` says whether to look for news while nothing is at work: what a cell or another
 * process starts tells of itself late, or not at all.
 */
export function keepLive(
  frame: Frame,
  { model, signal }: Pick<RenderProps, "model" | "signal">,
  view: LiveView,
  traits: readonly string[],
  read: () => void,
  seeks: () => boolean = () => true,
): void {
  const { rpc } = frame;
  // What a kernel that is gone said last is shown as that, and no clock runs on.
  const look = () =>
    rpc.call("refresh", {}, { signal }).catch((error: unknown) => {
      if (rpc.state === "connected" && !signal.aborted) frame.fail(error, look);
    });

  for (const trait of traits) onTrait(model, trait, signal, read);
  rpc.onResync(() => void look());
  rpc.onState((state) => view.setConnection(state));
  view.setConnection(rpc.state);
  read();
  void look();

  const clock = setInterval(() => view.tick(), 1_000);
  const seek = setInterval(() => {
    if (seeks() && !view.live && rpc.state === "connected" && !document.hidden) void look();
  }, LOOK_EVERY);
  signal.addEventListener("abort", () => {
    clearInterval(clock);
    clearInterval(seek);
  });
}
