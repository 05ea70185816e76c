import { expect, it } from "vitest";
import { MockAnswer } from "../shared/mock";
import { kernel, many, measured, pack } from "./fixture";
import { all, card, cards, chip, choose, one, page, pictures, press, search, show, soon } from "./testpage";

const CONDITIONS = ["control", "10 µM", "2 µM", ""];
const varied = (count: number) =>
  many(count, (id) => ({
    condition: CONDITIONS[id % 4], plate: `P${id % 2}`, well: `${"ABCD"[id % 4]}${String(1 + (id % 12)).padStart(2, "0")}`, time_h: (id % 6) * 12,
    area: 1000 + id * 10, least_confidence: (id % 50) / 50, tags: id % 10 ? "" : "odd\x1flate", edited: Number(id % 7 === 0), n_objects: id % 3,
  })); // prettier-ignore
const open = async (images = varied(120), traits = {}) => {
  const model = await show(await kernel(images, { show_filters: true, ...traits }));
  await soon(() => expect(all("[data-position]").length).toBeGreaterThan(0));
  return model;
};
const section = (title: string) => all(".sw-panel-section:not([hidden])").find((one) => one.querySelector("h4")?.textContent === title) as HTMLElement;
const choices = (title: string) =>
  [...section(title).querySelectorAll(".sw-choice")].map((line) => [...line.querySelectorAll("span")].map((span) => span.textContent).join(" "));
const tick = (title: string, value: string) => {
  const line = [...section(title).querySelectorAll(".sw-choice")].find((one) => one.querySelector("span")?.textContent === value);
  line?.querySelector("input")?.click();
};
const shown = () => Number(one(".sw-shown").textContent?.match(/\d+/)?.[0] ?? 120);
const asked = () => all(".sw-asked-chip").map((one) => one.firstElementChild?.textContent);
const handles = (title: string) => [...section(title).querySelectorAll<HTMLElement>("[role=slider]")];

it("offers what tells images apart, with counts under everything else that is asked for", async () => {
  await open();
  expect(all(".sw-panel-section:not([hidden]) h4").map((title) => title.textContent)).toEqual([
    "Condition", "Time", "Plate", "Well", "Tags", "Objects", "Area", "Confidence", "Edited",
  ]); // prettier-ignore
  expect(choices("Condition")).toEqual(["2 µM 30", "10 µM 30", "control 30", "No condition 30"]);
  tick("Condition", "control");
  tick("Condition", "2 µM");
  expect(shown()).toBe(60);
  expect(choices("Condition")).toEqual(["2 µM 30", "10 µM 30", "control 30", "No condition 30"]);
  expect(choices("Plate")).toEqual(["P0 60"]); // even ones only
  tick("Tags", "odd");
  expect(choices("Condition")).toEqual(["2 µM 6", "control 6"]);
  expect(all(".sw-chip").map((one) => one.textContent)).toEqual(["All12", "Measured12"]);
  expect(asked()).toEqual(["Condition: control, 2 µM", "Tags: odd"]);
  all(".sw-asked-chip button")[0].click();
  expect([shown(), asked()]).toEqual([12, ["Tags: odd"]]); // all of the tagged are even
});

it("tells the kernel what is asked for once it has settled, and follows it", async () => {
  const model = await open();
  tick("Condition", "control");
  search("0000");
  const view = { text: "0000", facets: { condition: ["control"] } };
  await soon(() => expect(model.saved.filter((name) => name === "view").length).toBe(1));
  expect(model.get("view")).toEqual(view);
  model.update({ view: { facets: { plate: ["P1"] }, sort: { by: "area_um2", descending: true }, group: "plate" } });
  expect([shown(), asked()]).toEqual([60, ["Plate: P1"]]);
  await soon(() => expect(card(0).querySelector(".sw-name")?.textContent).toBe("image_000119.tif"));
  expect((one(".sw-search") as HTMLInputElement).value).toBe("");
  model.update({ view: {} });
  expect(one(".sw-asked").hidden).toBe(true);
  tick("Condition", "control");
  model.update({ view: { text: "later" } }); // before that is told: the later word holds
  await new Promise((resolve) => setTimeout(resolve, 250));
  expect([model.get("view"), asked()]).toEqual([{ text: "later" }, []]);
});

it("holds to what was asked last when the kernel repeats what it was told before", async () => {
  const model = await open();
  tick("Condition", "control");
  await soon(() => expect(model.saved).toContain("view"));
  const told = model.get("view");
  search("0000");
  model.update({ view: told }); // a kernel that was busy repeats it only now
  expect(asked()).toContain("Condition: control");
  const view = { text: "0000", facets: { condition: ["control"] } };
  await soon(() => expect(model.saved.filter((name) => name === "view").length).toBe(2));
  expect(model.get("view")).toEqual(view);
});

