/** Other ways in: a folder that the kernel reads, and the demo plate. */
import { describe, expect, it } from "vitest";
import { FakeKernel, outcome, RaisedError } from "./fixture";
import { freshPages, all, buttons, find, kernel, one, page, press, rows, said, show, soon } from "./testing";

freshPages();

describe("Other ways in", () => {
  const path = (text: string) => {
    one<HTMLInputElement>(".sw-add-path input").value = text;
    press("Look into it");
  };

  it("are a folder that the kernel reads: looked at first, then added where it lies", async () => {
    await show();
    path(" /data/plate-7 ");
    await soon(() => expect(rows()).toEqual(["A1_0h.tif A1 0 h new", "A2_0h.tif A2 0 h new"]));
    expect(kernel.model.calls("add_preview")[0].params).toMatchObject({ path: "/data/plate-7", again: true });
    expect(page.querySelector("[aria-label^='Leave out']")).toBeNull();
    let done: (value: unknown) => void = () => undefined;
    kernel.model.handle("add_images", () => new Promise((resolve) => (done = resolve)));
    const size = one<HTMLInputElement>(".sw-add-number");
    size.value = "1.24";
    press("Add 2 images");
    await soon(() => expect(kernel.model.calls("add_images").length).toBe(1));
    expect(kernel.model.calls("add_images")[0].params).toMatchObject({ path: "/data/plate-7", pixel_size_um: 1.24 });
    kernel.model.event("adding", { progress: { stage: "reading", done: 100, total: 400 }, outcome: null });
    await soon(() => expect(said()).toContain("Added 100 of 400"));
    expect(one<HTMLProgressElement>(".sw-add-stage progress").value).toBe(0.25);
    done(outcome({ added: 399, failed: { n: 1, some: [["B1.tif", "is truncated"]] }, warnings: ["pixel sizes differ"] }));
    await soon(() => expect(said()).toContain("399 images added"));
    expect(said()).toContain("B1.tif cannot be used: is truncated");
    expect(said()).toContain("pixel sizes differ");
    expect(one("[aria-live]").textContent).toBe("399 images added");
    press("Close");
    expect(one(".sw-add-done").offsetParent).toBeNull();
  });

  it("say why a folder cannot be looked into, and ask again when asked again", async () => {
    await show();
    let there = false;
    const preview = kernel.preview.bind(kernel);
    kernel.preview = (params) => {
      if (!there) throw new RaisedError("ShareUnavailableError", "/no: the folder /no is not there.");
      return preview(params);
    };
    path("/no");
    await soon(() => expect(one(".sw-add-trouble").innerText).toContain("the folder /no is not there"));
    expect(one(".sw-add-stage").offsetParent).toBeNull();
    there = true;
    one(".sw-add-path input").dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
    await soon(() => expect(rows().length).toBe(2));
  });

  it("are three while the project is empty, and the demo plate is one of them", async () => {
    kernel.state.empty = true;
    await show();
    const ways = all(".sw-add-way").filter((way) => way.offsetParent !== null);
    expect(ways.map((way) => way.querySelector("strong")?.innerText)).toEqual([
      "Drop images or folders here", "A folder that the kernel reads", "Nothing at hand?",
    ]); // prettier-ignore
    const tops = ways.map((way) => Math.round(way.getBoundingClientRect().top));
    expect(new Set(tops).size).toBe(1);
    let done: (value: unknown) => void = () => undefined;
    kernel.model.handle("add_demo", () => new Promise((resolve) => (done = resolve)));
    press("Try the demo plate");
    await soon(() => expect(said()).toContain("Making the demo plate"));
    expect(buttons().every((element) => element.disabled)).toBe(true);
    kernel.state.empty = false;
    done(outcome({ added: 96, wells: 24 }));
    await soon(() => expect(said()).toContain("96 images added · 24 wells described"));
    await soon(() => expect(find("Try the demo plate")).toBeUndefined());
  });

  it("have no path where visitors are not to look into folders, and nothing where it only shows", async () => {
    await show(new FakeKernel({ from_paths: false }));
    expect(one(".sw-add-path").offsetParent).toBeNull();
    kernel.model.update({ can_add: false });
    expect(one(".sw-adding").offsetParent).toBeNull();
  });
});
