/** What the colour of a well says. Every class has a mark of its own as well, so that none is told by colour alone. */
import { mark } from "../../shared/marks";
import { three } from "../../shared/numbers";
import { PALETTE } from "../../shared/outlines";
import { type ImageState, STATES } from "../../shared/states";
import type { Translate } from "../../shared/strings";
import { type Flag, FLAG_PATHS, FLAGS, SEVERITY, type Severity } from "./flags";
import type { PlateImages, PlateSeries } from "./images";

export const SUBJECTS = ["flag", "state", "area", "confidence", "condition"] as const;
export type Subject = (typeof SUBJECTS)[number];

/** How a part of a well looks. */
export interface Look {
  fill: string;
  /** Of its mark and its text. */
  ink: string;
  /** A drawing of 16 by 16. */
  path?: string;
  /** One or two characters in place of a drawing. */
  sign?: string;
  hatched?: boolean;
  /** What the legend says of it; "" for nothing. */
  words: string;
}

export interface Scheme {
  readonly looks: readonly Look[];
  /** Place in `looks`, of an entry of `PlateImages`. */
  of(entry: number): number;
  /** What is written in a well that is large enough. */
  text(entry: number): string;
  /** Of a scheme for numbers: what its ends mean. */
  readonly scale?: Scale;
}

export interface Scale {
  words: string;
  low: number;
  high: number;
  unit: string;
  /** Whether some values lie below or above the ends. */
  below: boolean;
  above: boolean;
}

/** Colours of the page that wells are drawn with. */
export interface Ground {
  /** Of a well about which there is nothing to say. */
  plain: string;
  ink: string;
}

const [SKY, ORANGE, GREEN, YELLOW, BLUE, VERMILION, , GREY] = PALETTE;
const SEVERITY_FILL: Record<Severity, string> = { nothing: VERMILION, meaningless: ORANGE, doubtful: YELLOW, hint: SKY };
const STATE_FILL: Partial<Record<ImageState, string>> = {
  failed: VERMILION, unusable: VERMILION, censored: ORANGE, not_found: YELLOW, absent: BLUE, approved: GREEN,
  corrected: GREEN, cancelled: GREY,
}; // prettier-ignore
const UNDONE: readonly ImageState[] = ["new", "queued", "running"];
/** In the order of the reports' figures (Python: `reports/template.py`). */
const CONDITIONS = ["#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#56b4e9", "#f0e442", "#7f7f7f"] as const;
/** viridis, in tenths: even steps of a value look even, in grey and with any colour vision too. */
export const VIRIDIS = [
  "#440154", "#482475", "#414487", "#355f8d", "#2a788e", "#21918c", "#22a884", "#44bf70", "#7ad151", "#bddf26", "#fde725",
] as const; // prettier-ignore
const LEVELS = 64;
/** Share of the values that may lie outside of the scale on each side: one odd well does not make all others alike. */
const TAIL = 0.01;

export function schemeOf(subject: Subject, series: PlateSeries, ground: Ground, t: Translate): Scheme {
  const { images } = series;
  switch (subject) {
    case "flag": return flags(images, ground, t);
    case "state": return states(images, ground, t);
    case "condition": return conditions(images, ground, t);
    case "area": return areas(series, ground, t);
    case "confidence": return numbers(series, (at) => images.confidence[at], "", t("plate.colour.confidence"), ground, t);
  } // prettier-ignore
}

function undone(ground: Ground, t: Translate): Look {
  return { fill: ground.plain, ink: ground.ink, hatched: true, words: t("plate.undone") };
}

export function flagLook(flag: Flag, t: Translate): Look {
  const fill = SEVERITY_FILL[SEVERITY[flag]];
  return { fill, ink: inkOn(fill), path: FLAG_PATHS[flag], words: t(`flags.${flag}`) };
}

function flags({ flag, state }: PlateImages, ground: Ground, t: Translate): Scheme {
  const none: Look = { fill: ground.plain, ink: ground.ink, words: t("plate.unflagged") };
  const looks = [...FLAGS.map((name) => flagLook(name, t)), none, undone(ground, t)];
  const of = (at: number) => {
    if (flag[at] > 0) return flag[at] - 1;
    return UNDONE.includes(STATES[state[at]]) ? looks.length - 1 : looks.length - 2;
  };
  return { looks, of, text: () => "" };
}

