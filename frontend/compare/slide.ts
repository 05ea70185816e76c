/** What moves a slider: dragging, and the keys that sliders have. */

export interface Slider {
  down?(clientX: number): void;
  move(clientX: number): void;
  /** By steps; without end for Home and End. */
  by(steps: number): void;
  /** Steps of a leap: Page up and down, or an arrow with Shift. */
  leap(): number;
}

export function onSlide(element: HTMLElement, slider: Slider, signal: AbortSignal): void {
  const options = { signal };
  let held: number | null = null;
  element.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || held !== null) return;
    held = event.pointerId;
    if (event.isTrusted) element.setPointerCapture(event.pointerId);
    element.focus({ preventScroll: true });
    event.preventDefault();
    slider.down?.(event.clientX);
  }, options);
  element.addEventListener("pointermove", (event) => {
    if (event.pointerId === held) slider.move(event.clientX);
  }, options);
  const end = (event: PointerEvent) => {
    if (event.pointerId === held) held = null;
  };
  for (const name of ["pointerup", "pointercancel", "lostpointercapture"] as const) element.addEventListener(name, end, options);
  // Without capture (it can be refused) the release may happen anywhere in the page.
  window.addEventListener("pointerup", end, options);
  element.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const [step, leap] = [event.shiftKey ? slider.leap() : 1, slider.leap()];
    const moves: Record<string, number> = {
      ArrowLeft: -step, ArrowDown: -step, ArrowRight: step, ArrowUp: step,
      PageDown: -leap, PageUp: leap, Home: -Infinity, End: Infinity,
    };
    if (!(event.key in moves)) return;
    event.preventDefault();
    event.stopPropagation();
    slider.by(moves[event.key]);
  }, options);
}
