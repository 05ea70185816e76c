import { expect, it, vi } from "vitest";
import { overlapsAt, widths } from "../shared/apart";
import { MockAnswer } from "../shared/mock";
import { Rpc } from "../shared/rpc";
import { REST } from "./pace";
import { kernel, many, measured, pack } from "./fixture";
import { all, card, cards, chip, drawn, life, one, page, pictures, press, search, show, soon } from "./testpage";

it("shows cards with name, badge, picture and outlines, and says it to screen readers", async () => {
  await show(await kernel(many(3, (id) => ({ well: `A0${id}`, time_h: 24 }))));
  await soon(() => expect(cards().length).toBe(3));
  await pictures();
  await drawn();
  const grid = one(".sw-grid");
  expect([grid.getAttribute("role"), grid.getAttribute("aria-multiselectable")]).toEqual(["grid", "true"]);
  expect(one("[role=row]").getAttribute("aria-rowindex")).toBe("1");
  const first = card(0);
  expect(first.getAttribute("role")).toBe("gridcell");
  expect(first.getAttribute("aria-label")).toBe("image_000001.tif, Measured, A01 · 24 h · 1 object · 41\u2009300 µm²");
  expect(first.querySelector(".sw-name")?.textContent).toBe("image_000001.tif");
  expect(first.querySelector(".sw-badge")?.textContent).toContain("Measured");
  expect(first.querySelector(".sw-badge path")?.getAttribute("d")).toBeTruthy(); // form, not colour alone
  const canvas = first.querySelector("canvas") as HTMLCanvasElement;
  const pixels = (canvas.getContext("2d") as CanvasRenderingContext2D).getImageData(0, 0, canvas.width, canvas.height);
  expect(pixels.data.some((value) => value > 0)).toBe(true);
  expect(one(".sw-summary").textContent).toBe("3 images");
});

it("holds 100,000 images with a few hundred nodes, and asks for the page that is looked at", async () => {
  const model = await show(await kernel(many(100_000)));
  await pictures();
  expect(cards().length).toBeLessThan(60);
  expect(all("*").length).toBeLessThan(1500);
  const grid = one(".sw-grid");
  grid.scrollTop = grid.scrollHeight / 2;
  const position = () => Number(cards()[0].dataset.position);
  await soon(() => expect(position()).toBeGreaterThan(40_000));
  await pictures();
  const asked = model.calls("thumbs");
  expect(asked.length).toBeLessThan(6);
  const last = asked.at(-1)?.params.ids as number[];
  expect(last.length).toBeLessThan(60);
  expect(Math.min(...last)).toBeGreaterThan(40_000);
  const ids = model.calls("thumbs").flatMap((call) => call.params.ids as number[]);
  expect(new Set(ids).size).toBe(ids.length); // nothing twice
});

it("cancels the page that was scrolled away", async () => {
  const model = await kernel(many(5_000));
  model.handle("thumbs", () => new Promise(() => {}));
  await show(model);
  await soon(() => expect(model.calls("thumbs").length).toBe(1));
  one(".sw-grid").scrollTop = 50_000;
  await soon(() => expect(model.calls("thumbs").length).toBe(2));
  expect(model.sent).toContainEqual({ kind: "cancel", id: model.calls("thumbs")[0].id });
});

it("asks at once where a jump ends", async () => {
  const model = await show(await kernel(many(100_000)));
  await pictures();
  const timers = vi.spyOn(globalThis, "setTimeout");
  const before = model.calls("thumbs").length;
  one(".sw-grid").scrollTop = 1_000_000;
  await soon(() => expect(model.calls("thumbs").length).toBe(before + 1));
  expect(timers.mock.calls.filter(([, wait]) => wait === REST)).toEqual([]);
  timers.mockRestore();
});

it("takes pictures that are not ready when they come", async () => {
  const model = await kernel(many(2));
  let rounds = 0;
  model.handle("thumbs", ({ ids }) => {
    rounds++;
    const value = { ids: [], lengths: [], failed: [[1, "first"]], pending: (ids as number[]).filter((id) => id !== 1) };
    return rounds < 3 ? new MockAnswer(value, [new DataView(new ArrayBuffer(0))]) : new MockAnswer({ ...value, failed: [[2, "then"]], pending: [] }, [new DataView(new ArrayBuffer(0))]);
  });
  await show(model);
  await soon(() => expect(all(".sw-cell:not([hidden]) .sw-reason:not([hidden])").map((p) => p.textContent)).toEqual(["first", "then"]));
  expect(rounds).toBe(3);
});