it("starts with the view and the filters that the kernel holds", async () => {
  await open(varied(120), { view: { facets: { condition: ["control"] }, mode: "list", group: "plate" } });
  expect(one(".sw-panel").hidden).toBe(false);
  await soon(() => expect(all(".sw-entry").length).toBeGreaterThan(5));
  expect([shown(), one('.sw-mode[aria-pressed="true"]').textContent]).toEqual([30, "List"]);
});

it("lists the first values, more on demand, and finds among many", async () => {
  await open(many(3000, (id) => ({ well: `W${id % 400}`, plate: `P${id % 90}` })));
  expect(choices("Well").length).toBe(6);
  const more = () => section("Well").querySelector<HTMLElement>(".sw-facet > button") as HTMLElement;
  expect([more().textContent, more().getAttribute("aria-expanded")]).toEqual(["394 more", "false"]);
  more().click();
  expect(choices("Well").length).toBe(60);
  expect(more().textContent).toBe("Fewer (340 not listed)");
  const find = section("Well").querySelector<HTMLInputElement>(".sw-facet-find") as HTMLInputElement;
  expect(document.activeElement).toBe(find);
  find.value = "w399";
  find.dispatchEvent(new Event("input"));
  expect(choices("Well")).toEqual(["W399 7"]);
  tick("Well", "W399");
  expect(shown()).toBe(7);
  section("Plate").querySelector<HTMLElement>(".sw-facet > button")?.click(); // one long list at a time
  expect(choices("Well").length).toBe(6 + 1); // what is ticked stays in sight
});

it("brushes by keys, like any slider, and says the values", async () => {
  await open();
  const [from, to] = handles("Time");
  expect([from.getAttribute("aria-label"), from.getAttribute("aria-valuetext"), to.getAttribute("aria-valuetext")]).toEqual([
    "Time, from", "0 h", "60 h",
  ]); // prettier-ignore
  press("ArrowRight", {}, from);
  press("ArrowUp", {}, from);
  press("ArrowLeft", {}, to);
  expect([from, to].map((handle) => Number(handle.getAttribute("aria-valuenow")))).toEqual([24, 48]);
  expect([shown(), asked()]).toEqual([60, ["Time: 24\u2009–\u200948 h"]]);
  press("End", {}, from); // it stops at the other
  expect(shown()).toBe(20);
  expect(choices("Condition").length).toBe(2);
  press("Home", {}, from);
  press("PageUp", {}, to);
  expect([asked(), one(".sw-shown").textContent]).toEqual([[], ""]);
});

it("brushes by pointer: over the bars, by a handle, and a double click takes it away", async () => {
  await open();
  const plot = section("Area").querySelector<HTMLElement>(".sw-plot") as HTMLElement;
  const box = plot.getBoundingClientRect();
  const at = (type: string, share: number, target: Element = plot) =>
    target.dispatchEvent(new PointerEvent(type, { bubbles: true, cancelable: true, pointerId: 1, button: 0, clientX: box.left + box.width * share, clientY: box.top + 5 }));
  plot.setPointerCapture = () => {}; // a made-up pointer cannot be captured
  at("pointerdown", 0.26);
  at("pointermove", 0.4);
  at("pointermove", 0.49);
  at("pointerup", 0.49);
  expect(shown()).toBe(30); // a quarter of the bars, equal here
  const [from, to] = handles("Area");
  expect([from, to].map((handle) => handle.getAttribute("aria-valuetext"))).toEqual(["1\u2009310 µm²", "1\u2009600 µm²"]);
  at("pointerdown", 0.5, to);
  at("pointermove", 0.999);
  await soon(() => expect(shown()).toBe(90)); // while it is dragged, once a frame
  at("pointerup", 0.999);
  expect(asked()).toEqual(["Area: from 1\u2009310 µm²"]);
  plot.dispatchEvent(new MouseEvent("dblclick", { bubbles: true }));
  expect(one(".sw-shown").textContent).toBe("");
});

it("keeps its place while a person ticks by keyboard", async () => {
  await open();
  const box = section("Plate").querySelector<HTMLInputElement>("input[type=checkbox]") as HTMLInputElement;
  box.focus();
  box.click();
  expect([document.activeElement, box.checked, shown()]).toEqual([box, true, 60]);
  press("Escape", {}, box);
  expect(one(".sw-panel").hidden).toBe(true);
  expect(document.activeElement).toBe(one(".sw-filters"));
  press("f");
  expect([one(".sw-panel").hidden, document.activeElement]).toEqual([false, one(".sw-panel")]);
});

