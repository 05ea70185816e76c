import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { overlapsAt, widths } from "../shared/apart";
import words from "../../spheroseg_widgets/widgets/strings/en.json";
import { MockModel } from "../shared/mock";
import { Rpc } from "../shared/rpc";
import widget from "./index";
import { type Cluster, type Shown, throughProxy, type Worker } from "./state";

const strings = Object.fromEntries(
  Object.entries({ ...words }).flatMap(([section, texts]) =>
    Object.entries(texts).map(([key, text]) => [`${section}.${key}`, text]),
  ),
);
const worker: Worker = {
  address: "tcp://127.0.0.1:40001",
  name: "0",
  host: "127.0.0.1",
  status: "running",
  threads: 1,
  cpu: 97.6,
  memory: 812_345_678,
  memory_limit: 12_638_255_104,
  executing: 1,
  ready: 2,
  models: ["resunet-spheroid"],
};
const second: Worker = { ...worker, address: "tcp://127.0.0.1:40002", name: "1", cpu: 3, executing: 0, ready: 0, models: [] };
const one: Cluster = {
  state: "live",
  reason: "",
  others: 0,
  id: 7,
  local: true,
  address: "tcp://127.0.0.1:40000",
  host: "bench",
  wanted: 1,
  most: 2,
  scalable: true,
  adapts: null,
  dashboard: { address: "http://127.0.0.1:8787/status", port: 8787, why: "" },
  workers: [worker],
  count: 1,
  cpu: 97.6,
  memory: 812_345_678,
  executing: 1,
  ready: 2,
};
const two: Cluster = { ...one, wanted: 2, workers: [worker, second], count: 2 };
const of = (more: Partial<Cluster>): Cluster => ({ ...one, ...more });
const PROXY = { name: "@jupyterhub/jupyter-server-proxy" };

