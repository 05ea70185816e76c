/** Changes on their way while one goes on: each is stored, or it is said that it is not. */

import { afterEach, describe, expect, it, vi } from "vitest";

import { MockAnswer } from "../shared/mock";
import { OutlineSet } from "../shared/outlines";
import * as journal from "./journal";
import { Outbox } from "./outbox";
import { click, IDS, Kernel, press, show, SQUARE, until, type SentOperation, type Shown } from "./testing";

let shown: Shown | null = null;
afterEach(() => {
  vi.restoreAllMocks();
  shown?.close();
  shown = null;
});

const text = (selector: string) => shown!.el.querySelector(selector)?.textContent ?? "";
const notice = (key: string) => text(`[data-key="${key}"] .sw-banner-text`);
const state = () => text(".sw-editor-storing");

/** Answers that wait to be let through. */
class Gate {
  #open!: () => void;
  readonly passed = new Promise<void>((resolve) => (this.#open = resolve));
  open = () => this.#open();
}

/** A kernel that knows of each image what was deleted in it. */
class Images extends Kernel {
  readonly gone = new Map<number, Set<string>>();
  override document(image: number): MockAnswer {
    const { value, buffers } = super.document(image);
    const gone = this.gone?.get(image) ?? new Set();
    const stay = [0, 1, 2].filter((i) => !gone.has(IDS[i]));
    const set = OutlineSet.decode(buffers[0]);
    const part = (at: number, bytes: number) => new DataView(Uint8Array.from(stay.flatMap((i) => (
      Array.from({ length: bytes }, (_, k) => buffers[at].getUint8(bytes * i + k))
    ))).buffer);
    return new MockAnswer({ ...(value as object), ids: stay.map((i) => IDS[i]), draft_operations: gone.size }, [
      new DataView(OutlineSet.fromRings(stay.map((i) => set.rings(i))).encode()), part(1, 1), part(2, 4), part(3, 1),
    ]);
  }
  take(params: Record<string, unknown>): MockAnswer {
    const image = params.image_id as number, operations = params.operations as SentOperation[];
    const answer = this.operations(operations);
    const gone = this.gone.get(image) ?? new Set();
    for (const { outline_id } of operations) if (this.stored.size) gone.add(outline_id);
    this.gone.set(image, gone);
    return answer;
  }
  constructor() {
    super();
    this.model.handle("operations", (params) => this.take(params));
    this.model.handle("save", () => null);
  }
}

async function open(kernel = new Images()): Promise<Shown & { kernel: Images }> {
  shown = await show(kernel);
  return shown as Shown & { kernel: Images };
}

/** Open an image by the key, and wait until it is there. */
async function go(image: number): Promise<void> {
  press(shown!, image > 1 ? "." : ",");
  await until(() => shown!.editor.work.info?.image.id === image);
}

function remove(x = 120, y = 40): void {
  press(shown!, "v");
  click(shown!, x, y);
  press(shown!, "Delete");
}

describe("the next image", () => {
  it("keeps a change that is stored while the document that was asked for before is on its way", async () => {
    const { editor, kernel } = await open();
    await until(() => kernel.model.calls("document").some(({ params }) => params.ahead === true));
    const gate = new Gate();
    kernel.model.handle("document", async ({ image_id }) => {
      const answer = kernel.document(image_id as number);
      await gate.passed;
      return answer;
    });
    await go(2);
    remove();
    await until(() => state() === "1 change stored in the draft");
    gate.open();
    await until(() => kernel.model.calls("document").filter(({ params }) => params.image_id === 2).length > 2);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect([editor.store.count, state()]).toEqual([2, "1 change stored in the draft"]);
  });

  it("is sent what this browser kept of it, though it was asked for ahead", async () => {
    const kernel = new Images();
    const operation = { id: crypto.randomUUID(), kind: "delete" as const, outline: IDS[0], className: "spheroid", label: "", step: crypto.randomUUID(), parents: [], rings: null };
    await journal.keep({ project: kernel.project, image: 2, base: kernel.base }, [operation]);
    const { editor } = await open(kernel);
    await until(() => kernel.model.calls("document").some(({ params }) => params.ahead === true));
    await go(2);
    await until(() => kernel.gone.get(2)?.size === 1);
    expect(editor.store.count).toBe(2);
  });

  it("can be pasted into while it is read again", async () => {
    const { editor, kernel } = await open();
    click(shown!, 120, 40);
    press(shown!, "c", { ctrlKey: true });
    await until(() => kernel.copied !== null);
    const gate = new Gate();
    kernel.model.handle("paste", async () => {
      await gate.passed;
      return null;
    });
    await go(2);
    press(shown!, "v", { ctrlKey: true });
    await editor.work.refresh();
    gate.open();
    await until(() => editor.store.count === 4);
  });

  it("gets nothing of a drag that began in the one before", async () => {
    const { editor, kernel } = await open();
    press(shown!, "r");
    const stage = editor.chrome.stage.getBoundingClientRect();
    const at = (type: string, x: number, y: number) => {
      const [sx, sy] = editor.view.toScreen(x, y);
      editor.chrome.stage.dispatchEvent(new PointerEvent(type, { bubbles: true, pointerId: 1, clientX: stage.left + sx, clientY: stage.top + sy }));
    };
    at("pointerdown", 70, 70);
    at("pointermove", 90, 90);
    await go(2);
    at("pointermove", 95, 95);
    at("pointerup", 95, 95);
    expect([editor.store.count, kernel.model.calls("operations").length]).toEqual([3, 0]);
  });
});

describe("an image that is left", () => {
  it("has its change stored all the same, and its revision closed", async () => {
    const { editor, kernel } = await open();
    const gate = new Gate();
    kernel.model.handle("operations", async (params) => {
      await gate.passed;
      return kernel.take(params);
    });
    remove();
    await go(2);
    expect(editor.work.storing.state).toBe("stored"); // of the image that is open
    gate.open();
    await until(() => kernel.model.calls("save").length === 1);
    expect(kernel.model.calls("save")[0].params).toEqual({ image_id: 1 });
    expect([kernel.gone.get(1)?.size, notice("left 1")]).toEqual([1, ""]);
    await vi.waitFor(async () => expect(await journal.kept(kernel.project)).toHaveLength(0));
  });

  it("says what is not stored of it, and takes it up again when it is opened", async () => {
    const { editor, kernel } = await open();
    kernel.failing = "the disk is full";
    remove();
    await go(2);
    expect(notice("left 1")).toBe("image-1.tif: 1 change not stored: the disk is full");
    expect(editor.work.storing.state).toBe("stored");
    kernel.failing = null;
    shown!.el.querySelector<HTMLButtonElement>('[data-key="left 1"] button')!.click();
    await until(() => editor.work.info?.image.id === 1);
    expect(editor.store.count).toBe(2);
    editor.work.retry();
    await until(() => kernel.gone.get(1)?.size === 1);
    expect(notice("left 1")).toBe("");
  });

  it("says what is refused of it", async () => {
    const { kernel } = await open();
    const gate = new Gate();
    kernel.verdict = () => ({ state: "refused", reason: "crosses", geometry: 0 });
    kernel.model.handle("operations", async ({ operations }) => {
      await gate.passed;
      return kernel.operations(operations as SentOperation[]);
    });
    remove();
    await go(2);
    gate.open();
    await until(() => notice("left 1 refused") !== "");
    expect(notice("left 1 refused")).toBe("image-1.tif: Not done: the outline would cross itself.");
  });

  it("is told of after a reload", async () => {
    const kernel = new Images();
    const operation = { id: crypto.randomUUID(), kind: "delete" as const, outline: IDS[0], className: "spheroid", label: "", step: crypto.randomUUID(), parents: [], rings: null };
    await journal.keep({ project: kernel.project, image: 2, base: kernel.base, name: "image-2.tif" }, [operation]);
    vi.spyOn(Date, "now").mockReturnValue(Date.now() + 60_000);
    await open(kernel);
    await until(() => notice("left 2") !== "");
    expect(notice("left 2")).toBe("image-2.tif: Waiting for the kernel: 1 change kept in this browser");
    await go(2);
    await until(() => kernel.gone.get(2)?.size === 1);
    expect(notice("left 2")).toBe("");
  });
});

describe("a revision that comes in between", () => {
  it("of this editor's own takes a change that was on its way", async () => {
    const { editor, kernel } = await open();
    remove();
    await until(() => kernel.gone.get(1)?.size === 1);
    const [saving, sending] = [new Gate(), new Gate()];
    kernel.model.handle("save", async () => {
      await saving.passed;
      kernel.continued = [kernel.base++];
      kernel.stored.clear();
      return kernel.base;
    });
    kernel.model.handle("operations", async (params) => {
      await sending.passed;
      return kernel.take(params);
    });
    press(shown!, "s", { ctrlKey: true });
    await until(() => kernel.model.calls("save").length === 1);
    remove(40, 25);
    saving.open();
    await until(() => editor.work.info?.base_revision === kernel.base);
    expect(editor.store.count).toBe(1);
    sending.open();
    await until(() => editor.work.storing.state === "stored");
    expect([kernel.gone.get(1)?.size, notice("kept"), editor.store.count]).toEqual([2, "", 1]);
  });

  it("of somebody else's offers it, without IndexedDB too", async () => {
    const { editor, kernel } = await open();
    vi.spyOn(IDBDatabase.prototype, "transaction").mockImplementation(() => {
      throw new Error("not in a private window");
    });
    kernel.model.handle("operations", () => {
      kernel.base = 9;
      throw Object.assign(new Error("a newer revision was saved meanwhile"), { name: "MovedOnError" });
    });
    remove();
    await until(() => notice("kept") !== "");
    expect([editor.work.info?.base_revision, editor.store.count]).toEqual([9, 3]);
    kernel.model.handle("operations", (params) => kernel.take(params));
    shown!.el.querySelector<HTMLButtonElement>('[data-key="kept"] button')!.click();
    await until(() => kernel.gone.get(1)?.size === 1);
    expect(editor.store.count).toBe(2);
  });
});

describe("a message that is lost on the way", () => {
  it("is sent again, and its change counts once", async () => {
    const { kernel } = await open();
    const { lostAfter } = Outbox;
    Outbox.lostAfter = 100;
    let calls = 0;
    kernel.model.handle("operations", (params) => (++calls < 2 ? new Promise(() => undefined) : kernel.take(params)));
    remove();
    await until(() => state() === "1 change stored in the draft");
    expect([calls, kernel.stored.size]).toEqual([2, 1]);
    Outbox.lostAfter = lostAfter;
  });
});

describe("what this browser keeps", () => {
  it("stays in its order, however quickly it was made", async () => {
    const made = Array.from({ length: 40 }, () => (
      { id: crypto.randomUUID(), kind: "delete" as const, outline: IDS[0], className: "", label: "", step: crypto.randomUUID(), parents: [], rings: null }
    ));
    const now = Date.now();
    vi.spyOn(Date, "now").mockReturnValueOnce(now).mockReturnValue(now - 5);
    const project = crypto.randomUUID();
    await Promise.all(made.map((one) => journal.keep({ project, image: 1, base: 1 }, [one])));
    expect((await journal.kept(project)).map(({ id }) => id)).toEqual(made.map(({ id }) => id));
    await journal.drop(made.map(({ id }) => id));
  });
});

describe("a draft that a page before began", () => {
  it("is undone step by step, below what is done here", async () => {
    const kernel = new Images();
    kernel.gone.set(1, new Set([IDS[0]]));
    const view = (array: ArrayBufferView) => new DataView(array.buffer, array.byteOffset, array.byteLength);
    const hole = Float32Array.of(30, 30, 30, 50, 50, 50, 50, 30);
    kernel.model.handle("steps", ({ operations }) => {
      expect(operations).toBe(1);
      return new MockAnswer(
        { ids: ["0"], classes: ["spheroid", "core"], parents: {}, steps: [{ label: "editor.did.delete", changes: [[IDS[0], 0, -1]] }] },
        [new DataView(OutlineSet.fromRings([[SQUARE, hole]]).encode()), view(Uint8Array.of(1)), view(Float32Array.of(0.75)), view(Uint8Array.of(2))],
      );
    });
    const { editor } = await open(kernel);
    await until(() => editor.work.history.undoable !== null);
    remove();
    expect(editor.store.count).toBe(1);
    press(shown!, "z", { ctrlKey: true });
    press(shown!, "z", { ctrlKey: true });
    expect([editor.store.count, editor.work.history.undoable]).toEqual([3, null]);
    const slot = editor.store.slot(IDS[0])!;
    expect(editor.store.rings(slot)).toEqual([SQUARE, hole]);
    expect(editor.store.attributes(slot)).toEqual({ classIndex: 1, confidence: 0.75, flags: 2, parents: [] });
  });

  it("is undone with what this browser kept and sent again", async () => {
    const kernel = new Images();
    const operation = { id: crypto.randomUUID(), kind: "delete" as const, outline: IDS[0], className: "spheroid", label: "editor.did.delete", step: crypto.randomUUID(), parents: [], rings: null };
    await journal.keep({ project: kernel.project, image: 1, base: kernel.base }, [operation]);
    const { editor } = await open(kernel);
    await until(() => editor.store.count === 2);
    press(shown!, "z", { ctrlKey: true });
    expect([editor.store.count, editor.store.rings(editor.store.slot(IDS[0])!).length]).toEqual([3, 2]);
  });
});

describe("a take-over", () => {
  it("is not undone by an answer to what was asked before it", async () => {
    const { editor, kernel } = await open();
    kernel.model.handle("presence", () => ({ author: "bob", taken_by: null }));
    await editor.presence.ask();
    expect(editor.work.readOnly).toBe(true);
    const gate = new Gate();
    kernel.model.handle("presence", async () => {
      await gate.passed;
      return { author: "bob", taken_by: null };
    });
    kernel.model.handle("take_over", () => null);
    const asked = editor.presence.ask();
    shown!.el.querySelector<HTMLButtonElement>('[data-key="presence"] button')!.click();
    await until(() => !editor.work.readOnly);
    gate.open();
    await asked;
    expect([editor.work.readOnly, notice("presence")]).toEqual([false, ""]);
  });

  it("that is answered after the next image was opened does not open that one", async () => {
    const { editor, kernel } = await open();
    kernel.model.handle("presence", () => ({ author: "bob", taken_by: null }));
    await editor.presence.ask();
    const gate = new Gate();
    kernel.model.handle("take_over", async () => {
      await gate.passed;
      return null;
    });
    shown!.el.querySelector<HTMLButtonElement>('[data-key="presence"] button')!.click();
    await go(2);
    await editor.presence.ask();
    gate.open();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(editor.work.readOnly).toBe(true);
  });

  it("holds the next image while it is edited, from the first change on", async () => {
    const { editor, kernel } = await open();
    await go(2);
    remove();
    await editor.presence.ask();
    expect(kernel.model.calls("presence").at(-1)?.params).toEqual({ image_id: 2, editing: true });
  });

  it("by somebody else in the middle of a change is said", async () => {
    const { editor } = await open();
    editor.work.bar(true);
    expect(editor.commit("editor.did.delete", [])).toBe(false);
    expect(text(".sw-editor-said")).toBe("View only");
  });
});
