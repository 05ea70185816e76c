/**
 * Gallery and editor of a workbench hand the keys to each other: what is opened in one is looked at in the other. They
 * are widgets of their own, so they find each other by the box around both; outside of a workbench nothing is handed on.
 */
const BENCH = ".sw-workbench";
export type Pane = "gallery" | "editor";

interface Handing {
  to: Pane;
  image: number | null;
}

/** Hands the keys to another widget of the workbench, with the image that they are handed on for. */
export function handKeys(from: HTMLElement, to: Pane, image: number | null = null): void {
  from.dispatchEvent(new CustomEvent<Handing>("sw-keys", { bubbles: true, detail: { to, image } }));
}

/** Calls `take` when another widget of the workbench around `root` hands the keys on to this one. */
export function takeKeys(root: HTMLElement, to: Pane, signal: AbortSignal, take: (image: number | null) => void): void {
  // At the document: the widget is not in its box yet when it is made.
  document.addEventListener(
    "sw-keys",
    (event) => {
      const { target, detail } = event as CustomEvent<Handing>;
      if (detail.to === to && root.closest(BENCH)?.contains(target as Node)) take(detail.image);
    },
    { signal },
  );
}
