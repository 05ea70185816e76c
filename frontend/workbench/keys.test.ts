/** Where the keys are when one goes from the gallery to the editor and back: both in one workbench, without a kernel. */
import { afterEach, beforeEach, expect, it } from "vitest";
import { press, show as showEditor, type Shown } from "../editor/testing";
import { kernel, many } from "../gallery/fixture";
import { card, cards, life, one, page, press as pressInGallery, show, soon } from "../gallery/testpage";
import { MockModel } from "../shared/mock";
import widget from "./index";

let editor: Shown;
let gallery: MockModel;
let bar: MockModel;

beforeEach(async () => {
  page.className = "sw-workbench";
  bar = new MockModel({ strings: {}, pane: "gallery", n_selected: 0, models: [], formats: [], read_only: false });
  const inner = document.createElement("div");
  page.append(inner); // the gallery takes its place
  editor = await showEditor();
  gallery = await kernel(many(6), { opens: true });
  const item = (id: number) => ({ id, name: `image_00000${id}.tif`, plate: "P1", well: "A01", time_h: 0, flags: [], sentences: [] });
  gallery.handle("review.queue", () => ({ items: [item(2), item(3)] }));
  await show(gallery);
  const above = document.createElement("div");
  page.prepend(above);
  void widget.render({ model: bar, el: above, signal: life.signal });
  page.append(editor.el);
  await soon(() => expect(cards().length).toBe(6));
});
afterEach(() => editor.close());

const stage = () => editor.editor.chrome.stage;
const opens = (id: number) => editor.kernel.model.update({ image_id: id });

it("are in the editor when the image is shown that was opened, and go back to the images by Esc", async () => {
  card(1).click();
  one(".sw-grid").focus();
  pressInGallery("Enter");
  expect(document.activeElement).toBe(one(".sw-grid")); // the image is not there yet
  expect(bar.get("pane")).toBe("editor");
  opens(2);
  await soon(() => expect(document.activeElement).toBe(stage()));
  press(editor, "a", { ctrlKey: true });
  press(editor, "Escape"); // what is selected first
  expect(document.activeElement).toBe(stage());
  press(editor, "Escape");
  await soon(() => expect(document.activeElement).toBe(one(".sw-grid")));
  expect(one(".sw-grid").getAttribute("aria-activedescendant")).toBe(card(1).id);
  expect(bar.get("pane")).toBe("gallery");
});

it("come at once where the image is open already", async () => {
  card(0).dispatchEvent(new MouseEvent("click", { bubbles: true }));
  card(0).dispatchEvent(new MouseEvent("dblclick", { bubbles: true }));
  await soon(() => expect(document.activeElement).toBe(stage()));
});

it("go back to the review that the image was opened from", async () => {
  (one(".sw-head-verbs").lastElementChild as HTMLElement).click();
  await soon(() => expect(one(".sw-review-name")?.textContent).toBe("image_000002.tif"));
  one(".sw-review").dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true }));
  opens(2);
  await soon(() => expect(document.activeElement).toBe(stage()));
  press(editor, "Escape");
  await soon(() => expect(document.activeElement).toBe(one(".sw-review")));
});

it("stay with who has gone elsewhere meanwhile, and with an image that came by itself", async () => {
  card(1).click();
  one(".sw-grid").focus();
  opens(2); // from Python
  await soon(() => expect(editor.editor.work.info?.image.id).toBe(2));
  expect(document.activeElement).toBe(one(".sw-grid"));
  card(0).click();
  pressInGallery("Enter");
  one(".sw-search").focus();
  opens(1);
  await soon(() => expect(editor.editor.work.info?.image.id).toBe(1));
  expect(document.activeElement).toBe(one(".sw-search"));
});

it("stay in an editor that stands by itself", async () => {
  document.body.append(editor.el);
  stage().focus();
  press(editor, "Escape");
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(document.activeElement).toBe(stage());
});
