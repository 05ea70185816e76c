/** The gallery's table as the plate reads it. */
import { flagCode } from "./flags";
import type { PlateImages } from "./images";
import { placesOf } from "./wells";

/** What the plate needs of the gallery's table (`../rows`): columns of numbers, and of words as codes. */
export interface Columns {
  readonly length: number;
  readonly states: ArrayLike<number>;
  numbers(name: "id" | "time_h" | "area" | "calibrated" | "least_confidence" | "site"): ArrayLike<number>;
  words(name: "plate" | "well" | "condition" | "flags"): { codes: ArrayLike<number>; words: readonly string[] };
}

/** Between the flags of a row, worst first (Python: `widgets/gallery_rows.py`). */
const BETWEEN = "\x1f";

export function plateImages(columns: Columns): PlateImages {
  const [plate, well, flags] = [columns.words("plate"), columns.words("well"), columns.words("flags")];
  const worst = flags.words.map((joined) => flagCode(joined.split(BETWEEN)[0]));
  const places = placesOf(well.codes, well.words);
  const base = {
    length: columns.length,
    id: columns.numbers("id"),
    plate: plate.codes,
    plates: plate.words,
    ...places,
    time: columns.numbers("time_h"),
    site: columns.numbers("site"),
    state: columns.states,
    flag: Uint8Array.from(flags.codes, (code) => worst[code]),
    area: columns.numbers("area"),
    calibrated: columns.numbers("calibrated"),
    confidence: columns.numbers("least_confidence"),
  };
  return { ...base, ...mapOrder(columns.words("condition"), base) };
}

/** Conditions in the order of the plate map, so that each has the colour that it has in the reports' figures. */
function mapOrder(
  condition: { codes: ArrayLike<number>; words: readonly string[] },
  { plate, plates, row, column, length }: Pick<PlateImages, "plate" | "plates" | "row" | "column" | "length">,
): { condition: Uint16Array; conditions: string[] } {
  const rank = new Map([...new Set(plates)].sort().map((name, at) => [name, at]));
  const ranks = plates.map((name) => rank.get(name) as number);
  const first = condition.words.map(() => Infinity);
  for (let at = 0; at < length; at++) {
    const place = (ranks[plate[at]] * 64 + row[at]) * 64 + column[at];
    if (place < first[condition.codes[at]]) first[condition.codes[at]] = place;
  }
  const order = condition.words.map((_, code) => code).sort((a, b) => (first[a] === first[b] ? a - b : first[a] - first[b]));
  const placeOf = new Map(order.map((code, at) => [code, at]));
  return {
    condition: Uint16Array.from(condition.codes, (code) => placeOf.get(code) as number),
    conditions: order.map((code) => condition.words[code]),
  };
}
