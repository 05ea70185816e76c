import "../shared/tokens.css";
import "./monitor.css";
import { mount } from "../shared/frame";
import type { RenderProps, Widget } from "../shared/types";

const widget: Widget = {
  render({ model, el, signal }: RenderProps) {
    mount(el, model, signal, { name: "monitor" });
  },
};
export default widget;
