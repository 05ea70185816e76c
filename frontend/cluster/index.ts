/** The cluster monitor (Python: `widgets/cluster_monitor.py`): its state lies in a trait, its verb is a call. */
import "../shared/tokens.css";
import "../shared/monitors.css";
import "./cluster.css";
import { mount } from "../shared/frame";
import { keepLive } from "../shared/live";
import type { RenderProps, Widget } from "../shared/types";
import type { Shown } from "./state";
import { ClusterView } from "./view";

const widget: Widget = {
  render({ model, el, signal }: RenderProps) {
    const frame = mount(el, model, signal, { name: "cluster" });
    const scale = (workers: number) => frame.rpc.call("scale", { workers }, { signal });
    const view = new ClusterView(frame, scale, model.get<boolean>("read_only"));
    keepLive(frame, { model, signal }, view, ["cluster"], () => view.show(model.get<Shown>("cluster") ?? {}));
  },
};
export default widget;
