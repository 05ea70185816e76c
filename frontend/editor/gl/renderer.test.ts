/** The picture of outlines and image as WebGL2 draws it, read back by pixels. */

import { afterEach, describe, expect, it, vi } from "vitest";

import { PALETTE, OutlineSet, type Ring } from "../../shared/outlines";
import { View } from "../../shared/view";
import { Pixels, type PixelsInfo } from "../pixels";
import { CROWD, type Scene } from "../scene";
import { FLAG, OutlineStore } from "../store";
import { GlRenderer } from "./renderer";

const WIDTH = 720, HEIGHT = 480;
const ORANGE = [1, 3, 5].map((at) => parseInt(PALETTE[1].slice(at, at + 2), 16));
const NO_SLOT: ReadonlySet<number> = new Set();

const circle = (x: number, y: number, radius: number, vertices = 40): Ring => Float32Array.from({ length: 2 * vertices }, (_, i) => {
  const angle = (2 * Math.PI * (i >> 1)) / vertices;
  return i % 2 ? y + radius * Math.sin(angle) : x + radius * Math.cos(angle);
});

const made: GlRenderer[] = [];
afterEach(() => {
  vi.restoreAllMocks();
  for (const renderer of made.splice(0)) renderer.dispose();
});

class Picture {
  readonly store = new OutlineStore();
  readonly view = new View();
  readonly #renderer: GlRenderer;
  #bytes = new Uint8Array(0);

