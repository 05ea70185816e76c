import { describe, expect, it } from "vitest";
import { count, duration, three } from "./numbers";
import { translator } from "./strings";

describe("translator", () => {
  const t = translator({ "a.left": "{time} left", "a.n.one": "{n} image", "a.n.other": "{n} images" });

  it("fills in, chooses plural forms, and shows a key that is missing", () => {
    expect(t("a.left", { time: "2 s" })).toBe("2 s left");
    expect(t("a.n", { n: 1 })).toBe("1 image");
    expect(t("a.n", { n: 0 })).toBe("0 images");
    expect(t("a.none")).toBe("a.none");
    expect(t("a.left")).toBe("{time} left");
  });
});

describe("numbers", () => {
  it("has three significant digits and thin spaces", () => {
    expect([41288.73, 413, 41.28, 0.9134, 0.0001234, 0, 99950, 1234567].map(three)).toEqual([
      "41\u2009300", "413", "41.3", "0.913", "0.000123", "0", "100\u2009000", "1\u2009230\u2009000",
    ]);
    expect([null, Number.NaN, Infinity].map(three)).toEqual(["–", "–", "–"]);
    expect(count(12000)).toBe("12\u2009000");
  });

  it("writes durations in at most two units", () => {
    expect([0.4, 59.7, 75, 120, 3600, 5400, 86340].map(duration)).toEqual([
      "0 s", "1 min", "1 min 15 s", "2 min", "1 h", "1 h 30 min", "23 h 59 min",
    ]);
  });
});
