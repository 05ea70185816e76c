import { describe, expect, it } from "vitest";
import golden from "../../tests/widgets/gallery_views.json";
import { asked, askedText, rangeText } from "./asked";
import { wellRow } from "./coded";
import { columnsOf } from "./columns";
import { Finder } from "./finder";
import { type Fake, measured, pack, rowsOf } from "./fixture";
import { BARS, barsOf, binsOf, rangeOf } from "./histogram";
import { naturalOrder } from "./names";
import { countAsked, EVERYTHING, readView, sameView, type View, writeView, withFacet, withRange } from "./view";

async function finderOf(images: Fake[]): Promise<Finder> {
  return new Finder(await rowsOf(images));
}

function ids(finder: Finder, view: Partial<View>): number[] {
  finder.view = { ...EVERYTHING, ...view };
  finder.run();
  return [...finder.order].map(finder.rows.id);
}

function counts(finder: Finder, name: Parameters<Finder["codings"]["of"]>[0] & Parameters<Finder["sieve"]["counts"]>[0]): Record<string, number> {
  const found = finder.sieve.counts(name);
  return Object.fromEntries(finder.codings.of(name).values.map((value, place) => [value, found[place]]).filter(([, images]) => images));
}

const IMAGES: Fake[] = [
  measured(1, { condition: "control", well: "A01", time_h: 0, area: 1000, least_confidence: 0.9, tags: "late\x1fodd" }),
  measured(2, { condition: "control", well: "A02", time_h: 6, area: 5000, least_confidence: 0.8 }),
  measured(3, { condition: "10 µM", well: "B01", time_h: 0, area: 3000, least_confidence: NaN, tags: "odd" }),
  measured(4, { condition: "10 µM", well: "B10", time_h: 12, area: NaN, n_objects: -1, outcome: "", status: "new", result: 0 }),
  measured(5, { condition: "2 µM", well: "B02", time_h: 1.25, area: 4000, outcome: "not_found", n_objects: 0, edited: 1 }),
  measured(6, { condition: "", well: "", time_h: NaN, area: 2000, touches_border: 1, flags: "border" }),
];

describe("filter", () => {
  it("shows the rows that the kernel shows", async () => {
    const finder = await finderOf(golden.images as Fake[]);
    for (const { view, ids: expected } of golden.cases) {
      const shown = ids(finder, { ...readView(view), sort: null, group: null });
      expect(shown, JSON.stringify(view)).toEqual(expected);
    }
    expect(golden.cases.length).toBeGreaterThan(25);
  });

  it("counts what each value would show together with everything else that is asked for", async () => {
    const finder = await finderOf(IMAGES);
    expect(ids(finder, { facets: { condition: ["control"], time_h: ["0"] } })).toEqual([1]);
    expect(counts(finder, "condition")).toEqual({ control: 1, "10 µM": 1 }); // those at 0 h
    expect(counts(finder, "time_h")).toEqual({ 0: 1, 6: 1 }); // those of the control
    expect(counts(finder, "tags")).toEqual({ late: 1, odd: 1 });
    expect([finder.sieve.without("state"), finder.sieve.without("time_h")]).toEqual([1, 2]);
    ids(finder, { text: "odd", facets: { state: ["not_found"] } });
    expect(counts(finder, "state")).toEqual({ measured: 2 });
    expect(counts(finder, "tags")).toEqual({});
  });

  it("lets through what the kernel says of an expression, and counts by it", async () => {
    const finder = await finderOf(IMAGES);
    finder.view = EVERYTHING;
    finder.run(Uint8Array.of(1, 0, 1, 0, 0, 0));
    expect([...finder.order]).toEqual([0, 2]);
    expect(counts(finder, "condition")).toEqual({ control: 1, "10 µM": 1 });
  });

  it("names values in natural order, nothing known last", async () => {
    const finder = await finderOf(IMAGES);
    expect(finder.codings.of("condition").values.map(String)).toEqual(["2 µM", "10 µM", "control", ""]);
    expect(finder.codings.of("time_h").values).toEqual(["0", "1.25", "6", "12", ""]);
    expect(finder.codings.of("n_objects").values).toEqual(["0", "1", ""]);
    expect([...finder.codings.of("touches_border").totals]).toEqual([5, 1]);
  });

  it("knows values that come with changed rows", async () => {
    const finder = await finderOf(IMAGES);
    expect(ids(finder, { text: "control" })).toEqual([1, 2]);
    const { value, buffers } = pack([{ ...IMAGES[1], condition: "new", tags: "fresh" }], 2, [1]);
    await finder.rows.apply(value as Parameters<typeof finder.rows.apply>[0], buffers[0]);
    expect(ids(finder, { facets: { condition: ["new"], tags: ["fresh"] } })).toEqual([2]);
    expect([ids(finder, { text: "fresh new" }), ids(finder, { text: "control" })]).toEqual([[2], [1]]);
  });
});

