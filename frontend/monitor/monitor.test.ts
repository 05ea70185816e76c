import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import words from "../../spheroseg_widgets/widgets/strings/en.json";
import { MockModel } from "../shared/mock";
import { Rpc } from "../shared/rpc";
import widget from "./index";
import type { Progress } from "./progress";

const strings = Object.fromEntries(
  Object.entries({ ...words }).flatMap(([section, texts]) =>
    Object.entries(texts).map(([key, text]) => [`${section}.${key}`, text]),
  ),
);
const running: Progress = {
  run_id: 12,
  status: "running",
  stage: "segmenting",
  total: 384,
  queued: 4,
  running: 9,
  done: 367,
  failed: 4,
  cancelled: 0,
  seconds: 62,
  images_per_second: 6.217,
  seconds_left: 2.1,
  finished: false,
  reason: null,
};
const failures = ["B07.tif", "<b>.tif", "c.tif", "d.tif"].map((name, at) => ({
  image_id: at + 1,
  name,
  path: `/plate/${name}`,
  reason: "the file is truncated",
}));
const finished: Progress = {
  ...running,
  status: "done",
  stage: "ended",
  queued: 0,
  running: 0,
  done: 380,
  seconds_left: null,
  finished: true,
};

describe("Monitor", () => {
  let view: AbortController;
  let host: HTMLElement;
  let model: MockModel;

  const show = (progress: Partial<Progress>, more: Record<string, unknown> = {}) => {
    model = new MockModel({ strings, progress, failures: progress.failed ? failures : [], running: [], follows: false, opens: false, opened: null, bound: false, ...more });
    model.handle("refresh", () => null);
    widget.render({ model, el: host, signal: view.signal });
  };
  const visible = (selector: string) =>
    [...host.querySelectorAll<HTMLElement>(selector)].filter((element) => element.offsetParent !== null);
  const said = () => host.innerText.replace(/\s+/g, " ");
  const press = (label: string) => {
    const found = visible("button").find((element) => element.innerText === label);
    if (!found) throw new Error(`no button "${label}" in: ${said()}`);
    found.click();
  };

  beforeEach(() => {
    view = new AbortController();
    host = document.createElement("div");
    document.body.replaceChildren(host);
  });
  afterEach(() => view.abort());

  it("shows counts, speed, what is left and what failed while it runs", () => {
    show(running);
    for (const text of ["Run 12", "Segmenting", "367 of 384 images", "6.22 images/s", "2 s left", "9 running"]) {
      expect(said()).toContain(text);
    }
    expect(said()).toContain("B07.tif the file is truncated");
    expect(host.querySelector("td b")).toBeNull(); // a name is text, never HTML
    const bar = host.querySelector("[role=progressbar]")!;
    expect(bar.getAttribute("aria-valuenow")).toBe("371");
    const widths = [...bar.children].map((part) => Number.parseFloat((part as HTMLElement).style.width));
    expect(widths.map((width) => Math.round((width * 384) / 100))).toEqual([367, 4, 0, 9]);
  });

  it("falls back to one line when it finishes, and opens again on request", () => {
    show(running);
    expect(visible(".sw-monitor-details").length).toBe(1);
    model.update({ progress: finished });
    expect(visible(".sw-monitor-details").length).toBe(0);
    expect(said()).toContain("380 of 384 images");
    expect(said()).toContain("took 1 min 2 s");
    expect(host.querySelector("[aria-live]")!.textContent).toBe("Run 12 finished: 380 done, 4 failed.");
    press("4 failed: show");
    expect(visible(".sw-monitor-list").length).toBe(1);
    press("Hide details");
    expect(visible(".sw-monitor-list").length).toBe(0);
  });

  it("cancels once however often it is pressed, and says so until the kernel has done it", async () => {
    show(running);
    let done = () => {};
    model.handle("cancel", () => new Promise<void>((resolve) => (done = resolve)));
    press("Cancel");
    await vi.waitFor(() => expect(model.calls("cancel").length).toBe(1));
    const cancel = visible("button").find((element) => element.innerText === "Cancelling…") as HTMLButtonElement;
    expect(cancel.disabled).toBe(true);
    cancel.click();
    model.update({ progress: { ...finished, status: "cancelled", done: 370, cancelled: 10 } });
    done();
    await vi.waitFor(() => expect(visible("button").map((element) => element.innerText)).not.toContain("Cancelling…"));
    expect(model.calls("cancel").length).toBe(1);
    expect(said()).toContain("Cancelled");
  });

  it("runs failed images again, and shows why that was not possible", async () => {
    show(finished);
    model.handle("retry_failed", () => {
      throw new Error("/plate: the folder of the images is not reachable.");
    });
    press("Run again");
    await vi.waitFor(() => expect(said()).toContain("/plate: the folder of the images is not reachable."));
    press("Run again");
    expect(model.calls("retry_failed").length).toBe(2);
  });

  it("names the images in the workers' hands, and what is being done with them", () => {
    const at = (image_id: number, name: string, stage: string, fraction: number | null = null) => ({ image_id, name, stage, fraction, seconds: 3 });
    show(running, {
      running: [at(1, "A01.tif", "segmenting", 0.349), at(2, "A02.tif", "reading"), at(3, "<i>.tif", "measuring"), at(4, "A04.tif", "waiting")],
    });
    for (const text of ["A01.tif segmenting, 34 %", "A02.tif reading the file", "<i>.tif measuring", "A04.tif handed out", "and 5 more"]) {
      expect(said()).toContain(text);
    }
    model.update({ progress: finished, running: [] });
    press("4 failed: show");
    expect(said()).not.toContain("A01.tif");
  });

  it("runs one failed image again, and opens one for whoever listens", async () => {
    show(finished);
    model.handle("retry_failed", () => 1);
    press("4 failed: show");
    expect(visible("button").map((element) => element.innerText)).not.toContain("Open");
    host.querySelector<HTMLButtonElement>("[aria-label='Run c.tif again']")!.click();
    await vi.waitFor(() => expect(model.calls("retry_failed").map((call) => call.params)).toEqual([{ image_id: 3 }]));
    const opened: unknown[] = [];
    model.on("change:opened", () => opened.push(model.get("opened")));
    model.update({ opens: true });
    const open = () => host.querySelector<HTMLButtonElement>("[aria-label='Open d.tif']")!.click();
    open();
    open();
    expect(opened).toEqual([4, null, 4]);
  });

  it("says where a run ends with the server, as long as it runs", () => {
    show(running);
    expect(said()).not.toContain("server ends");
    model.update({ bound: true });
    expect(said()).toContain("Here the run ends when the notebook's server ends.");
    model.update({ progress: finished });
    press("4 failed: show");
    expect(said()).not.toContain("server ends");
  });

  it("keeps the focus on a failure's button while the run goes on", () => {
    show(running, { opens: true });
    const first = host.querySelector<HTMLButtonElement>("[aria-label='Open B07.tif']")!;
    first.focus();
    model.update({ progress: { ...running, done: 368, running: 8 } });
    expect(document.activeElement).toBe(first);
  });

  it("offers to go on with an interrupted run", () => {
    show({ ...running, stage: "interrupted" });
    expect(said()).toContain("Interrupted: the process that worked on it is gone");
    expect(visible("button").map((element) => element.innerText)).toContain("Go on");
    expect(host.querySelector<HTMLElement>("[title='Go on with 17 images']")).not.toBeNull();
    press("4 failed: show");
    expect(said()).toContain("0 running");
    expect(said()).toContain("13 waiting");
  });

  it("counts the seconds on between two pushes, and stops when the kernel is gone", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "setTimeout", "performance"] });
    try {
      show({ ...running, seconds: 10 });
      vi.advanceTimersByTime(3_000);
      expect(said()).toContain("13 s elapsed");
      model.silent = true;
      host.className = "jupyter-widgets-disconnected";
      model.emit("comm_live_update");
      vi.advanceTimersByTime(5_000);
      expect(said()).toContain("Last known: Segmenting");
      expect(said()).not.toContain(" left");
      expect(said()).toContain("10 s elapsed");
      expect(said()).toContain("run the cell again after a restart");
      expect(visible("button").filter((element) => !(element as HTMLButtonElement).disabled).length).toBe(1);
    } finally {
      vi.useRealTimers();
    }
  });

  it("shows the same again on a reloaded page, from its traits alone", () => {
    show(finished);
    const first = said();
    view.abort();
    view = new AbortController();
    host.replaceChildren();
    const again = new MockModel({ strings, progress: finished, failures, running: [], follows: false, opens: false, opened: null, bound: false });
    again.silent = true;
    widget.render({ model: again, el: host, signal: view.signal });
    expect(said()).toBe(first);
  });

  it("looks for a newer run while it follows a project and nothing is at work", async () => {
    vi.useFakeTimers({ toFake: ["setInterval"] });
    try {
      show({}, { follows: true });
      expect(said()).toContain("No run yet");
      const before = model.calls("refresh").length;
      vi.advanceTimersByTime(5_000);
      expect(model.calls("refresh").length).toBe(before + 1);
      model.update({ progress: running });
      vi.advanceTimersByTime(20_000);
      expect(model.calls("refresh").length).toBe(before + 1);
    } finally {
      vi.useRealTimers();
    }
  });

  it("has a text for every key that it asks for", () => {
    for (const state of ["queued", "running", "done", "failed", "cancelled"] as const) {
      for (const stage of ["waiting", "preparing", "segmenting", "ended", "interrupted"] as const) {
        show({ ...running, status: state, stage, finished: stage === "ended" && !["queued", "running"].includes(state) });
        if (stage !== "ended" || !["queued", "running"].includes(state)) expect(said()).not.toMatch(/monitor\.|common\./);
      }
    }
  });

  it("waits quietly where the kernel is busy, and says so after a click", async () => {
    Rpc.pingEvery = 20;
    Rpc.silentAfter = 50;
    show(running);
    model.silent = true;
    await vi.waitFor(() => expect(said()).toContain("It may be running a cell"));
    press("Cancel");
    await vi.waitFor(() => expect(said()).toContain("this click is carried out"));
    expect(said()).toContain("Cancelling…");
    model.silent = false;
    for (const call of [...model.calls("ping"), ...model.calls("cancel")]) {
      model.deliver({ kind: "result", id: call.id, value: { seq: 0 } });
    }
    await vi.waitFor(() => expect(said()).not.toContain("this click"));
  });
});
