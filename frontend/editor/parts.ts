/** The editor with its parts, as what joins them sees it: keys and buttons (`actions.ts`), and drawing (`painter.ts`). */

import type { Fixing } from "./fixing/fixing";
import type { Help } from "./help";
import type { EditorHost } from "./host";
import type { ObjectsPanel } from "./objects/panel";
import type { Reading } from "./reading/reading";
import type { PanelName } from "./side";
import type { Strip } from "./strip";
import type { Planes } from "./tiles/planes";
import type { Marks, Pointer, Tool } from "./tools/tool";

export interface EditorParts extends EditorHost {
  readonly fixing: Fixing;
  readonly help: Help;
  readonly objects: ObjectsPanel;
  readonly planes: Planes;
  readonly reading: Reading;
  readonly strip: Strip;
  readonly outlinesShown: boolean;
  /** The tool that input goes to. */
  tool(): Tool;
  /** What the tool that is taken up wants drawn, and the ruler, which stays. */
  marks(): Marks;
  hover(at: Pointer | null): void;
  zoom(screenX: number, screenY: number, factor: number, smooth: boolean): void;
  fit(): void;
  holdHand(held: boolean): void;
  showOutlines(shown?: boolean): void;
  /** Show a panel beside the picture, or put it away, and the keys where they act then. */
  togglePanel(name: PanelName): void;
  /** Take the ruler's line away; false when there is none. */
  clearRuler(): boolean;
  closeHelp(): void;
}
