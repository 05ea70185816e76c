/** Calls about an image that the kernel has not heard of yet. */

import { RpcError } from "../shared/rpc";

/** A trait that is on its way to the kernel can be overtaken by a call; it comes within a moment. */
const PAUSE = 60;
const TRIES = 50;

/** Ask again while the kernel still has another image open; a signal that aborts ends it. */
export async function patiently<T>(ask: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await ask();
    } catch (error) {
      const early = error instanceof RpcError && error.type === "AnotherImageError";
      if (!early || tries === TRIES || signal.aborted) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}
