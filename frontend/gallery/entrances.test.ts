/** Plate mode and review in the gallery: what joins them to its rows, filters and selection. */
import { expect, it, vi } from "vitest";
import { Rpc } from "../shared/rpc";
import { FakeKernel, outcome } from "./add/fixture";
import { MockAnswer } from "../shared/mock";
import { kernel, many, pack, picture } from "./fixture";
import { all, cards, chip, one, page, show, soon } from "./testpage";

const plate = (count = 6) => many(count, (id) => ({ plate: "P1", well: `A0${1 + ((id - 1) % 3)}`, time_h: id > 3 ? 24 : 0 }));
const cell = (well: string) => page.querySelector<HTMLElement>(`.sw-plate [aria-label^="${well}"]`) as HTMLElement;
const mode = (name: string) => one(`.sw-mode[data-mode="${name}"]`);
const verb = (action: string) => one(`.sw-review [data-action="${action}"]`) as HTMLButtonElement;

it("shows the wells of what the filters leave, selects their images and opens them", async () => {
  const model = await show(await kernel(plate(), { opens: true }));
  await soon(() => expect(cards().length).toBe(6));
  mode("plate").click();
  await soon(() => expect(cell("A01")).toBeTruthy());
  expect(one(".sw-sizes").hidden && one(".sw-arrange").hidden).toBe(true);
  vi.spyOn(Element.prototype, "setPointerCapture").mockImplementation(() => {}); // it knows real pointers only
  for (const type of ["pointerdown", "pointerup"]) cell("A02").dispatchEvent(new PointerEvent(type, { bubbles: true, button: 0, pointerId: 1 }));
  await soon(() => expect(model.get("selected_ids")).toEqual([2]));
  expect(one(".sw-foot").textContent).toContain("1 selected");
  cell("A02").focus();
  cell("A02").dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true }));
  await soon(() => expect(model.get("opened")).toBe(2));
  await soon(() => expect((model.get("view") as { mode: string }).mode).toBe("plate"));
});

it("asks for the flags of a large project when a plate is shown", async () => {
  const model = await kernel(plate(), { flags_state: "waiting" });
  model.handle("want_flags", () => null);
  await show(model);
  await soon(() => expect(cards().length).toBe(6));
  expect(model.calls("want_flags").length).toBe(0);
  mode("plate").click();
  await soon(() => expect(model.calls("want_flags").length).toBe(1));
  model.update({ flags_state: "working" });
  expect(one(".sw-head").textContent).toContain("Flags are being worked out");
});

it("reviews what is flagged in place of the grid, and comes back to it", async () => {
  const flagged = plate().map((image) => (image.id < 3 ? { ...image, flags: "border" } : image));
  const model = await kernel(flagged, { opens: true });
  const item = (id: number) => ({ id, name: `image_00000${id}.tif`, plate: "P1", well: `A0${id}`, time_h: 0, flags: ["border"], sentences: ["It touches the border."] });
  model.handle("review.queue", () => ({ items: [item(1), item(2)] }));
  model.handle("review.decide", () => ({ undo: 1 }));
  await show(model);
  await soon(() => expect(cards().length).toBe(6));
  const start = all(".sw-head-verbs button")[1];
  expect(start.textContent).toBe("Review 2 flagged");
  start.click();
  await soon(() => expect(one(".sw-review-outlined img")?.hidden).toBe(false));
  expect(one(".sw-body").hidden && one(".sw-toolbar").hidden && one(".sw-foot").hidden).toBe(true);
  await soon(() => expect(one(".sw-review-outlined canvas").hidden).toBe(false));
  one(".sw-review").dispatchEvent(new KeyboardEvent("keydown", { key: "o", bubbles: true, cancelable: true }));
  expect(one(".sw-review-outlined canvas").hidden).toBe(true);
  await soon(() => expect(verb("approve").matches(":disabled")).toBe(false));
  verb("approve").click();
  await soon(() => expect(one(".sw-review-name").textContent).toBe("image_000002.tif"));
  expect(model.calls("review.decide").map(({ params }) => params)).toEqual([{ image: 1, decision: { kind: "approve" } }]);
  // Corrected in the editor: the review goes on after it.
  verb("open").click();
  await soon(() => expect(model.get("opened")).toBe(2));
  model.handle("rows", () => pack([{ ...flagged[1], review: "corrected", flags: "" }], 2, [1]));
  model.update({ rows_version: 2 });
  await soon(() => expect(one(".sw-review-end").hidden).toBe(false));
  one(".sw-review").dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true, cancelable: true }));
  await soon(() => expect(one(".sw-body").hidden).toBe(false));
  await soon(() => expect(cards().length).toBe(6));
  expect(document.activeElement).toBe(start);
  expect(start.textContent).toBe("Review 1 flagged"); // the approved one comes with the next rows
});

