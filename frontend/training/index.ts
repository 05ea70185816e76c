/** The training monitor (Python: `widgets/training_monitor.py`): its state lies in traits, its verbs are calls. */
import "../shared/tokens.css";
import "../shared/monitors.css";
import "./training.css";
import { mount } from "../shared/frame";
import { keepLive } from "../shared/live";
import type { RenderProps, Widget } from "../shared/types";
import { type Columns, curveOf, type Progress } from "./state";
import { TrainingView } from "./view";

const widget: Widget = {
  render({ model, el, signal }: RenderProps) {
    const frame = mount(el, model, signal, { name: "training" });
    const ask = (verb: string) => frame.rpc.call(verb, {}, { signal });
    const view = new TrainingView(frame, ask, signal, model.get<boolean>("read_only"));
    const read = () => view.show(model.get<Progress>("progress"), curveOf(model.get<Columns>("curve") ?? {}));
    // A training that a cell starts or goes on with tells of itself only with its next point: it is looked for.
    keepLive(frame, { model, signal }, view, ["progress", "curve"], read);
  },
};
export default widget;
