import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import "./tokens.css";
import { mount } from "./frame";
import { MockModel } from "./mock";
import { Rpc } from "./rpc";

describe("mount", () => {
  let view: AbortController;
  let host: HTMLElement;
  const strings = {
    "common.retry": "Retry",
    "common.failed": "This could not be shown.",
    "common.kernel_lost": "The kernel does not answer.",
    "common.kernel_busy": "The kernel has not answered.",
    "demo.title": "Demo",
  };
  const banners = () =>
    [...host.querySelectorAll<HTMLElement>(".sw-banner")].filter((line) => !line.hidden).map((line) => line.innerText);

  beforeEach(() => {
    Rpc.pingEvery = 20;
    Rpc.silentAfter = 60;
    view = new AbortController();
    host = document.createElement("div");
    document.body.replaceChildren(host);
  });
  afterEach(() => view.abort());

  it("keeps the host's shortcuts away and has a name", () => {
    mount(host, new MockModel({ strings }), view.signal, { name: "demo" });
    const root = host.querySelector<HTMLElement>(".sw-root.sw-demo")!;
    expect(root.hasAttribute("data-lm-suppress-shortcuts")).toBe(true);
    expect(root.getAttribute("aria-label")).toBe("Demo");
  });

  it("marks whatever gets the focus, since JupyterLab asks that element first", () => {
    const { root } = mount(host, new MockModel({ strings }), view.signal, { name: "demo" });
    const button = document.createElement("button");
    root.append(button);
    expect(button.hasAttribute("data-lm-suppress-shortcuts")).toBe(false);
    button.focus();
    expect(button.hasAttribute("data-lm-suppress-shortcuts")).toBe(true);
  });

  it("shows an error of the Python half in place of the content, and its end", async () => {
    const model = new MockModel({ strings, error: "plate-7: the store is locked" });
    model.handle("retry", () => model.update({ error: "" }));
    const { root } = mount(host, model, view.signal, { name: "demo" });
    const card = host.querySelector<HTMLElement>("[role=alert]")!;
    expect(card.innerText).toContain("plate-7: the store is locked");
    expect(root.hidden).toBe(true);
    card.querySelector("button")!.click();
    await vi.waitFor(() => expect(root.hidden).toBe(false));
    expect(card.hidden).toBe(true);
    expect(model.calls("retry").length).toBe(1);
  });

  it("never reads a text as HTML", () => {
    const frame = mount(host, new MockModel({ strings }), view.signal, { name: "demo" });
    frame.fail(new Error("<img src=x onerror=alert(1)>.tif: not an image"));
    frame.banner.show("<b>bold</b>");
    expect(host.querySelector("img, b")).toBeNull();
    expect(banners()).toEqual(["<b>bold</b>"]);
  });

  it("says at once that a page was opened without its kernel", () => {
    host.className = "jupyter-widgets-disconnected";
    const model = new MockModel({ strings });
    model.silent = true;
    mount(host, model, view.signal, { name: "demo" });
    expect(banners()).toEqual(["The kernel does not answer."]);
  });

  it("says busy without claiming that the kernel is gone, and takes it back", async () => {
    const model = new MockModel({ strings });
    model.silent = true;
    mount(host, model, view.signal, { name: "demo" });
    await vi.waitFor(() => expect(banners()).toEqual(["The kernel has not answered."]));
    model.silent = false;
    for (const ping of model.calls("ping")) model.deliver({ kind: "result", id: ping.id, value: { seq: 0 } });
    expect(banners()).toEqual([]);
  });

  it("follows the host's theme", async () => {
    const frame = mount(host, new MockModel({ strings }), view.signal, { name: "demo" });
    const changed = vi.fn();
    frame.onTheme(changed);
    document.body.dataset.jpThemeLight = "true";
    expect(frame.token("--sw-surround")).toBe("#e8e8e8");
    document.body.dataset.jpThemeLight = "false";
    await vi.waitFor(() => expect(changed).toHaveBeenCalled());
    expect(frame.token("--sw-surround")).toBe("#1e1e1e");
    delete document.body.dataset.jpThemeLight;
  });
});
