import { describe, expect, it } from "vitest";
import { STATES } from "../../shared/states";
import { imagesOf, t } from "./fixture";
import { plateImages } from "./from_rows";
import { FLAG_PATHS, FLAGS, flagCode, flagOf, SEVERITIES, SEVERITY } from "./flags";
import { boxOf, partOf, siteAt } from "./drawing";
import { PlateSeries, platesOf } from "./images";
import { actionOf, helpLines, KEYS } from "./keys";
import { colourAt, schemeOf, SUBJECTS, VIRIDIS } from "./scheme";
import { SelectedWells, step } from "./selected";
import { FORMATS, formatsWith, placesOf, rowName, wellAt, wellName } from "./wells";
import { label } from "./words";

const GROUND = { plain: "#dddddd", ink: "#111111" };

describe("wells", () => {
  it("names and places of every plate agree", () => {
    expect([wellName(1, 6), wellName(0, 0), wellName(25, 47), wellName(26, 0), wellName(31, 47)]).toEqual(["B07", "A01", "Z48", "AA01", "AF48"]);
    for (let row = 0; row < 32; row++) for (let column = 0; column < 48; column++) expect(wellAt(wellName(row, column))).toEqual([row, column]);
    expect([wellAt("b7"), wellAt("P24")]).toEqual([[1, 6], [15, 23]]);
    expect(["", "B", "7", "B00", "B49", "AG01", "A001", "A01b", "t 3"].map(wellAt)).toEqual(Array(9).fill(null));
    expect([rowName(0), rowName(26), rowName(31)]).toEqual(["A", "AA", "AF"]);
    expect(placesOf([1, 0, 1], ["B07", "elsewhere"])).toEqual({ row: Int16Array.of(-1, 1, -1), column: Int16Array.of(-1, 6, -1) });
  });

  it("the least standard plate that holds them", () => {
    const least = (wells: string[]) => {
      const { least: { rows, columns } } = new PlateSeries(imagesOf(wells.map((well) => ({ well }))), 0);
      return rows * columns;
    };
    const cases = [["A01"], ["C04"], ["D06"], ["F08"], ["A12"], ["H12"], ["I01"], ["A13"], ["P24"], ["Q01"], ["AF48"]];
    expect(cases.map(least)).toEqual([6, 12, 24, 48, 96, 96, 384, 384, 384, 1536, 1536]);
    expect(formatsWith(5, 9).map(({ rows, columns }) => rows * columns)).toEqual([96, 384, 1536]);
    expect(FORMATS.map(({ rows, columns }) => rows * columns)).toEqual([6, 12, 24, 48, 96, 384, 1536]);
  });
});

