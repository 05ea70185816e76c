import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { MockAnswer, MockModel } from "./mock";
import { Rpc, RpcError, type State } from "./rpc";

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe("Rpc", () => {
  let view: AbortController;
  let model: MockModel;
  let cut: boolean;
  let rpc: Rpc;

  const start = () => {
    rpc = new Rpc(model, view.signal, () => cut);
  };

  beforeEach(() => {
    Rpc.pingEvery = 30;
    Rpc.silentAfter = 120;
    view = new AbortController();
    model = new MockModel();
    cut = false;
    start();
  });
  afterEach(() => view.abort());

  it("answers a call with its value and its buffers", async () => {
    model.handle("page", ({ first }, buffers) => new MockAnswer({ first }, [new DataView(buffers[0] as ArrayBuffer)]));
    const answer = await rpc.call<{ first: number }>("page", { first: 7 }, { buffers: [new ArrayBuffer(12)] });
    expect(answer.value).toEqual({ first: 7 });
    expect(answer.buffers[0].byteLength).toBe(12);
  });

  it("rejects with what was raised in the kernel", async () => {
    model.handle("page", () => {
      throw Object.assign(new Error("B07.tif: the file is truncated"), { name: "ImageError" });
    });
    const error: RpcError = await rpc.call("page").catch((reason) => reason);
    expect(error).toBeInstanceOf(RpcError);
    expect(error.type).toBe("ImageError");
    expect(error.message).toBe("B07.tif: the file is truncated");
  });

  it("gives answers that come in another order to those who asked", async () => {
    const answers: ((value: string) => void)[] = [];
    model.handle("tile", () => new Promise((resolve) => answers.push(resolve)));
    const both = [rpc.call("tile"), rpc.call("tile")];
    await wait(0);
    answers[1]("second");
    answers[0]("first");
    expect((await Promise.all(both)).map((answer) => answer.value)).toEqual(["first", "second"]);
  });

  it("tells the kernel of a cancelled call and takes no late answer", async () => {
    let answer = (_: string) => {};
    model.handle("tile", () => new Promise((resolve) => (answer = resolve)));
    const stop = new AbortController();
    const call = rpc.call("tile", {}, { signal: stop.signal });
    await wait(0);
    stop.abort(new Error("scrolled away"));
    await expect(call).rejects.toThrow("scrolled away");
    const { id } = model.calls("tile")[0];
    expect(model.sent).toContainEqual({ kind: "cancel", id });
    answer("late");
    await wait(0);
    expect(rpc.state).toBe("connected");
  });

  it("sends nothing for a call that was cancelled before", async () => {
    await expect(rpc.call("tile", {}, { signal: AbortSignal.abort(new Error("no")) })).rejects.toThrow("no");
    expect(model.calls("tile")).toEqual([]);
  });

  it("gives a call up after its timeout and tells the kernel", async () => {
    model.handle("tile", () => new Promise(() => {}));
    const error: RpcError = await rpc.call("tile", {}, { timeout: 20 }).catch((reason) => reason);
    expect(error.type).toBe("Timeout");
    expect(model.sent).toContainEqual({ kind: "cancel", id: model.calls("tile")[0].id });
  });

  it("refuses a message that the websocket would lose", async () => {
    const error: RpcError = await rpc
      .call("save", {}, { buffers: [new ArrayBuffer(5 * 1024 * 1024)] })
      .catch((reason) => reason);
    expect(error.type).toBe("TooLarge");
    expect(model.calls("save")).toEqual([]);
  });

  it("leaves another page's answers alone", async () => {
    model.handle("tile", () => new Promise(() => {}));
    const call = rpc.call("tile", {}, { timeout: 30 });
    const other = new Rpc(model, view.signal);
    void other.call("tile").catch(() => {});
    const [mine, theirs] = model.calls("tile").map((sent) => sent.id);
    expect(mine).not.toBe(theirs);
    model.deliver({ kind: "result", id: theirs, value: "not mine" });
    await expect(call).rejects.toThrow("did not answer");
  });

  it("hears events until it leaves", () => {
    const heard: number[] = [];
    const leave = rpc.on<number>("progress", (value) => heard.push(value));
    model.event("progress", 1);
    model.event("other", 2);
    leave();
    model.event("progress", 3);
    expect(heard).toEqual([1]);
  });

  it("asks again after a gap in the events, once", async () => {
    const resync = vi.fn();
    rpc.onResync(resync);
    model.event("progress", 1);
    model.event("progress", 2, { lose: true });
    model.event("progress", 3);
    model.event("progress", 4);
    await wait(5);
    expect(model.sent.filter((message) => message.kind === "resync")).toEqual([{ kind: "resync", last: 1 }]);
    expect(resync).toHaveBeenCalledTimes(1);
  });

  it("notices by the ping that the last event was lost", async () => {
    const resync = vi.fn();
    rpc.onResync(resync);
    await wait(5);
    model.event("progress", 1, { lose: true });
    await vi.waitFor(() => expect(resync).toHaveBeenCalledTimes(1));
    await wait(100);
    expect(resync).toHaveBeenCalledTimes(1);
  });

  it("stays quiet while nothing is lost", async () => {
    const resync = vi.fn();
    rpc.onResync(resync);
    for (let i = 0; i < 5; i++) {
      model.event("progress", i);
      await wait(20);
    }
    expect(resync).not.toHaveBeenCalled();
  });

  it("says busy, keeps calls, and goes on when a cell ends", async () => {
    const states: State[] = [];
    rpc.onState((state) => states.push(state));
    model.silent = true;
    let settled = false;
    const call = rpc.call("ping").finally(() => (settled = true));
    await vi.waitFor(() => expect(states).toEqual(["busy"]));
    expect(settled).toBe(false);
    const pings = model.calls("ping").length;
    await wait(100);
    expect(model.calls("ping").length).toBe(pings); // a busy kernel is not flooded
    model.silent = false;
    for (const sent of model.calls("ping")) model.deliver({ kind: "result", id: sent.id, value: { seq: 0 } });
    expect((await call).value).toEqual({ seq: 0 });
    expect(states).toEqual(["busy", "connected"]);
  });

  it("says lost when an idle kernel does not answer, and fails what waits", async () => {
    model.silent = true;
    model.widget_manager.kernel.status = "idle";
    const error: RpcError = await rpc.call("save").catch((reason) => reason);
    expect(error.type).toBe("KernelLost");
    expect(rpc.state).toBe("lost");
    await expect(rpc.call("save")).rejects.toThrow("does not answer");
  });

  it("asks an idle kernel that does not answer whether it knows the widget, and waits where it does", async () => {
    const states: State[] = [];
    rpc.onState((state) => states.push(state));
    let comms: Record<string, unknown> = { [model.model_id]: {} };
    const requestCommInfo = vi.fn(async () => ({ content: { comms } }));
    model.widget_manager.kernel = { status: "idle", requestCommInfo };
    model.silent = true;
    const call = rpc.call("ping");
    await vi.waitFor(() => expect(requestCommInfo).toHaveBeenCalled());
    await wait(100);
    expect(states).toEqual(["busy"]);
    model.silent = false;
    for (const sent of model.calls("ping")) model.deliver({ kind: "result", id: sent.id, value: { seq: 0 } });
    expect((await call).value).toEqual({ seq: 0 });
    comms = {};
    model.silent = true;
    const error: RpcError = await rpc.call("save").catch((reason) => reason);
    expect(error.type).toBe("KernelLost");
    expect(states).toEqual(["busy", "connected", "busy", "lost"]);
  });

  it("waits for an idle kernel that answers nothing at all", async () => {
    model.widget_manager.kernel = { status: "idle", requestCommInfo: () => new Promise(() => {}) };
    model.silent = true;
    await vi.waitFor(() => expect(rpc.state).toBe("busy"));
    await wait(100);
    expect(rpc.state).toBe("busy");
  });

  it("does not take its own standstill for a silence of the kernel", async () => {
    const states: State[] = [];
    rpc.onState((state) => states.push(state));
    model.widget_manager.kernel.status = "idle";
    model.handle("save", () => wait(80).then(() => 7));
    const call = rpc.call("save");
    await wait(5);
    for (const end = performance.now() + 2 * Rpc.silentAfter; performance.now() < end;);
    expect((await call).value).toBe(7);
    expect(states).toEqual([]);
  });

  it("says lost when the host no longer takes messages, and comes back when it does", async () => {
    const send = model.send.bind(model);
    model.send = () => {
      throw new Error("Cannot send");
    };
    const error: RpcError = await rpc.call("save").catch((reason) => reason);
    expect(error.type).toBe("KernelLost");
    expect(rpc.state).toBe("lost");
    model.send = send;
    await vi.waitFor(() => expect(rpc.state).toBe("connected"));
  });

  it("says lost at once when the host cuts the line, and asks for everything when it is back", async () => {
    const resync = vi.fn();
    rpc.onResync(resync);
    model.silent = true;
    cut = true;
    model.emit("comm_live_update");
    await wait(5);
    expect(rpc.state).toBe("lost");
    model.silent = false;
    cut = false;
    model.emit("comm_live_update");
    await vi.waitFor(() => expect(resync).toHaveBeenCalled());
    expect(rpc.state).toBe("connected");
  });

  it("ends with its view: cancels, rejects, listens no more", async () => {
    model.handle("tile", () => new Promise(() => {}));
    const call = rpc.call("tile");
    view.abort(new Error("closed"));
    await expect(call).rejects.toThrow("closed");
    expect(model.sent).toContainEqual({ kind: "cancel", id: model.calls("tile")[0].id });
    expect(model.listeners).toBe(0);
  });
});
