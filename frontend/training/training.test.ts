import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import words from "../../spheroseg_widgets/widgets/strings/en.json";
import { MockModel } from "../shared/mock";
import { Rpc } from "../shared/rpc";
import { linearAxis } from "../shared/axis";
import { lossAxis, stepAxis } from "./axis";
import widget from "./index";
import { type Columns, curveOf, lastUpTo, nearest, type Progress } from "./state";

const strings = Object.fromEntries(
  Object.entries({ ...words }).flatMap(([section, texts]) =>
    Object.entries(texts).map(([key, text]) => [`${section}.${key}`, text]),
  ),
);
const training: Progress = {
  name: "line-7",
  kind: "finetuning",
  state: "training",
  reason: "",
  step: 40,
  steps: null,
  seconds: 62,
  seconds_left: 118,
  minutes: 3,
  share: 0.344,
  falls_at: 0.7,
  falls_from: null,
  loss: 0.31,
  validation_loss: 0.402,
  validation_iou: 0.87,
  best: { step: 25, loss: 0.398, iou: 0.8712 },
  base: "resunet-spheroid",
  images: 18,
  held_out: 6,
};
const finished: Progress = { ...training, state: "finished", step: 120, seconds: 180, seconds_left: null, share: 1 };

/** Floats as they lie in a message: at any place in its buffer. */
function packed(...values: number[]): DataView {
  const bytes = new Uint8Array(values.length * 4 + 1);
  bytes.set(new Uint8Array(Float32Array.from(values).buffer), 1);
  return new DataView(bytes.buffer, 1);
}
const curve: Columns = {
  step: packed(10, 20, 30, 40),
  loss: packed(0.6, 0.5, 0.4, 0.31),
  validation_step: packed(0, 25),
  validation_loss: packed(0.55, 0.398),
  validation_iou: packed(0.8, 0.8712),
};

