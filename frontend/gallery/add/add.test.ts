import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { overlapsAt, widths } from "../../shared/apart";
import words from "../../../spheroseg_widgets/widgets/strings/en.json";
import widget from "../../add/index";
import { Rpc } from "../../shared/rpc";
import { FakeKernel, fileOf, outcome, RaisedError, transferOf } from "./fixture";
import { Transfer } from "./transfer";

const MEGABYTE = 1024 * 1024;
const patience = Transfer.patience;
const pings = [Rpc.pingEvery, Rpc.silentAfter];
let page: HTMLElement;
let life: AbortController;
let kernel: FakeKernel;

beforeEach(() => {
  page = document.createElement("div");
  page.style.width = "1000px";
  document.body.replaceChildren(page);
  life = new AbortController();
  kernel = new FakeKernel();
});
afterEach(() => {
  life.abort();
  Transfer.patience = patience;
  [Rpc.pingEvery, Rpc.silentAfter] = pings;
});

const soon = (check: () => void) => vi.waitFor(check, { timeout: 8000, interval: 10 });
const one = <E extends HTMLElement = HTMLElement>(selector: string) => page.querySelector<E>(selector) as E;
const all = (selector: string) => [...page.querySelectorAll<HTMLElement>(selector)];
const said = () => page.innerText.replace(/\s+/g, " ");
const rows = () => all("tbody tr").map((row) => row.innerText.replace(/\s+/g, " ").trim());
const buttons = () => all("button").filter((element) => element.offsetParent !== null) as HTMLButtonElement[];
const find = (label: string) => buttons().find((element) => element.innerText.trim() === label);
const press = (label: string) => {
  const found = find(label);
  if (!found) throw new Error(`no button "${label}" in: ${said()}`);
  found.click();
};

/** Whether the kernel has what is in a file. */
async function same(file: File): Promise<boolean> {
  const stored = kernel.stored.get(file.name);
  const sent = new Uint8Array(await file.arrayBuffer());
  return stored?.length === sent.length && sent.every((byte, at) => byte === stored[at]);
}

async function show(): Promise<void> {
  widget.render({ model: kernel.model, el: page, signal: life.signal });
  await soon(() => expect(one<HTMLButtonElement>(".sw-add-zone").disabled).toBe(false));
}

function drop(...files: File[]): void {
  one(".sw-adding").dispatchEvent(
    new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: transferOf(...files) }),
  );
}

