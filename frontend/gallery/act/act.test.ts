/** What is done with the selected images, by mouse and keys; the kernel answers as `widgets/acting.py` does. */
import { expect, it, vi } from "vitest";
import { overlapsAt, widths } from "../../shared/apart";
import { type MockModel } from "../../shared/mock";
import { kernel, many } from "../fixture";
import { all, card, one, press, show, soon } from "../testpage";

const buttons = () => all(".sw-act button").filter((each) => each.offsetParent !== null) as HTMLButtonElement[];
const named = (label: string) => buttons().find((each) => each.textContent === label) as HTMLButtonElement;
const report = () => one(".sw-act-words").textContent;
const main = () => one(".sw-act-form .sw-button-main") as HTMLButtonElement;
const field = (label: string) => all(".sw-act-form label").find((each) => each.textContent!.startsWith(label))!.querySelector("input") as HTMLInputElement;
const params = (model: MockModel, method: string) => model.calls(method).map(({ params: given }) => given);

async function gallery(count = 12, more: Record<string, unknown> = {}): Promise<MockModel> {
  const model = await kernel(many(count), more);
  model.handle("act.choices", () => ({ models: ["resunet-spheroid", "threshold"], formats: ["csv", "masks"], conditions: ["control", "drug"], tags: [["control", 3]] }));
  await show(model);
  await soon(() => expect(card(0)).not.toBeNull());
  return model;
}

function select(positions: number[]): void {
  card(positions[0]).click();
  for (const at of positions.slice(1)) card(at).dispatchEvent(new MouseEvent("click", { bubbles: true, ctrlKey: true }));
}

/** The first form of a page comes with the rest of the gallery. */
const formed = () => soon(() => expect(main()).not.toBeNull());
const done = (n: number, more = {}) => ({ n, undo: 7, refused: 0, some: [], ...more });

it("shows what can be done once something is selected", async () => {
  await gallery();
  expect(buttons()).toEqual([]);
  select([0]);
  expect(buttons().map((each) => each.textContent)).toEqual(["Segment", "Tag", "Set metadata", "Approve", "Exclude", "Export", "Delete"]);
  press("Escape");
  expect(buttons()).toEqual([]);
});

it("tags by key, says what was done, and takes it back by Ctrl+Z", async () => {
  const model = await gallery();
  select([0, 2]);
  press("t");
  await formed();
  expect(main().textContent).toBe("Tag 2 images");
  expect(document.activeElement).toBe(field("Tag"));
  await soon(() => expect(all(".sw-act-form option").map((each) => (each as HTMLOptionElement).value)).toEqual(["control"]));
  main().click();
  await soon(() => expect(one(".sw-form-failed").textContent).toBe("Write the name of a tag."));
  expect(model.calls("act.tag")).toEqual([]);
  field("Tag").value = "late";
  model.handle("act.tag", () => done(2));
  main().click();
  await soon(() => expect(report()).toBe("2 images tagged late."));
  expect(params(model, "act.tag")).toEqual([{ ids: [1, 3], tag: "late", take: false }]);
  expect(document.activeElement).toBe(one(".sw-grid"));
  model.handle("act.undo", () => ({ refused: 0, some: [] }));
  press("z", { ctrlKey: true });
  await soon(() => expect(report()).toBe("Taken back: 2 images tagged late."));
  expect(params(model, "act.undo")).toEqual([{ undo: 7 }]);
  press("z", { ctrlKey: true }); // nothing is left to take back
  expect(model.calls("act.undo").length).toBe(1);
});