it("turns outlines off and on without asking again", async () => {
  const model = await show(await kernel(many(12)));
  await drawn();
  const asked = model.calls("outlines").length;
  const toggle = one(".sw-toggle");
  expect(toggle.getAttribute("aria-pressed")).toBe("true");
  toggle.click();
  await soon(() => expect(all(".sw-cell:not([hidden]) canvas:not([hidden])").length).toBe(0));
  expect(model.get("show_outlines")).toBe(false);
  press("o");
  await drawn();
  expect(model.calls("outlines").length).toBe(asked);
});

it("shows why a file has no picture", async () => {
  await show(await kernel(many(2, (id) => (id === 2 ? { reason: "the TIFF is truncated", status: "failed", result: 0, outcome: "unusable" } : {}))));
  await soon(() => expect(card(1)?.querySelector(".sw-reason")?.textContent).toBe("the TIFF is truncated"));
  expect(card(1).querySelector("img")?.hidden).toBe(true);
  expect(card(1).querySelector(".sw-badge")?.textContent).toContain("Failed");
});

it("shows hostile and very long names as text", async () => {
  const names = ["<img src=x onerror=alert(1)>.tif", "x".repeat(4000) + ".tif", "\u202Egnp.exe", "  a  b .tif"];
  await show(await kernel(names.map((name, id) => measured(id + 1, { name }))));
  await soon(() => expect(cards().length).toBe(4));
  names.forEach((name, position) => {
    expect(card(position).querySelector(".sw-name")?.textContent).toBe(name);
    expect(card(position).title).toBe(name);
  });
  expect(all("img[onerror]").length).toBe(0);
  const [cell, name] = [card(1), card(1).querySelector(".sw-name") as HTMLElement];
  expect(name.getBoundingClientRect().right).toBeLessThanOrEqual(cell.getBoundingClientRect().right);
  expect(page.scrollWidth).toBeLessThanOrEqual(page.clientWidth);
  const tail = card(1).querySelector(".sw-name-tail") as HTMLElement; // the end is seen, the middle is left out
  expect(tail.getBoundingClientRect().right).toBeLessThanOrEqual(cell.getBoundingClientRect().right);
  expect(tail.textContent?.endsWith(".tif")).toBe(true);
});

it("selects by mouse and tells the kernel once it has settled", async () => {
  const model = await show(await kernel(many(30)));
  await soon(() => expect(cards().length).toBeGreaterThan(8));
  card(1).click();
  card(4).dispatchEvent(new MouseEvent("click", { bubbles: true, shiftKey: true }));
  card(2).dispatchEvent(new MouseEvent("click", { bubbles: true, ctrlKey: true }));
  expect(all("[aria-selected=true]").map((cell) => cell.dataset.position)).toEqual(["1", "3", "4"]);
  await soon(() => expect(model.get("selected_ids")).toEqual([2, 4, 5]));
  expect(model.saved.filter((name) => name === "selected_ids").length).toBe(1);
  expect(one(".sw-foot").textContent).toContain("3 selected");
  model.update({ selected_ids: [7] }); // from Python
  expect(all("[aria-selected=true]").map((cell) => cell.dataset.position)).toEqual(["6"]);
});

it("does everything by keyboard", async () => {
  const model = await show(await kernel(many(100)));
  await pictures();
  const grid = one(".sw-grid");
  const active = () => page.querySelector<HTMLElement>(`#${grid.getAttribute("aria-activedescendant")}`)?.dataset.position;
  press("ArrowRight");
  expect(active()).toBe("0");
  press("ArrowRight");
  press("ArrowDown");
  const columns = Number(grid.getAttribute("aria-colcount"));
  expect(active()).toBe(String(1 + columns));
  press("ArrowRight", { shiftKey: true });
  await soon(() => expect(model.get("selected_ids")).toEqual([2 + columns, 3 + columns]));
  press("ArrowRight", { ctrlKey: true });
  press(" ", { ctrlKey: true });
  await soon(() => expect((model.get("selected_ids") as number[]).length).toBe(3));
  press("End");
  expect(active()).toBe("99");
  const box = card(99).getBoundingClientRect();
  expect(box.bottom).toBeLessThanOrEqual(grid.getBoundingClientRect().bottom + 1);
  press("ArrowDown");
  expect(active()).toBe("99");
  press("Home");
  expect(active()).toBe("0");
  press("a", { ctrlKey: true });
  await soon(() => expect((model.get("selected_ids") as number[]).length).toBe(100));
  press("?");
  expect(one(".sw-keys").hidden).toBe(false);
  press("Escape");
  expect(one(".sw-keys").hidden).toBe(true);
  press("Escape");
  await soon(() => expect(model.get("selected_ids")).toEqual([]));
  expect(press("Escape")).toBe(true); // nothing left to go back from: the host has it
  press("/");
  expect(document.activeElement).toBe(one(".sw-search"));
});