it("shows the picture that was asked of a kernel that is gone when one is back", async () => {
  const { pingEvery, silentAfter } = Rpc;
  [Rpc.pingEvery, Rpc.silentAfter] = [20, 40];
  try {
    const model = await kernel(plate());
    const item = { id: 1, name: "image_000001.tif", plate: "P1", well: "A01", time_h: 0, flags: [], sentences: [] };
    model.handle("review.queue", () => {
      model.silent = true; // it dies before the picture is asked for
      return { items: [item] };
    });
    await show(model);
    await soon(() => expect(cards().length).toBe(6));
    all(".sw-head-verbs button")[1].click();
    await soon(() => expect(one(".sw-review")?.hidden).toBe(false));
    model.widget_manager.kernel.status = "dead";
    await soon(() => expect(page.querySelector("[data-kernel]")?.getAttribute("data-kernel")).toBe("lost"));
    expect(verb("approve").matches(":disabled")).toBe(true);
    model.silent = false;
    model.widget_manager.kernel.status = "idle";
    model.deliver({ kind: "event", seq: 1, name: "any", value: null });
    await soon(() => expect(one(".sw-review-outlined img")?.hidden).toBe(false));
    expect(verb("approve").matches(":disabled")).toBe(false);
  } finally {
    [Rpc.pingEvery, Rpc.silentAfter] = [pingEvery, silentAfter];
  }
});

it("shows a larger picture when it has come, asked for ahead, and does without where none can be made", async () => {
  const model = await kernel(plate());
  const item = (id: number) => ({ id, name: `image_00000${id}.tif`, plate: "P1", well: `A0${id}`, time_h: 0, flags: [], sentences: [] });
  model.handle("review.queue", () => ({ items: [item(1), item(2)] }));
  model.handle("review.decide", () => ({ undo: 1 }));
  const jpeg = await picture();
  let give: (value: unknown) => void = () => {};
  model.handle("thumbs", ({ ids, size }) => {
    const good = (ids as number[]).filter((id) => size !== 1024 || id === 1);
    const failed = (ids as number[]).filter((id) => !good.includes(id)).map((id) => [id, "the share is away"]);
    const value = { ids: good, lengths: good.map(() => jpeg.length), failed, pending: [], mime: "image/jpeg" };
    const bytes = new Uint8Array(good.flatMap(() => [...jpeg]));
    const answer = new MockAnswer(value, [new DataView(bytes.buffer)]);
    return size === 1024 ? new Promise((resolve) => (give = () => resolve(answer))) : answer;
  });
  await show(model);
  await soon(() => expect(cards().length).toBe(6));
  all(".sw-head-verbs button")[1].click();
  const shown = () => (one(".sw-review-outlined img") as HTMLImageElement | null)?.src;
  await soon(() => expect(shown()).toBeTruthy());
  const small = shown();
  await soon(() => expect(model.calls("thumbs").some(({ params }) => params.size === 1024)).toBe(true));
  const asked = model.calls("thumbs").filter(({ params }) => params.size === 1024);
  expect(asked.map(({ params }) => params.ids)).toEqual([[1, 2]]); // the next one, too
  expect(shown()).toBe(small);
  give(null);
  await soon(() => expect(shown()).not.toBe(small));
  verb("approve").click();
  await soon(() => expect(one(".sw-review-name").textContent).toBe("image_000002.tif"));
  await soon(() => expect(verb("approve").matches(":disabled")).toBe(false)); // the small one does
  expect(one(".sw-review-outlined img").hidden).toBe(false);
});

