/** Images that await review, judged by keys, with a kernel that is not there. */

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { overlapsAt, widths } from "../../shared/apart";
import type { Decision } from "../../shared/review/decision";
import { FLAG } from "../store";
import { click, IDS, Kernel, press, show, until, type Shown } from "../testing";

const ITEMS = [3, 1, 2].map((id) => (
  { id, name: `image-${id}.tif`, plate: "p", well: `A0${id}`, time_h: 24, flags: ["border"], sentences: id === 2 ? [] : [`It is cut (${id}).`] }
));

let shown: Shown;
let kernel: Kernel;
let decided: [number, Decision][];
let undone: unknown[];

beforeEach(async () => {
  [decided, undone] = [[], []];
  kernel = new Kernel({ queue: [3, 1, 2], image_id: 3 });
  kernel.model.handle("review.queue", () => ({ items: ITEMS }));
  kernel.model.handle("review.objects", () => ({ objects: [] }));
  kernel.model.handle("review.decide", ({ image, decision }) => ({ undo: decided.push([image as number, decision as Decision]) }));
  kernel.model.handle("review.undo", ({ undo }) => void undone.push(undo));
  shown = await show(kernel);
  await until(() => text("place") === "1 / 3");
});
afterEach(() => shown.close());

const text = (part: string) => shown.el.querySelector(`.sw-editor-${part}`)!.textContent!;
const at = (name: string) => until(() => text("name") === name && shown.editor.work.info?.image.name === name);

describe("going through a list", () => {
  it("judges by a key and shows the next, which was asked for before", async () => {
    expect(text("about")).toBe("It is cut (3).");
    await until(() => kernel.model.calls("pixels").some(({ params }) => params.ahead === true && params.image_id === 1));
    press(shown, "a");
    await at("image-1.tif");
    expect(text("said")).toBe("image-3.tif: approved.");
    expect(kernel.model.calls("pixels").filter(({ params }) => params.image_id === 1)).toHaveLength(1);
    press(shown, "n");
    await at("image-2.tif");
    press(shown, "a");
    await until(() => text("said").endsWith("Nothing is left."));
    expect(decided).toEqual([[3, { kind: "approve" }], [1, { kind: "absent" }], [2, { kind: "approve" }]]);
    expect(kernel.model.get("judged_ids")).toEqual([3, 1, 2]);
  });

  it("a key that is held judges one image", async () => {
    press(shown, "a", { repeat: true });
    expect(decided).toEqual([]);
  });

  it("asks for a reason, and Esc leaves the image in", async () => {
    press(shown, "x");
    const form = shown.el.querySelector<HTMLFormElement>(".sw-review-exclude")!;
    await until(() => !form.hidden);
    document.activeElement!.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
    expect(form.hidden).toBe(true);
    press(shown, "x");
    await until(() => !form.hidden);
    document.activeElement!.dispatchEvent(new KeyboardEvent("keydown", { key: "2", bubbles: true, cancelable: true }));
    form.requestSubmit();
    await at("image-1.tif");
    expect(decided).toEqual([[3, { kind: "exclude", reason: "Bubble", scope: "image" }]]);
  });

  it("takes the last judgement back with Ctrl+Z, and then what was drawn", async () => {
    press(shown, "a");
    await at("image-1.tif");
    press(shown, "z", { ctrlKey: true });
    await at("image-3.tif");
    expect(text("said")).toBe("Taken back. image-3.tif: approved.");
    await until(() => undone.length === 1);
    expect(kernel.model.get("judged_ids")).toEqual([]);
    click(shown, 120, 40);
    press(shown, "Delete");
    expect(shown.editor.store.count).toBe(2);
    press(shown, "z", { ctrlKey: true });
    expect(shown.editor.store.count).toBe(3);
  });

  it("says what was not stored, and comes to it again", async () => {
    kernel.model.handle("review.decide", () => {
      throw new Error("the store is locked");
    });
    press(shown, "a");
    await at("image-1.tif");
    await until(() => text("notices").includes("the store is locked"));
    expect(kernel.model.get("judged_ids")).toEqual([]);
  });

  it("steps through it without judging", async () => {
    press(shown, ".");
    await at("image-1.tif");
    press(shown, ",");
    await at("image-3.tif");
    expect(decided).toEqual([]);
  });
});