it("opens with Enter and double click, again and again, where the notebook said what that does", async () => {
  const model = await show(await kernel(many(5), { opens: true }));
  await soon(() => expect(cards().length).toBe(5));
  const opened: unknown[] = [];
  model.on("change:opened", () => opened.push(model.get("opened")));
  card(2).click();
  press("Enter");
  card(2).dispatchEvent(new MouseEvent("dblclick", { bubbles: true }));
  expect(opened).toEqual([3, null, 3]);
  expect(card(2).classList.contains("sw-opened")).toBe(true);
  expect(one(".sw-peek").hidden).toBe(true);
});

it("looks closer with Space, and with Enter where nothing else was said", async () => {
  const model = await show(await kernel(many(5)));
  await soon(() => expect(cards().length).toBe(5));
  card(1).click();
  press(" ");
  expect(one(".sw-peek").hidden).toBe(false);
  expect(one(".sw-peek-name").textContent).toBe("image_000002.tif");
  await soon(() => expect(model.calls("thumbs").at(-1)?.params).toEqual({ ids: [2], size: 512 }));
  await soon(() => expect((one(".sw-peek img") as HTMLImageElement).hidden).toBe(false));
  press("ArrowRight");
  expect(one(".sw-peek-name").textContent).toBe("image_000003.tif");
  press("Escape");
  expect(one(".sw-peek").hidden).toBe(true);
  press("Enter");
  expect(one(".sw-peek").hidden).toBe(false);
  expect(model.get("opened")).toBe(null);
});

it("filters by text and state with counts, and says when nothing matches", async () => {
  await show(await kernel(many(20, (id) => (id <= 5 ? { outcome: "not_found" } : {}))));
  await soon(() => expect(cards().length).toBeGreaterThan(8));
  expect(all(".sw-chip").map((button) => button.textContent)).toEqual(["All20", "Not found5", "Measured15"]);
  chip("not_found").click();
  await soon(() => expect(cards().length).toBe(5));
  expect(chip("not_found").getAttribute("aria-pressed")).toBe("true");
  expect(one(".sw-shown").textContent).toBe("5 images shown");
  search("000003");
  await soon(() => expect(cards().length).toBe(1));
  expect(all(".sw-chip").map((button) => button.textContent)).toEqual(["All1", "Not found1"]);
  search("zebra");
  await soon(() => expect(one(".sw-note").hidden).toBe(false));
  expect(one(".sw-note").textContent).toContain("No image matches “zebra” · Not found.");
  one(".sw-note button").click();
  await soon(() => expect(cards().length).toBeGreaterThan(8));
});

it("keeps the selection and the keyboard on their images while rows change", async () => {
  const images = many(10);
  const model = await show(await kernel(images));
  await pictures();
  card(4).click();
  await soon(() => expect(model.get("selected_ids")).toEqual([5]));
  model.handle("rows", ({ since }) => {
    expect(since).toBe(1);
    return pack([measured(5, { review: "corrected", result: 77 })], 2, [4]);
  });
  model.update({ rows_version: 2 });
  await soon(() => expect(card(4).dataset.state).toBe("corrected"));
  expect(card(4).getAttribute("aria-selected")).toBe("true");
  await soon(() => expect(model.calls("outlines").at(-1)?.params.results).toEqual([77])); // a new result, new outlines
  model.handle("rows", () => pack(images.slice(3), 3));
  model.update({ rows_version: 3 });
  await soon(() => expect(cards().length).toBe(7));
  expect(card(1).getAttribute("aria-selected")).toBe("true");
  expect(one(".sw-active").dataset.position).toBe("1");
});

