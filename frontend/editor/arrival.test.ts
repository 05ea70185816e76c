/** What comes after the first picture: when it is asked for, and how the editor is without it. */

import { afterEach, beforeEach, expect, it } from "vitest";

import { area } from "./geometry";
import { isHere, supply } from "./outlines/algebra";
import { click, drag, IDS, Kernel, press, show, until, type Shown } from "./testing";

let shown: Shown | null = null;
const find = (selector: string) => shown!.el.querySelector<HTMLElement>(selector);
const said = () => find(".sw-editor-said")!.textContent!;
const notice = () => find(".sw-banner[data-key='later']");
const areas = () => [...shown!.editor.store.slots()].map((slot) => Math.round(area(shown!.editor.store.rings(slot))));

beforeEach(() => {
  supply(null);
  delete (globalThis as Record<symbol, unknown>)[Symbol.for("spheroseg-widgets.later")];
});
afterEach(() => {
  shown?.close();
  shown = null;
});

/** A kernel that keeps the part back until it is let go. */
function keeping() {
  const kernel = new Kernel();
  let go = (): void => undefined;
  const gone = new Promise<void>((resolve) => (go = resolve));
  kernel.model.handle("later", async () => (await gone, kernel.later()));
  return { kernel, go };
}

it("is asked for once the picture stands, and once only", async () => {
  const kernel = new Kernel();
  shown = await show(kernel);
  const asked = kernel.model.sent.flatMap((one) => (one.kind === "call" ? [one.method] : []));
  expect(asked.indexOf("later")).toBeGreaterThan(Math.max(asked.indexOf("document"), asked.indexOf("pixels")));
  kernel.model.update({ image_id: 2 });
  await until(() => shown!.editor.work.info?.image.id === 2);
  expect(kernel.model.calls("later")).toHaveLength(1);
});

it("is not asked for where nothing can be changed", async () => {
  const kernel = new Kernel({ read_only: true });
  shown = await show(kernel, { whole: false });
  expect(shown.editor.work.pixels).not.toBeNull();
  expect(kernel.model.calls("later")).toEqual([]);
  expect(notice()).toBeNull();
});

it("before it is here: what needs none of it is done, what does says so and changes nothing", async () => {
  const { kernel, go } = keeping();
  shown = await show(kernel, { whole: false });
  const before = areas();
  press(shown, "r");
  drag(shown, [70, 80], [90, 100]);
  expect(areas()).toEqual([...before, 400]);

  press(shown, "b");
  drag(shown, [25, 70], [45, 90]);
  expect(said()).toContain("still on its way");
  press(shown, "v");
  click(shown, 25, 40);
  click(shown, 120, 40, { shiftKey: true });
  press(shown, "m");
  expect(said()).toContain("still on its way");
  expect(areas()).toEqual([...before, 400]);

  go();
  await until(isHere);
  press(shown, "b");
  press(shown, "v");
  expect(shown.editor.selection.ids.size).toBe(2);
  press(shown, "m");
  expect(said()).not.toContain("still on its way");
});

it("a preview that waits for it comes by itself", async () => {
  const { kernel, go } = keeping();
  shown = await show(kernel, { whole: false });
  shown.editor.selection.set([IDS[1]]);
  press(shown, "t");
  const kind = find(".sw-editor-choice") as HTMLSelectElement;
  kind.value = "grow";
  kind.dispatchEvent(new Event("change"));
  expect(find(".sw-editor-words")!.textContent).toContain("still on its way");
  expect(shown.editor.preview).toBeNull();
  go();
  await until(() => shown!.editor.preview !== null);
  expect(area(shown.editor.preview!.shapes[0].rings)).toBeGreaterThan(1600);
});

it("where it does not come the reason stands there until another try brings it", async () => {
  const kernel = new Kernel();
  kernel.model.handle("later", () => Promise.reject(new Error("editor_later.js is missing")));
  shown = await show(kernel, { whole: false });
  await until(() => notice() !== null);
  expect(notice()!.textContent).toContain("editor_later.js is missing");
  notice()!.querySelector("button")!.click();
  await until(() => kernel.model.calls("later").length === 2 && notice()!.querySelector("button")!.disabled === false);
  kernel.model.handle("later", () => kernel.later());
  notice()!.querySelector("button")!.click();
  await until(() => isHere() && notice() === null);
});
