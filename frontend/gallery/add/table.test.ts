/** A table that is dropped: with images or alone, right, wrong and beyond reading. */
import { describe, expect, it } from "vitest";
import { fileOf, outcome } from "./fixture";
import { freshPages, drop, kernel, one, press, rows, said, show, soon, stage } from "./testing";

freshPages();

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
