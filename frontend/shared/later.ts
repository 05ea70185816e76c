/**
 * The part of a widget's script that comes once the widget stands: what nobody needs to see the first picture (Python:
 * `widgets/later.py`). Asked for early, it is there for whatever is done while the kernel is busy or gone.
 */

import type { Rpc } from "./rpc";

/** Of what was built: the part of another version is another one. Put in by the build. */
declare const LATER: string;

/** Each widget of a page has a script of its own, so what is fetched once for all of them lies with the page. */
const PAGE = Symbol.for("spheroseg-widgets.later");

/**
 * What the part exports as its default; fetched once a page. Rejects with the reason, and can be asked again then.
 *
 * @param name  of the widget
 */
export async function later<T>(rpc: Rpc, name: string): Promise<T> {
  const key = `${name} ${LATER}`;
  const parts = ((globalThis as { [PAGE]?: Map<string, Promise<T>> })[PAGE] ??= new Map<string, Promise<T>>());
  for (let other = parts.get(key); other; other = parts.get(key)) {
    try {
      return await other;
    } catch {
      // Another widget asked its kernel; this one's may be there.
      if (parts.get(key) === other) parts.delete(key);
    }
  }
  const part = fetched<T>(rpc);
  parts.set(key, part);
  part.catch(() => parts.get(key) === part && parts.delete(key));
  return part;
}

async function fetched<T>(rpc: Rpc): Promise<T> {
  const { buffers } = await rpc.call("later");
  if (buffers.length > 1) dress(new TextDecoder().decode(buffers[1]));
  const url = URL.createObjectURL(new Blob([buffers[0] as BlobPart], { type: "text/javascript" }));
  try {
    return ((await import(/* @vite-ignore */ url)) as { default: T }).default;
  } finally {
    URL.revokeObjectURL(url);
  }
}

/** What the part shows is styled as the host does it for the widget itself. */
function dress(css: string): void {
  const style = document.createElement("style");
  style.textContent = css;
  document.head.append(style);
}
