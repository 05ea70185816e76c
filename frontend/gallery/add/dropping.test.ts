/** Files that are dropped or chosen: which are taken, and how they are shown before they are sent. */
import { describe, expect, it, vi } from "vitest";
import { fileOf, RaisedError, transferOf } from "./fixture";
import { freshPages, all, drop, find, kernel, one, page, press, rows, said, show, soon, stage } from "./testing";

freshPages();

describe("Files that are dropped", () => {
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