it("approves at once, names what could not be, and asks where there are many", async () => {
  const model = await gallery(150);
  select([0, 1]);
  model.handle("act.approve", () => done(1, { refused: 25, some: [["<b>z.tif", "it has no result that could be approved"]] }));
  press("a");
  await soon(() => expect(report()).toBe("1 image approved."));
  expect(one(".sw-act-left").textContent).toBe("25 images were left as they are:");
  expect(all(".sw-act-refused li").map((each) => each.textContent)).toEqual([
    "<b>z.tif: it has no result that could be approved", "and 24 more",
  ]); // prettier-ignore
  press("a", { ctrlKey: true });
  press("a");
  await formed();
  expect(main().textContent).toBe("Approve 150 images");
  expect(model.calls("act.approve").length).toBe(1);
  press("Escape");
  expect(all(".sw-act-form")).toEqual([]);
});

it("excludes with a reason", async () => {
  const model = await gallery();
  select([4]);
  press("x");
  await formed();
  named("Exclude 1 image").click();
  await soon(() => expect(one(".sw-form-failed").textContent).toBe("Choose a reason, or write one."));
  const debris = all(".sw-act-form input[type=radio]")[0] as HTMLInputElement;
  debris.click();
  field("In your words").value = "at the rim";
  model.handle("act.exclude", () => done(1));
  main().click();
  await soon(() => expect(report()).toBe(`1 image excluded: ${debris.value}: at the rim.`));
  expect(params(model, "act.exclude")).toEqual([{ ids: [5], reason: `${debris.value}: at the rim` }]);
});

it("segments again with another model, and says which outlines stay", async () => {
  const model = await gallery();
  select([0, 1]);
  named("Segment").click();
  await soon(() => expect(all(".sw-act-form option").length).toBe(2));
  expect(main().textContent).toBe("Segment 2 images again");
  expect(one(".sw-act-note").textContent).toContain("2 of them have outlines already");
  (one(".sw-act-form select") as HTMLSelectElement).value = "threshold";
  model.handle("act.segment", () => done(2, { run: 12 }));
  main().click();
  await soon(() => expect(report()).toBe("Run 12 works on 2 images, model threshold."));
  expect(params(model, "act.segment")).toEqual([{ ids: [1, 2], model: "threshold" }]);
});

it("changes only what is filled in, and refuses what is no number", async () => {
  const model = await gallery();
  select([0]);
  named("Set metadata").click();
  await formed();
  main().click();
  await soon(() => expect(one(".sw-form-failed").textContent).toContain("at least one field"));
  field("Time").value = "late";
  main().click();
  await soon(() => expect(one(".sw-form-failed").textContent).toBe("Time (h): this is no number."));
  field("Time").value = "48,5";
  field("Well").value = "B7";
  model.handle("act.metadata", () => {
    throw new Error("image_000009.tif lies in well B07 at 48.5 h already");
  });
  main().click();
  await soon(() => expect(one(".sw-form-failed").textContent).toContain("image_000009.tif lies in well B07"));
  expect(params(model, "act.metadata")).toEqual([{ ids: [1], values: { well: "B7", time_h: 48.5 } }]);
});

it("says a condition of wells, after a yes where they hold more images than are selected", async () => {
  const model = await gallery();
  select([0, 1]);
  named("Set metadata").click();
  await soon(() => expect(all(".sw-act-form option").map((each) => (each as HTMLOptionElement).value)).toEqual(["control", "drug"]));
  const write = (label: string, text: string) => {
    field(label).value = text;
    field(label).dispatchEvent(new Event("input", { bubbles: true }));
  };
  write("Condition", "drug");
  write("Well", "B7");
  main().click();
  await soon(() => expect(one(".sw-form-failed").textContent).toContain("set plate and well first"));
  write("Well", "");
  model.handle("act.beside", () => 34);
  model.handle("act.metadata", () => done(36));
  main().click();
  await soon(() => expect(main().textContent).toBe("Change 36 images"));
  expect(one(".sw-act-form .sw-act-note").textContent).toContain("34 other images of the same wells");
  expect(model.calls("act.metadata")).toEqual([]);
  write("Condition", "control"); // something else: asked again
  expect(main().textContent).toBe("Change 2 images");
  main().click();
  await soon(() => expect(main().textContent).toBe("Change 36 images"));
  main().click();
  await soon(() => expect(report()).toBe("36 images changed: Condition control."));
  expect(params(model, "act.metadata")).toEqual([{ ids: [1, 2], values: { condition: "control" } }]);
});

