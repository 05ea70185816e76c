/** The ways of showing the images, by the name that views keep; the toolbar offers them in this order. */
import { Grid } from "./grid";
import { List } from "./list";
import { LaterMode } from "./later_mode";
import type { Mode, Parts } from "./mode";
import type { Rest } from "./rest";
import { GRID, PLATE } from "./view";

/** Makes a mode; the rest of the gallery is there for those that are part of it. */
type MakeMode = (parts: Parts, rest: Rest) => Mode;

export const MODES: Readonly<Record<string, MakeMode>> = {
  [GRID]: (parts) => new Grid(parts),
  list: (parts) => new List(parts),
  [PLATE]: (parts, rest) => new LaterMode(parts, rest, ({ PlateMode }) => new PlateMode(parts)),
};
