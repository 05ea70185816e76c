/** The training monitor (Python: `widgets/training_monitor.py`): its state lies in traits, its verbs are calls. */
import "../shared/tokens.css";
import "./training.css";
import { mount } from "../shared/frame";
import { onTrait, type RenderProps, type Widget } from "../shared/types";
import { type Columns, curveOf, type Progress } from "./state";
import { TrainingView } from "./view";

const LOOK_EVERY = 5_000;

const widget: Widget = {
  render({ model, el, signal }: RenderProps) {
    const frame = mount(el, model, signal, { name: "training" });
    const { rpc } = frame;
    const ask = (verb: string) => rpc.call(verb, {}, { signal });
    const view = new TrainingView(frame, ask, signal, model.get<boolean>("read_only"));
    const read = () => view.show(model.get<Progress>("progress"), curveOf(model.get<Columns>("curve") ?? {}));
    // What a kernel that is gone said last is shown as that, and no clock runs on.
    const look = () =>
      rpc.call("refresh", {}, { signal }).catch((error: unknown) => {
        if (rpc.state === "connected" && !signal.aborted) frame.fail(error, look);
      });

    onTrait(model, "progress", signal, read);
    onTrait(model, "curve", signal, read);
    rpc.onResync(() => void look());
    rpc.onState((state) => view.setConnection(state));
    view.setConnection(rpc.state);
    read();
    void look();

    const clock = setInterval(() => view.tick(), 1_000);
    // A training that a cell starts or goes on with tells of itself only with its next point: look for it.
    const seek = setInterval(() => {
      if (!view.live && rpc.state === "connected" && !document.hidden) void look();
    }, LOOK_EVERY);
    signal.addEventListener("abort", () => {
      clearInterval(clock);
      clearInterval(seek);
    });
  },
};
export default widget;
