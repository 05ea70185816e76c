/** Made-up plates for the tests. */
import words from "../../../spheroseg_widgets/widgets/strings/en.json";
import { type ImageState, STATES } from "../../shared/states";
import { translator } from "../../shared/strings";
import { type Flag, flagCode } from "./flags";
import type { PlateImages } from "./images";
import { placesOf } from "./wells";

export interface Fake {
  well: string;
  plate?: string;
  time?: number;
  site?: number;
  state?: ImageState;
  flag?: Flag;
  area?: number;
  calibrated?: boolean;
  confidence?: number;
  condition?: string;
}

/** Ids count from 1. */
export function imagesOf(fakes: readonly Fake[]): PlateImages {
  const coded = (all: string[]) => {
    const names = [...new Set(all)];
    return { names, codes: all.map((name) => names.indexOf(name)) };
  };
  const wells = coded(fakes.map(({ well }) => well));
  const plates = coded(fakes.map(({ plate }) => plate ?? "plate-7"));
  const conditions = coded(fakes.map(({ condition }) => condition ?? ""));
  const site = fakes.some((fake) => fake.site !== undefined) ? fakes.map((fake) => fake.site ?? 1) : undefined;
  return {
    length: fakes.length,
    id: Int32Array.from(fakes, (_, at) => at + 1),
    plate: plates.codes,
    plates: plates.names,
    ...placesOf(wells.codes, wells.names),
    time: Float32Array.from(fakes, ({ time }) => time ?? NaN),
    site,
    state: Uint8Array.from(fakes, ({ state }) => STATES.indexOf(state ?? "measured")),
    flag: Uint8Array.from(fakes, ({ flag }) => flagCode(flag)),
    area: Float32Array.from(fakes, ({ area }) => area ?? NaN),
    calibrated: Uint8Array.from(fakes, ({ calibrated }) => Number(calibrated ?? true)),
    confidence: Float32Array.from(fakes, ({ confidence }) => confidence ?? NaN),
    condition: conditions.codes,
    conditions: conditions.names,
  };
}

/** The interface's words, as the kernel sends them. */
export const strings = Object.fromEntries(
  (["common", "gallery", "plate", "flags"] as const).flatMap((section) =>
    Object.entries(words[section]).map(([key, text]) => [`${section}.${key}`, text]),
  ),
);
export const t = translator(strings);
