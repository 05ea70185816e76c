/** The editor as its parts see it: they are made by it and know this of it, and not one another. */

import type { Frame } from "../shared/frame";
import type { View } from "../shared/view";
import type { Chrome } from "./chrome";
import type { ClassMenu } from "./class_menu";
import type { Clipboard } from "./clipboard";
import type { Step } from "./history";
import type { Notices } from "./notices";
import type { Pixels, Window } from "./pixels";
import type { Vars } from "./saying";
import type { Renderer } from "./scene";
import type { Pointer, Tool, ToolHost } from "./tools/tool";
import type { Work } from "./work";

export interface EditorHost extends ToolHost {
  readonly frame: Frame;
  readonly view: View;
  readonly work: Work;
  readonly chrome: Chrome;
  readonly notices: Notices;
  readonly renderer: Renderer;
  readonly clipboard: Clipboard;
  readonly classMenu: ClassMenu;
  /** How grey values are shown. */
  readonly window: Window;
  /** The outline that is pointed at, in the picture or in the list. */
  readonly hovered: string | null;
  /** Where the pointer rests over the picture. */
  readonly pointer: Pointer | null;
  /** The tool that is taken up, whatever Space does. */
  readonly current: Tool;
  /** Do a step and say so; false, said as well, when it was not done. */
  do(step: Step): boolean;
  say(key: string, vars?: Vars): void;
  tell(words: string): void;
  /** Something that the parts around the picture show is another than before. */
  changed(): void;
  /** The view is where it is wanted. */
  moved(): void;
  redrawAll(): void;
  /** Point at an outline, in the picture or in the list. */
  point(id: string | null): void;
  /** Give the keys back to the picture. */
  release(): void;
  /** Open another image; the kernel closes the revision of this one, so what is on its way goes first. */
  goTo(image: number | null | undefined): Promise<void>;
  showPixels(pixels: Pixels): void;
  /** Say that the picture is on its way, unless it comes at once. */
  wait(on: boolean): void;
}