it("deletes only after a yes, and nothing deleted stays selected", async () => {
  const model = await gallery();
  select([0, 1, 2]);
  named("Delete").click();
  await formed();
  expect(model.calls("act.delete")).toEqual([]);
  expect(document.activeElement).toBe(named("Delete 3 images from the project"));
  named("Cancel").click();
  expect(document.activeElement).toBe(one(".sw-grid"));
  model.handle("act.delete", () => done(3));
  named("Delete").click();
  main().click();
  await soon(() => expect(report()).toBe("3 images deleted from the project."));
  expect(all(".sw-selected").length).toBe(0);
  model.handle("act.undo", () => ({ refused: 0, some: [] }));
  named("Undo").click();
  await soon(() => expect(report()).toContain("Taken back"));
});

it("an undo that fails says why, and may be tried again", async () => {
  const model = await gallery();
  select([0]);
  model.handle("act.approve", () => done(1));
  named("Approve").click();
  await soon(() => expect(report()).toBe("1 image approved."));
  model.handle("act.undo", () => {
    throw new Error("the store is locked");
  });
  named("Undo").click();
  await soon(() => expect(report()).toBe("Undo: the store is locked"));
  model.handle("act.undo", () => ({ refused: 0, some: [] }));
  press("z", { ctrlKey: true });
  await soon(() => expect(report()).toBe("Taken back: 1 image approved."));
});

it("exports what is selected", async () => {
  const model = await gallery();
  select([1]);
  model.handle("act.export", () => ({ name: "plate.zip", bytes: 0, files: 2, path: "/p/plate.zip" }));
  let offer: (choices: unknown) => void = () => {};
  model.handle("act.choices", () => new Promise((resolve) => (offer = resolve)));
  named("Export").click();
  await soon(() => expect(model.calls("act.choices").length).toBe(1));
  expect(main().disabled).toBe(true); // before the formats have come there is nothing to export as
  offer({ models: [], formats: ["csv", "masks"], conditions: [], tags: [] });
  await soon(() => expect(all(".sw-act-form input:checked").length).toBe(2));
  expect(main().disabled).toBe(false);
  expect(main().textContent).toBe("Export 1 image");
  const [url, click] = [vi.spyOn(URL, "createObjectURL").mockReturnValue("blob:none"), vi.spyOn(HTMLAnchorElement.prototype, "click").mockReturnValue()];
  main().click();
  await soon(() => expect(report()).toContain("kept as /p/plate.zip"));
  expect(params(model, "act.export")).toEqual([{ ids: [2], formats: ["csv", "masks"] }]);
  expect(click).toHaveBeenCalledOnce();
  url.mockRestore();
  click.mockRestore();
});

it("offers only what changes nothing to who only looks", async () => {
  const model = await gallery(12, { can_act: false });
  select([0]);
  expect(buttons().map((each) => each.textContent)).toEqual(["Export"]);
  press("a");
  press("x");
  expect([model.calls("act.approve"), all(".sw-act-form")]).toEqual([[], []]);
});

it("keeps to a narrow page", async () => {
  await gallery();
  (one(".sw-root").parentElement as HTMLElement).style.width = "380px";
  select([0]);
  press("x");
  const bar = one(".sw-act");
  expect(bar.scrollWidth).toBeLessThanOrEqual(bar.clientWidth);
  for (const each of buttons()) expect(each.getBoundingClientRect().right).toBeLessThanOrEqual(bar.getBoundingClientRect().right + 1);
  expect(overlapsAt(one(".sw-root").parentElement as HTMLElement, widths(340, 1100))).toEqual([]);
});
