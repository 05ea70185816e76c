/** Line drawings of 16 by 16 in the colour of the text: what is told by colour is told by form as well. */

const PATHS = {
  drop: "M8 2v8M4.8 6.8L8 10l3.2-3.2M2.5 11v2.5h11V11",
  note: "M8 7v4.5M8 4.3v.1M8 1.8a6.2 6.2 0 1 0 .01 0",
  warning: "M8 2L1.8 13.5h12.4zM8 6.5v3.5M8 11.8v.1",
  good: "M3 8.5l3.5 3.5L13 4.5",
  remove: "M4 4l8 8M12 4l-8 8",
} as const;

export type GlyphName = keyof typeof PATHS;

const SVG = "http://www.w3.org/2000/svg";

export function glyph(name: GlyphName): SVGSVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("class", "sw-add-glyph");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}
