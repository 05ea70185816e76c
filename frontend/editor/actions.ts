/** What every key and button does: one handler an action of the table of keys. */

import { LEAVES, say } from "../shared/bench";
import { bounds } from "./geometry";
import type { Handlers } from "./keys";
import { objectHandlers } from "./object_actions";
import type { EditorParts } from "./parts";
import { goUncertain, zoomTo } from "./reading/going";
import { LOOKING, TOOLS, type ToolName } from "./tools/tool";

/** Screen pixels an arrow key moves the view. */
const STEP = 60;
const ZOOM = 1.5;

export function handlersOf(editor: EditorParts): Handlers {
  const { work, view } = editor;
  const zoom = (factor: number) => () => editor.zoom(view.width / 2, view.height / 2, factor, true);
  // What a drag holds may be gone after it.
  const turn = (act: () => unknown) => () => {
    editor.current.cancel();
    act();
  };
  const tool = (name: ToolName) => () => {
    if (!editor.readOnly || LOOKING.includes(name)) editor.useTool(name);
  };
  const tools = {} as Record<`tool.${ToolName}`, () => void>;
  for (const name of TOOLS) tools[`tool.${name}`] = tool(name);
  return {
    ...tools,
    ...objectHandlers(editor),
    "draw.hole": () => {
      editor.drawing.hole = !editor.drawing.hole;
      editor.changed();
    },
    "brush.larger": () => void editor.current.wheel(1),
    "brush.smaller": () => void editor.current.wheel(-1),
    "edit.undo": turn(() => editor.fixing.last ? editor.fixing.takeBack() : work.undo()),
    "edit.redo": turn(() => work.redo()),
    "edit.save": () => void work.save(),
    "edit.finish": () => void editor.current.finish(),
    "edit.back": () => {
      if (editor.help.shown) editor.closeHelp();
      else if (editor.current.back() || editor.clearRuler()) return;
      else if (editor.current.name !== "select") editor.useTool("select");
      else say(editor.chrome.stage, LEAVES);
    },
    "select.all": () => editor.selection.set(editor.store.seen()),
    "select.next": () => selectNeighbour(editor, 1),
    "select.previous": () => selectNeighbour(editor, -1),
    "select.uncertain": () => goUncertain(editor, 1),
    "select.less_uncertain": () => goUncertain(editor, -1),
    "view.hand": (down) => editor.holdHand(down),
    "view.fit": () => editor.fit(),
    "view.one": () => {
      view.oneToOne();
      editor.moved();
    },
    "view.object": () => zoomTo(editor, editor.selection.ids),
    "view.heat": () => editor.reading.heat.turn(!editor.reading.heat.on),
    "view.ghost": () => editor.reading.ghost.toggle(),
    "view.minimap": () => editor.reading.looks.set({ minimap: !editor.reading.looks.values.minimap }),
    "panel.objects": () => editor.togglePanel("objects"),
    "panel.layers": () => editor.togglePanel("layers"),
    "panel.history": () => editor.togglePanel("history"),
    "view.zoom_in": zoom(ZOOM),
    "view.zoom_out": zoom(1 / ZOOM),
    "view.left": () => editor.pan(STEP, 0),
    "view.right": () => editor.pan(-STEP, 0),
    "view.up": () => editor.pan(0, STEP),
    "view.down": () => editor.pan(0, -STEP),
    "view.outlines": () => editor.showOutlines(),
    "view.contrast": () => {
      editor.chrome.brightness.value = editor.chrome.contrast.value = "0";
      editor.reading.looks.set({ gamma: 1, inverted: false });
    },
    "view.invert": () => editor.reading.looks.set({ inverted: !editor.reading.looks.values.inverted }),
    "plane.channel": () => editor.planes.step("channel", 1),
    "plane.higher": () => editor.planes.step("z", 1),
    "plane.lower": () => editor.planes.step("z", -1),
    "plane.later": () => editor.planes.step("t", 1),
    "plane.earlier": () => editor.planes.step("t", -1),
    "plane.back": () => editor.planes.back(),
    "review.approve": () => editor.fixing.judge({ kind: "approve" }),
    "review.absent": () => editor.fixing.judge({ kind: "absent" }),
    "review.exclude": () => void editor.fixing.ask(),
    "image.next": () => void editor.goTo(work.image && editor.fixing.place(work.image).next),
    "image.previous": () => void editor.goTo(work.image && editor.fixing.place(work.image).previous),
    "general.help": () => (editor.help.shown ? editor.closeHelp() : editor.help.toggle(true)),
  };
}

/** Select the outline after or before the selected one, and bring it into sight. */
function selectNeighbour(editor: EditorParts, step: 1 | -1): void {
  const { selection, store, view } = editor;
  const ids = store.seen();
  if (!ids.length) return;
  const only = selection.only;
  const at = only === null ? (step > 0 ? -1 : 0) : ids.indexOf(only);
  const id = ids[(at + step + ids.length) % ids.length];
  selection.set([id]);
  const [x0, y0, x1, y1] = bounds(store.rings(store.slot(id)!));
  const [left, top, right, bottom] = view.visible();
  if (x0 < left || y0 < top || x1 > right || y1 > bottom) {
    view.pan(((left + right - x0 - x1) / 2) * view.scale, ((top + bottom - y0 - y1) / 2) * view.scale);
  }
  editor.redrawAll();
}
