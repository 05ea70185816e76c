/** The editor's icons. */
import { lineIcon } from "../shared/icon";

const PATHS = {
  select: "M3.5 2.5l9 4.4-3.9 1.4-1.5 4z",
  vertices: "M3.5 12.5L6 4.5l7 3.5M2.2 11.2h2.6v2.6H2.2zM4.7 3.2h2.6v2.6H4.7zM11.7 6.7h2.6v2.6h-2.6z",
  draw: "M3 13l.8-3.2 7-7 2.4 2.4-7 7zM9.4 4.2l2.4 2.4",
  pan: "M5 8V3.8a1 1 0 012 0V7m0-.5V3a1 1 0 012 0v4m0-.6V3.8a1 1 0 012 0V8m0-1.4a1 1 0 012 0V10c0 2.4-1.6 4-4 4-2 0-3-.8-4-2.4L3.2 9.4a.9.9 0 011.5-1L5 8.8",
  remove: "M3 4.5h10M6.5 4.5V3h3v1.5M4.5 4.5l.6 9h5.8l.6-9M6.8 7v4M9.2 7v4",
  undo: "M5.5 3L2.5 6l3 3M2.5 6H9a4 4 0 010 8H6",
  redo: "M10.5 3l3 3-3 3M13.5 6H7a4 4 0 000 8h3",
  fit: "M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10",
  one: "M3.5 4.5L5 3.5v9M11 4.5l1.5-1v9M8 6v.1M8 10v.1",
  outlines: "M1.5 8S4 3.8 8 3.8 14.5 8 14.5 8 12 12.2 8 12.2 1.5 8 1.5 8zM8 6a2 2 0 100 4 2 2 0 000-4z",
  previous: "M10 3L5 8l5 5",
  next: "M6 3l5 5-5 5",
  help: "M6 6a2 2 0 112.9 1.8c-.6.3-.9.7-.9 1.5M8 11.5v.1M8 1.8a6.2 6.2 0 100 12.4A6.2 6.2 0 008 1.8z",
  contrast: "M8 2a6 6 0 100 12zM8 2a6 6 0 010 12",
  brightness: "M8 5.5a2.5 2.5 0 100 5 2.5 2.5 0 000-5zM8 1.5v1.5M8 13v1.5M1.5 8H3M13 8h1.5M3.4 3.4l1 1M11.6 11.6l1 1M12.6 3.4l-1 1M4.4 11.6l-1 1",
} as const;

export type IconName = keyof typeof PATHS;

export function icon(name: IconName): SVGSVGElement {
  return lineIcon(PATHS[name], "sw-icon");
}