describe("TrainingMonitor", () => {
  let view: AbortController;
  let host: HTMLElement;
  let model: MockModel;

  const show = (progress: Partial<Progress>, more: Record<string, unknown> = {}) => {
    model = new MockModel({ strings, progress, curve, read_only: false, ...more });
    model.handle("refresh", () => null);
    widget.render({ model, el: host, signal: view.signal });
  };
  const said = () => host.innerText.replace(/\s+/g, " ");
  const buttons = () =>
    [...host.querySelectorAll<HTMLButtonElement>("button")].filter((element) => element.offsetParent !== null);
  const press = (label: string) => {
    const found = buttons().find((element) => element.innerText === label);
    if (!found) throw new Error(`no button "${label}" in: ${said()}`);
    found.click();
  };
  const area = () => host.querySelector<HTMLElement>(".sw-training-area")!;
  /** The chart is drawn once it knows its width. */
  const drawn = () => vi.waitFor(() => expect(host.querySelectorAll(".sw-training-line").length).toBe(3));
  const key = (name: string) => area().dispatchEvent(new KeyboardEvent("keydown", { key: name, bubbles: true }));

  beforeEach(() => {
    view = new AbortController();
    host = document.createElement("div");
    host.style.width = "800px";
    document.body.replaceChildren(host);
  });
  afterEach(() => view.abort());

  it("says in one line how far it is and how well it does", () => {
    show(training);
    for (const text of ["line-7", "Training", "step 40", "loss 0.310", "validation IoU 0.870", "1 min 2 s elapsed", "1 min 58 s left"]) {
      expect(said()).toContain(text);
    }
    expect(said()).toContain("Best validation: loss 0.398, IoU 0.871 at step 25");
    expect(said()).toContain("18 images to learn from, 6 to judge by; starts from resunet-spheroid");
    const bar = host.querySelector("[role=progressbar]")!;
    expect(bar.getAttribute("aria-valuenow")).toBe("34");
    expect(bar.getAttribute("aria-valuetext")).toBe("34 %: step 40, 1 min 2 s elapsed");
    model.update({ progress: { ...training, steps: 6000 } });
    expect(said()).toContain("step 40 of 6 000");
  });

  it("draws losses and IoU over the steps, with named axes and the best validation marked", async () => {
    show(training);
    await drawn();
    const labels = [...host.querySelectorAll("svg text")].map((element) => element.textContent);
    expect(labels).toEqual(expect.arrayContaining(["Loss", "Validation IoU", "Step", "best", "0.3", "0.6", "0", "20", "40"]));
    expect(host.querySelectorAll(".sw-training-dot.sw-is-best").length).toBe(2);
    const [loss] = host.querySelectorAll(".sw-training-line.sw-is-training");
    const heights = loss.getAttribute("d")!.slice(1).split("L").map((place) => Number(place.split(" ")[1]));
    expect(heights.length).toBe(4);
    expect([...heights].sort((a, b) => a - b)).toEqual(heights); // the loss falls: downward on the screen
  });

  it("shades where the learning rate falls, and says so", async () => {
    show({ ...training, falls_from: 30 });
    await drawn();
    const [band] = host.querySelectorAll(".sw-training-fall");
    const width = Number(host.querySelector("svg")!.getAttribute("width"));
    expect(Number(band.getAttribute("width")) / width).toBeGreaterThan(0.2);
    expect(said()).toContain("Training, with falling learning rate");
  });

  it("reads a point out by pointer and by keys", async () => {
    show(training);
    await drawn();
    const box = area().getBoundingClientRect();
    const read = () => host.querySelector<HTMLElement>(".sw-training-legend")!.innerText.replace(/\s+/g, " ");
    expect(read()).toContain("Training loss 0.310");
    area().dispatchEvent(new PointerEvent("pointermove", { clientX: box.left + 48 + (box.width - 60) * 0.5, clientY: box.top + 40 }));
    for (const text of ["Training loss 0.500", "Validation loss 0.550", "Validation IoU 0.800", "Step 20"]) {
      expect(read()).toContain(text);
    }
    expect(host.querySelectorAll(".sw-training-cursor circle").length).toBe(3);
    key("End");
    expect(area().getAttribute("aria-valuetext")).toBe(
      "Step 40, Training loss 0.310, Validation loss 0.398, Validation IoU 0.871",
    );
    key("ArrowLeft");
    key("ArrowLeft");
    expect(area().getAttribute("aria-valuetext")).toContain("Step 25, Training loss 0.500, Validation loss 0.398");
    key("Home");
    expect(area().getAttribute("aria-valuetext")).toBe("Step 0, Validation loss 0.550, Validation IoU 0.800");
    key("Escape");
    expect(host.querySelectorAll(".sw-training-cursor circle").length).toBe(0);
    expect(read()).toContain("Training loss 0.310");
  });

  it("keeps what is read out where it is while the curve grows", async () => {
    show(training);
    await drawn();
    key("Home");
    key("ArrowRight");
    model.update({ curve: { ...curve, step: packed(10, 20, 30, 40, 50), loss: packed(0.6, 0.5, 0.4, 0.31, 0.3) } });
    expect(area().getAttribute("aria-valuetext")).toContain("Step 10, Training loss 0.600");
    expect(area().getAttribute("aria-valuemax")).toBe("50");
  });

  it("stops once however often it is pressed, and says so until the step is over", async () => {
    show(training);
    let done = () => {};
    model.handle("stop", () => new Promise<void>((resolve) => (done = resolve)));
    press("Stop");
    await vi.waitFor(() => expect(model.calls("stop").length).toBe(1));
    expect(buttons()[0].innerText).toBe("Stopping…");
    buttons()[0].click();
    model.update({ progress: { ...training, state: "stopping" } });
    done();
    await vi.waitFor(() => expect(said()).toContain("Stopping after this step"));
    expect(buttons()[0].disabled).toBe(true);
    model.update({ progress: { ...training, state: "stopped", seconds_left: null } });
    expect(buttons().map((element) => element.innerText)).toEqual(["Continue"]);
    expect(model.calls("stop").length).toBe(1);
    expect(host.querySelector("[aria-live]")!.textContent).toBe("line-7: the training has stopped at step 40.");
  });

  it("goes on, and shows why that was not possible", async () => {
    show({ ...training, state: "failed", reason: "curve.csv: cannot be written", seconds_left: null });
    expect(said()).toContain("Failed: curve.csv: cannot be written");
    model.handle("resume", () => {
      throw new Error("<b>line-7</b>: is a model already");
    });
    press("Continue");
    await vi.waitFor(() => expect(said()).toContain("<b>line-7</b>: is a model already"));
    press("Continue");
    expect(model.calls("resume").length).toBe(2);
  });

  it("offers to start what has not begun, and says what comes after the end", () => {
    show({ ...training, kind: "training", state: "ready", step: 0, seconds: 0, best: null, base: null }, { curve: {} });
    expect(said()).toContain("Not started");
    expect(said()).toContain("The curve begins after some steps.");
    expect(buttons().map((element) => element.innerText)).toEqual(["Start"]);
    model.update({ progress: finished, curve });
    expect(said()).toContain("took 3 min");
    expect(said()).toContain("wait() makes the best weights the model line-7.");
    expect(buttons()).toEqual([]);
  });

  it("has no buttons where it only shows", () => {
    for (const state of ["training", "stopped", "failed", "ready"] as const) {
      show({ ...training, state }, { read_only: true });
      expect(buttons()).toEqual([]);
    }
  });

  it("counts the seconds on between two pushes, and stops when the kernel is gone", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "setTimeout", "performance"] });
    try {
      show({ ...training, seconds: 10, seconds_left: 170 });
      vi.advanceTimersByTime(3_000);
      expect(said()).toContain("13 s elapsed");
      expect(said()).toContain("2 min 47 s left");
      model.update({ progress: { ...training, seconds: 10, seconds_left: 170, validation_iou: 0.9 } });
      vi.advanceTimersByTime(2_000);
      expect(said()).toContain("15 s elapsed"); // a push within a long step does not set the clock back
      model.silent = true;
      host.className = "jupyter-widgets-disconnected";
      model.emit("comm_live_update");
      vi.advanceTimersByTime(5_000);
      expect(said()).toContain("Last known: Training");
      expect(said()).not.toContain(" left");
      expect(said()).toContain("10 s elapsed");
      expect(buttons().filter((element) => !element.disabled)).toEqual([]);
    } finally {
      vi.useRealTimers();
    }
  });

  it("shows the same again on a reloaded page, from its traits alone", async () => {
    show(finished);
    await drawn();
    const first = said();
    const picture = host.querySelector("svg")!.innerHTML;
    view.abort();
    view = new AbortController();
    host.replaceChildren();
    const again = new MockModel({ strings, progress: finished, curve, read_only: false });
    again.silent = true;
    widget.render({ model: again, el: host, signal: view.signal });
    await drawn();
    expect(said()).toBe(first);
    expect(host.querySelector("svg")!.innerHTML).toBe(picture);
  });

  it("looks for a training that a cell starts, while none is at work", () => {
    vi.useFakeTimers({ toFake: ["setInterval"] });
    try {
      show({ ...training, state: "stopped" });
      const before = model.calls("refresh").length;
      vi.advanceTimersByTime(5_000);
      expect(model.calls("refresh").length).toBe(before + 1);
      model.update({ progress: training });
      vi.advanceTimersByTime(20_000);
      expect(model.calls("refresh").length).toBe(before + 1);
    } finally {
      vi.useRealTimers();
    }
  });

  it("fits 400 px", async () => {
    host.style.width = "400px";
    show({ ...training, state: "failed", name: "a-name-of-a-run-that-is-much-longer-than-usual", reason: "/x/".repeat(60) });
    await drawn();
    const root = host.querySelector<HTMLElement>(".sw-root")!;
    expect(root.scrollWidth).toBeLessThanOrEqual(400);
    for (const label of host.querySelectorAll<SVGTextElement>("svg text")) {
      const box = label.getBoundingClientRect();
      expect(box.left).toBeGreaterThanOrEqual(root.getBoundingClientRect().left);
      expect(box.right).toBeLessThanOrEqual(root.getBoundingClientRect().right);
    }
  });

  it("has a text for every key that it asks for", () => {
    for (const state of ["ready", "training", "stopping", "stopped", "finished", "failed"] as const) {
      for (const kind of ["finetuning", "training"] as const) {
        show(training);
        model.update({ progress: { ...training, state, kind, held_out: 0, falls_from: 20 } });
        expect(host.innerText + host.querySelector("[aria-live]")!.textContent).not.toMatch(/training\.\w|common\.\w/);
      }
    }
  });

  it("waits quietly where the kernel is busy, and says so after a click", async () => {
    const usual = [Rpc.pingEvery, Rpc.silentAfter];
    [Rpc.pingEvery, Rpc.silentAfter] = [20, 50];
    try {
      show(training);
      model.silent = true;
      await vi.waitFor(() => expect(said()).toContain("It may be running a cell"));
      press("Stop");
      await vi.waitFor(() => expect(said()).toContain("this click is carried out"));
      model.silent = false;
      for (const call of [...model.calls("ping"), ...model.calls("stop")]) {
        model.deliver({ kind: "result", id: call.id, value: { seq: 0 } });
      }
      await vi.waitFor(() => expect(said()).not.toContain("this click"));
    } finally {
      [Rpc.pingEvery, Rpc.silentAfter] = usual;
    }
  });
});