it("judges one broken file after the other: the second was asked for ahead", async () => {
  const reason = "the TIFF is truncated";
  const model = await kernel(plate().map((image) => (image.id < 4 ? { ...image, reason } : image)));
  const item = (id: number) => ({ id, name: `image_00000${id}.tif`, plate: "P1", well: `A0${id}`, time_h: 0, flags: ["failed"], sentences: [reason] });
  model.handle("review.queue", () => ({ items: [item(1), item(2), item(3)] }));
  model.handle("review.decide", () => ({ undo: 1 }));
  await show(model);
  await soon(() => expect(cards().length).toBe(6));
  all(".sw-head-verbs button")[1].click();
  for (const id of [1, 2, 3]) {
    await soon(() => expect(one(".sw-review-name")?.textContent).toBe(`image_00000${id}.tif`));
    await soon(() => expect(verb("unusable").matches(":disabled")).toBe(false));
    expect(one(".sw-review-picture").textContent).toContain(reason);
    verb("unusable").click();
  }
  await soon(() => expect(one(".sw-review-end").hidden).toBe(false));
});

it("has the keys when a review begins, whatever else changes while the kernel is asked", async () => {
  const model = await kernel(plate());
  const item = { id: 1, name: "image_000001.tif", plate: "P1", well: "A01", time_h: 0, flags: [], sentences: [] };
  let answer = () => {};
  model.handle("review.queue", () => new Promise((resolve) => (answer = () => resolve({ items: [item] }))));
  await show(model);
  await soon(() => expect(cards().length).toBe(6));
  all(".sw-head-verbs button")[1].click();
  await soon(() => expect(model.calls("review.queue").length).toBe(1));
  model.update({ run: {} }); // the line above the images is drawn anew
  answer();
  await soon(() => expect(one(".sw-review-name")?.textContent).toBe("image_000001.tif"));
  expect(document.activeElement).toBe(one(".sw-review"));
});

it("reviews what is selected, flagged or not", async () => {
  const model = await kernel(plate());
  model.handle("review.queue", () => ({ items: [] }));
  await show(model);
  await soon(() => expect(cards().length).toBe(6));
  cards()[3].click();
  cards()[1].dispatchEvent(new MouseEvent("click", { bubbles: true, ctrlKey: true }));
  const review = all(".sw-foot button").find(({ textContent }) => textContent === "Review");
  review?.click();
  await soon(() => expect(one(".sw-review-end")?.hidden).toBe(false));
  expect(model.calls("review.queue").map(({ params }) => params)).toEqual([{ ids: [2, 4] }]);
  expect(all(".sw-foot button").some(({ textContent }) => textContent === "Review")).toBe(true); // until it is drawn again
});

it("puts the ways of adding away with what was said of those that were added", async () => {
  const model = await kernel(plate());
  const adds = new FakeKernel();
  model.handle("add_preview", (params) => adds.preview(params as never));
  model.handle("add_images", () => outcome({ added: 2 }));
  await show(model);
  await soon(() => expect(cards().length).toBe(6));
  const add = all(".sw-head-verbs button")[0];
  add.click();
  const named = (label: string) => all(".sw-adding button").find((each) => each.textContent === label && each.offsetParent !== null);
  const path = await vi.waitUntil(() => page.querySelector<HTMLInputElement>(".sw-add-path input:enabled"));
  path.value = "/raw";
  named("Look into it")!.click();
  await soon(() => expect(named("Add 2 images")?.getAttribute("aria-disabled")).toBe("false"));
  named("Add 2 images")!.click();
  await soon(() => expect(named("Close")).toBeTruthy());
  named("Close")!.click();
  expect(one(".sw-adding").offsetParent).toBeNull();
  expect(add.getAttribute("aria-expanded")).toBe("false");
  expect(document.activeElement).toBe(one(".sw-grid"));
});

it("says why a review cannot begin, and reviews nothing where one only looks", async () => {
  const model = await kernel(plate());
  model.handle("review.queue", () => {
    throw new Error("the store cannot be read");
  });
  await show(model);
  await soon(() => expect(cards().length).toBe(6));
  all(".sw-head-verbs button")[1].click();
  await soon(() => expect(page.textContent).toContain("the store cannot be read"));
  expect(one(".sw-body").hidden).toBe(false);
  model.update({ can_act: false, can_add: false });
  expect(all(".sw-head-verbs button").every(({ hidden }) => hidden)).toBe(true);
  expect(chip("all")).toBeTruthy();
});
