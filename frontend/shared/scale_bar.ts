/** The scale bar of a picture: a round length, in px where nobody knows the size of a pixel. */
import "./scale_bar.css";

import { make } from "./frame";
import { three } from "./numbers";
import type { Translate } from "./strings";
import { barLength } from "./view";

export class ScaleBar {
  readonly element = make("div", "sw-scale-bar");

  constructor(private readonly t: Translate) {
    this.element.hidden = true;
  }

  /**
   * @param scale screen pixels an image pixel; null hides the bar
   * @param pixelSize micrometres a pixel; null when nobody knows
   * @param longest screen pixels it may take
   */
  show(scale: number | null, pixelSize: number | null, longest: number): void {
    this.element.hidden = scale === null;
    if (scale === null) return;
    const unit = (pixelSize ?? 1) / scale;
    const length = barLength(longest, unit);
    const key = pixelSize === null ? "common.bar_px" : length >= 1000 ? "common.bar_mm" : "common.bar_um";
    this.element.textContent = this.t(key, { length: three(key === "common.bar_mm" ? length / 1000 : length) });
    this.element.style.setProperty("--sw-bar", `${length / unit}px`);
  }
}
