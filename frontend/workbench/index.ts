/** The bar of the workbench (Python: `widgets/workbench.py`), and the layout of what lies below it. */
import "../shared/tokens.css";
import "../shared/form.css";
import "./workbench.css";
import { mount } from "../shared/frame";
import type { RenderProps, Widget } from "../shared/types";
import { Bar } from "./bar";

const widget: Widget = {
  render({ model, el, signal }: RenderProps) {
    // The panes are widgets of their own beside this one: the box around all of them is told which is seen.
    const home = () => el.closest<HTMLElement>(".sw-workbench");
    new Bar(model, mount(el, model, signal, { name: "workbench" }), signal, home);
  },
};
export default widget;