describe("Axes", () => {
  const names = (axis: { ticks: { name: string }[] }) => axis.ticks.map(({ name }) => name);

  it("run from tick to tick", () => {
    const axis = linearAxis(0.62, 0.765, 3);
    expect(names(axis)).toEqual(["0.60", "0.65", "0.70", "0.75", "0.80"]);
    [0.6, 0.7, 0.8].forEach((value, index) => expect(axis.at(value)).toBeCloseTo(index / 2, 6));
    expect(names(linearAxis(0.5, 0.5, 3)).length).toBeGreaterThan(1); // one point has an axis as well
  });

  it("are logarithmic where losses span much", () => {
    expect(lossAxis(0.3, 0.9).logarithmic).toBe(false);
    const axis = lossAxis(0.18, 2.6);
    expect(axis.logarithmic).toBe(true);
    expect(names(axis)).toEqual(["0.2", "0.5", "1", "2"]);
    expect(axis.at(0.2) + axis.at(2)).toBeCloseTo(2 * axis.at(Math.sqrt(0.4)), 6);
    expect(lossAxis(0, 3).logarithmic).toBe(false);
  });

  it("of steps name whole numbers", () => {
    expect(names(stepAxis(2, 5))).toEqual(["0", "1", "2"]);
    expect(names(stepAxis(6000, 6))).toEqual(["0", "1\u2009000", "2\u2009000", "3\u2009000", "4\u2009000", "5\u2009000", "6\u2009000"]);
  });
});

describe("Curve", () => {
  it("is read from anywhere in a message, and finds points by step", () => {
    const { step, loss, validationIou } = curveOf(curve);
    expect([...step]).toEqual([10, 20, 30, 40]);
    expect(loss[3]).toBeCloseTo(0.31, 6);
    expect(validationIou.length).toBe(2);
    expect([0, 10, 29, 99].map((wanted) => lastUpTo(step, wanted))).toEqual([-1, 0, 1, 3]);
    expect([0, 14, 16, 99].map((wanted) => nearest(step, wanted))).toEqual([0, 0, 1, 3]);
    expect(nearest(curveOf({}).step, 5)).toBe(-1);
  });
});