describe("histogram", () => {
  it("has a bar a value where there are few", () => {
    const bins = binsOf(Float32Array.of(24, 0, NaN, 6, 24))!;
    expect([bins.count, bins.single, [...bins.low], [...bins.codes]]).toEqual([3, true, [0, 6, 24], [2, 0, 3, 1, 2]]);
    expect(rangeOf(bins, 1, 1)).toEqual([6, 6]);
    expect(barsOf(bins, [5, 6])).toEqual([1, 1]);
    expect(barsOf(bins, [null, 7])).toEqual([0, 1]);
    expect([binsOf(Float32Array.of(3, 3, NaN)), binsOf(new Float32Array(0))]).toEqual([null, null]);
  });

  it("cuts no bar in two: a range of bars has exactly their rows", () => {
    for (const spread of [(x: number) => 5 + x * 90, (x: number) => Math.exp(x * 9)]) {
      const values = Float32Array.from({ length: 5000 }, (_, i) => spread(((i * 7919) % 5000) / 5000));
      const bins = binsOf(values)!;
      expect(bins.count).toBe(BARS);
      const heights = new Int32Array(BARS);
      for (const bar of bins.codes) heights[bar]++;
      for (const [first, last] of [[0, 3], [5, 5], [30, 39], [0, 39]]) {
        const [from, to] = rangeOf(bins, first, last);
        const inside = values.filter((value) => value >= (from ?? -Infinity) && value <= (to ?? Infinity)).length;
        expect(inside).toBe(heights.slice(first, last + 1).reduce((sum, height) => sum + height, 0));
        expect(barsOf(bins, [from, to])).toEqual([first, last]);
      } // prettier-ignore
    }
  });

  it("has equal bars on a logarithmic axis where values span far", () => {
    const bins = binsOf(Float32Array.from({ length: 4000 }, (_, i) => 10 ** (1 + i / 1000)))!;
    const heights = new Int32Array(BARS);
    for (const bar of bins.codes) heights[bar]++;
    expect(Math.max(...heights) - Math.min(...heights)).toBeLessThan(8);
  });

  it("has the heights that everything else lets through", async () => {
    const finder = await finderOf(IMAGES);
    ids(finder, { ranges: { area_um2: [null, 3000] }, facets: { condition: ["control", "10 µM"] } });
    const bins = finder.bins("area_um2")!;
    expect([...bins.low]).toEqual([1000, 2000, 3000, 4000, 5000]);
    expect([...finder.sieve.heights("area_um2", bins)]).toEqual([1, 0, 1, 0, 1]);
    expect([finder.bins("area_px2"), finder.numerics.area]).toEqual([null, "area_um2"]);
  });
});