it("says what was asked where nothing matches, and offers to take it away", async () => {
  const model = await open();
  tick("Condition", "control");
  choose(0, "name");
  search("zebra");
  const note = one(".sw-note");
  expect(note.textContent).toContain("No image matches “zebra” · Condition: control.");
  note.querySelector("button")?.click();
  await soon(() => expect(cards().length).toBeGreaterThan(8));
  await soon(() => expect(model.get("view")).toEqual({ sort: { by: "name", descending: false } })); // the order stays
  expect(all(".sw-grid")[0].hidden).toBe(false);
});

it("sorts by what is known, both ways, and keeps the keyboard on its image", async () => {
  await open();
  const options = [...(all(".sw-toolbar select")[0] as HTMLSelectElement).options].map((option) => option.textContent);
  expect(options).toEqual(["As added", "Name", "State", "Plate", "Well", "Time", "Condition", "Objects", "Area", "Confidence", "Tags", "Edited"]);
  await pictures();
  card(3).click();
  choose(0, "area_um2");
  one(".sw-turn").click();
  await soon(() => expect(card(0).querySelector(".sw-name")?.textContent).toBe("image_000120.tif"));
  press("End");
  await soon(() => expect(one(".sw-active").querySelector(".sw-name")?.textContent).toBe("image_000001.tif"));
  expect(one(".sw-turn").getAttribute("aria-label")).toContain("Descending");
  choose(0, "");
  await soon(() => expect(one(".sw-active").dataset.position).toBe("0"));
  expect(one(".sw-turn").hidden).toBe(true);
});

it("groups with headers that stick and count as rows of the grid", async () => {
  await open();
  choose(1, "condition");
  await soon(() => expect(all(".sw-group-head").length).toBeGreaterThan(0));
  const grid = one(".sw-grid");
  const words = () => all(".sw-group-head").map((head) => [...head.children].map((part) => part.textContent).join(" "));
  expect(words()[0]).toBe("2 µM 30 images");
  const columns = Number(grid.getAttribute("aria-colcount"));
  const lines = 4 * Math.ceil(30 / columns);
  expect(grid.getAttribute("aria-rowcount")).toBe(String(lines + 4));
  expect(one(".sw-group").getAttribute("aria-rowindex")).toBe("1");
  expect(one(".sw-row").getAttribute("aria-rowindex")).toBe("2");
  const top = () => Math.round(one(".sw-group-head").getBoundingClientRect().top - grid.getBoundingClientRect().top);
  expect(top()).toBeLessThanOrEqual(3);
  grid.scrollTop = 300;
  await soon(() => expect(Number(cards()[0].dataset.position)).toBeGreaterThanOrEqual(0));
  expect([top(), words()[0]]).toEqual([0, "2 µM 30 images"]); // it stuck
  grid.scrollTop = grid.scrollHeight;
  await soon(() => expect(words().at(-1)).toBe("No condition 30 images"));
  choose(1, "well_row");
  await soon(() => expect(words()[0]).toBe("Row A 30 images"));
  choose(1, "");
  await soon(() => expect(all(".sw-group").length).toBe(0));
});

it("goes through groups by keys", async () => {
  await open(many(7, (id) => ({ condition: id < 4 ? "a" : "b" })), { view: { group: "condition" } });
  await pictures();
  press("Home");
  press("ArrowDown");
  expect(one(".sw-active").dataset.position).toBe("3"); // the first of the next group
  press("ArrowRight");
  press("ArrowUp");
  expect(one(".sw-active").dataset.position).toBe("1");
});

