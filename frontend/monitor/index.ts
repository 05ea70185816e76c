/** The run monitor (Python: `widgets/monitor.py`): its state lies in traits, its verbs are calls. */
import "../shared/tokens.css";
import "./monitor.css";
import { mount } from "../shared/frame";
import { keepLive } from "../shared/live";
import type { RenderProps, Widget } from "../shared/types";
import type { Failure, Progress } from "./progress";
import { MonitorView } from "./view";

const widget: Widget = {
  render({ model, el, signal }: RenderProps) {
    const frame = mount(el, model, signal, { name: "monitor" });
    const view = new MonitorView(frame, (verb) => frame.rpc.call(verb, {}, { signal }), model.get<boolean>("read_only"));
    const read = () => view.show(model.get<Progress>("progress"), model.get<Failure[]>("failures"));
    // Nobody tells this kernel of a run that another process starts: a page that follows a project looks for it.
    keepLive(frame, { model, signal }, view, ["progress", "failures"], read, () => Boolean(model.get("follows")));
  },
};
export default widget;
