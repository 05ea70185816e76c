/** The small drawing beside each state's word, so that a state is told by form, not by colour alone. */
import { lineIcon } from "./icon";
import type { ImageState } from "./states";

const PATHS: Record<ImageState, string> = {
  running: "M8 2a6 6 0 1 1-6 6",
  queued: "M3.5 8h.01M8 8h.01M12.5 8h.01",
  failed: "M8 3v6M8 12.5v.01",
  cancelled: "M4 4l8 8M12 4l-8 8",
  not_found: "M5.5 6a2.5 2.5 0 1 1 3.4 2.3c-.6.3-.9.7-.9 1.4M8 12.5v.01",
  unusable: "M3 3h10v10H3zM3 3l10 10",
  censored: "M13 2v12M10 4.5a5 5 0 1 0 0 7",
  measured: "M8 3.5a4.5 4.5 0 1 0 .01 0",
  absent: "M8 3.5a4.5 4.5 0 1 0 .01 0M3 13L13 3",
  corrected: "M3 13l1-3 7-7 2 2-7 7zM10 4l2 2",
  approved: "M3 8.5l3.5 3.5L13 4.5",
  excluded: "M2.5 8h11",
  new: "M8 5v6M5 8h6",
};

export function mark(state: ImageState): SVGSVGElement {
  return lineIcon(PATHS[state], "sw-mark");
}

export function setMark(svg: SVGSVGElement, state: ImageState): void {
  svg.firstElementChild?.setAttribute("d", PATHS[state]);
}
