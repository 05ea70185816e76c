import "../shared/tokens.css";
import "./gallery.css";
import "./toolbar.css";
import "./panel.css";
import "./grid.css";
import "./list.css";
import "./peek.css";
import "../shared/keys.css";
import "../shared/thin_bar.css";
import "./act/act.css";
import { mount } from "../shared/frame";
import type { RenderProps, Widget } from "../shared/types";
import { Gallery } from "./gallery";

const widget: Widget = {
  render({ model, el, signal, host }: RenderProps) {
    new Gallery(model, mount(el, model, signal, { name: "gallery" }), signal, host);
  },
};
export default widget;
