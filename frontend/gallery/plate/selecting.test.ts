import { expect, it, vi } from "vitest";
import { imagesOf } from "./fixture";
import { freshPages, cell, click, course, marked, one, opened, page, point, press, selected, show, soon, views, well, whole } from "./testing";

freshPages();

it("selects with the mouse: click, Shift, Ctrl, and a rectangle drawn", () => {
  show(whole(8, 12));
  click(well("B02"));
  expect([marked(), selected.at(-1)]).toEqual([["B02"], [14]]);
  click(well("C03"), { shiftKey: true });
  expect([marked(), selected.at(-1)]).toEqual([["B02", "B03", "C02", "C03"], [14, 15, 26, 27]]);
  click(well("H12"), { ctrlKey: true });
  expect(selected.at(-1)).toEqual([14, 15, 26, 27, 96]);
  const told = selected.length;
  point("pointerdown", well("A01"));
  point("pointermove", well("A02"));
  point("pointermove", well("B03"));
  expect(marked()).toEqual(["A01", "A02", "A03", "B01", "B02", "B03"]);
  expect(selected.length).toBe(told); // told when it is done
  point("pointerup", document.body);
  expect(selected.length).toBe(told);
  point("pointerup", well("B03"));
  expect(selected.at(-1)).toEqual([1, 2, 3, 13, 14, 15]);
  click(one("[role=columnheader]:nth-child(4)"));
  expect(marked()).toEqual(["A03", "B03", "C03", "D03", "E03", "F03", "G03", "H03"]);
  click(one("[aria-rowindex='3'] [role=rowheader]"), { ctrlKey: true });
  expect(marked().length).toBe(19);
  click(one("[role=columnheader]"));
  expect(selected.at(-1)!.length).toBe(96);
});

it("a drawn rectangle ends at the plate's edge", () => {
  show(whole(8, 12));
  point("pointerdown", well("G11"));
  point("pointermove", well("G11"), { clientX: 5000, clientY: 5000 });
  point("pointerup", well("H12"));
  expect(marked()).toEqual(["G11", "G12", "H11", "H12"]);
});

it("a finger selects by a tap, draws after it has rested, and scrolls otherwise", async () => {
  show(whole(8, 12));
  const touch = { pointerType: "touch" };
  point("pointerdown", well("A01"), touch);
  point("pointermove", well("A04"), touch);
  point("pointerup", well("A04"), touch);
  expect(marked()).toEqual([]);
  click(well("B01"), touch);
  expect([marked(), selected.at(-1)]).toEqual([["B01"], [13]]);
  point("pointerdown", well("C01"), touch);
  await soon(() => expect(marked()).toEqual(["B01", "C01"]));
  const scroll = new Event("touchmove", { bubbles: true, cancelable: true });
  well("C01").dispatchEvent(scroll);
  expect(scroll.defaultPrevented).toBe(true);
  point("pointermove", well("D02"), touch);
  point("pointerup", well("D02"), touch);
  expect(selected.at(-1)).toEqual([13, 25, 26, 37, 38]);
});

it("works by keyboard alone", async () => {
  const plate = show(course());
  plate.focus();
  expect(document.activeElement).toBe(well("A01"));
  press("ArrowRight");
  press("ArrowDown");
  expect([document.activeElement, marked(), selected.at(-1)]).toEqual([well("B02"), ["B02"], [14]]);
  press("ArrowRight", { shiftKey: true });
  press("ArrowDown", { shiftKey: true });
  expect(marked()).toEqual(["B02", "B03", "C02", "C03"]);
  press("End", { ctrlKey: true });
  expect([document.activeElement, marked()]).toEqual([well("H12"), ["H12"]]);
  press("Home");
  expect(marked()).toEqual(["H01"]);
  press("ArrowUp", { ctrlKey: true });
  expect([document.activeElement, marked()]).toEqual([well("G01"), ["H01"]]);
  press(" ");
  expect(marked()).toEqual(["G01", "H01"]);
  press("ArrowLeft");
  expect(document.activeElement?.getAttribute("role")).toBe("rowheader");
  press("Enter");
  expect(marked().length).toBe(13);
});

it("a header by keyboard takes its row, and gives it back", () => {
  const plate = show(whole(8, 12));
  plate.focus();
  press("ArrowLeft");
  press("Enter");
  expect(marked().length).toBe(12);
  press(" ");
  expect(marked()).toEqual([]);
  press("ArrowUp");
  expect(document.activeElement?.getAttribute("aria-label")).toBe("All wells");
  press("Enter");
  expect(marked().length).toBe(96);
  press("Escape");
  expect([marked(), selected.at(-1)]).toEqual([[], []]);
  press("a", { ctrlKey: true });
  expect([marked().length, document.activeElement]).toEqual([96, cell(-1, -1)]);
});

