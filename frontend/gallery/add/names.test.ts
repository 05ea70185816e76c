/** Names of files: read by a pattern, and such as do not fit together. */
import { describe, expect, it } from "vitest";
import { fileOf } from "./fixture";
import { freshPages, all, find, kernel, one, press, rows, said, show, soon, stage } from "./testing";

freshPages();

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