it("lists with columns that sort, and everything by keys as in the grid", async () => {
  const model = await open();
  one('.sw-mode[data-mode="list"]').click();
  await soon(() => expect(all(".sw-entry").length).toBeGreaterThan(8));
  const list = one(".sw-list");
  expect([one(".sw-cards-grid").hidden, list.hidden, one(".sw-sizes").hidden]).toEqual([true, false, true]);
  expect([list.getAttribute("role"), list.getAttribute("aria-rowcount"), list.getAttribute("aria-colcount")]).toEqual(["grid", "121", "12"]);
  const titles = all("[role=columnheader]").map((head) => head.textContent);
  expect(titles).toEqual(["", "Name", "State", "Plate", "Well", "Time", "Condition", "Objects", "Area", "Confidence", "Tags", "Edited"]);
  const first = () => [...all('.sw-entry[data-position="0"] .sw-entry-cell')].map((cell) => cell.textContent);
  expect(first()).toEqual(["image_000001.tif", "Measured", "P1", "B02", "12 h", "10 µM", "1", "1\u2009010 µm²", "0.02", "", ""]);
  const area = one('[data-column="area_um2"]');
  area.focus();
  area.click();
  expect(one('[data-column="area_um2"]').parentElement?.getAttribute("aria-sort")).toBe("ascending");
  one('[data-column="area_um2"]').click();
  await soon(() => expect(first()[0]).toBe("image_000120.tif"));
  expect(one('[data-column="area_um2"]').parentElement?.getAttribute("aria-sort")).toBe("descending");
  press("Home");
  press("ArrowDown", { shiftKey: true });
  await soon(() => expect(model.get("selected_ids")).toEqual([120, 119]));
  expect(all(".sw-entry[aria-selected=true]").length).toBe(2);
  expect(one(".sw-active").id).toBe(list.getAttribute("aria-activedescendant"));
  expect([one(".sw-active").getAttribute("role"), one(".sw-active").getAttribute("aria-rowindex")]).toEqual(["row", "3"]);
  expect(press("ArrowRight")).toBe(true); // left to the browser, which scrolls sideways
  press("End");
  const last = one(".sw-active").getBoundingClientRect();
  expect(last.bottom).toBeLessThanOrEqual(list.getBoundingClientRect().bottom + 1);
  press("PageUp");
  press("ArrowUp");
  const box = one(".sw-active").getBoundingClientRect();
  expect(box.top).toBeGreaterThanOrEqual(list.getBoundingClientRect().top + 32); // below the columns' names
  press(" ");
  expect(one(".sw-peek").hidden).toBe(false);
  press("Escape");
  one('.sw-mode[data-mode="grid"]').click();
  await soon(() => expect(cards().length).toBeGreaterThan(8));
});

it("holds 100,000 images in every mode with few nodes, filters open and all", async () => {
  const images = varied(100_000).map((image, i) => ({ ...image, well: `W${i % 384}`, model: `m${i % 30}`, flags: i % 5 ? "" : "border", touches_border: i % 2 }));
  page.style.width = "2560px";
  await open(images, { height: 2000, cell_size: 96 });
  for (const title of ["Well", "Model"]) section(title).querySelector<HTMLElement>(".sw-facet > button")?.click();
  const counts: string[] = [];
  const check = async (what: string) => {
    const scroller = one(".sw-grid:not([hidden])");
    for (const share of [0, 0.31, 1]) {
      scroller.scrollTop = share * scroller.scrollHeight;
      await new Promise((resolve) => setTimeout(resolve, 60));
      const items = all(".sw-grid:not([hidden]) [data-position]").length;
      const nodes = all("*").length;
      expect(items).toBeGreaterThan(10);
      expect(items).toBeLessThanOrEqual(400);
      expect(nodes).toBeLessThanOrEqual(4000);
      counts.push(`${what} ${items} images, ${nodes} nodes`);
    }
  };
  await check("grid");
  choose(1, "time_h");
  await soon(() => expect(all(".sw-group-head").length).toBeGreaterThan(0));
  await check("grouped");
  one('.sw-mode[data-mode="list"]').click();
  await soon(() => expect(all(".sw-entry").length).toBeGreaterThan(8));
  await check("list, grouped");
  console.log(counts.join("\n"));
});

it("shows the images of an expression from Python, and takes it away", async () => {
  const model = await open();
  model.handle("matching", ({ expression }) => {
    expect(expression).toBe("area_um2 > 2000");
    return new MockAnswer({ images: 2 }, [new DataView(Int32Array.of(7, 100).buffer)]);
  });
  model.update({ view: { expression: "area_um2 > 2000" } });
  await soon(() => expect(shown()).toBe(2));
  expect(one(".sw-asked code").textContent).toBe("area_um2 > 2000");
  expect(choices("Edited")).toEqual(["Not edited 1", "Edited 1"]);
  model.handle("matching", () => new MockAnswer({ images: 1 }, [new DataView(Int32Array.of(100).buffer)]));
  model.handle("rows", () => pack([measured(7, { area: 5 })], 2, [6]));
  model.update({ rows_version: 2 }); // a row changed: asked again
  await soon(() => expect(shown()).toBe(1));
  one(".sw-asked-chip button").click();
  expect(one(".sw-shown").textContent).toBe("");
  await soon(() => expect(model.get("view")).toEqual({}));
});