it("asks again for a picture whose image has changed", async () => {
  const images = many(1, () => ({ reason: "gone" }));
  const model = await show(await kernel(images));
  await soon(() => expect(one(".sw-reason").textContent).toBe("gone"));
  const mended = await kernel(many(1));
  model.handle("thumbs", async ({ ids }) => {
    mended.send({ kind: "call", id: 1, method: "thumbs", params: { ids } });
    return new Promise((resolve) => mended.on("msg:custom", (message: { value: unknown }, buffers: DataView[]) => resolve(new MockAnswer(message.value, buffers))));
  });
  model.handle("rows", () => pack([measured(1)], 2, [0]));
  model.update({ rows_version: 2 });
  await pictures();
});

it("shows the empty project with ways in, and then the images", async () => {
  const model = await show(await kernel([]));
  await soon(() => expect(one(".sw-adding")?.offsetHeight).toBeGreaterThan(0));
  expect(one(".sw-body").hidden).toBe(true);
  expect(one(".sw-toolbar").hidden).toBe(true);
  expect(all(".sw-head-verbs button").every(({ hidden }) => hidden)).toBe(true);
  model.handle("rows", () => pack(many(2), 2));
  model.update({ rows_version: 2 });
  await soon(() => expect(cards().length).toBe(2));
  expect(one(".sw-note").hidden).toBe(true);
  expect(one(".sw-adding").offsetHeight).toBe(0);
  all(".sw-head-verbs button")[0].click(); // more can be added
  expect(one(".sw-adding").offsetHeight).toBeGreaterThan(0);
  expect(cards().length).toBe(2);
});

it("says that there are no images where none can be added", async () => {
  await show(await kernel([], { can_add: false }));
  await soon(() => expect(one(".sw-note").hidden).toBe(false));
  expect(one(".sw-note").textContent).toContain("No images yet");
  expect(page.querySelector(".sw-adding")).toBeNull();
});

it("takes files that are dropped on it", async () => {
  const model = await show(await kernel(many(2)));
  model.handle("add_preview", () => ({ error: "not asked here" }));
  model.handle("add_offer", () => []);
  await soon(() => expect(cards().length).toBe(2));
  const transfer = new DataTransfer();
  transfer.items.add(new File([Uint8Array.of(1)], "B07_24h.tif"));
  page.querySelector(".sw-content")?.dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }));
  await soon(() => expect(one(".sw-adding").textContent).toContain("B07_24h.tif"));
});

it("says that it is reading only where that takes a while", async () => {
  const model = await kernel(many(2));
  let answer: (value: unknown) => void = () => {};
  model.handle("rows", () => new Promise((resolve) => (answer = resolve)));
  await show(model);
  expect(one(".sw-note").hidden).toBe(true);
  await soon(() => expect(one(".sw-note").textContent).toContain("Reading"));
  answer(pack(many(2), 1));
  await soon(() => expect(cards().length).toBe(2));
});

it("shows an error with a retry that works", async () => {
  const model = await kernel(many(2));
  model.handle("rows", () => {
    throw new Error("the store is locked");
  });
  await show(model);
  await soon(() => expect(one(".sw-card").textContent).toContain("the store is locked"));
  model.handle("rows", () => pack(many(2), 1));
  one(".sw-card button").click();
  await soon(() => expect(cards().length).toBe(2));
});

it("keeps what is shown when the kernel is lost", async () => {
  Rpc.silentAfter = 50;
  Rpc.pingEvery = 20;
  try {
    const model = await show(await kernel(many(3)));
    await pictures();
    model.silent = true;
    model.widget_manager.kernel.status = "dead";
    await soon(() => expect(page.querySelector("[data-kernel]")?.getAttribute("data-kernel")).toBe("lost"));
    expect(all(".sw-cell:not([hidden]) img[src]").length).toBe(3);
    model.update({ rows_version: 9 });
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(one(".sw-card").hidden).toBe(true);
    model.silent = false;
    model.widget_manager.kernel.status = "idle";
    model.handle("rows", () => pack(many(4), 9));
    model.deliver({ kind: "event", seq: 1, name: "any", value: null });
    await soon(() => expect(cards().length).toBe(4));
  } finally {
    Rpc.silentAfter = 10_000;
    Rpc.pingEvery = 5_000;
  }
});