describe("ClusterMonitor", () => {
  let view: AbortController;
  let host: HTMLElement;
  let model: MockModel;

  const show = (cluster: Shown, more: Record<string, unknown> = {}) => {
    model = new MockModel({ strings, cluster, read_only: false, ...more });
    model.handle("refresh", () => null);
    widget.render({ model, el: host, signal: view.signal });
  };
  const said = () => host.innerText.replace(/\s+/g, " ");
  const buttons = () =>
    [...host.querySelectorAll<HTMLButtonElement>("button")].filter((element) => element.offsetParent !== null);
  const named = (label: string) => {
    const found = buttons().find((element) => element.innerText === label);
    if (!found) throw new Error(`no button "${label}" in: ${said()}`);
    return found;
  };
  const page = (config: unknown) => {
    const script = document.createElement("script");
    script.id = "jupyter-config-data";
    script.type = "application/json";
    script.textContent = typeof config === "string" ? config : JSON.stringify(config);
    document.head.append(script);
  };

  beforeEach(() => {
    view = new AbortController();
    host = document.createElement("div");
    document.body.replaceChildren(host);
  });
  afterEach(() => {
    view.abort();
    document.getElementById("jupyter-config-data")?.remove();
  });

  it("says how a cluster comes to be where none is open, and looks for one", async () => {
    vi.useFakeTimers({ toFake: ["setInterval"] });
    try {
      show({ state: "none" });
      expect(said()).toContain("No cluster is open. A run starts one");
      expect(buttons()).toEqual([]);
      const before = model.calls("refresh").length;
      vi.advanceTimersByTime(5_000);
      expect(model.calls("refresh").length).toBe(before + 1);
      model.update({ cluster: one });
      expect(said()).not.toContain("No cluster is open");
      vi.advanceTimersByTime(20_000);
      expect(model.calls("refresh").length).toBe(before + 1);
    } finally {
      vi.useRealTimers();
    }
  });

  it("shows workers with CPU, memory, tasks and model, and their sums", () => {
    host.style.width = "800px";
    show({ ...two, workers: [worker, { ...second, name: "<b>1</b>" }] });
    for (const text of ["Workers on bench", "2 workers", "1 at work, 2 waiting", "CPU 98 %", "812 MB"]) {
      expect(said()).toContain(text);
    }
    const rows = [...host.querySelectorAll("tbody tr")].map((row) =>
      [...(row as HTMLTableRowElement).cells].map((cell) => cell.innerText.replace(/\s+/g, " ").trim()),
    );
    expect(rows[0]).toEqual(["0", "98 %", "812 MB of 12.6 GB", "1 + 2 waiting", "resunet-spheroid"]);
    expect(rows[1]).toEqual(["<b>1</b>", "3 %", "812 MB of 12.6 GB", "idle", "none loaded"]);
    expect(host.querySelector("tbody b")).toBeNull();
    const widths = [...host.querySelectorAll<HTMLElement>(".sw-fill")].map((fill) => fill.style.width);
    expect(widths).toEqual(["97.6%", "6.4%", "3%", "6.4%"]);
  });

  it("keeps its rows while their numbers change, and drops those of workers that left", () => {
    show(two);
    const [first, other] = host.querySelectorAll("tbody tr");
    model.update({ cluster: { ...two, workers: [second, { ...worker, cpu: 12 }] } });
    expect([...host.querySelectorAll("tbody tr")]).toEqual([other, first]);
    expect(first.textContent).toContain("12 %");
    model.update({ cluster: { ...one, workers: [second] } });
    expect([...host.querySelectorAll("tbody tr")]).toEqual([other]);
    expect(host.querySelector("[aria-live]")!.textContent).toBe("The cluster has 1 worker.");
  });

  it("asks for one worker more and one less, once at a time, and says what is still coming", async () => {
    show(one);
    let done: (() => void) | undefined;
    model.handle("scale", () => new Promise<void>((resolve) => (done = resolve)));
    const add = named("Add a worker");
    add.focus();
    add.click();
    add.click();
    await vi.waitFor(() => expect(model.calls("scale").map((call) => call.params)).toEqual([{ workers: 2 }]));
    expect(document.activeElement).toBe(add);
    model.update({ cluster: { ...one, wanted: 2 } });
    await vi.waitFor(() => expect(done).toBeDefined());
    expect(add.getAttribute("aria-disabled")).toBe("true");
    done!();
    await vi.waitFor(() => expect(named("Remove a worker").getAttribute("aria-disabled")).toBe("false"));
    expect(said()).toContain("1 worker, 2 wanted");
    model.update({ cluster: two });
    expect(said()).toContain("2 workers");
    expect(said()).not.toContain("wanted");
    expect(add.getAttribute("aria-disabled")).toBe("true");
    expect(add.title).toContain("cores and memory for 2");
    add.click();
    model.handle("scale", () => null);
    named("Remove a worker").click();
    await vi.waitFor(() => expect(model.calls("scale").at(-1)!.params).toEqual({ workers: 1 }));
    expect(model.calls("scale").length).toBe(2);
  });

  it("says why a click did nothing", async () => {
    show(one);
    model.handle("scale", () => {
      throw new Error("the store is read-only");
    });
    named("Add a worker").click();
    await vi.waitFor(() => expect(host.querySelector("[role=status].sw-asked")!.textContent).toBe("the store is read-only"));
  });

  it("does not remove the last worker", () => {
    show(one);
    const remove = named("Remove a worker");
    expect(remove.getAttribute("aria-disabled")).toBe("true");
    remove.click();
    expect(model.calls("scale")).toEqual([]);
  });

  it("offers no other size of a cluster that is not ours, that sizes itself, or that is only shown, and says why", () => {
    show(of({ local: false, scalable: false, wanted: null }));
    expect(buttons()).toEqual([]);
    expect(said()).toContain("Cluster at tcp://127.0.0.1:40000");
    expect(said()).toContain("change its size where it was made");
    show(of({ scalable: false, adapts: [1, 4] }));
    expect(buttons()).toEqual([]);
    expect(said()).toContain("from 1 to 4 workers");
    show(one, { read_only: true });
    expect(buttons()).toEqual([]);
  });

  it("opens Dask's dashboard through the server's proxy where the page has one", () => {
    page({ baseUrl: "/user/eva/", federated_extensions: [PROXY] });
    show(one);
    const link = host.querySelector("a")!;
    expect(link.getAttribute("href")).toBe("/user/eva/proxy/8787/status");
    expect(link.rel).toContain("noopener");
    expect(said()).not.toContain("http://127.0.0.1:8787");
    link.focus();
    model.update({ cluster: { ...one, cpu: 1 } });
    expect(document.activeElement).toBe(link);
  });

  it("names the plain address where there is no proxy, or another machine serves it", () => {
    page({ baseUrl: "/", federated_extensions: [] });
    show(one);
    expect(host.querySelector("a")!.getAttribute("href")).toBe("http://127.0.0.1:8787/status");
    expect(said()).toContain("Dask dashboard at http://127.0.0.1:8787/status");
    expect(said()).toContain("With jupyter-server-proxy beside JupyterLab");
    show(of({ dashboard: { address: "http://10.0.0.5:8787/status", port: null, why: "" } }));
    expect(host.querySelector("a")!.getAttribute("href")).toBe("http://10.0.0.5:8787/status");
    expect(said()).not.toContain("jupyter-server-proxy");
  });

  it("says why there is no dashboard", () => {
    show(of({ dashboard: { address: "", port: null, why: "no_bokeh" } }));
    expect(host.querySelector("a")).toBeNull();
    expect(said()).toContain("install bokeh");
    show(of({ dashboard: { address: "", port: null, why: "none" } }));
    expect(said()).toContain("no Dask dashboard");
  });

  it("leads to no other server, whatever the page says", () => {
    const known = { baseUrl: "/", federated_extensions: [PROXY] };
    const unfit = [{ ...known, baseUrl: undefined }, { ...known, baseUrl: "//evil/" }, { ...known, appUrl: "voila/" }];
    for (const config of ["", "{", "null", ...unfit]) {
      page(config);
      expect(throughProxy(8787)).toBeNull();
      document.getElementById("jupyter-config-data")!.remove();
    }
    expect(throughProxy(8787)).toBeNull();
    page(known);
    expect(throughProxy(8787)).toBe("/proxy/8787/status");
    expect(throughProxy(null)).toBeNull();
  });

  it("says what became of a cluster that is not seen any more", () => {
    show(two);
    model.update({ cluster: { ...two, state: "silent", reason: "the scheduler does not answer", scalable: false } });
    expect(said()).toContain("Trying again: the scheduler does not answer");
    expect(buttons()).toEqual([]);
    expect(host.querySelector("a")).toBeNull();
    model.update({ cluster: two });
    model.update({ cluster: { ...two, state: "gone", scalable: false, workers: [], count: 0 } });
    expect(said()).toContain("Gone with the process that held it");
    expect(host.querySelector("[aria-live]")!.textContent).toBe("The cluster is gone.");
    show(of({ state: "apart", scalable: false, workers: [], count: 0 }));
    expect(said()).toContain("Only the process that opened it can look at it");
  });

  it("marks a worker that is short of memory, with a word", () => {
    show(of({ workers: [{ ...worker, status: "paused", memory: 11e9 }] }));
    expect(said()).toContain("paused");
    expect(host.querySelector<HTMLElement>(".sw-cluster-status")!.title).toContain("short of memory");
    expect(host.querySelector("[data-short=true]")).not.toBeNull();
  });

  it("says that further clusters are open", () => {
    show(of({ others: 2 }));
    expect(said()).toContain("2 more clusters are open; this is the newest.");
  });

  it("names how many workers it does not list", () => {
    show({ ...two, count: 250 });
    expect(said()).toContain("and 248 more");
  });

  it("shows the same again on a reloaded page, from its traits alone, and says when the kernel is gone", async () => {
    show(two);
    const first = said();
    view.abort();
    view = new AbortController();
    host.replaceChildren();
    model = new MockModel({ strings, cluster: two, read_only: false });
    model.silent = true;
    widget.render({ model, el: host, signal: view.signal });
    expect(said()).toBe(first);
    host.className = "jupyter-widgets-disconnected";
    model.emit("comm_live_update");
    await vi.waitFor(() => expect(said()).toContain("Last known"));
    expect(buttons().every((element) => element.getAttribute("aria-disabled") === "true")).toBe(true);
  });

  it("asks for everything again when the kernel is back", async () => {
    show(two);
    host.className = "jupyter-widgets-disconnected";
    model.emit("comm_live_update");
    await vi.waitFor(() => expect(said()).toContain("Last known"));
    const before = model.calls("refresh").length;
    host.className = "";
    model.emit("comm_live_update");
    await vi.waitFor(() => expect(model.calls("refresh").length).toBe(before + 1));
    expect(said()).not.toContain("Last known");
  });

  it("says that a click waits where the kernel is busy", async () => {
    Rpc.pingEvery = 20;
    Rpc.silentAfter = 50;
    show(one);
    model.silent = true;
    await vi.waitFor(() => expect(said()).toContain("It may be running a cell"));
    named("Add a worker").click();
    await vi.waitFor(() => expect(said()).toContain("this click is carried out"));
  });

  it("fits into 400 px without a scroll bar", () => {
    host.style.width = "400px";
    host.style.font = "13px sans-serif";
    show(two);
    const content = host.querySelector<HTMLElement>(".sw-content")!;
    const list = host.querySelector<HTMLElement>(".sw-cluster-list")!;
    expect(content.scrollWidth).toBeLessThanOrEqual(content.clientWidth);
    expect(list.scrollWidth).toBeLessThanOrEqual(list.clientWidth);
    expect(overlapsAt(host, widths(340, 1100))).toEqual([]);
  });

  it("has a text for every state", () => {
    for (const state of ["connecting", "live", "gone", "silent", "apart"] as const) {
      for (const local of [true, false]) {
        show({ ...two, state, local });
        expect(said()).not.toMatch(/cluster\.|common\./);
      }
    }
  });
});
