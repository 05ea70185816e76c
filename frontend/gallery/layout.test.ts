import { describe, expect, it } from "vitest";
import type { Section } from "./groups";
import {
  CAPTION, GAP, HEADER, MOST_CARDS, OVERSCAN, PAD, cardShape, headers, headersBefore, lineOf, lineWith, place, reveal, sectionsIn, step, visible,
} from "./layout"; // prettier-ignore

const all = (count: number): Section[] => [{ key: null, first: 0, count }];
const grid = (count: number) => place(all(count), cardShape(1000, 560, 168, 0.8));
/** Groups of 7, 1 and 12 cards in lines of 5. */
const groups = place(
  [{ key: "A", first: 0, count: 7 }, { key: "B", first: 7, count: 1 }, { key: "", first: 8, count: 12 }],
  { columns: 5, cell: 100, picture: 80, row: 136, gap: GAP },
); // prettier-ignore

describe("the shape of cards", () => {
  it("fills the width and never has less than one column", () => {
    const shape = cardShape(1000, 560, 168, 0.8);
    expect(shape.columns).toBe(5);
    expect(shape.cell * 5 + GAP * 4).toBeLessThanOrEqual(1000);
    expect(shape.row).toBe(shape.picture + CAPTION + GAP);
    expect(grid(100).lines).toBe(20);
    expect(cardShape(50, 560, 168, 1).columns).toBe(1);
    expect(cardShape(368, 560, 168, 0.8).columns).toBe(2); // a telephone
  });

  it("makes cards larger rather than too many, however large the screen", () => {
    for (const [width, viewport] of [[3840, 2100], [1900, 4000], [7680, 4320], [400, 9000]]) {
      const { columns, row } = cardShape(width, viewport, 96, 0.6);
      expect(columns * (Math.ceil(viewport / row) + 1 + 2 * OVERSCAN)).toBeLessThanOrEqual(Math.max(MOST_CARDS, viewport / row + 6));
    } // prettier-ignore
  });
});

describe("lines without groups", () => {
  it("keeps only what is seen, and a little more", () => {
    const layout = grid(100_000);
    const [first, last] = visible(layout, layout.row * 5000, 560);
    expect([first, last - first]).toEqual([4998, 7]);
    expect(visible(layout, 0, 560)[0]).toBe(0);
    expect(visible(layout, layout.height, 560)[1]).toBe(layout.lines);
    expect(visible(grid(0), 0, 560)).toEqual([0, 0]);
  });

  it("scrolls no further than it must", () => {
    const layout = grid(100);
    expect(reveal(layout, 0, 0, 560)).toBe(0);
    expect(reveal(layout, 0, 300, 560)).toBe(0);
    expect(reveal(layout, 99, 0, 560)).toBe(layout.height + 2 * PAD - 560);
    expect(reveal(grid(0), 0, 12, 560)).toBe(12);
  });
});

describe("lines in groups", () => {
  it("gives each group a header and lines of its own", () => {
    expect([groups.lines, groups.height]).toEqual([2 + 1 + 3, 3 * HEADER + 6 * 136 - GAP]);
    expect([0, 1, 2, 3, 5].map((line) => lineOf(groups, line)).map(({ top, first, count, section }) => [top, first, count, section.key])).toEqual([
      [HEADER, 0, 5, "A"], [HEADER + 136, 5, 2, "A"], [2 * HEADER + 272, 7, 1, "B"], [3 * HEADER + 408, 8, 5, ""], [3 * HEADER + 680, 18, 2, ""],
    ]); // prettier-ignore
    expect(Array.from({ length: 20 }, (_, position) => lineWith(groups, position))).toEqual([0, 0, 0, 0, 0, 1, 1, 2, 3, 3, 3, 3, 3, 4, 4, 4, 4, 4, 5, 5]);
    expect([headers(groups), headers(grid(9)), groups.sections.map((one) => headersBefore(groups, one))]).toEqual([3, 0, [1, 2, 3]]);
  });

  it("knows what is seen at every place", () => {
    for (let top = 0; top < groups.height; top += 17) {
      const [first, last] = visible(groups, top, 200, 0);
      for (let line = 0; line < groups.lines; line++) {
        const start = lineOf(groups, line).top;
        const seen = start < top + 200 && start + groups.row > top;
        if (seen) expect(line >= first && line < last, `line ${line} at ${top}`).toBe(true);
      }
      expect(last - first).toBeLessThanOrEqual(4);
      const keys = sectionsIn(groups, top, 200).map(({ key }) => key);
      const wanted = groups.sections.filter((one) => one.top < top + 200 && one.top + one.height > top).map(({ key }) => key);
      expect(keys).toEqual(wanted);
    }
  });

  it("goes up and down in its column as far as lines reach, and by pages to the ends", () => {
    const go = (move: Parameters<typeof step>[1], from: number) => step(groups, move, from, 300);
    expect(go("down", 3)).toBe(6); // the second line has two cards
    expect(go("down", 6)).toBe(7);
    expect(go("up", 7)).toBe(5);
    expect(go("up", 11)).toBe(7);
    expect([go("up", 2), go("down", 19), go("left", 0), go("right", 19), go("right", 6)]).toEqual([2, 19, 0, 19, 7]);
    expect([go("first", 9), go("last", 9), go("pageDown", 0), go("pageDown", 14), go("pageUp", 1), go("pageUp", 19)]).toEqual([0, 19, 7, 19, 0, 9]);
  });

  it("shows a card below the header that sticks", () => {
    expect(reveal(groups, 7, 600, 200)).toBe(2 * HEADER + 272 - HEADER);
    expect(reveal(groups, 19, 0, 200)).toBe(3 * HEADER + 680 + 136 - GAP + 2 * PAD - 200);
  });
});