describe("the spheroid of an image", () => {
  const primary = () => [0, 1, 2].filter((slot) => shown.editor.store.attributes(slot).flags & FLAG.primary);

  it("is the selected outline, one at a time, and no longer by the same key; nothing is measured anew", async () => {
    click(shown, 25, 25);
    press(shown, "p");
    expect(primary()).toEqual([0]);
    expect(shown.editor.store.attributes(0).confidence).toBeCloseTo(0.9);
    shown.editor.selection.set([IDS[2]]);
    press(shown, "p");
    expect(primary()).toEqual([2]);
    await until(() => kernel.stored.size === 3);
    expect([...kernel.stored.values()].map((one) => (one as unknown as { primary: boolean }).primary)).toEqual([true, false, true]);
    press(shown, "p");
    expect(primary()).toEqual([]);
    press(shown, "z", { ctrlKey: true });
    expect(primary()).toEqual([2]);
  });

  it("is of class spheroid", () => {
    shown.editor.selection.set([IDS[1]]); // a core
    press(shown, "p");
    expect(primary()).toEqual([]);
    expect(text("said")).toContain("class spheroid");
  });
});

describe("keys of a person's own", () => {
  it("act at once, and stand in the help and the tooltips", () => {
    const { review, ...others } = kernel.model.get<Record<string, Record<string, string[]>>>("bindings");
    kernel.model.update({ bindings: { ...others, review: { ...review, "review.approve": ["f2"] } } });
    press(shown, "a");
    expect(decided).toEqual([]);
    expect(shown.el.querySelector('.sw-editor-help-row[data-action="review.approve"] kbd')!.textContent).toBe("F2");
    expect(shown.el.querySelector<HTMLElement>('button[data-action="review.approve"]')!.title).toContain("(F2)");
    press(shown, "F2");
    expect(shown.kernel.model.get("judged_ids")).toEqual([3]);
  });
});

describe("what is said of an image and the verbs of judging", () => {
  const box = (selector: string) => shown.el.querySelector(selector)!.getBoundingClientRect();

  it("take no row of their own: the picture stays where it is, whether something speaks against an image or not", async () => {
    for (const width of [900, 390]) {
      shown.el.style.width = `${width}px`;
      kernel.model.update({ image_id: 3 });
      await at("image-3.tif");
      expect(box(".sw-editor-about").width).toBeGreaterThan(50);
      const stage = box(".sw-editor-stage");
      kernel.model.update({ image_id: 2 });
      await at("image-2.tif");
      expect(box(".sw-editor-about").width).toBe(0);
      expect(box(".sw-editor-stage")).toEqual(stage);
      click(shown, 25, 40);
      expect(box(".sw-editor-stage")).toEqual(stage);
      press(shown, "Escape");
    }
  });

  it("are whole at 390 px, with everything else of the header", async () => {
    shown.el.style.width = "390px";
    shown.editor.chrome.name.textContent = "a long name of an image on plate 7_B07_48h.tif";
    const header = box(".sw-editor-header");
    const parts = [...shown.el.querySelectorAll(".sw-editor-header button")].filter((one) => (one as HTMLElement).offsetParent);
    expect(parts.map((one) => one.getAttribute("data-action"))).toContain("panel.history");
    for (const part of parts) expect(part.getBoundingClientRect().right).toBeLessThanOrEqual(header.right);
    const rows = parts.map((one) => one.getBoundingClientRect()).map(({ top, bottom }) => Math.round((top + bottom) / 2));
    expect(new Set(rows).size).toBe(2);
    expect(overlapsAt(shown.el, widths(340, 1400))).toEqual([]);
  });
});
