/** Mouse, pen and touch on the plate, told as places. */
import type { Modifiers } from "../selection";
import type { Place } from "./selected";

/** A finger that rests this long begins to select, ms; one that moves further before scrolls, px. */
const PRESS = 450;
const STILL = 8;

export interface PointerWishes {
  /** The well or header at an element, or nearest to a point of the page. */
  placeOf(target: EventTarget | null): Place | null;
  nearest(x: number, y: number): Place;
  hover(place: Place | null): void;
  pick(place: Place, modifiers: Modifiers): void;
  span(place: Place): void;
  /** The selection is as it will stay. */
  done(): void;
  open(place: Place, event: MouseEvent): void;
}

export function listen(stage: HTMLElement, wishes: PointerWishes, signal: AbortSignal): void {
  let dragging: number | null = null;
  let pressed: { timer: ReturnType<typeof setTimeout>; x: number; y: number } | null = null;
  let last = "";
  const forget = () => {
    clearTimeout(pressed?.timer);
    pressed = null;
  };
  const begin = (event: PointerEvent, place: Place, modifiers: Modifiers) => {
    dragging = event.pointerId;
    last = `${place.row} ${place.column}`;
    stage.setPointerCapture(event.pointerId);
    wishes.pick(place, modifiers);
  };
  const end = () => {
    forget();
    if (dragging === null) return;
    dragging = null;
    wishes.done();
  };

  stage.addEventListener("pointerdown", (event) => {
    const place = wishes.placeOf(event.target);
    if (!place || event.button !== 0) return;
    if (event.pointerType !== "touch") {
      begin(event, place, { shift: event.shiftKey, ctrl: event.ctrlKey || event.metaKey });
      return;
    }
    const timer = setTimeout(() => {
      pressed = null;
      begin(event, place, { ctrl: true });
    }, PRESS);
    pressed = { timer, x: event.clientX, y: event.clientY };
  }, { signal });
  stage.addEventListener("pointermove", (event) => {
    if (pressed && Math.hypot(event.clientX - pressed.x, event.clientY - pressed.y) > STILL) forget();
    if (dragging === event.pointerId) {
      const place = wishes.nearest(event.clientX, event.clientY);
      const now = `${place.row} ${place.column}`;
      if (now !== last) wishes.span(place);
      last = now;
    } else if (event.pointerType !== "touch") wishes.hover(wishes.placeOf(event.target));
  }, { signal });
  stage.addEventListener("pointerleave", () => wishes.hover(null), { signal });
  stage.addEventListener("pointerup", (event) => {
    const tapped = pressed ? wishes.placeOf(event.target) : null;
    if (tapped) wishes.pick(tapped, {});
    end();
    if (tapped) wishes.done();
  }, { signal });
  stage.addEventListener("pointercancel", end, { signal });
  // A drag that a finger began by resting does not scroll.
  stage.addEventListener("touchmove", (event) => dragging !== null && event.preventDefault(), { signal, passive: false });
  stage.addEventListener("contextmenu", (event) => dragging !== null && event.preventDefault(), { signal });
  stage.addEventListener("dblclick", (event) => {
    const place = wishes.placeOf(event.target);
    if (place) wishes.open(place, event);
  }, { signal });
  signal.addEventListener("abort", forget, { once: true });
}