it("shows how a run goes on", async () => {
  const model = await show(await kernel(many(2)));
  await soon(() => expect(cards().length).toBe(2));
  expect(page.querySelector("progress")).toBe(null);
  model.update({ run: { total: 384, done: 300, failed: 4, finished: false, images_per_second: 6.23, seconds_left: 75 } });
  expect(one(".sw-run").textContent).toBe("Segmenting 304 of 384 · 6.23 images/s · 1 min 15 s left · 4 failed");
  expect((one("progress") as HTMLProgressElement).value).toBe(304);
  model.update({ run: { total: 384, done: 0, failed: 0, finished: false, stage: "preparing" } });
  expect(one(".sw-run").textContent).toBe("Starting to segment 384");
  model.update({ run: { total: 384, done: 41, failed: 0, finished: false, stage: "interrupted", seconds_left: 75 } });
  expect(one(".sw-run").textContent).toBe("The run was interrupted at 41 of 384");
  model.update({ run: { total: 384, done: 380, failed: 4, finished: true } });
  expect(page.querySelector("progress")).toBe(null);
});

it("shows what went wrong in on_open until it is closed", async () => {
  const model = await show(await kernel(many(1)));
  await soon(() => expect(cards().length).toBe(1));
  model.event("problem", { message: "on_open: ValueError: no such editor" });
  const banner = () => all(".sw-banner:not([hidden])");
  expect(banner().map((line) => line.querySelector("span")?.textContent)).toEqual(["on_open: ValueError: no such editor"]);
  banner()[0].querySelector("button")?.click();
  expect(banner().length).toBe(0);
});

it("makes cards larger and keeps the same images in sight", async () => {
  const model = await show(await kernel(many(2_000)));
  await pictures();
  const grid = one(".sw-grid");
  grid.scrollTop = 9_000;
  await soon(() => expect(Number(cards()[0].dataset.position)).toBeGreaterThan(100));
  const seen = () => cards().find((cell) => cell.getBoundingClientRect().bottom > grid.getBoundingClientRect().top + 4);
  const before = Number(seen()?.dataset.position);
  const slider = one(".sw-size") as HTMLInputElement;
  for (const size of ["200", "260", "320"]) {
    slider.value = size;
    slider.dispatchEvent(new Event("input"));
  }
  await soon(() => expect(Number(grid.getAttribute("aria-colcount"))).toBeLessThan(5));
  await soon(() => expect(Math.abs(Number(seen()?.dataset.position) - before)).toBeLessThan(12));
  await soon(() => expect(model.saved.filter((name) => name === "cell_size").length).toBe(1));
  expect(model.get("cell_size")).toBe(320);
});

it("has two columns on a telephone and nothing sticks out", async () => {
  page.style.width = "384px";
  await show(await kernel(many(20)));
  await pictures();
  expect(one(".sw-grid").getAttribute("aria-colcount")).toBe("2");
  expect(page.scrollWidth).toBeLessThanOrEqual(384);
});

it("says that images are not grouped where nothing tells them apart", async () => {
  await show(await kernel(many(3)));
  await soon(() => expect(cards().length).toBe(3));
  const [sort, group] = all(".sw-select") as HTMLSelectElement[];
  expect([sort.selectedOptions[0].text, group.selectedOptions[0].text]).toEqual(["As added", "None"]);
});

it("has no tool over another, and none beside the gallery, however wide it is", async () => {
  await show(await kernel(many(20, (id) => ({ plate: `plate ${id % 2}`, well: `A${id}`, time_h: 24 * (id % 3) }))));
  await soon(() => expect(cards().length).toBe(20));
  for (const select of all(".sw-select")) select.style.width = "132px"; // as wide as its words may make it
  expect(overlapsAt(page, widths(340, 1100), ".sw-chips, .sw-popover-content, .sw-grid")).toEqual([]);
});

it("leaves nothing behind: pictures revoked, listeners gone", async () => {
  const made = vi.spyOn(URL, "createObjectURL");
  const revoked = vi.spyOn(URL, "revokeObjectURL");
  const model = await show(await kernel(many(12)));
  await pictures();
  life.abort();
  expect(made.mock.calls.length).toBeGreaterThan(0);
  expect(revoked.mock.calls.length).toBe(made.mock.calls.length);
  expect(model.listeners).toBe(0);
  vi.restoreAllMocks();
});
