/** A cell that adds images, without a gallery (Python: `widgets/add_images.py`). */
import "../shared/tokens.css";
import { mount } from "../shared/frame";
import type { RenderProps, Widget } from "../shared/types";
import { takeDrops } from "../gallery/add/drop_target";
import { AddPanel } from "../gallery/add/panel";

const widget: Widget = {
  render({ model, el, signal }: RenderProps) {
    const frame = mount(el, model, signal, { name: "add" });
    const panel = new AddPanel(frame, model, signal);
    frame.root.append(panel.element);
    takeDrops(panel.element, signal, (found) => void panel.take(found));
  },
};
export default widget;
