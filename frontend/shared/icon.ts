/** Line drawings of 16 by 16, in the colour of the text. */
import { draw } from "./svg";

export function lineIcon(path: string, className: string): SVGSVGElement {
  const svg = draw("svg", { viewBox: "0 0 16 16", class: className, "aria-hidden": "true" });
  svg.append(draw("path", { d: path }));
  return svg;
}