  constructor(objects: readonly (readonly Ring[])[], flags: (slot: number) => number = () => 0) {
    this.#renderer = new GlRenderer(Object.assign(document.createElement("canvas"), { width: WIDTH, height: HEIGHT }), () => undefined);
    made.push(this.#renderer);
    this.view.resize(WIDTH, HEIGHT);
    this.store.load(OutlineSet.fromRings(objects), {
      ids: objects.map((_, slot) => `${slot}`), classIndex: new Uint8Array(objects.length).fill(1),
      confidence: new Float32Array(objects.length).fill(0.9), flags: Uint8Array.from(objects, (_, slot) => flags(slot)), parents: {},
    });
  }

  image(data: Uint8Array | Uint16Array, width: number): this {
    const size = { width, height: data.length / width, dtype: data instanceof Uint16Array ? "uint16" : "uint8" } as const;
    const info = { ...size, downsample: 1, levels: 0, offset: 0, gain: 1, low: 0, high: 1, axes: {} } as PixelsInfo;
    this.#renderer.setImage(new Pixels(info, new DataView(data.buffer)));
    return this;
  }

  draw(scale: number, x: number, y: number, scene: Partial<Scene> = {}): this {
    while (this.frame(scale, x, y, scene));
    return this;
  }

  /** Draw one frame; true when it asks for another. */
  frame(scale: number, x: number, y: number, scene: Partial<Scene> = {}): boolean {
    Object.assign(this.view, { scale, x, y });
    const { store, view } = this;
    const whole: Scene = {
      view, store, window: { low: 0, high: 1, gamma: 1, inverted: false }, shown: { tiles: [], whole: false }, selected: NO_SLOT,
      hidden: null, outlines: true, opacity: 1, width: 1.5, heat: 0, ...scene,
    };
    const more = this.#renderer.draw(whole, 1);
    this.#bytes = new Uint8Array(4 * WIDTH * HEIGHT);
    const { gl } = this.#renderer;
    gl.readPixels(0, 0, WIDTH, HEIGHT, gl.RGBA, gl.UNSIGNED_BYTE, this.#bytes);
    return more;
  }

  change(slot: number, rings: readonly Ring[]): void {
    this.store.put(`${slot}`, [...rings], this.store.attributes(slot));
    this.#renderer.change([slot]);
  }

  /** Red, green, blue and alpha of a pixel, from the left and the top. */
  at(x: number, y: number): number[] {
    const first = 4 * ((HEIGHT - 1 - Math.floor(y)) * WIDTH + Math.floor(x));
    return [...this.#bytes.subarray(first, first + 4)];
  }

  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** The sum of all there is in it. */
  get strength(): number {
    return this.#bytes.reduce((sum, value) => sum + value, 0);
  }
}

const differs = (a: Uint8Array, b: Uint8Array) => a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0);

describe("a line", () => {
  const LINE = Float32Array.of(20.5, 20.5, 60, 20.5, 100, 20.5, 220, 20.5, 220, 120, 20.5, 120);

  it("is as strong where edges meet as between, its halo too", () => {
    // At such a scale every vertex is there, also those in the middle of a straight line.
    const picture = new Picture([[LINE.map((value) => value / 4)]]).draw(4, 0, 0);
    for (const [y, least] of [[20, 255], [19, 150], [18, 40]]) {
      expect(picture.at(40, y)[3]).toBeGreaterThanOrEqual(least);
      for (const x of [59, 60, 61, 99, 100]) expect(picture.at(x, y)).toEqual(picture.at(40, y));
    }
    expect(picture.at(40, 20).slice(0, 3)).toEqual(ORANGE);
    expect(picture.at(40, 18).slice(0, 3)).toEqual([0, 0, 0]);
    expect(picture.at(40, 16)[3]).toBe(0);
  });

  it("is closed, and rings of other outlines are not joined to it", () => {
    const picture = new Picture([[LINE], [circle(120.5, 70.5, 20)], [Float32Array.of(30, 140, 60, 140, 60, 150)]]).draw(1, 0, 0);
    expect(picture.at(20, 70).slice(0, 3)).toEqual(ORANGE); // from the last vertex to the first
    expect(picture.at(120, 50).slice(0, 3)).toEqual(ORANGE);
    // Between outlines there are fills and nothing else.
    const fill = picture.at(50, 100);
    for (const [x, y] of [[70, 45], [60, 70], [90, 95]]) expect(picture.at(x, y)).toEqual(fill);
    for (const [x, y] of [[10, 100], [90, 140], [40, 130]]) expect(picture.at(x, y)[3]).toBe(0);
  });

  it("of a hole is dashed", () => {
    const hole = Float32Array.of(40, 40, 40, 100, 200, 100, 200, 40);
    const picture = new Picture([[LINE, hole]]).draw(1, 0, 0);
    const row = Array.from({ length: 60 }, (_, i) => picture.at(60 + i, 39)[0] > 120);
    expect(row.filter(Boolean).length).toBeGreaterThan(20);
    expect(row.filter(Boolean).length).toBeLessThan(45);
    expect(picture.at(100, 70)[3]).toBe(0);
  });
});

describe("many small outlines", () => {
  const COLUMNS = 60, APART = 40, RADIUS = 14, SCALE = 0.3;
  const count = CROWD + 100;
  const middle = (slot: number) => [(slot % COLUMNS + 0.5) * APART, (Math.floor(slot / COLUMNS) + 0.5) * APART] as const;
  const round = Array.from({ length: count }, (_, slot) => [circle(...middle(slot), RADIUS)]);

  it("have line and fill", () => {
    const picture = new Picture(round).draw(SCALE, 0, 0);
    for (const slot of [5, 700, count - 1]) {
      const [x, y] = middle(slot).map((value) => value * SCALE);
      const fill = picture.at(x, y)[3];
      expect(fill).toBeGreaterThan(10);
      expect(fill).toBeLessThan(25);
      for (const [dx, dy] of [[-1, 0], [1, 0], [0, -1], [0, 1]]) {
        const across = [3, 4, 5, 6].map((way) => picture.at(x + dx * way, y + dy * way)[3]);
        expect(Math.max(...across)).toBeGreaterThan(120);
        expect(across.at(-1)).toBe(0);
      }
    }
  });

  describe("at a scale that they are not reduced for yet", () => {
    const reads = (ms: number) => {
      let now = 0;
      vi.spyOn(performance, "now").mockImplementation(() => (now += ms));
    };
    const framesOf = (picture: Picture, scale: number) => {
      const seen: Uint8Array[] = [];
      for (let more = true; more;) {
        more = picture.frame(scale, 0, 0);
        seen.push(picture.bytes);
      }
      return seen;
    };

    it("are drawn as they were reduced before, for as many frames as that takes", () => {
      const [wanted] = framesOf(new Picture(round), SCALE / 2), picture = new Picture(round).draw(SCALE, 0, 0);
      reads(0.1);
      const seen = framesOf(picture, SCALE / 2);
      expect(seen.length).toBeGreaterThan(3);
      expect(seen.length).toBeLessThan(20);
      expect(differs(seen.at(-1)!, wanted)).toBe(0);
      // What stands for it is hardly told from it.
      for (const bytes of seen) expect(differs(bytes, wanted)).toBeLessThan(60);
    });

    it("are waited for where what there is was made for quite another one, or for others", () => {
      const far = new Picture(round).draw(4, 0, 0), none = new Picture(round).draw(SCALE, 100_000, 100_000);
      reads(0.1);
      expect(framesOf(far, SCALE / 2)).toHaveLength(1);
      expect(framesOf(none, SCALE / 2)).toHaveLength(1);
    });

    it("are drawn as they are now where one changes meanwhile", () => {
      const picture = new Picture(round).draw(SCALE, 0, 0);
      reads(0.1);
      expect(picture.frame(SCALE / 2, 0, 0)).toBe(true);
      const changed = [circle(...middle(3), 2)];
      picture.change(3, changed);
      const seen = framesOf(picture, SCALE / 2);
      const fresh = new Picture(round.map((rings, slot) => (slot === 3 ? changed : rings)));
      expect(differs(seen.at(-1)!, framesOf(fresh, SCALE / 2).at(-1)!)).toBe(0);
    });
  });

  it("look as with lines over fills", () => {
    const fans = new Picture(round).draw(SCALE, 0, 0);
    // The same outlines, none of which is drawn as a fan: they run the other way.
    const others = round.map(([ring]) => [ring.map((_, i) => ring[ring.length - 2 - (i & ~1) + (i & 1)])]);
    const lines = new Picture(others).draw(SCALE, 0, 0);
    expect(fans.strength / lines.strength).toBeCloseTo(1, 1.5);
    expect(differs(fans.bytes, lines.bytes)).toBeLessThan(100);
    const faint = new Picture(round).draw(SCALE, 0, 0, { opacity: 0.5 });
    expect(faint.strength / fans.strength).toBeCloseTo(0.5, 2);
  });

  describe("of few pixels", () => {
    const FEW = 0.15;
    /** Draw without points: the device has none that are large enough. */
    const pointless = () => {
      const get = WebGL2RenderingContext.prototype.getParameter;
      vi.spyOn(WebGL2RenderingContext.prototype, "getParameter").mockImplementation(function (this: WebGL2RenderingContext, name: number) {
        return name === this.ALIASED_POINT_SIZE_RANGE ? Float32Array.of(1, 1) : (get.call(this, name) as unknown);
      });
    };
    const calls = () => {
      const points = vi.fn(), draw = WebGL2RenderingContext.prototype.drawArrays;
      vi.spyOn(WebGL2RenderingContext.prototype, "drawArrays").mockImplementation(function (this: WebGL2RenderingContext, mode, first, count) {
        if (mode === this.POINTS) points(count);
        draw.call(this, mode, first, count);
      });
      return points;
    };

    it("are points, each but those that are bent in", () => {
      const points = calls(), [x, y] = middle(7);
      const bent = Float32Array.of(-14, -14, 14, -14, 3, 0, 14, 14, -14, 14).map((value, i) => value + [x, y][i % 2]);
      const outlines = round.map((rings, slot) => (slot === 7 ? [bent] : rings)), picture = new Picture(outlines).draw(FEW, 0, 0);
      expect(points.mock.calls.flat().reduce((sum, n) => sum + n, 0)).toBe(count - 1);
      pointless();
      const fans = new Picture(outlines).draw(FEW, 0, 0);
      for (const [dx, dy] of [[0, 0], [1, 0], [2, 0], [-2, 0], [0, 2]]) {
        expect(picture.at(x * FEW + dx, y * FEW + dy)).toEqual(fans.at(x * FEW + dx, y * FEW + dy));
      }
    });

    it("look as they do as fans", () => {
      const spots = new Picture(round).draw(FEW, 0, 0);
      pointless();
      const points = calls(), fans = new Picture(round).draw(FEW, 0, 0);
      expect(points).not.toHaveBeenCalled();
      expect(spots.strength / fans.strength).toBeCloseTo(1, 1.5);
      expect(differs(spots.bytes, fans.bytes)).toBeLessThan(110);
      const faint = new Picture(round).draw(FEW, 0, 0, { opacity: 0.5 });
      expect(faint.strength / fans.strength).toBeCloseTo(0.5, 2);
    });

    it("are whole where their middle is beyond the edge of the view", () => {
      const picture = new Picture(round).draw(FEW, 20, 20), whole = picture.bytes;
      const [x, y] = middle(0).map((value) => Math.floor((value + 0.6 * RADIUS) * FEW));
      picture.draw(FEW, -x, -y);
      let seen = 0;
      for (let row = 0; row < 40; row++) {
        for (let column = 0; column < 100; column++) {
          const from = 4 * ((HEIGHT - 1 - (row + y + 20)) * WIDTH + column + x + 20) + 3, now = picture.at(column, row)[3];
          if (!row || !column) seen += now;
          expect(Math.abs(whole[from] - now)).toBeLessThan(3);
        }
      }
      expect(seen).toBeGreaterThan(1000);
    });

    it("are where they were moved to, and gone where they went", () => {
      const picture = new Picture(round).draw(FEW, 0, 0), [x, y] = middle(130), before = picture.bytes;
      picture.change(130, [circle(x + 20, y, RADIUS)]);
      picture.draw(FEW, 0, 0);
      const fresh = new Picture(round.map((rings, slot) => (slot === 130 ? [circle(x + 20, y, RADIUS)] : rings))).draw(FEW, 0, 0);
      expect(differs(picture.bytes, fresh.bytes)).toBe(0);
      expect(differs(picture.bytes, before)).toBeGreaterThan(100);
    });
  });

  it("keep their holes and bends, and are thick where they are selected", () => {
    const [x, y] = middle(0), [bentX, bentY] = middle(1);
    const bend = [0, 0, 38, 0, 38, 38, 32, 38, 32, 6, 0, 6].map((value, i) => value + [bentX, bentY][i % 2] - 19);
    const hole = circle(x, y, 10);
    const picture = new Picture([[circle(x, y, 19), hole.map((_, i) => hole[hole.length - 2 - (i & ~1) + (i & 1)])], [Float32Array.from(bend)], ...round.slice(2)]);
    picture.draw(SCALE, 0, 0);
    expect(picture.at(x * SCALE, y * SCALE)[3]).toBe(0);
    expect(picture.at((bentX - 9) * SCALE, (bentY + 9) * SCALE)[3]).toBe(0);
    expect(picture.at((bentX + 16) * SCALE, bentY * SCALE)[3]).toBeGreaterThan(100);
    const before = picture.strength;
    picture.draw(SCALE, 0, 0, { selected: new Set([65]) });
    const more = picture.strength - before;
    expect(more).toBeGreaterThan(0.3 * (before / count));
    picture.draw(SCALE, 0, 0, { hidden: 65 });
    expect(before - picture.strength).toBeGreaterThan(0.9 * (before / count));
  });

  it("are hatched where their confidence is low", () => {
    const low = new Picture(round, (slot) => (slot % 2 ? FLAG.lowConfidence : 0)).draw(SCALE, 0, 0);
    const strongest = (slot: number) => {
      const [x, y] = middle(slot).map((value) => value * SCALE);
      return Math.max(...[-1, 0, 1].flatMap((dx) => [-1, 0, 1].map((dy) => low.at(x + dx, y + dy)[3])));
    };
    const hatched = Array.from({ length: 200 }, (_, slot) => strongest(slot) > 140);
    expect(hatched.filter((is, slot) => is && slot % 2 === 0)).toEqual([]);
    expect(hatched.filter(Boolean).length).toBeGreaterThan(20);
  });
});

describe("the image", () => {
  const SIDE = 64;
  const random = (most: number) => (_: unknown, i: number) => Math.abs(Math.sin(12.9898 * (i + 1)) * 43_758.5453) % 1 * most;
  const deep = Uint16Array.from({ length: SIDE * SIDE }, random(65_535));
  const flat = Uint8Array.from({ length: SIDE * SIDE }, random(255));
  const views: [number, number, number][] = [[6, -40, -30], [2.3, 10.2, 5.7], [1, 3, 3], [0.7, 4.4, 2.2]];

  it("is the same where the device does not filter floats", () => {
    for (const data of [deep, flat]) {
      const window = { low: 0.1 * data[5], high: data[5], gamma: 1, inverted: false };
      const draw = () => {
        const picture = new Picture([]).image(data, SIDE);
        return views.map((view) => picture.draw(...view, { window }).bytes);
      };
      const filtered = draw();
      const get = WebGL2RenderingContext.prototype.getExtension as (name: string) => unknown;
      vi.spyOn(WebGL2RenderingContext.prototype, "getExtension").mockImplementation(function (this: WebGL2RenderingContext, name: string) {
        return name === "OES_texture_float_linear" ? null : get.call(this, name);
      } as never);
      draw().forEach((bytes, i) => expect(differs(bytes, filtered[i])).toBeLessThan(3));
      expect(new Set(filtered[1]).size).toBeGreaterThan(100);
      vi.restoreAllMocks();
    }
  });

  it("is read between its pixels, in squares where it is enlarged far, by the mean of four where it is shrunk", () => {
    const checks = Uint16Array.from({ length: SIDE * SIDE }, (_, i) => ((i % SIDE) + Math.floor(i / SIDE)) % 2 ? 1000 : 0);
    const window = { low: 0, high: 1000, gamma: 1, inverted: false };
    const picture = new Picture([]).image(checks, SIDE);
    picture.draw(8, 0, 0, { window });
    expect([0, 7, 8, 15].map((x) => picture.at(x, 3)[0])).toEqual([0, 0, 255, 255]);
    picture.draw(2, 0, 0, { window });
    expect(picture.at(20, 20)[0]).toBeGreaterThan(60);
    expect(picture.at(20, 20)[0]).toBeLessThan(195);
    picture.draw(0.7, 0, 0, { window });
    const half = Array.from({ length: 20 }, (_, x) => picture.at(x + 5, 10)[0]);
    expect(half.filter((value) => Math.abs(value - 127.5) < 1).length).toBeGreaterThan(5);
  });

  it("has the window's tones: gamma bends what is between black and white", () => {
    const steps = Uint16Array.from({ length: SIDE * SIDE }, (_, i) => 100 * (i % SIDE));
    const picture = new Picture([]).image(steps, SIDE);
    const shown = (gamma: number, inverted: boolean) => {
      picture.draw(4, 0, 0, { window: { low: 1000, high: 5000, gamma, inverted } });
      return [5, 10, 20, 30, 50, 60].map((column) => picture.at(4 * column + 2, 50)[0]);
    };
    const expected = (gamma: number) => [0, 0, 0.25, 0.5, 1, 1].map((value) => Math.round(255 * value ** gamma));
    for (const gamma of [1, 0.5, 2]) {
      shown(gamma, false).forEach((grey, i) => expect(Math.abs(grey - expected(gamma)[i])).toBeLessThan(2));
      shown(gamma, true).forEach((grey, i) => expect(Math.abs(grey - (255 - expected(gamma)[i]))).toBeLessThan(2));
    }
  });
});
