/** The page: what it tells where it opens later, how narrow it may be, and its texts. */
import { describe, expect, it } from "vitest";
import words from "../../../spheroseg_widgets/widgets/strings/en.json";
import { overlapsAt, widths } from "../../shared/apart";
import { fileOf, outcome } from "./fixture";
import { freshPages, kernel, one, page, press, said, show, soon, stage } from "./testing";

freshPages();

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