/** Drops files and waits until they are looked at. */
async function stage(...files: File[]): Promise<void> {
  drop(...files);
  await soon(() => expect(one(".sw-button-main").getAttribute("aria-disabled")).toBe("false"));
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

  it("that cannot keep their names say what they will be called, and why", async () => {
    kernel.kept["A1_0h.tif"] = { stored_as: "A1_0h_2.tif", taken: true };
    kernel.kept["a?.tif"] = { stored_as: "a_.tif", taken: false };
    await show();
    await stage(fileOf("A1_0h.tif", 900, 1), fileOf("a?.tif", 800, 2));
    expect(rows()[0]).toContain("a?.tif will be kept as a_.tif");
    expect(rows()[1]).toContain("another file has this name: will be kept as A1_0h_2.tif");
  });

  it("that cannot be read any more are named", async () => {
    await show();
    const gone = fileOf("gone.tif", 900, 1);
    gone.slice = () => ({ arrayBuffer: () => Promise.reject(new DOMException("gone", "NotReadableError")) }) as never;
    drop(gone);
    await soon(() => expect(rows()[0]).toContain("it was moved, changed or deleted"));
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

  it("that could not be looked at are looked at again, and are not added unasked", async () => {
    await show();
    let broken = true;
    const offer = (params: Record<string, unknown>) => (params.files as [string[], number][]).map(([parts]) => ({
      key: parts[0], have: 0, checksum: 0, refused: "", stored_as: "", taken: false,
    })); // prettier-ignore
    kernel.model.handle("add_offer", (params) => {
      if (broken) throw new RaisedError("UploadError", "/uploads: the folder cannot be made");
      return offer(params);
    });
    drop(fileOf("A1_0h.tif", 10));
    await soon(() => expect(one(".sw-add-trouble").innerText).toContain("the folder cannot be made"));
    broken = false;
    press("Try again");
    await soon(() => expect(one(".sw-button-main").getAttribute("aria-disabled")).toBe("false"));
    expect(kernel.model.calls("add_chunk")).toEqual([]);
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

  it("can be left out one by one, or all", async () => {
    await show();
    await stage(fileOf("A1_0h.tif", 10, 1), fileOf("A2_0h.tif", 20, 2));
    one<HTMLButtonElement>("[aria-label='Leave out A1_0h.tif']").click();
    await soon(() => expect(rows()).toEqual(["A2_0h.tif A2 0 h new"]));
    await soon(() => expect(find("Add 1 image")).toBeDefined());
    press("Clear");
    await soon(() => expect(one(".sw-add-stage").offsetParent).toBeNull());
    await soon(() => expect(kernel.model.calls("add_discard").length).toBe(2));
    expect(document.activeElement).toBe(one(".sw-add-zone"));
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

  it("keep hostile names as text", async () => {
    await show();
    await stage(fileOf("<img src=x onerror=alert(1)>.tif", 10));
    expect(page.querySelector("td img")).toBeNull();
    expect(rows()[0]).toContain("<img src=x onerror=alert(1)>.tif");
  });

  it("are looked for in folders, where other files are passed over", async () => {
    await show();
    const entry = (name: string, inside?: unknown[]): unknown =>
      inside
        ? {
            name, isFile: false, isDirectory: true,
            createReader: () => {
              const portions = [inside.slice(0, 2), inside.slice(2), []];
              return { readEntries: (give: (some: unknown[]) => void) => give(portions.shift() ?? []) };
            },
          } // prettier-ignore
        : { name, isFile: true, file: (give: (file: File) => void) => give(fileOf(name, 10, name.length)) };
    const root = entry("plate 1", [
      entry(".DS_Store"), entry("day 10", [entry("A1.tif")]), entry("day 2", [entry("A1.tif"), entry("._A1.tif")]), entry("notes.docx"),
      entry("well.csv"),
    ]); // prettier-ignore
    const dataTransfer = { types: ["Files"], items: [{ kind: "file", webkitGetAsEntry: () => root }], dropEffect: "" };
    const event = new Event("drop", { bubbles: true, cancelable: true });
    one(".sw-adding").dispatchEvent(Object.assign(event, { dataTransfer }));
    expect(event.defaultPrevented).toBe(true);
    await soon(() => expect(kernel.model.calls("add_offer").length).toBe(1));
    const offered = kernel.model.calls("add_offer")[0].params.files as [string[], number][];
    expect(offered.map(([parts]) => parts.join("/"))).toEqual(["plate 1/day 2/A1.tif", "plate 1/day 10/A1.tif"]);
    expect(said()).not.toContain("well.csv");
  });

  it("are taken by a file input too, for whoever has no pointer", async () => {
    await show();
    const zone = one<HTMLButtonElement>(".sw-add-zone");
    expect(zone.tagName).toBe("BUTTON");
    expect(zone.innerText).toContain("press to choose files");
    const [input] = all("input[type=file]") as HTMLInputElement[];
    const opened = vi.spyOn(input, "click").mockImplementation(() => undefined);
    zone.click();
    expect(opened).toHaveBeenCalled();
    expect(input.accept).toBe(".tif,.tiff,.png,.csv,.xlsx");
    Object.defineProperty(input, "files", { value: [fileOf("A1_0h.tif", 10)] });
    input.dispatchEvent(new Event("change"));
    await soon(() => expect(rows()).toEqual(["A1_0h.tif A1 0 h new"]));
  });

  it("mark the zone while they hover over it", async () => {
    await show();
    const fire = (name: string, target: HTMLElement) =>
      target.dispatchEvent(new DragEvent(name, { bubbles: true, cancelable: true, dataTransfer: transferOf(fileOf("a.tif", 1)) }));
    fire("dragenter", one(".sw-adding"));
    fire("dragenter", one(".sw-add-zone"));
    fire("dragleave", one(".sw-adding"));
    expect(one(".sw-adding").classList.contains("sw-add-over")).toBe(true);
    fire("dragleave", one(".sw-add-zone"));
    expect(one(".sw-adding").classList.contains("sw-add-over")).toBe(false);
  });

  it("that are no images are answered", async () => {
    await show();
    drop();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(said()).not.toContain("no image in it");
    const transfer = transferOf(fileOf("a.tif", 1));
    Object.defineProperty(transfer, "items", { value: [] });
    one(".sw-adding").dispatchEvent(new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: transfer }));
    await soon(() => expect(said()).toContain("There is no image in it, and no table."));
  });
});

describe("Names", () => {
  const way = () => one<HTMLSelectElement>(".sw-add-names select");
  const choose = (value: string) => {
    way().value = value;
    way().dispatchEvent(new Event("change"));
  };
  const asked = () => kernel.model.calls("add_preview").map(({ params }) => params.names);

  it("are read by a pattern as it is typed, and what is wrong with it is said beside it", async () => {
    await show();
    await stage(fileOf("A1_0h.tif", 10));
    choose("pattern");
    const field = one<HTMLInputElement>(".sw-add-pattern");
    expect(document.activeElement).toBe(field);
    await soon(() => expect(asked()).toContain("{plate}_{well}_{time}h"));
    const before = asked().length;
    for (const text of ["{", "{w", "{wel}"]) {
      field.value = text;
      field.dispatchEvent(new Event("input"));
    }
    await soon(() => expect(one(".sw-add-problem").innerText).toContain("unknown field {wel}"));
    expect(asked().length).toBe(before + 1);
    expect(field.getAttribute("aria-invalid")).toBe("true");
    expect(said()).toContain("Mend the pattern first.");
    field.value = "";
    find("{well}")?.click();
    find("*")?.click();
    expect(field.value).toBe("{well}*");
    await soon(() => expect(asked().at(-1)).toBe("{well}*"));
    await soon(() => expect(field.getAttribute("aria-invalid")).toBe("false"));
    press("Add 1 image");
    await soon(() => expect(kernel.model.calls("add_images")[0]?.params.names).toBe("{well}*"));
  });

  it("that do not fit together are named, with what is missing", async () => {
    await show();
    const preview = kernel.preview.bind(kernel);
    kernel.preview = (params) => {
      const told = preview(params);
      told.rows[0][7] = "duplicate";
      told.rows[1].splice(7, 2, "taken", "old.tif");
      return { ...told, duplicates: [2, ["a", "b"]], taken: [1, ["c"]], gaps: [9, ["B02 at 24 h", "B03 at 24 h"]] };
    };
    await stage(fileOf("A1_0h.tif", 10, 1), fileOf("A1_1h.tif", 20, 2), fileOf("x.tif", 30, 3));
    const notes = all(".sw-add-stage > .sw-add-notes li").map((line) => line.innerText);
    expect(notes).toEqual([
      "2 files stand for the same image as another: a, b",
      "The project has another image of this well and time: c",
      "9 images are missing: B02 at 24 h, B03 at 24 h, …",
      "One name says no well and no time: x.tif",
    ]);
    expect(rows()[0]).toContain("stands for the same image as another");
    expect(rows()[1]).toContain("same well and time as old.tif");
    expect(find("Add 3 images")).toBeDefined();
  });
});

describe("A table", () => {
  const told = {
    of_images: false, rows: 3, used: ["well", "condition"], unused: ["lens"], wells: 3, open_plates: [], problems: [],
    matched: 0, without_file: [0, []] as [number, string[]],
  }; // prettier-ignore

  it("is dropped with the images, shown, and sent along", async () => {
    kernel.sheet = told;
    await show();
    await stage(fileOf("A1_0h.tif", 10), fileOf("map.csv", 40));
    await soon(() => expect(one(".sw-add-sheet").innerText).toContain("map.csv"));
    expect(said()).toContain("3 wells: well, condition");
    expect(said()).toContain("Not used: the column lens");
    expect(rows()).toEqual(["A1_0h.tif A1 0 h new"]);
    press("Add 1 image");
    await soon(() => expect(kernel.model.calls("add_images")[0]?.params.sheet).toBe("map.csv"));
  });

  it("with wrong cells stops the adding until it is mended or removed", async () => {
    kernel.sheet = { ...told, problems: [[7, "time_h", "'soon' is not a number"], [9, "", "is odd"]] };
    await show();
    drop(fileOf("A1_0h.tif", 10), fileOf("map.csv", 40));
    await soon(() => expect(said()).toContain("Line 7, time_h: 'soon' is not a number"));
    expect(said()).toContain("Line 9: is odd");
    const add = one(".sw-button-main");
    expect(add.getAttribute("aria-disabled")).toBe("true");
    expect(said()).toContain("Mend the table and add it again, or remove it.");
    add.click();
    expect(kernel.model.calls("add_chunk")).toEqual([]);
    kernel.sheet = undefined;
    press("Remove the table");
    await soon(() => expect(add.getAttribute("aria-disabled")).toBe("false"));
  });

  it("that cannot be read is said", async () => {
    kernel.sheet = { error: "map.xlsx: is damaged, or no workbook" };
    await show();
    drop(fileOf("map.xlsx", 40));
    await soon(() => expect(said()).toContain("map.xlsx: is damaged, or no workbook"));
    expect(one(".sw-button-main").getAttribute("aria-disabled")).toBe("true");
  });

  it("alone describes the wells of a project", async () => {
    kernel.sheet = told;
    await show();
    await stage(fileOf("map.csv", 40));
    kernel.model.handle("add_images", () => outcome({ wells: 3 }));
    press("Describe 3 wells");
    await soon(() => expect(said()).toContain("3 wells described"));
    expect(kernel.model.calls("add_images")[0].params.files).toEqual([]);
  });

  it("of several plates asks for their names", async () => {
    kernel.sheet = { ...told, open_plates: ["p1", "p2"] };
    await show();
    drop(fileOf("map.csv", 40));
    await soon(() => expect(said()).toContain("Several plates (p1, p2)"));
  });
});

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
    kernel = new FakeKernel({ from_paths: false });
    await show();
    expect(one(".sw-add-path").offsetParent).toBeNull();
    kernel.model.update({ can_add: false });
    expect(one(".sw-adding").offsetParent).toBeNull();
  });
});

