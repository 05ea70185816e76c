/** The wheel over a picture zooms it, unless it is on its way down the page. */

/** A wheel that started outside scrolls the page on, so that one is not caught by an image on the way. */
const FOREIGN_WHEEL = 350;
/** Pixels that one notch of a wheel tells. */
const NOTCH = 100;

/** Calls `zoom` with the factor of each turn of the wheel over an element, and its notches (up is positive). */
export function onZoomWheel(
  stage: HTMLElement,
  zoom: (factor: number, event: WheelEvent, notches: number) => void,
  signal: AbortSignal,
): void {
  let foreign = -Infinity;
  const elsewhere = (event: WheelEvent) => {
    if (!stage.contains(event.target as Node | null)) foreign = event.timeStamp;
  };
  window.addEventListener("wheel", elsewhere, { signal, passive: true, capture: true });
  const turn = (event: WheelEvent) => {
    if (!event.ctrlKey && event.timeStamp - foreign < FOREIGN_WHEEL) {
      foreign = event.timeStamp;
      return;
    }
    event.preventDefault();
    const pixels = event.deltaY * (event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1);
    // A pinch on a touch pad arrives as a wheel with Ctrl, in small steps.
    zoom(Math.exp(-pixels * (event.ctrlKey ? 0.01 : 0.002)), event, -pixels / NOTCH);
  };
  stage.addEventListener("wheel", turn, { signal, passive: false });
}