describe("images of a plate", () => {
  const at = (series: PlateSeries, point: number, well: string, site = 0) => series.at(point, ...(wellAt(well) as [number, number]), site);

  it("lie by time and well, each plate for itself; a well without an image is empty", () => {
    const images = imagesOf([
      { well: "A01", time: 24 }, { well: "A01", time: 0 }, { well: "B02", time: 24 }, { well: "A01", time: 24, plate: "other" }, { well: "" },
    ]);
    expect(platesOf(images).map((code) => images.plates[code])).toEqual(["other", "plate-7"]);
    const series = new PlateSeries(images, 0);
    expect(series.times).toEqual([0, 24]);
    expect([at(series, 0, "A01"), at(series, 1, "A01"), at(series, 0, "B02"), at(series, 1, "B02")]).toEqual([1, 0, -1, 2]);
    expect(series.entries).toEqual([0, 1, 2]);
    expect(series.during(1)).toEqual([0, 2]);
    expect([series.at(2, 0, 0, 0), series.at(-1, 0, 0, 0), series.at(0, 7, 0, 0)]).toEqual([-1, -1, -1]);
    expect(new PlateSeries(images, 1).entries).toEqual([3]);
  });

  it("plates stand in the order in which people count", () => {
    const images = imagesOf(["plate 10", "plate 9", "plate 1"].map((plate) => ({ well: "A01", plate })));
    expect(platesOf(images).map((code) => images.plates[code])).toEqual(["plate 1", "plate 9", "plate 10"]);
  });

  it("a round of imaging is one time point, as its wells are imaged one after the other", () => {
    const fakes = [0, 6, 12].flatMap((time) => ["A01", "A02", "B01"].map((well, nth) => ({ well, time: time + nth * 0.1 })));
    const series = new PlateSeries(imagesOf(fakes), 0);
    expect(series.times).toEqual([0, 6, 12]);
    expect(series.during(1)).toEqual([3, 4, 5]);
  });

  it("short intervals stay apart, and wells of different hours are different times", () => {
    const times = [0, 0.25, 0.5].map((time) => ({ well: "A01", time }));
    expect(new PlateSeries(imagesOf(times), 0).times).toEqual([0, 0.25, 0.5]);
    expect(new PlateSeries(imagesOf([{ well: "A01", time: 0 }, { well: "A02", time: 48 }]), 0).times).toEqual([0, 48]);
  });

  it("images without a time come last", () => {
    const series = new PlateSeries(imagesOf([{ well: "A01" }, { well: "A01", time: 3 }, { well: "A02" }]), 0);
    expect(series.times).toEqual([3, NaN]);
    expect(series.during(1)).toEqual([0, 2]);
    expect([series.pointAt(null), series.pointAt(100), series.pointAt(-5)]).toEqual([1, 0, 0]);
  });

  it("a site keeps its place where another is missing, and none of several images of one site is hidden", () => {
    const sites = new PlateSeries(imagesOf([{ well: "A01", site: 3 }, { well: "A01", site: 1 }, { well: "A02", site: 3 }]), 0);
    expect(sites.sites).toBe(2);
    expect([at(sites, 0, "A01", 0), at(sites, 0, "A01", 1), at(sites, 0, "A02", 0), at(sites, 0, "A02", 1)]).toEqual([1, 0, -1, 2]);
    const channels = new PlateSeries(imagesOf([{ well: "A01", site: 1 }, { well: "A01", site: 1 }, { well: "A01", site: 2 }]), 0);
    expect(channels.sites).toBe(4);
    expect(channels.within(0, 0, 0)).toEqual([0, 1, 2]);
    const unnamed = new PlateSeries(imagesOf([{ well: "A01" }, { well: "A01" }]), 0);
    expect(unnamed.within(0, 0, 0)).toEqual([0, 1]);
  });

  it("parts of a well fill it and are found again under the pointer", () => {
    for (const sites of [1, 2, 3, 4, 5, 9]) {
      const box = boxOf({ format: FORMATS[4], pitch: 60, gap: 4 }, 0, 0);
      for (let site = 0; site < sites; site++) {
        const [left, top, width, height] = partOf(box, site, sites);
        expect(left >= box[0] && top >= box[1] && left + width <= box[0] + box[2] + 1e-9).toBe(true);
        expect(siteAt((left + width / 2 - box[0]) / box[2], (top + height / 2 - box[1]) / box[3], sites)).toBe(site);
      }
    }
  });
});