it("opens a well by Enter and by double click, and no empty one", () => {
  const plate = show(whole(8, 12).slice(0, 95));
  plate.focus();
  press("Enter");
  expect(opened).toEqual([1]);
  point("dblclick", well("B02"));
  expect(opened).toEqual([1, 14]);
  press("End", { ctrlKey: true });
  press("Enter");
  point("dblclick", well("H12"));
  expect(opened).toEqual([1, 14]);
});

it("tells of the well below the pointer, else of the one in focus", () => {
  const plate = show(whole(8, 12, (row) => ({ time: 48, area: 500, confidence: 0.912, condition: "control", flag: row === 1 ? "border" : undefined })));
  const said = () => one(".sw-plate-reading").textContent;
  expect(said()).toBe("96 images · 12 flagged");
  point("pointermove", well("B07"));
  expect(said()).toBe("B0748 hmeasured · 500 µm² · confidence 0.912 · control · flag: cut by the edge");
  expect(one(".sw-plate-hover").hidden).toBe(false);
  point("pointerleave", one(".sw-plate-stage"));
  expect([said(), one(".sw-plate-hover").hidden]).toEqual(["96 images · 12 flagged", true]);
  plate.focus();
  press("ArrowRight");
  expect(said()).toContain("A02");
});

it("the time follows the slider, its keys and those of the wells; what is selected stays the wells", async () => {
  const plate = show(course((time) => ({ area: 1000 + time })));
  plate.focus();
  press("ArrowRight");
  expect(selected.at(-1)).toEqual([2]);
  press(".");
  expect(one(".sw-plate-time").textContent).toBe("24 h2 of 3");
  expect(one(".sw-plate-slider").getAttribute("aria-valuetext")).toBe("24 h, 2 of 3");
  await soon(() => expect(selected.at(-1)).toEqual([98]));
  expect(well("A02").getAttribute("aria-label")).toBe("A02, 24 h, measured, 1\u2009020 µm²");
  press(".");
  press(".");
  expect(one(".sw-plate-time").textContent).toBe("48 h3 of 3");
  press(",");
  press(",");
  await soon(() => expect(selected.at(-1)).toEqual([2]));
  expect(marked()).toEqual(["A02"]);
  expect(views.at(-1)?.time).toBe(0);
  one<HTMLInputElement>("input[type=checkbox]").click();
  expect(selected.at(-1)).toEqual([2, 98, 194]);
});

it("what is selected elsewhere is marked where it is shown; what was told comes back without effect", async () => {
  const plate = show(course());
  plate.setSelected([14, 98]);
  expect([marked(), selected]).toEqual([["B02"], []]);
  plate.focus();
  press(".");
  expect(marked()).toEqual(["A02"]);
  await new Promise((resolve) => setTimeout(resolve, 250));
  expect(selected).toEqual([]); // looking at another time selects nothing
  press("ArrowRight");
  expect(selected).toEqual([[98]]);
  plate.setSelected([98]);
  press(",");
  expect(marked()).toEqual(["A02"]);
  plate.setSelected([]);
  expect(marked()).toEqual([]);
});

it("keeps keyboard and selection when images change", () => {
  const plate = show(whole(8, 12));
  plate.focus();
  press("ArrowRight");
  plate.setImages(imagesOf(whole(8, 12, () => ({ state: "approved" }))));
  expect([marked(), document.activeElement]).toEqual([["A02"], well("A02")]);
  expect(well("A02").getAttribute("aria-label")).toBe("A02, approved");
});

it("shows its keys, and Esc leaves them", () => {
  const plate = show(whole(8, 12));
  plate.focus();
  press("?");
  expect(one(".sw-plate-keys").hidden).toBe(false);
  expect(one(".sw-plate-keys").textContent).toContain("Home End");
  press("Escape");
  expect([one(".sw-plate-keys").hidden, document.activeElement]).toEqual([true, well("A01")]);
});

it("leaves to the host what is none of its keys", () => {
  const plate = show(whole(8, 12));
  plate.focus();
  const heard = vi.fn();
  page.addEventListener("keydown", heard);
  press("ArrowDown");
  expect(heard).not.toHaveBeenCalled();
  press("t");
  press("Escape");
  press("Escape");
  expect(heard).toHaveBeenCalledTimes(2);
  one(".sw-plate-bar label:nth-child(2) select").focus();
  press("ArrowDown");
  expect(heard).toHaveBeenCalledTimes(3);
});
