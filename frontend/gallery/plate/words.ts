/** The words about a well and its images. */
import { three, timeText } from "../../shared/numbers";
import { STATES } from "../../shared/states";
import type { Translate } from "../../shared/strings";
import { flagOf } from "./flags";
import type { PlateImages, PlateSeries } from "./images";
import { wellName } from "./wells";

/** `measured, 41 300 um2, flag: size jump`: what is known of an image, the more so the more is asked for. */
export function facts(images: PlateImages, entry: number, t: Translate, all = false): string[] {
  const { state, area, calibrated, confidence, condition, conditions, flag } = images;
  const known = [t(`gallery.state.${STATES[state[entry]]}`).toLowerCase()];
  if (Number.isFinite(area[entry])) known.push(`${three(area[entry])} ${calibrated[entry] ? "µm²" : "px²"}`);
  if (all && Number.isFinite(confidence[entry])) known.push(t("plate.confidence", { value: three(confidence[entry]) }));
  if (all && conditions[condition[entry]]) known.push(conditions[condition[entry]]);
  const worst = flagOf(flag[entry]);
  if (worst) known.push(t("plate.flagged", { flag: t(`flags.${worst}`).toLowerCase() }));
  return known;
}

/** `B07, 48 h, measured, 41 300 um2, flag: size jump`: what a screen reader says of a well. */
export function label(series: PlateSeries, point: number, row: number, column: number, t: Translate): string {
  const name = wellName(row, column);
  const entries = series.within(point, row, column);
  if (entries.length === 0) return `${name}, ${t("plate.empty_well").toLowerCase()}`;
  const time = timeText(series.images.time[entries[0]]);
  const parts = entries.map((entry, n) => {
    const known = facts(series.images, entry, t).join(", ");
    return entries.length > 1 ? t("plate.site", { n: siteNumber(series, entry, n), facts: known }) : known;
  });
  return [name, time, parts.join("; ")].filter(Boolean).join(", ");
}

/** What a site is called: its number, or which of the well's images it is. */
export function siteNumber({ images }: PlateSeries, entry: number, nth: number): number {
  return images.site ? images.site[entry] : nth + 1;
}
