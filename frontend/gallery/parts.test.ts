import { describe, expect, it, vi } from "vitest";
import words from "../../spheroseg_widgets/widgets/strings/en.json";
import { Pager, Recent, type Source } from "../shared/pager";
import { STATES } from "../shared/states";
import { halves } from "../shared/names";
import { type Fake, measured, pack, rowsOf } from "./fixture";
import { CODED, GROUPS } from "./coded";
import { KEYS, actionOf, helpLines } from "./keys";
import { MODES } from "./modes";
import { fit } from "./overlay";
import { Pace, REST } from "./pace";
import { sizeFor } from "./pictures";
import { Rows, type RowsValue } from "./rows";
import { Selection } from "./selection";
import { size, where } from "./text";
import { SORTED } from "./view";

/** Facets that always have a value. */
const ALWAYS: readonly string[] = ["state", "edited", "touches_border"];

async function deflated(images: Fake[]): Promise<[RowsValue, DataView]> {
  const { value, buffers } = pack(images, 1);
  const stream = new Blob([buffers[0] as DataView<ArrayBuffer>]).stream().pipeThrough(new CompressionStream("deflate"));
  return [{ ...(value as RowsValue), deflated: true }, new DataView(await new Response(stream).arrayBuffer())];
}

describe("rows", () => {
  it("reads every column, deflated or not", async () => {
    const image = measured(7, { well: "B07", plate: "P", time_h: 48, name: "Größe_µ_球体.tif", reason: "r" });
    for (const rows of [await rowsOf([image, measured(8)]), new Rows()]) {
      if (!rows.length) await rows.apply(...(await deflated([image, measured(8)])));
      expect(rows.length).toBe(2);
      expect([rows.id(0), rows.name(0), rows.well(0), rows.plate(0), rows.time(0), rows.reason(0)]).toEqual([
        7, "Größe_µ_球体.tif", "B07", "P", 48, "r",
      ]); // prettier-ignore
      expect([rows.place(7), rows.place(8), rows.place(9)]).toEqual([0, 1, undefined]);
    }
  });

  it("takes over only what changed, also words it has not met", async () => {
    const rows = await rowsOf([measured(1), measured(2), measured(3)]);
    const { value, buffers } = pack([measured(2, { review: "approved", result: 5, name: "new.tif" })], 2, [1]);
    expect(await rows.apply(value as RowsValue, buffers[0])).toEqual([2]);
    expect([0, 1, 2].map((row) => rows.state(row))).toEqual(["measured", "approved", "measured"]);
    expect([rows.name(1), rows.result(1), rows.result(2), rows.version]).toEqual(["new.tif", 5, 1003, 2]);
  });

  it("says one state an image: what is under way, then what a person decided, then the result", async () => {
    const cases: [Partial<Fake>, string][] = [
      [{ status: "new", outcome: "", result: 0 }, "new"],
      [{ status: "queued", review: "approved" }, "queued"],
      [{ status: "running" }, "running"],
      [{ status: "failed", outcome: "unusable", result: 0 }, "failed"],
      [{ status: "failed" }, "measured"], // the last good result holds
      [{ status: "cancelled", result: 0, outcome: "" }, "cancelled"],
      [{ outcome: "not_found" }, "not_found"],
      [{ outcome: "censored", review: "corrected" }, "corrected"],
      [{ excluded: 1, review: "approved" }, "excluded"],
      [{ review: "excluded" }, "excluded"],
    ];
    const rows = await rowsOf(cases.map(([more], id) => measured(id, more)));
    expect(cases.map((_, row) => rows.state(row))).toEqual(cases.map(([, state]) => state));
  });

  it("is empty without images", async () => {
    const rows = await rowsOf([]);
    expect([rows.length, rows.aspect()]).toEqual([0, 0.75]);
  });
});

describe("layout", () => {
  it("shows an image whole in its box", () => {
    expect(fit({ width: 100, height: 100, imageWidth: 200, imageHeight: 100 })).toEqual([0.5, 0, 25]);
  });

  it("asks for a thumbnail that is fine enough, never larger than there is", () => {
    expect([sizeFor(96, 1), sizeFor(168, 1), sizeFor(168, 2), sizeFor(384, 2)]).toEqual([128, 256, 512, 512]);
  });
});

