/** The tools there are, one of each. */

import { AssistTool } from "./assist";
import { BrushTool } from "./brush";
import { DrawTool } from "./draw";
import { PanTool } from "./pan";
import { ReshapeTool } from "./reshape";
import { RulerTool } from "./ruler";
import { SelectTool } from "./select";
import { ShapeTool } from "./shape";
import { SliceTool } from "./slice";
import type { Tool, ToolHost, ToolName } from "./tool";
import { VerticesTool } from "./vertices";

export function makeTools(host: ToolHost): Record<ToolName, Tool> {
  const size = { diameter: 30 };
  return {
    select: new SelectTool(host),
    vertices: new VerticesTool(host),
    pan: new PanTool(host),
    draw: new DrawTool(host),
    rectangle: new ShapeTool(host, "rectangle"),
    ellipse: new ShapeTool(host, "ellipse"),
    brush: new BrushTool(host, "brush", size),
    eraser: new BrushTool(host, "eraser", size),
    assist: new AssistTool(host),
    slice: new SliceTool(host),
    reshape: new ReshapeTool(host),
    ruler: new RulerTool(host),
  };
}