describe("sort", () => {
  it("sorts by every column both ways, what is not known last, equal ones as they were", async () => {
    const finder = await finderOf(IMAGES);
    const by = (name: NonNullable<View["sort"]>["by"], descending = false) => ids(finder, { sort: { by: name, descending } });
    expect(by("area_um2")).toEqual([1, 6, 3, 5, 2, 4]);
    expect(by("area_um2", true)).toEqual([2, 5, 3, 6, 1, 4]);
    expect(by("least_confidence")).toEqual([2, 1, 3, 4, 5, 6]);
    expect(by("well")).toEqual([1, 2, 3, 5, 4, 6]);
    expect(by("condition", true)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(by("time_h")).toEqual([1, 3, 5, 2, 4, 6]);
    expect(by("tags")).toEqual([1, 3, 2, 4, 5, 6]);
    expect(by("n_objects", true)).toEqual([1, 2, 3, 6, 5, 4]);
    expect(by("edited", true)[0]).toBe(5);
    expect(by("state")).toEqual([5, 1, 2, 3, 6, 4]);
    expect(by("name", true)).toEqual([6, 5, 4, 3, 2, 1]);
  });

  it("sorts again only what has changed", async () => {
    const finder = await finderOf(IMAGES);
    const view: Partial<View> = { sort: { by: "name", descending: false } };
    ids(finder, view);
    const take = async (image: Fake) => {
      const { value, buffers } = pack([image], 2, [0]);
      await finder.rows.apply(value as Parameters<typeof finder.rows.apply>[0], buffers[0]);
      return ids(finder, view);
    };
    expect(await take({ ...IMAGES[0], review: "approved" })).toEqual([1, 2, 3, 4, 5, 6]);
    expect(finder.orders.sorts).toBe(1);
    expect(await take({ ...IMAGES[0], name: "z.tif" })).toEqual([2, 3, 4, 5, 6, 1]);
    expect(finder.orders.sorts).toBe(2);
  });

  it("sorts negative and huge numbers", async () => {
    const times = [-1, 3e30, -0.5, 0, NaN, -3e30, 1e-30];
    const finder = await finderOf(times.map((time_h, i) => measured(i + 1, { time_h })));
    expect(ids(finder, { sort: { by: "time_h", descending: false } })).toEqual([6, 1, 3, 4, 7, 2, 5]);
  });

  it("has names in the order a person expects", () => {
    const order = (names: string[]) => [...naturalOrder(names)].map((row) => names[row]);
    expect(order(["a10", "a2", "A1", "a", "b", "a02", ""])).toEqual(["", "a", "A1", "a2", "a02", "a10", "b"]);
    expect(order(["x_2_10.tif", "x_10_1.tif", "x_2_9.tif"])).toEqual(["x_2_9.tif", "x_2_10.tif", "x_10_1.tif"]);
    const long = "x".repeat(5000);
    expect(order([`${long}2`, `${long}10`, `${long}1`])).toEqual([`${long}1`, `${long}2`, `${long}10`]);
    const hostile = ["球体", "<b>", "İ", "\uffff", "🔬", "9".repeat(100), "1"];
    expect(order(hostile).sort()).toEqual([...hostile].sort());
    expect(order([])).toEqual([]);
  });

  it("agrees with a plain comparison on many names", () => {
    let seed = 1;
    const random = (below: number) => (seed = (seed * 48_271) % 2_147_483_647) % below;
    const names = Array.from({ length: 3000 }, () =>
      Array.from({ length: 2 + random(9) }, () => "abz01_.9"[random(8)]).join(""),
    );
    const pieces = (name: string) => name.match(/\d+|\D/g) ?? [];
    const compare = (a: string, b: string) => {
      const [one, other] = [pieces(a), pieces(b)];
      for (let i = 0; i < Math.max(one.length, other.length); i++) {
        const [x, y] = [one[i] ?? "", other[i] ?? ""];
        if (/^\d/.test(x) && /^\d/.test(y)) {
          if (Number(x) !== Number(y)) return Number(x) - Number(y);
        } else if (x !== y) return x === "" || y === "" ? x.length - y.length : x.charCodeAt(0) - y.charCodeAt(0);
      }
      return 0;
    };
    const plain = names.map((_, row) => row).sort((a, b) => compare(names[a], names[b]) || a - b);
    expect([...naturalOrder(names)]).toEqual(plain);
  });
});

describe("groups", () => {
  it("puts together what is alike, in natural order, sorted within", async () => {
    const finder = await finderOf(IMAGES);
    expect(ids(finder, { group: "condition", sort: { by: "area_um2", descending: true } })).toEqual([5, 3, 4, 2, 1, 6]);
    expect(finder.sections).toEqual([
      { key: "2 µM", first: 0, count: 1 }, { key: "10 µM", first: 1, count: 2 }, { key: "control", first: 3, count: 2 }, { key: "", first: 5, count: 1 },
    ]); // prettier-ignore
    expect(ids(finder, { group: "well_row", facets: { condition: ["control", "10 µM"] } })).toEqual([1, 2, 3, 4]);
    expect(finder.sections.map(({ key, count }) => [key, count])).toEqual([["A", 2], ["B", 2]]);
    expect(IMAGES.map(({ id }) => finder.positionOf(id))).toEqual([0, 1, 2, 3, -1, -1]);
    expect(["B07", "AF48", "", "x", "7"].map(wellRow)).toEqual(["B", "AF", "", "", ""]);
  });

  it("has no section where nothing is shown", async () => {
    const finder = await finderOf(IMAGES);
    ids(finder, { text: "zebra", group: "condition" });
    expect([finder.sections, finder.positionOf(1), finder.positionOf(99)]).toEqual([[], -1, -1]);
  });
});

describe("view", () => {
  it("is kept as what differs, and read again the same", () => {
    expect(writeView(EVERYTHING)).toEqual({});
    const view: View = {
      text: "b07", facets: { plate: ["P1"] }, ranges: { time_h: [24, null] }, expression: "edited", sort: { by: "name", descending: true },
      group: "plate", mode: "plate", plate: { plate: "P1", time: 24, colour: "area", wells: 384 },
    }; // prettier-ignore
    expect(readView(JSON.parse(JSON.stringify(writeView(view))))).toEqual(view);
    expect(sameView(view, { ...view, facets: { plate: ["P1"] }, text: " b07 " })).toBe(true);
    expect(sameView(view, { ...view, group: null })).toBe(false);
    expect(sameView(view, { ...view, plate: { plate: "P1", time: null, colour: "area", wells: 384 } })).toBe(false);
    const ticked = withFacet(withFacet(EVERYTHING, "plate", ["a", "b"]), "well", ["x"]);
    expect(sameView(ticked, withFacet(withFacet(EVERYTHING, "well", ["x"]), "plate", ["b", "a"]))).toBe(true);
    expect(withRange(withRange(EVERYTHING, "time_h", [1, 2]), "time_h", [null, null])).toEqual(EVERYTHING);
    expect(countAsked(view)).toBe(3);
  });

  it("leaves out what it does not know", () => {
    const odd = { text: 5, facets: { plate: "P1", well: ["A01"], nothing: ["x"] }, ranges: { time_h: [1], area_um2: ["1", 2], x: [0, 1] }, sort: { by: "x" }, group: "y", mode: "plate", more: 1 };
    expect(readView(odd)).toEqual({ ...EVERYTHING, text: "5", facets: { well: ["A01"] }, ranges: { area_um2: [null, 2] }, mode: "plate" });
    for (const nothing of [null, undefined, 3, "x", []]) expect(readView(nothing)).toEqual(EVERYTHING);
  });

  it("is said in words, each with the view without it", () => {
    const t = (key: string, vars: Record<string, string | number> = {}) => [key.replace("gallery.", ""), ...Object.values(vars)].join(" ");
    const view: View = {
      ...EVERYTHING, text: "a", facets: { state: ["new"], plate: ["1", "2", "3", "4"], time_h: [""] }, ranges: { area_um2: [1234.5, 5e4] }, expression: "x > 1",
    }; // prettier-ignore
    const all = asked(view, t);
    expect(all.map(({ words }) => words)).toEqual([
      "column.plate: 1, 2, 3, more 1", "column.time_h: none.time_h", "column.area_um2: 1\u2009230\u2009–\u200950\u2009000 µm²", "x > 1",
    ]); // prettier-ignore
    expect(all[2].without.ranges).toEqual({});
    expect(all[0].without.facets).toEqual({ state: ["new"], time_h: [""] });
    expect(askedText(view, t).startsWith("“a” · state.new · column.plate")).toBe(true);
    expect([rangeText("time_h", [24, null], t), rangeText("n_objects", [null, 3], t), rangeText("time_h", [6, 6], t)]).toEqual(["from 24 h", "up_to 3", "6 h"]);
  });
});

describe("columns", () => {
  it("are those of which something is known", async () => {
    const plain = await finderOf([measured(1, { calibrated: 0 })]);
    expect(columnsOf(plain).map(({ name }) => name)).toEqual(["name", "state", "n_objects", "area_px2"]);
    const finder = await finderOf(IMAGES);
    expect(columnsOf(finder).map(({ name }) => name)).toEqual([
      "name", "state", "well", "time_h", "condition", "n_objects", "area_um2", "least_confidence", "tags", "flags", "edited", "touches_border",
    ]); // prettier-ignore
  });
});

const COUNT = 100_000;

describe("a hundred thousand rows", () => {
  it("answer every question within a few walks through typed arrays", async () => {
    const conditions = ["control", "1 µM", "10 µM", "100 µM", "vehicle"];
    const rows = await rowsOf(
      Array.from({ length: COUNT }, (_, i) => {
        const id = (i * 7919) % COUNT; // not in the order of the names
        const well = `${"ABCDEFGH"[id % 8]}${1 + (id % 12)}`;
        return measured(i + 1, {
          name: `VID1335_${well}_${1 + (id % 4)}_${String(id % 20).padStart(2, "0")}d${id}h00m.tif`, plate: `P${id % 9}`, well,
          time_h: (id % 24) * 6, condition: conditions[id % 5], area: 1000 + ((id * 31) % 90_001), least_confidence: (id % 997) / 997,
          outcome: id % 17 ? "measured" : "not_found", tags: id % 50 ? "" : "odd\x1flate",
        }); // prettier-ignore
      }),
    );
    const ask = (finder: Finder, view: Partial<View>) => {
      finder.view = { ...EVERYTHING, ...view };
      const visits = finder.sieve.visits;
      const began = performance.now();
      finder.run();
      const shown = performance.now() - began;
      for (const name of ["state", "plate", "well", "time_h", "condition", "tags", "n_objects", "model", "edited"] as const) finder.sieve.counts(name);
      for (const name of ["area_um2", "least_confidence", "time_h"] as const) {
        const bins = finder.bins(name);
        if (bins) finder.sieve.heights(name, bins);
      }
      return { shown, all: performance.now() - began, walks: (finder.sieve.visits - visits) / COUNT, left: finder.order.length };
    };
    const questions: [string, Partial<View>, number][] = [
      ["all", {}, 13],
      ["text", { text: "b2 5d" }, 15],
      ["more text", { text: "b2 5d7" }, 15],
      ["three facets", { facets: { plate: ["P1", "P2"], condition: ["control"], state: ["measured"] } }, 16],
      ["two brushes", { ranges: { area_um2: [20_000, 60_000], least_confidence: [0.5, null] } }, 15],
      ["by area", { sort: { by: "area_um2", descending: true } }, 13],
      ["by name", { sort: { by: "name", descending: false } }, 13],
      ["by well", { sort: { by: "well", descending: false } }, 13],
      ["by tags", { sort: { by: "tags", descending: false } }, 13],
      ["by name, filtered", { sort: { by: "name", descending: false }, text: "b2" }, 15],
      ["all of it, grouped", { text: "b", facets: { condition: ["control", "vehicle"] }, ranges: { area_um2: [20_000, null] }, sort: { by: "name", descending: false }, group: "time_h" }, 17],
    ]; // prettier-ignore
    rows.haystack(0); // written once for all searches
    const used = new Finder(rows);
    const best = (times: number[]) => Math.min(...times).toFixed(1).padStart(6);
    const lines = questions.map(([name, view, walks]) => {
      const first = [1, 2, 3].map(() => ask(new Finder(rows), view));
      const again = [1, 2, 3].map(() => ask(used, view));
      for (const { walks: made } of first) expect(made, name).toBe(walks); // every row is looked at so often, whatever the machine
      for (const { walks: made } of again) expect(made, name).toBeLessThanOrEqual(walks);
      const times = (all: typeof first) => `${best(all.map(({ shown }) => shown))} ms, with all counts ${best(all.map((one) => one.all))} ms`;
      return `${name.padEnd(18)} ${String(first[0].left).padStart(6)} rows  first ${times(first)}  again ${times(again)}`;
    });
    expect(used.orders.sorts).toBe(4); // each column once, whatever is filtered
    console.log(`${COUNT} rows, best of 3:\n${lines.join("\n")}`);
  });
});