describe("selection", () => {
  const made = () => new Selection((position) => 100 + position);

  it("click, ctrl and shift work as everywhere", () => {
    const selection = made();
    selection.pick(2);
    selection.pick(5, { shift: true });
    expect([...selection.ids]).toEqual([102, 103, 104, 105]);
    selection.pick(1, { shift: true }); // from the same anchor
    expect([...selection.ids]).toEqual([101, 102]);
    selection.pick(9, { ctrl: true });
    selection.pick(2, { ctrl: true });
    expect([...selection.ids]).toEqual([101, 109]);
    selection.pick(4, { shift: true, ctrl: true });
    expect([...selection.ids].sort()).toEqual([101, 102, 103, 104, 109]);
    selection.pick(0);
    expect([...selection.ids]).toEqual([100]);
  });

  it("takes over another selection and says whether it differs", () => {
    const selection = made();
    expect([selection.replace([1, 2]), selection.replace([2, 1]), selection.replace([])]).toEqual([true, false, true]);
  });
});

describe("pager", () => {
  function source(have = new Set<number>()) {
    const asked: { ids: number[]; signal: AbortSignal; give: (pending?: number[]) => void; fail: (e: Error) => void }[] = [];
    const failed = vi.fn();
    const it: Source = {
      has: (id) => have.has(id),
      load: (ids, signal) =>
        new Promise((resolve, reject) => {
          const give = (pending: number[] = []) => {
            for (const id of ids) if (!pending.includes(id)) have.add(id);
            resolve(pending);
          };
          signal.addEventListener("abort", () => reject(new Error("aborted")));
          asked.push({ ids, signal, give, fail: reject });
        }),
      failed,
    };
    return { it, asked, failed, have };
  }
  const tick = () => new Promise((resolve) => setTimeout(resolve, 0));

  it("asks for what is missing, and for the rest when it was not ready", async () => {
    const { it, asked } = source(new Set([1]));
    const pager = new Pager(it, new AbortController().signal);
    pager.want([1, 2, 3]);
    expect(asked.map(({ ids }) => ids)).toEqual([[2, 3]]);
    asked[0].give([3]);
    await tick();
    expect(asked[1].ids).toEqual([3]);
  });

  it("cancels a page that nobody looks at, and keeps one of which something is still seen", async () => {
    const { it, asked, failed } = source();
    const pager = new Pager(it, new AbortController().signal);
    pager.want([1, 2]);
    pager.want([2, 3]);
    expect(asked.map(({ ids, signal }) => [ids, signal.aborted])).toEqual([[[1, 2], false], [[3], false]]); // prettier-ignore
    pager.want([8, 9]);
    expect(asked.map(({ signal }) => signal.aborted)).toEqual([true, true, false]);
    await tick();
    expect(failed).not.toHaveBeenCalled();
  });

  it("does not ask again at once after a failure, and names what was left out of an answer", async () => {
    const { it, asked, failed, have } = source();
    const pager = new Pager(it, new AbortController().signal);
    pager.want([1]);
    asked[0].fail(new Error("no"));
    await tick();
    expect(asked.length).toBe(1);
    expect(failed).toHaveBeenCalledTimes(1);
    pager.want([1]);
    asked[1].give();
    have.delete(1);
    await tick();
    expect(failed.mock.calls[1][0]).toEqual([1]);
    expect(asked.length).toBe(2);
  });

  it("asks for a page that waited when a call ends", async () => {
    const { it, asked } = source();
    const pager = new Pager(it, new AbortController().signal);
    for (const more of [1, 2, 3, 4]) pager.want(Array.from({ length: more }, (_, i) => i));
    expect(asked.map(({ ids }) => ids)).toEqual([[0], [1], [2]]);
    asked[0].give();
    await tick();
    expect(asked[3].ids).toEqual([3]);
  });

  it("keeps the most recently used, by number and by weight, and drops the rest", () => {
    const dropped: string[] = [];
    const recent = new Recent<string>(3, 100, (value) => dropped.push(value));
    for (const id of [1, 2, 3]) recent.set(id, `v${id}`, 10);
    recent.get(1);
    recent.set(4, "v4", 10);
    expect(dropped).toEqual(["v2"]);
    recent.set(5, "v5", 90);
    expect(dropped).toEqual(["v2", "v3", "v1"]);
    recent.set(5, "again", 200); // the newest stays, however heavy
    expect([recent.size, recent.peek(5)]).toEqual([1, "again"]);
    recent.clear();
    expect(dropped.at(-1)).toBe("again");
  });
});