it("says why an expression cannot be evaluated, and shows nothing in its name", async () => {
  const model = await open();
  model.handle("matching", () => {
    throw new Error("there is no column area");
  });
  model.update({ view: { expression: "area > 1" } });
  await soon(() => expect(one(".sw-note").textContent).toContain("The expression area > 1 cannot be evaluated: there is no column area"));
  expect(cards().filter((cell) => cell.checkVisibility()).length).toBe(0);
  one(".sw-note button").click();
  await soon(() => expect(cards().length).toBeGreaterThan(8));
});

it("keeps views by name: saves, shows, replaces, deletes with an undo", async () => {
  const model = await open();
  const kept = new Map<string, unknown>();
  const answer = () => ({ views: [...kept].map(([name, view]) => ({ name, view })) });
  model.handle("views", answer);
  model.handle("save_view", ({ name, view }) => (kept.set(name as string, view), answer()));
  model.handle("delete_view", ({ name }) => (kept.delete(name as string), answer()));
  const menu = one(".sw-views > button");
  menu.click();
  await soon(() => expect(one(".sw-views-list").textContent).toBe("No saved views yet"));
  expect(menu.getAttribute("aria-expanded")).toBe("true");
  tick("Condition", "control");
  choose(1, "plate");
  const name = one(".sw-view-name") as HTMLInputElement;
  name.value = "<b>controls</b>";
  name.dispatchEvent(new Event("input"));
  press("Enter", {}, name);
  await soon(() => expect(menu.textContent).toBe("View: <b>controls</b>"));
  expect(kept.get("<b>controls</b>")).toEqual({ facets: { condition: ["control"] }, group: "plate" });
  press("Escape", {}, name);
  expect(one(".sw-popover-content").hidden).toBe(true);
  choose(1, "");
  expect(menu.textContent).toBe("Views");
  menu.click();
  one(".sw-view").click();
  expect([menu.textContent, shown()]).toEqual(["View: <b>controls</b>", 30]);
  menu.click();
  one(".sw-views-list .sw-remove").click();
  await soon(() => expect(one(".sw-views-said").textContent).toContain("Deleted"));
  expect(kept.size).toBe(0);
  one(".sw-views-said button").click();
  await soon(() => expect(kept.size).toBe(1));
  model.event("views", { views: [] }); // deleted elsewhere
  expect(menu.textContent).toBe("Views");
  model.handle("save_view", () => {
    throw new Error("a view needs a name");
  });
  name.value = "x";
  press("Enter", {}, name);
  await soon(() => expect(one(".sw-views-said").textContent).toBe("a view needs a name"));
});

it("shows the first images of a large project before all are here", async () => {
  const model = await kernel([]);
  const first = pack(many(240), 1);
  model.handle("rows", () => new MockAnswer({ ...(first.value as object), first_of: 5000 }, first.buffers));
  await show(model);
  await pictures();
  expect([one(".sw-summary").textContent, one(".sw-shown").textContent]).toEqual(["5\u2009000 images", "The first 240 images; reading all 5\u2009000 …"]);
  search("004321");
  expect(one(".sw-note").textContent).toBe("Reading the project …"); // it may be among the rest
  model.handle("rows", () => pack(many(5000), 2));
  model.update({ rows_version: 2 });
  await soon(() => expect(cards().length).toBe(1));
  expect(one(".sw-shown").textContent).toBe("1 image shown");
});

it("is a drawer over the images where there is little room, and nothing sticks out", async () => {
  page.style.width = "400px";
  await open();
  expect(getComputedStyle(one(".sw-panel")).position).toBe("absolute");
  expect(page.scrollWidth).toBeLessThanOrEqual(400);
  expect(one(".sw-cards-grid").getAttribute("aria-colcount")).toBe("2");
  one(".sw-panel-head button").click();
  expect(one(".sw-panel").hidden).toBe(true);
  one('.sw-mode[data-mode="list"]').click();
  await soon(() => expect(all(".sw-entry").length).toBeGreaterThan(5));
  expect(page.scrollWidth).toBeLessThanOrEqual(400);
  chip("measured").click();
  expect(one(".sw-list").scrollWidth).toBeGreaterThan(400); // its columns scroll inside
});

it("stays a page without motion and colours of its own", () => {
  const sheet = [...document.styleSheets].flatMap((one) => [...one.cssRules]).map((rule) => rule.cssText).filter((text) => text.includes(".sw-gallery")).join("\n");
  expect(sheet.length).toBeGreaterThan(5000);
  expect(sheet.match(/transition: (?!.*var\(--sw-motion\)).*/g)).toBe(null);
  expect(sheet.match(/animation/g)).toBe(null);
});