describe("the gallery's table", () => {
  it("is read as columns: wells, the worst flag, conditions in the order of the plate map", () => {
    const words = (all: string[]) => {
      const known = [...new Set(["", ...all])];
      return { codes: Uint32Array.from(all, (word) => known.indexOf(word)), words: known };
    };
    const columns = {
      plate: words(["p2", "p1", "p1", "p1"]), well: words(["A01", "C03", "B07", ""]), condition: words(["third", "second", "first", ""]),
      flags: words(["size_jump\x1fborder", "", "failed", "newer"]),
    };
    const numbers = { id: [4, 3, 2, 1], time_h: [0, 24, NaN, 0], area: [1, 2, 3, 4], calibrated: [1, 1, 1, 0], least_confidence: [NaN, 0.5, 1, 1], site: [1, 1, 2, 1] };
    const images = plateImages({ length: 4, states: [7, 7, 7, 7], words: (name) => columns[name], numbers: (name) => numbers[name] });
    expect([images.row, images.column]).toEqual([Int16Array.of(0, 2, 1, -1), Int16Array.of(0, 2, 6, -1)]);
    expect(Array.from(images.flag)).toEqual([flagCode("size_jump"), 0, flagCode("failed"), 0]);
    expect(images.conditions.filter(Boolean)).toEqual(["first", "second", "third"]);
    expect(Array.from(images.condition, (code) => images.conditions[code])).toEqual(["third", "second", "first", ""]);
    expect([images.id, images.time, images.plates[images.plate[0]]]).toEqual([numbers.id, numbers.time_h, "p2"]);
  });
});

describe("flags", () => {
  it("each has a drawing of its own, a severity that does not fall, and words", () => {
    expect(new Set(Object.values(FLAG_PATHS)).size).toBe(FLAGS.length);
    const order = FLAGS.map((flag) => SEVERITIES.indexOf(SEVERITY[flag]));
    expect([...order].sort((a, b) => a - b)).toEqual(order);
    for (const flag of FLAGS) {
      expect(flagOf(flagCode(flag))).toBe(flag);
      expect(t(`flags.${flag}`)).not.toContain("flags.");
    }
    expect([flagCode(null), flagCode("new_one"), flagOf(0)]).toEqual([0, 0, undefined]);
  });
});

describe("colours", () => {
  const fakes = [
    { well: "A01", area: 100, confidence: 0.5, condition: "b", flag: "size_jump" as const },
    { well: "A02", area: 200, confidence: 0.9, condition: "a" },
    { well: "A03", area: 300, state: "excluded" as const },
    { well: "A04", state: "new" as const },
  ];
  const series = new PlateSeries(imagesOf(fakes), 0);

  it("every subject says something of every image, in words too", () => {
    for (const subject of SUBJECTS) {
      const scheme = schemeOf(subject, series, GROUND, t);
      for (const entry of series.entries) expect(scheme.looks[scheme.of(entry)]).toBeDefined();
      for (const look of scheme.looks) expect(look.words).not.toMatch(/^(plate|gallery)\./);
    }
  });

  it("two classes never differ in colour alone", () => {
    for (const subject of ["flag", "state", "condition"] as const) {
      const forms = schemeOf(subject, series, GROUND, t).looks.map((look) => `${look.path} ${look.sign} ${look.hatched} ${look.words === ""}`);
      expect(new Set(forms).size, subject).toBe(forms.length);
    }
  });

  it("more conditions than colours have numbers and hatching", () => {
    const many = new PlateSeries(imagesOf(Array.from({ length: 12 }, (_, at) => ({ well: wellName(0, at), condition: `c${at}` }))), 0);
    const { looks } = schemeOf("condition", many, GROUND, t);
    expect(looks.map(({ sign }) => sign)).toEqual(Array.from({ length: 12 }, (_, at) => String(at + 1)));
    expect([looks[0].hatched, looks[8].hatched, looks[0].fill === looks[8].fill]).toEqual([false, true, true]);
  });

  it("numbers have a scale with its unit that excluded images do not stretch; what has none is hatched", () => {
    const area = schemeOf("area", series, GROUND, t);
    expect(area.scale).toMatchObject({ low: 100, high: 200, unit: "µm²", below: false, above: false });
    expect(area.looks[area.of(0)].fill).toBe(VIRIDIS[0]);
    expect(area.looks[area.of(1)].fill).toBe(VIRIDIS[10]);
    expect(area.looks[area.of(3)].hatched).toBe(true);
    expect([area.text(0), area.text(3)]).toEqual(["100", ""]);
    expect(schemeOf("confidence", series, GROUND, t).scale).toMatchObject({ low: 0.5, unit: "" });
  });

  it("areas in px are not set beside areas in um", () => {
    const mixed = new PlateSeries(imagesOf([{ well: "A01", area: 10 }, { well: "A02", area: 9000, calibrated: false }]), 0);
    const scheme = schemeOf("area", mixed, GROUND, t);
    expect(scheme.scale).toMatchObject({ high: 10, unit: "µm²" });
    expect(scheme.looks[scheme.of(1)].hatched).toBe(true);
    const pixels = new PlateSeries(imagesOf([{ well: "A02", area: 9000, calibrated: false }]), 0);
    expect(schemeOf("area", pixels, GROUND, t).scale).toMatchObject({ low: 9000, high: 9000, unit: "px²" });
  });

  it("one odd well of hundreds does not make all others alike, and the scale says that it lies outside", () => {
    const fakes = Array.from({ length: 300 }, (_, at) => ({ well: "A01", time: at, area: at === 0 ? 1e9 : 100 + at }));
    const { scale } = schemeOf("area", new PlateSeries(imagesOf(fakes), 0), GROUND, t);
    expect(scale!.high).toBeLessThan(500);
    expect(scale!.above).toBe(true);
  });

  it("the scale of numbers grows lighter evenly", () => {
    const lightness = (hex: string) => {
      const [r, g, b] = [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16) / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
      return 116 * Math.cbrt(0.2126 * r + 0.7152 * g + 0.0722 * b) - 16;
    };
    const steps = Array.from({ length: 20 }, (_, i) => lightness(colourAt((i + 1) / 20)) - lightness(colourAt(i / 20)));
    expect(Math.min(...steps)).toBeGreaterThan(2);
    expect(Math.max(...steps)).toBeLessThan(6);
    expect([colourAt(-1), colourAt(2)]).toEqual([VIRIDIS[0], VIRIDIS[10]]);
  });
});

