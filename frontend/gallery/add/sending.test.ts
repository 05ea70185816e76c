/** Files on their way: sent in pieces, gone on with, sent again, refused and called off. */
import { afterEach, describe, expect, it } from "vitest";
import { Rpc } from "../../shared/rpc";
import { fileOf, RaisedError } from "./fixture";
import { freshPages, drop, find, kernel, one, page, press, rows, said, show, soon, stage } from "./testing";
import { Transfer } from "./transfer";

const MEGABYTE = 1024 * 1024;
const patience = Transfer.patience;
const pings = [Rpc.pingEvery, Rpc.silentAfter];

freshPages();
afterEach(() => {
  Transfer.patience = patience;
  [Rpc.pingEvery, Rpc.silentAfter] = pings;
});

/** Whether the kernel has what is in a file. */
async function same(file: File): Promise<boolean> {
  const stored = kernel.stored.get(file.name);
  const sent = new Uint8Array(await file.arrayBuffer());
  return stored?.length === sent.length && sent.every((byte, at) => byte === stored[at]);
}

describe("Files that are dropped", () => {
  it("are looked at first, then sent in pieces of at most 1 MiB, and added", async () => {
    await show();
    const files = [fileOf("A1_0h.tif", 2.5 * MEGABYTE, 1), fileOf("A2_24h.tif", 700, 2)];
    await stage(...files);
    expect(said()).toContain("2 images · 2 wells × 2 times · 2.62 MB");
    expect(rows()).toEqual(["A1_0h.tif A1 0 h new", "A2_24h.tif A2 24 h new"]);
    expect(kernel.model.calls("add_chunk")).toEqual([]);
    press("Add 2 images");
    await soon(() => expect(said()).toContain("2 images added"));
    expect(kernel.largest).toBe(MEGABYTE);
    for (const file of files) {
      expect(await same(file)).toBe(true);
    }
    const [call] = kernel.model.calls("add_images");
    expect(call.params).toMatchObject({ names: "auto", sheet: null, pixel_size_um: null, modality: "brightfield" });
    expect((call.params.files as [string, string[]][]).map(([, parts]) => parts)).toEqual([["A1_0h.tif"], ["A2_24h.tif"]]);
    expect(one(".sw-add-stage").offsetParent).toBeNull();
  });

  it("have a bounded number of pieces under way", async () => {
    await show();
    kernel.before = () => new Promise((resolve) => setTimeout(resolve, 4));
    await stage(...Array.from({ length: 20 }, (_, n) => fileOf(`A${n}_0h.tif`, 1.2 * MEGABYTE, n)));
    press("Add 20 images");
    await soon(() => expect(kernel.stored.size).toBe(20));
    expect(kernel.most).toBe(4);
  });

  it("go on where they were interrupted, and from the beginning where the bytes are others", async () => {
    await show();
    const [half, other] = [fileOf("half.tif", 2 * MEGABYTE, 1), fileOf("other.tif", 2 * MEGABYTE, 2)];
    const key = (file: File) => `${file.name}-${file.size}-${file.lastModified}`;
    kernel.parts.set(key(half), new Uint8Array(await half.slice(0, MEGABYTE).arrayBuffer()));
    kernel.parts.set(key(other), new Uint8Array(MEGABYTE));
    await stage(half, other);
    expect(rows()[0]).toContain("50 % are there");
    press("Add 2 images");
    kernel.parts.set(key(other), new Uint8Array(0));
    await soon(() => expect(kernel.stored.size).toBe(2));
    const offsets = (name: string) =>
      kernel.model.calls("add_chunk").filter(({ params }) => String(params.key).startsWith(name)).map(({ params }) => params.offset);
    expect(offsets("half")).toEqual([MEGABYTE]);
    expect(offsets("other")).toEqual([0, MEGABYTE]);
    expect(await same(other)).toBe(true);
  });

  it("that are known by their content add nothing", async () => {
    const known = fileOf("A1_0h.tif", 5000, 1);
    kernel.stored.set(known.name, new Uint8Array(await known.arrayBuffer()));
    await show();
    drop(known);
    await soon(() => expect(rows()[0]).toContain("in the project already"));
    await soon(() => expect(said()).toContain("None of these files would add an image."));
    expect(one(".sw-button-main").getAttribute("aria-disabled")).toBe("true");
    expect(kernel.model.calls("add_chunk").map(({ params }) => params.offset)).toEqual([5000]);
    drop(known, fileOf("B1_0h.tif", 10));
    await soon(() => expect(rows().length).toBe(2));
    await soon(() => expect(find("Add 1 image")).toBeDefined());
  });

  it("are sent again where a piece was damaged, and given up when it is always so; the others go on", async () => {
    await show();
    let times = 0;
    kernel.damage = (key) => key.startsWith("bad") || (key.startsWith("once") && (times += 1) === 1);
    await stage(fileOf("bad.tif", 900, 1), fileOf("good.tif", 900, 2), fileOf("once.tif", 900, 3));
    press("Add 3 images");
    await soon(() => expect(said()).toContain("2 images added"));
    expect(said()).toContain("bad.tif cannot be used: arrived damaged several times");
    expect([...kernel.stored.keys()].sort()).toEqual(["good.tif", "once.tif"]);
  });

  it("that are refused say why and do not stop the others", async () => {
    kernel.refused["large.tif"] = "60 MB are over the limit";
    await show();
    await stage(fileOf("large.tif", 900, 1), fileOf("small.tif", 800, 2));
    expect(said()).toContain("One file is not taken");
    expect(rows()[0]).toContain("60 MB are over the limit");
    press("Add 1 image");
    await soon(() => expect(said()).toContain("large.tif cannot be used: 60 MB are over the limit"));
    expect([...kernel.stored.keys()]).toEqual(["small.tif"]);
  });

  it("are offered anew to a kernel that was started again", async () => {
    await show();
    await stage(fileOf("A1_0h.tif", 3 * MEGABYTE, 1));
    let restarted = false;
    kernel.before = (_key, offset) => {
      if (offset === MEGABYTE && !restarted) {
        restarted = true;
        kernel.restart();
      }
    };
    press("Add 1 image");
    await soon(() => expect(kernel.stored.size).toBe(1));
    expect(kernel.model.calls("add_offer").length).toBe(2);
    await soon(() => expect(said()).toContain("1 image added"));
  });

  it("wait for a kernel that was lost, and go on by themselves", async () => {
    [Rpc.pingEvery, Rpc.silentAfter] = [20, 60];
    await show();
    await stage(fileOf("A1_0h.tif", 3 * MEGABYTE, 1));
    let lost = false;
    kernel.before = (_key, offset) => {
      if (offset !== MEGABYTE || lost) return undefined;
      lost = true;
      kernel.model.silent = true;
      page.className = "jupyter-widgets-disconnected";
      return new Promise(() => undefined);
    };
    press("Add 1 image");
    await soon(() => expect(said()).toContain("Sending goes on by itself when it does"));
    kernel.restart();
    kernel.model.silent = false;
    page.className = "";
    kernel.model.emit("comm_live_update");
    await soon(() => expect(said()).toContain("1 image added"));
    expect(kernel.stored.get("A1_0h.tif")?.length).toBe(3 * MEGABYTE);
  });

  it("are sent again where an answer got lost", async () => {
    Transfer.patience = 80;
    await show();
    await stage(fileOf("A1_0h.tif", 2 * MEGABYTE, 1));
    let swallowed = false;
    kernel.before = () => {
      if (swallowed) return undefined;
      swallowed = true;
      return new Promise(() => undefined);
    };
    press("Add 1 image");
    await soon(() => expect(said()).toContain("1 image added"));
  });

  it("stop at a full disk, and go on from there when there is room", async () => {
    await show();
    await stage(fileOf("A1_0h.tif", 2 * MEGABYTE, 1));
    let full = true;
    kernel.before = (_key, offset) => {
      if (full && offset > 0) throw new RaisedError("UploadError", "A1_0h.tif: cannot be written (No space left on device)");
    };
    press("Add 1 image");
    await soon(() => expect(one("[role=alert].sw-add-trouble").innerText).toContain("No space left on device"));
    full = false;
    press("Try again");
    await soon(() => expect(said()).toContain("1 image added"));
    expect(kernel.model.calls("add_chunk").map(({ params }) => params.offset)).toEqual([0, MEGABYTE, MEGABYTE]);
  });

  it("of one name have a row and a progress each", async () => {
    await show();
    await stage(fileOf("A1_0h.tif", 900, 1), fileOf("A1_0h.tif", 700, 2));
    expect(rows().length).toBe(2);
    kernel.before = (key) => (key.includes("-900-") ? new Promise(() => undefined) : undefined);
    press("Add 2 images");
    await soon(() => expect(rows().map((row) => row.includes("arrived")).sort()).toEqual([false, true]));
  });

  it("can be called off and gone on with", async () => {
    await show();
    await stage(fileOf("A1_0h.tif", 4 * MEGABYTE, 1));
    kernel.before = (_key, offset) => (offset > 0 ? new Promise(() => undefined) : undefined);
    press("Add 1 image");
    await soon(() => expect(said()).toContain("25 % sent: 1.05 MB of 4.19 MB"));
    expect(document.activeElement?.textContent).not.toBe("");
    press("Cancel");
    await soon(() => expect(said()).toContain("Stopped. What has arrived is kept"));
    kernel.before = () => undefined;
    press("Add 1 image");
    await soon(() => expect(said()).toContain("1 image added"));
  });

  it("that are hundreds are drawn at most ten times a second, and not all of them", async () => {
    await show();
    await stage(...Array.from({ length: 400 }, (_, n) => fileOf(`A${(n % 12) + 1}_${n}h.tif`, 3000, n)));
    expect(rows().length).toBe(200);
    expect(said()).toContain("and 200 more");
    let drawn = 0;
    const watch = new MutationObserver(() => (drawn += 1));
    watch.observe(one(".sw-add-stage"), { childList: true, subtree: true, characterData: true });
    kernel.before = () => new Promise((resolve) => setTimeout(resolve, 8));
    const began = performance.now();
    press("Add 400 images");
    await soon(() => expect(kernel.stored.size).toBe(400));
    const seconds = (performance.now() - began) / 1000;
    watch.disconnect();
    expect(seconds).toBeGreaterThan(0.7);
    // Beside the ticks there are the beginning and the end of the work.
    expect(drawn).toBeLessThanOrEqual(10 * seconds + 4);
    expect(drawn).toBeGreaterThan(3);
  });
});
