/** Pointer, wheel and keys of the stage, told to the tools in image pixels. */

import { chordOf } from "../shared/keys";
import { onZoomWheel } from "../shared/wheel";
import type { Handlers, Keys } from "./keys";
import type { Pointer, Tool } from "./tools/tool";
import type { View } from "../shared/view";

export interface InputHost {
  readonly view: View;
  /** The tool that a press goes to. */
  tool(): Tool;
  readonly hand: Tool;
  hover(at: Pointer | null): void;
  /** A finger is broader than a mouse pointer: it reaches further. */
  coarse(coarse: boolean): void;
  zoom(screenX: number, screenY: number, factor: number, smooth: boolean): void;
  doubleClick(at: Pointer): void;
  readonly handlers: Handlers;
  readonly keys: Keys;
}

export function listen(root: HTMLElement, stage: HTMLElement, host: InputHost, signal: AbortSignal): void {
  const options = { signal };
  let active: { tool: Tool; id: number; type: string; last: Pointer } | null = null;
  const touches = new Map<number, Pointer>();
  /** Once a pen draws, a single finger moves the picture, and a palm that rests draws nothing. */
  let pen = false;

  const at = (event: MouseEvent): Pointer => {
    const box = stage.getBoundingClientRect();
    const screenX = event.clientX - box.left - stage.clientLeft, screenY = event.clientY - box.top - stage.clientTop;
    const [x, y] = host.view.toImage(screenX, screenY);
    return { x, y, screenX, screenY, shift: event.shiftKey, alt: event.altKey };
  };
  const end = (cancelled: boolean) => {
    const ending = active;
    active = null;
    if (!ending) return;
    if (cancelled) ending.tool.cancel();
    else ending.tool.up(ending.last);
  };

  stage.addEventListener("pointerdown", (event) => {
    stage.focus({ preventScroll: true });
    if (event.button > 1) return;
    event.preventDefault();
    const where = at(event);
    const touch = event.pointerType === "touch";
    if (touch && active?.type === "pen") return; // the hand that holds it
    pen ||= event.pointerType === "pen";
    if (touch) touches.set(event.pointerId, where);
    if (touches.size === 2) end(true); // two fingers move and zoom the picture
    if (active || touches.size > 1) return;
    host.coarse(touch);
    const tool = event.button === 1 || (touch && pen) ? host.hand : host.tool();
    active = { tool, id: event.pointerId, type: event.pointerType, last: where };
    if (event.isTrusted) stage.setPointerCapture(event.pointerId);
    tool.down(where);
  }, options);

  stage.addEventListener("pointermove", (event) => {
    const where = at(event);
    const before = touches.get(event.pointerId);
    if (before && touches.size > 1) {
      const other = [...touches].find(([id]) => id !== event.pointerId)![1];
      const distance = (p: Pointer) => Math.hypot(p.screenX - other.screenX, p.screenY - other.screenY);
      host.view.pan((where.screenX - before.screenX) / 2, (where.screenY - before.screenY) / 2);
      const factor = distance(where) / Math.max(1, distance(before));
      host.zoom((where.screenX + other.screenX) / 2, (where.screenY + other.screenY) / 2, factor, false);
      touches.set(event.pointerId, where);
      return;
    }
    if (before) touches.set(event.pointerId, where);
    host.hover(where);
    if (active && active.id === event.pointerId) {
      active.last = where;
      active.tool.move(where);
    } else if (!active) {
      host.tool().move(where);
    }
  }, options);

  const up = (event: PointerEvent) => {
    touches.delete(event.pointerId);
    if (active?.id !== event.pointerId) return;
    if (event.type === "pointerup") active.last = at(event);
    end(event.type === "pointercancel");
  };
  for (const name of ["pointerup", "pointercancel", "lostpointercapture"] as const) stage.addEventListener(name, up, options);
  // Without capture (it can be refused) the release may happen anywhere in the page.
  window.addEventListener("pointerup", up, options);
  stage.addEventListener("pointerleave", () => host.hover(null), options);
  stage.addEventListener("dblclick", (event) => host.doubleClick(at(event)), options);
  stage.addEventListener("contextmenu", (event) => event.preventDefault(), options);

  onZoomWheel(stage, (factor, event, notches) => {
    const tool = host.tool();
    if ((event.altKey || (tool.takesWheel && !event.ctrlKey)) && tool.wheel(notches)) return;
    const where = at(event);
    host.zoom(where.screenX, where.screenY, factor, true);
  }, signal);

  const key = (event: KeyboardEvent) => {
    const target = event.target as HTMLElement;
    if (target.closest("input, select, textarea, form")) return;
    // Words that were marked in a message are what Ctrl+C copies.
    const words = getSelection();
    if (chordOf(event) === "ctrl+c" && words && !words.isCollapsed && root.contains(words.anchorNode)) return;
    // A button that has the focus is pressed by these.
    if (target.closest("button") && (event.key === "Enter" || event.key === " ")) return;
    if (!host.keys.handle(event, host.handlers)) return;
    event.preventDefault();
    event.stopPropagation();
  };
  root.addEventListener("keydown", key, options);
  root.addEventListener("keyup", key, options);
  root.addEventListener("focusout", (event) => {
    if (!root.contains(event.relatedTarget as Node | null)) host.handlers["view.hand"](false);
  }, options);
}
