import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { overlapsAt, widths } from "../shared/apart";
import words from "../../spheroseg_widgets/widgets/strings/en.json";
import { MockAnswer, MockModel } from "../shared/mock";
import widget from "./index";

const strings = Object.fromEntries(
  Object.entries({ ...words }).flatMap(([section, texts]) => Object.entries(texts).map(([key, text]) => [`${section}.${key}`, text])),
);

let view: AbortController;
let home: HTMLElement;
let model: MockModel;

function show(more: Record<string, unknown> = {}): void {
  const formats = ["csv", "masks", "ours"];
  model = new MockModel({ strings, pane: "gallery", n_selected: 0, models: ["resunet-spheroid", "threshold"], formats, read_only: false, ...more });
  model.handle("counts", () => ({ all: 1384, new: 0, selected: 0 }));
  const el = document.createElement("div");
  home.append(el);
  void widget.render({ model, el, signal: view.signal });
}
const buttons = () => [...home.querySelectorAll<HTMLButtonElement>("button")].filter((one) => one.offsetParent !== null);
const press = (label: string) => buttons().find((one) => one.textContent === label)!.click();
const radio = (which: string) => home.querySelector<HTMLInputElement>(`input[value=${which}]`)!;

beforeEach(() => {
  view = new AbortController();
  home = document.createElement("div");
  home.className = "sw-workbench widget-box";
  document.body.append(home);
});
afterEach(() => {
  view.abort();
  home.remove();
});

it("segments what is chosen, by the model that is chosen", async () => {
  show();
  press("Segment");
  await vi.waitFor(() => expect(buttons().at(-1)!.textContent).toBe("Segment 1\u2009384 images"));
  expect([radio("new").disabled, radio("selected").disabled]).toEqual([true, true]);
  model.update({ n_selected: 2 });
  radio("selected").click();
  home.querySelector("select")!.value = "threshold";
  model.handle("segment", () => ({ run: 12, images: 2 }));
  press("Segment 2 images");
  await vi.waitFor(() => expect(home.innerText).toContain("Run 12 works on 2 images."));
  expect(model.calls("segment").map(({ params }) => params)).toEqual([{ which: "selected", model: "threshold" }]);
  expect(home.querySelector("form")).toBeNull();
  expect(document.activeElement!.textContent).toBe("Segment");
});

it("says why nothing was started, and lets one try again", async () => {
  show();
  press("Segment");
  model.handle("segment", () => {
    throw new Error("the folder of the images is not reachable");
  });
  home.querySelector("form")!.requestSubmit();
  await vi.waitFor(() => expect(home.querySelector("[role=alert]:not([hidden])")!.textContent).toContain("not reachable"));
  expect(buttons().at(-1)!.disabled).toBe(false);
});

it("starts with what is selected", async () => {
  show({ n_selected: 3 });
  press("Segment");
  expect(radio("selected").checked).toBe(true);
  expect(document.activeElement).toBe(radio("selected"));
});

it("fetches an archive part by part and hands it on", async () => {
  show();
  const whole = new Uint8Array([1, 2, 3, 4, 5]);
  model.handle("export", () => ({ name: "plate.zip", bytes: 5, files: 2, path: "/p/exports/plate.zip" }));
  model.handle("part", ({ offset }) => new MockAnswer(null, [new DataView(whole.slice(Number(offset), Number(offset) + 2).buffer)]));
  const saved: Blob[] = [];
  const url = vi.spyOn(URL, "createObjectURL").mockImplementation((blob) => (saved.push(blob as Blob), "blob:none"));
  const click = vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(() => undefined);
  press("Export");
  expect([...home.querySelectorAll("label")].map((one) => one.textContent)).toContain("ours");
  press("Download");
  await vi.waitFor(() => expect(home.innerText).toContain("2 files, 5 B: downloaded, and kept as /p/exports/plate.zip"));
  expect(model.calls("export")[0].params).toEqual({ formats: ["csv", "masks"] });
  expect(new Uint8Array(await saved[0].arrayBuffer())).toEqual(whole);
  expect(click).toHaveBeenCalledOnce();
  url.mockRestore();
  click.mockRestore();
});

it("takes no archive for whole that ends too early", async () => {
  show();
  model.handle("export", () => ({ name: "plate.zip", bytes: 5, files: 2, path: "" }));
  model.handle("part", () => new MockAnswer(null, [new DataView(new ArrayBuffer(0))]));
  press("Export");
  press("Download");
  await vi.waitFor(() => expect(home.innerText).toContain("plate.zip ended too early"));
});

it("needs a format", () => {
  show();
  press("Export");
  for (const box of home.querySelectorAll<HTMLInputElement>("input:checked")) box.click();
  expect(buttons().at(-1)!.disabled).toBe(true);
});

it("shows one pane in a narrow place, by tabs and their keys", async () => {
  home.style.width = "600px";
  show();
  expect(home.dataset.pane).toBe("gallery");
  const tab = buttons().find((one) => one.getAttribute("aria-selected") === "true")!;
  expect(tab.textContent).toBe("Images");
  tab.focus();
  tab.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }));
  expect([home.dataset.pane, document.activeElement!.textContent, model.traits.pane]).toEqual(["editor", "Editor", "editor"]);
  model.update({ pane: "gallery" });
  expect(home.dataset.pane).toBe("gallery");
});

it("has no button over another, however wide it is", () => {
  show();
  expect(overlapsAt(home, widths(340, 1400))).toEqual([]);
  press("Export");
  expect(overlapsAt(home, widths(340, 1400))).toEqual([]);
});

it("has no tabs where there is room, and no verb that changes anything for who only looks", () => {
  home.style.width = "1200px";
  show({ read_only: true });
  expect(buttons().map((one) => one.textContent)).toEqual(["Export"]);
});

it("closes a form by Escape, and the focus goes back", () => {
  show();
  press("Export");
  document.activeElement!.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
  expect(home.querySelector("form")).toBeNull();
  expect(document.activeElement!.textContent).toBe("Export");
});
