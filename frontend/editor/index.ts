/** The outline editor, browser half (Python: `widgets/editor.py`). */
import "../shared/tokens.css";
import "./editor.css";
import "./strip.css";
import "./help.css";
import "./objects/objects.css";
import "./reading/reading.css";
import "./side.css";
import "./revisions/revisions.css";
import "../shared/review/exclusion.css";
import "./fixing/fixing.css";
import "./tiles/planes.css";

import { mount } from "../shared/frame";
import type { RenderProps } from "../shared/types";
import { Editor } from "./editor";

export default {
  render({ model, el, signal }: RenderProps): void {
    new Editor(model, mount(el, model, signal, { name: "editor" }), signal);
  },
};