describe("A page that opens later", () => {
  it("names what arrived in part, and can discard it", async () => {
    kernel.state.unfinished = [["A1.tif", 1000, 400]];
    await show();
    expect(said()).toContain("One file arrived only in part: A1.tif (40 %). Drop it again and it goes on.");
    kernel.model.handle("add_discard", () => void (kernel.state.unfinished = []));
    press("Discard");
    await soon(() => expect(said()).not.toContain("arrived only in part"));
    expect(kernel.model.calls("add_discard")[0].params.keys).toBeNull();
  });

  it("shows what another page adds, and what came of it", async () => {
    kernel.state.progress = { stage: "reading", done: 5, total: 10 };
    await show();
    await soon(() => expect(said()).toContain("Added 5 of 10"));
    kernel.model.event("adding", { progress: null, outcome: outcome({ added: 10 }) });
    await soon(() => expect(said()).toContain("10 images added"));
    expect(said()).not.toContain("Added 5 of 10");
  });
});

it("fits 400 px, and no page is wider for a long name", async () => {
  page.style.width = "400px";
  kernel.state.empty = true;
  await show();
  const root = one(".sw-root");
  expect(root.scrollWidth).toBeLessThanOrEqual(400);
  await stage(fileOf(`${"a-very-long-name-".repeat(9)}A1_0h.tif`, 10), fileOf("A2_24h.tif", 20));
  expect(root.scrollWidth).toBeLessThanOrEqual(400);
  expect(one(".sw-add-list").scrollWidth).toBeLessThanOrEqual(one(".sw-add-list").clientWidth);
  expect(overlapsAt(page, widths(340, 1100))).toEqual([]);
});

it("has a text for every key that it puts together", () => {
  const known = words.add as Record<string, string>;
  const keys = [
    ...["auto", "incucyte", "opera", "pattern"].map((name) => `names_${name}`),
    ...["plate", "well", "time", "day", "site", "channel", "z", "row", "col", "any"].map((name) => `field_${name}`),
    ...["plate", "well", "time", "site", "channel", "z", "file", "state", "leave"].map((name) => `column_${name}`),
    ...["brightfield", "phase", "fluorescence"].map((name) => `modality_${name}`),
    ...["files", "plates", "wells", "times", "sites", "channels", "refused"].map((name) => `n_${name}.one`),
    ...["duplicates", "taken", "gaps", "unparsed", "known"].map((name) => `${name}.other`),
    "done_failed", "done_skipped", "done_changed", "sheet_images.one", "sheet_wells.one", "sheet_problem", "sheet_problem_line",
  ]; // prettier-ignore
  expect(keys.filter((key) => !(key in known))).toEqual([]);
});
