/** The run monitor (Python: `widgets/monitor.py`): its state lies in traits, its verbs are calls. */
import "../shared/tokens.css";
import "../shared/monitors.css";
import "./monitor.css";
import { mount } from "../shared/frame";
import { keepLive } from "../shared/live";
import type { RenderProps, Widget } from "../shared/types";
import type { AtWork, Failure, Progress } from "./progress";
import { MonitorView, type Verb } from "./view";

const widget: Widget = {
  render({ model, el, signal }: RenderProps) {
    const frame = mount(el, model, signal, { name: "monitor" });
    const ask = (verb: Verb, params: Record<string, unknown>) => frame.rpc.call(verb, params, { signal });
    const open = (id: number | null) => {
      if (id !== null && model.get("opened") === id) open(null); // opened again: the kernel hears of a change only
      model.set("opened", id);
      model.save_changes();
    };
    const view = new MonitorView(frame, ask, open, model.get<boolean>("read_only"));
    const read = () => {
      view.show(model.get<Progress>("progress"), model.get<Failure[]>("failures"), model.get<AtWork[]>("running"));
      view.bound = model.get<boolean>("bound");
      view.opens = model.get<boolean>("opens");
    };
    // Nobody tells this kernel of a run that another process starts: a page that follows a project looks for it.
    keepLive(frame, { model, signal }, view, ["progress", "failures", "running", "opens", "bound"], read, () => Boolean(model.get("follows")));
  },
};
export default widget;