describe("words", () => {
  it("keeps the end of a name and never cuts a letter in two", () => {
    expect(halves("VID1335_A1_1_00d00h00m.tif")).toEqual(["VID1335_A1_1_00d", "00h00m.tif"]);
    expect(halves("a.tif").join("")).toBe("a.tif");
    expect(halves("🔬".repeat(30)).every((half) => !half.includes("\ufffd") && [...half].every((c) => c === "🔬"))).toBe(true);
  });

  it("says three digits and the unit, and nothing that is not known", async () => {
    const rows = await rowsOf([measured(1, { well: "A01", time_h: 0 }), measured(2, { calibrated: 0, n_objects: 2 }), measured(3, { n_objects: 0 }), measured(4, { n_objects: -1 })]);
    const t = (_key: string, vars: Record<string, string | number> = {}) => `${vars.n} obj`;
    expect([0, 1, 2, 3].map((row) => size(rows, row, t))).toEqual(["1 obj · 41\u2009300 µm²", "2 obj · 41\u2009300 px²", "0 obj", ""]);
    expect([where(rows, 0), where(rows, 1)]).toEqual(["A01 · 0 h", ""]);
  });
});

describe("strings", () => {
  it("has words for every state, key, column, group and mode", () => {
    const known = Object.keys(words.gallery);
    const wanted = [
      ...STATES.flatMap((state) => [`state.${state}`, `about.${state}`]), ...KEYS.map((key) => key.words),
      ...[...SORTED, "picture"].map((name) => `column.${name}`), ...CODED.filter((name) => !ALWAYS.includes(name)).map((name) => `none.${name}`),
      ...GROUPS.map((name) => `by.${name}`), "none.well_row", "by.nothing", ...Object.keys(MODES).map((name) => `mode.${name}`),
      ...["edited", "touches_border"].flatMap((name) => [`value.${name}.yes`, `value.${name}.no`]),
    ]; // prettier-ignore
    expect(wanted.filter((key) => !known.includes(key))).toEqual([]);
  });
});

describe("keys", () => {
  it("has one table for what works and what is told", () => {
    expect(helpLines().length).toBeGreaterThan(8);
    const told = new Set(helpLines().map(([, words]) => words));
    expect(KEYS.every(({ words }) => told.has(words))).toBe(true);
    for (const { action, keys, ctrl } of KEYS) {
      for (const key of keys) expect(actionOf(new KeyboardEvent("keydown", { key, ctrlKey: ctrl ?? false }))).toBe(action);
    }
    expect(actionOf(new KeyboardEvent("keydown", { key: "a" }))).toBe("approve");
    expect(actionOf(new KeyboardEvent("keydown", { key: "z" }))).toBeUndefined();
    expect(actionOf(new KeyboardEvent("keydown", { key: "o", ctrlKey: true }))).toBeUndefined();
  });
});

describe("pace", () => {
  const height = 500;

  it("asks at once where a jump ends and while one scrolls slowly", () => {
    const pace = new Pace();
    expect([pace.wait(40_000, height, 0), pace.wait(40_100, height, 16), pace.wait(9_000, height, 100)]).toEqual([0, 0, 0]);
  });

  it("waits for rest after the first of pages that pass", () => {
    const pace = new Pace();
    const waits = [1, 2, 3, 4].map((page) => pace.wait(page * 5_000, height, page * 16));
    expect(waits).toEqual([0, REST, REST, REST]);
    expect(pace.wait(20_100, height, 80)).toBe(0); // it rests, or nearly
    expect(pace.wait(90_000, height, 80 + REST)).toBe(0);
  });
});