function states({ state }: PlateImages, ground: Ground, t: Translate): Scheme {
  const looks = STATES.map((name): Look => {
    const fill = STATE_FILL[name] ?? ground.plain;
    const path = mark(name).firstElementChild?.getAttribute("d") ?? "";
    const hatched = UNDONE.includes(name);
    // What is excluded is crossed out in any case, and the legend says so.
    if (name === "excluded") return { fill, ink: ground.ink, words: "" };
    return { fill, ink: inkOn(fill, ground), path, hatched, words: t(`gallery.state.${name}`) };
  });
  return { looks, of: (at) => state[at], text: () => "" };
}

function conditions({ condition, conditions: names }: PlateImages, ground: Ground, t: Translate): Scheme {
  const none: Look = { fill: ground.plain, ink: ground.ink, words: t("plate.no_condition") };
  let number = 0;
  const looks = names.map((name): Look => {
    if (name === "") return none;
    const place = number++;
    const fill = CONDITIONS[place % CONDITIONS.length];
    return { fill, ink: inkOn(fill), sign: String(number), hatched: place >= CONDITIONS.length, words: name };
  });
  return { looks, of: (at) => condition[at], text: () => "" };
}

function areas(series: PlateSeries, ground: Ground, t: Translate): Scheme {
  const { area, calibrated } = series.images;
  // Areas in px^2 are no areas in um^2: where both occur, those that cannot be compared have no value.
  const known = series.entries.some((at) => calibrated[at]);
  const value = (at: number) => (known && !calibrated[at] ? NaN : area[at]);
  return numbers(series, value, known ? "µm²" : "px²", t("plate.colour.area"), ground, t);
}

function numbers(
  series: PlateSeries, value: (at: number) => number, unit: string, words: string, ground: Ground, t: Translate,
): Scheme { // prettier-ignore
  const excluded = STATES.indexOf("excluded");
  const { state } = series.images;
  // Over all times, so that a colour means the same in each.
  const all = series.entries.filter((at) => state[at] !== excluded).map(value).filter(Number.isFinite).sort((a, b) => a - b);
  const tail = Math.floor(all.length * TAIL);
  const [low, high] = all.length > 0 ? [all[tail], all[all.length - 1 - tail]] : [0, 1];
  const looks = Array.from({ length: LEVELS }, (_, level): Look => {
    const fill = colourAt(level / (LEVELS - 1));
    return { fill, ink: inkOn(fill), words: "" };
  });
  looks.push({ fill: ground.plain, ink: ground.ink, hatched: true, words: t("plate.no_value") });
  const of = (at: number) => {
    const number = value(at);
    if (!Number.isFinite(number)) return LEVELS;
    const share = high > low ? (number - low) / (high - low) : 0.5;
    return Math.round(Math.min(1, Math.max(0, share)) * (LEVELS - 1));
  };
  const text = (at: number) => (Number.isFinite(value(at)) ? three(value(at)) : "");
  const scale = { words, low, high, unit, below: all[0] < low, above: all[all.length - 1] > high };
  return { looks, of, text, scale };
}

/** Colour of a place on the scale, 0 to 1. */
export function colourAt(share: number): string {
  const place = Math.min(1, Math.max(0, share)) * (VIRIDIS.length - 1);
  const below = Math.min(VIRIDIS.length - 2, Math.floor(place));
  const [from, to] = [channels(VIRIDIS[below]), channels(VIRIDIS[below + 1])];
  const mixed = from.map((channel, i) => Math.round(channel + (to[i] - channel) * (place - below)));
  return `#${mixed.map((channel) => channel.toString(16).padStart(2, "0")).join("")}`;
}

/** Black or white, whichever is read better on a colour; on the page's own colours, the page's ink. */
function inkOn(fill: string, ground?: Ground): string {
  if (ground && fill === ground.plain) return ground.ink;
  const [r, g, b] = channels(fill).map((channel) => {
    const share = channel / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179 ? "#000000" : "#ffffff";
}

function channels(hex: string): number[] {
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
}
