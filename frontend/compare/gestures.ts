/** Dragging, pinching and wheeling over the panes: whichever pane it happens in, all of them follow. */
import { onZoomWheel } from "../shared/wheel";

export interface Moved {
  pan(dx: number, dy: number): void;
  /** About a place of the pane. */
  zoomAt(x: number, y: number, factor: number): void;
  /** Where the pointer is in its pane; null when it left. */
  hover(at: [number, number] | null): void;
  fit(): void;
}

/** @param paneOf  the pane that an element lies in, if it is to be moved there */
export function listen(
  panes: HTMLElement,
  paneOf: (target: EventTarget | null) => HTMLElement | null,
  moved: Moved,
  signal: AbortSignal,
): void {
  const options = { signal };
  /** Pointers that are down: where each is, and the pane it went down in. */
  const down = new Map<number, { x: number; y: number; pane: HTMLElement }>();
  const within = (pane: HTMLElement, x: number, y: number): [number, number] => {
    const box = pane.getBoundingClientRect();
    return [x - box.left, y - box.top];
  };

  panes.addEventListener("pointerdown", (event) => {
    const pane = paneOf(event.target);
    if (pane === null || event.button > 1) return;
    panes.focus({ preventScroll: true });
    event.preventDefault();
    down.set(event.pointerId, { x: event.clientX, y: event.clientY, pane });
    if (event.isTrusted) pane.setPointerCapture(event.pointerId);
    panes.dataset.dragging = "true";
  }, options);

  panes.addEventListener("pointermove", (event) => {
    const held = down.get(event.pointerId);
    const pane = held?.pane ?? paneOf(event.target);
    moved.hover(pane && event.pointerType !== "touch" ? within(pane, event.clientX, event.clientY) : null);
    if (!held) return;
    const [dx, dy] = [event.clientX - held.x, event.clientY - held.y];
    const others = [...down].filter(([id]) => id !== event.pointerId).map(([, other]) => other);
    if (others.length === 0) moved.pan(dx, dy);
    else {
      // Two fingers: their middle moves the picture, the distance between them zooms it.
      const [other] = others;
      const distance = (x: number, y: number) => Math.max(1, Math.hypot(x - other.x, y - other.y));
      moved.pan(dx / 2, dy / 2);
      const middle = within(other.pane, (event.clientX + other.x) / 2, (event.clientY + other.y) / 2);
      moved.zoomAt(...middle, distance(event.clientX, event.clientY) / distance(held.x, held.y));
    }
    Object.assign(held, { x: event.clientX, y: event.clientY });
  }, options);

  const up = (event: PointerEvent) => {
    down.delete(event.pointerId);
    if (down.size === 0) delete panes.dataset.dragging;
  };
  for (const name of ["pointerup", "pointercancel", "lostpointercapture"] as const) panes.addEventListener(name, up, options);
  // Without capture (it can be refused) the release may happen anywhere in the page.
  window.addEventListener("pointerup", up, options);
  panes.addEventListener("pointerleave", () => moved.hover(null), options);
  panes.addEventListener("dblclick", (event) => paneOf(event.target) && moved.fit(), options);
  onZoomWheel(panes, (factor, event) => {
    const pane = paneOf(event.target);
    if (pane) moved.zoomAt(...within(pane, event.clientX, event.clientY), factor);
  }, signal);
}