describe("what is selected", () => {
  const make = () => new SelectedWells({ rows: 8, columns: 12 });
  const names = (wells: SelectedWells) => wells.places().map(({ row, column }) => wellName(row, column));

  it("by click, with Shift a rectangle, with Ctrl one more or less", () => {
    const wells = make();
    wells.pick({ row: 1, column: 1 });
    wells.pick({ row: 2, column: 3 }, { shift: true });
    expect(names(wells)).toEqual(["B02", "B03", "B04", "C02", "C03", "C04"]);
    wells.pick({ row: 0, column: 0 }, { shift: true }); // from where it began
    expect(names(wells)).toEqual(["A01", "A02", "B01", "B02"]);
    wells.pick({ row: 7, column: 11 }, { ctrl: true });
    wells.pick({ row: 0, column: 0 }, { ctrl: true });
    expect(names(wells)).toEqual(["A02", "B01", "B02", "H12"]);
    wells.pick({ row: 4, column: 4 });
    expect(names(wells)).toEqual(["E05"]);
  });

  it("a rectangle drawn with Ctrl adds to what was selected, and shrinks again", () => {
    const wells = make();
    wells.pick({ row: 0, column: 0 });
    wells.pick({ row: 5, column: 5 }, { ctrl: true });
    wells.span({ row: 6, column: 6 });
    expect(wells.size).toBe(5);
    wells.span({ row: 5, column: 6 });
    expect(names(wells)).toEqual(["A01", "F06", "F07"]);
  });

  it("by header: rows, columns, all", () => {
    const wells = make();
    wells.pick({ row: -1, column: 2 });
    expect(wells.size).toBe(8);
    wells.pick({ row: 3, column: -1 }, { ctrl: true });
    expect(wells.size).toBe(19);
    wells.pick({ row: 3, column: -1 }, { ctrl: true });
    expect(wells.size).toBe(7); // the row goes, with the well it shares with the column
    wells.pick({ row: -1, column: 2 });
    wells.pick({ row: -1, column: 4 }, { shift: true });
    expect(wells.size).toBe(24);
    wells.go({ row: 2, column: 2 });
    wells.all();
    expect([wells.size, wells.active]).toEqual([96, { row: 2, column: 2 }]);
  });

  it("keys lead to the ends, to the headers, and not out of the plate", () => {
    const format = { rows: 8, columns: 12 };
    const from = { row: 2, column: 3 };
    expect(step("row_start", from, format)).toEqual({ row: 2, column: 0 });
    expect(step("row_end", from, format)).toEqual({ row: 2, column: 11 });
    expect(step("last", from, format)).toEqual({ row: 7, column: 11 });
    expect(step("first", from, format)).toEqual({ row: 0, column: 0 });
    expect(step("left", { row: 2, column: -1 }, format)).toEqual({ row: 2, column: -1 });
    expect(step("up", { row: -1, column: 4 }, format)).toEqual({ row: -1, column: 4 });
    expect(step("down", { row: 7, column: 4 }, format)).toEqual({ row: 7, column: 4 });
    expect(step("right", { row: 7, column: 11 }, format)).toEqual({ row: 7, column: 11 });
  });
});

