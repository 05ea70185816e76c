/**
 * What gallery, editor and bar of a workbench say to each other in the page, where each is a widget of its own. Outside
 * of a workbench nobody hears it.
 */

/** The gallery opens an image, `detail`, in the editor. */
export const OPENS = "sw-opens";
/** In the editor nothing is left to go back from. */
export const LEAVES = "sw-leaves";
/** The gallery is to take the keys. */
export const KEYS = "sw-keys";

export function say(from: Element, what: string, detail: number | null = null): void {
  from.dispatchEvent(new CustomEvent(what, { bubbles: true, detail }));
}
