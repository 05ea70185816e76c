/** The comparison's icons. */
import { lineIcon } from "../shared/icon";

const PATHS = {
  play: "M5 3l8 5-8 5z",
  pause: "M5.5 3.5v9M10.5 3.5v9",
  previous: "M10 3L5 8l5 5",
  next: "M6 3l5 5-5 5",
  loop: "M3 8a4 4 0 014-4h6M10.5 1.5L13 4l-2.5 2.5M13 8a4 4 0 01-4 4H3M5.5 14.5L3 12l2.5-2.5",
  exchange: "M2.5 5.5h10M10 3l2.5 2.5L10 8M13.5 10.5h-10M6 8l-2.5 2.5L6 13",
  zoom_in: "M8 3.5v9M3.5 8h9",
  zoom_out: "M3.5 8h9",
  fit: "M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10",
} as const;

export type IconName = keyof typeof PATHS;

export function icon(name: IconName): SVGSVGElement {
  return lineIcon(PATHS[name], "sw-icon");
}
