/** Line icons of 16 by 16, drawn in the colour of the text. */

const PATHS = {
  select: "M3.5 2.5l9 4.4-3.9 1.4-1.5 4z",
  vertices: "M3.5 12.5L6 4.5l7 3.5M2.2 11.2h2.6v2.6H2.2zM4.7 3.2h2.6v2.6H4.7zM11.7 6.7h2.6v2.6h-2.6z",
  draw: "M3 13l.8-3.2 7-7 2.4 2.4-7 7zM9.4 4.2l2.4 2.4",
  rectangle: "M2.5 3.5h11v9h-11z",
  ellipse: "M8 3.2c3.3 0 5.8 2.1 5.8 4.8S11.3 12.8 8 12.8 2.2 10.7 2.2 8 4.7 3.2 8 3.2z",
  brush: "M13.5 2.5L7 9M5.8 8.8c1.4 0 2.4 1 2.4 2.3 0 1.7-1.6 2.6-3.3 2.6-1 0-2-.3-2.7-.9 1-.3 1.2-1 1.2-1.8 0-1.3 1-2.2 2.4-2.2z",
  eraser: "M6 13.5L2.3 9.8a1 1 0 010-1.4l5.7-5.7a1 1 0 011.4 0l4 4a1 1 0 010 1.4L8 13.5zM5 5.7l5.4 5.4M6 13.5h7.5",
  slice: "M4.3 10.2a1.9 1.9 0 100 3.8 1.9 1.9 0 000-3.8zM4.3 2a1.9 1.9 0 100 3.8 1.9 1.9 0 000-3.8zM5.9 5L13.5 12.5M5.9 11L13.5 3.5",
  reshape: "M2.5 4.5h4M9.5 4.5h4M8 3a1.5 1.5 0 100 3 1.5 1.5 0 000-3zM2.5 11.5h7M12.5 11.5h1M11 10a1.5 1.5 0 100 3 1.5 1.5 0 000-3z",
  merge: "M6 2.5a4 4 0 014 3.8 4 4 0 11-4 7.2 4 4 0 010-11z",
  subtract: "M9.9 6.1A4 4 0 106.1 9.9a4 4 0 013.8-3.8zM10 6a4 4 0 11-4 4",
  intersect: "M6 2.5a4 4 0 100 8 4 4 0 000-8zM10 5.5a4 4 0 100 8 4 4 0 000-8zM6.5 8.5l2-2M7.8 9.6l1.9-1.9",
  fill: "M8 2.5a5.5 5.5 0 100 11 5.5 5.5 0 000-11zM8 6.2a1.8 1.8 0 100 3.6 1.8 1.8 0 000-3.6zM5 5l1.7 1.7M9.3 9.3L11 11M11 5L9.3 6.7M6.7 9.3L5 11",
  free: "M6.5 4a4.5 4.5 0 105.4 5.4M7 7a1.8 1.8 0 102.3 2.3M9.5 6.5l4-4M10.5 2.5h3v3",
  copy: "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3",
  paste: "M5.5 3.5h-2v10h9v-10h-2M5.5 2.5h5v2.5h-5zM5.5 8h5M5.5 10.5h3.5",
  duplicate: "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3M9.5 7.7v3.6M7.7 9.5h3.6",
  lock: "M3.5 7.5h9v6h-9zM5.5 7.5V5.2a2.5 2.5 0 015 0v2.3M8 10v1.2",
  hide: "M2.5 2.5l11 11M6.3 4.1A7 7 0 018 3.9c4 0 6.5 4.1 6.5 4.1a12 12 0 01-2.2 2.6M4 5.2A12 12 0 001.5 8S4 12.1 8 12.1c.9 0 1.7-.2 2.4-.5M6.7 6.8a1.8 1.8 0 002.5 2.5",
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

const SVG = "http://www.w3.org/2000/svg";

export function icon(name: IconName): SVGSVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("class", "sw-icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}
