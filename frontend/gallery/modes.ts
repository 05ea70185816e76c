/** The ways of showing the images, by the name that views keep; the toolbar offers them in this order. */
import { Grid } from "./grid";
import { List } from "./list";
import type { MakeMode } from "./mode";
import { LaterMode } from "./later_mode";
import { GRID, PLATE } from "./view";

export const MODES: Readonly<Record<string, MakeMode>> = {
  [GRID]: (parts) => new Grid(parts),
  list: (parts) => new List(parts),
  [PLATE]: (parts) => new LaterMode(parts, ({ PlateMode }) => new PlateMode(parts)),
};
