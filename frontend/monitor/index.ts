/** The run monitor (Python: `widgets/monitor.py`): its state lies in traits, its verbs are calls. */
import "../shared/tokens.css";
import "./monitor.css";
import { mount } from "../shared/frame";
import { onTrait, type RenderProps, type Widget } from "../shared/types";
import type { Failure, Progress } from "./progress";
import { MonitorView } from "./view";

const LOOK_EVERY = 5_000;

const widget: Widget = {
  render({ model, el, signal }: RenderProps) {
    const frame = mount(el, model, signal, { name: "monitor" });
    const { rpc } = frame;
    const view = new MonitorView(frame, (verb) => rpc.call(verb, {}, { signal }), model.get<boolean>("read_only"));
    const read = () => view.show(model.get<Progress>("progress"), model.get<Failure[]>("failures"));
    // What a kernel that is gone said last is shown as that, and no clock runs on.
    const look = () =>
      rpc.call("refresh", {}, { signal }).catch((error: unknown) => {
        if (rpc.state === "connected" && !signal.aborted) frame.fail(error, look);
      });

    onTrait(model, "progress", signal, read);
    onTrait(model, "failures", signal, read);
    rpc.onResync(() => void look());
    rpc.onState((state) => view.setConnection(state));
    view.setConnection(rpc.state);
    read();
    void look();

    const clock = setInterval(() => view.tick(), 1_000);
    // Nobody tells this kernel of a run that another process starts: a page that follows a project looks for it.
    const seek = setInterval(() => {
      if (model.get("follows") && !view.live && rpc.state === "connected" && !document.hidden) void look();
    }, LOOK_EVERY);
    signal.addEventListener("abort", () => {
      clearInterval(clock);
      clearInterval(seek);
    });
  },
};
export default widget;