describe("keys", () => {
  const press = (key: string, more: KeyboardEventInit = {}) => actionOf(new KeyboardEvent("keydown", { key, ...more }));

  it("each works, and stands in the help with words", () => {
    const chords = KEYS.flatMap(({ keys }) => keys as readonly string[]);
    expect(new Set(chords).size).toBe(chords.length);
    for (const { action, keys } of KEYS) {
      for (const chord of keys as readonly string[]) {
        const key = chord.replace("ctrl+", "").replace("space", " ");
        expect(press(key, { ctrlKey: chord.startsWith("ctrl+") })).toBe(action);
      }
    }
    const lines = helpLines();
    expect(lines.length).toBe(new Set(KEYS.map(({ words }) => words)).size);
    for (const [keys, words] of lines) {
      expect(keys).not.toBe("");
      expect(t(`plate.keys.${words}`)).not.toContain("plate.");
    }
  });

  it("moves work with Shift and Ctrl, other keys only as they are", () => {
    expect(press("ArrowLeft", { shiftKey: true })).toBe("left");
    expect(press("ArrowLeft", { ctrlKey: true })).toBe("left");
    expect(press("ArrowLeft", { ctrlKey: true, shiftKey: true })).toBe("left");
    expect(press("End", { ctrlKey: true, shiftKey: true })).toBe("last");
    expect(press("p", { ctrlKey: true })).toBeUndefined();
    expect(press("Enter", { altKey: true })).toBeUndefined();
    expect(press("x")).toBeUndefined();
  });
});

describe("words", () => {
  it("say of a well what is known, as far as it is known", () => {
    const series = new PlateSeries(
      imagesOf([{ well: "B07", time: 48, area: 41_288.7, flag: "size_jump" }, { well: "A01", time: 48, state: "new" }, { well: "A02", time: 0 }]), 0,
    );
    const say = (point: number, row: number, column: number) => label(series, point, row, column, t);
    expect(say(1, 1, 6)).toBe("B07, 48 h, measured, 41\u2009300 µm², flag: size jump");
    expect(say(1, 0, 0)).toBe("A01, 48 h, new");
    expect(say(0, 1, 6)).toBe("B07, no image");
    expect(STATES.every((state) => !t(`gallery.state.${state}`).includes("."))).toBe(true);
  });

  it("tell the sites of a well apart", () => {
    const series = new PlateSeries(imagesOf([{ well: "A01", time: 3, site: 4, area: 5 }, { well: "A01", time: 3, site: 9, flag: "empty" }]), 0);
    expect(label(series, 0, 0, 0, t)).toBe("A01, 3 h, site 4: measured, 5 µm²; site 9: measured, flag: nothing found");
  });
});
