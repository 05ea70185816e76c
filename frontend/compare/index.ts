/** The comparison, browser half (Python: `widgets/compare.py`). */
import "../shared/tokens.css";
import "./compare.css";
import "./series.css";
import { mount } from "../shared/frame";
import type { RenderProps, Widget } from "../shared/types";
import { Compare } from "./compare";

const widget: Widget = {
  render({ model, el, signal }: RenderProps) {
    new Compare(model, mount(el, model, signal, { name: "compare" }), signal);
  },
};
export default widget;
