import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import words from "../../spheroseg_widgets/widgets/strings/en.json";
import { MockAnswer, MockModel } from "../shared/mock";
import { Rpc } from "../shared/rpc";
import { translator } from "../shared/strings";
import { revision, seen, strings, type TilesAsked, tilesOf } from "./fixture";
import { actionOf, helpLines, KEYS, keysOf, type Mode } from "./keys";
import { Linked } from "./linked";
import { type Film, Player } from "./player";
import { facts, revisionFacts, revisionName } from "./state";
import { lastLevel, levelFor, seenTiles, Tiles } from "./tiles";

const soon = (check: () => void) => vi.waitFor(check, { timeout: 5000, interval: 10 });
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe("linked views", () => {
  const place = (linked: Linked, image: ReturnType<typeof seen>, x: number, y: number) => {
    const { scale, left, top } = linked.at(image);
    return [left + x * scale, top + y * scale];
  };

  it("shows a micrometre equally long where all pixel sizes are known", () => {
    const linked = new Linked();
    const [fine, coarse] = [seen(1, { pixel_size_um: 0.62 }), seen(2, { pixel_size_um: 1.24, width: 704, height: 520 })];
    linked.setImages([fine, coarse]);
    linked.resize(400, 300);
    expect(linked.calibrated).toBe(true);
    expect(linked.at(coarse).scale).toBeCloseTo(2 * linked.at(fine).scale);
    expect(place(linked, coarse, 352, 260)).toEqual(place(linked, fine, 704, 520)); // middles lie on each other
  });

  it("shows images equally large where a pixel size is not known", () => {
    const linked = new Linked();
    const [known, unknown] = [seen(1), seen(2, { pixel_size_um: null, width: 2816, height: 2080 })];
    linked.setImages([known, unknown]);
    linked.resize(400, 300);
    expect(linked.calibrated).toBe(false);
    const corners = [place(linked, known, 1408, 1040), place(linked, unknown, 2816, 2080)];
    expect(corners[1][0]).toBeCloseTo(corners[0][0]);
    expect(corners[1][1]).toBeCloseTo(corners[0][1]);
  });

  it("shows every image whole, also after the panes have changed their size, until it is moved", () => {
    const linked = new Linked();
    const images = [seen(1), seen(2, { pixel_size_um: 2.48 })];
    linked.setImages(images);
    for (const [width, height] of [[400, 300], [1000, 200]]) {
      linked.resize(width, height);
      for (const image of images) {
        expect(place(linked, image, 0, 0).every((at) => at >= 0)).toBe(true);
        const [right, bottom] = place(linked, image, image.width, image.height);
        expect([right <= width, bottom <= height]).toEqual([true, true]);
      }
    }
    linked.zoom(2);
    const scale = linked.view.scale;
    linked.resize(400, 300);
    expect(linked.view.scale).toBe(scale);
  });

  it("keeps what lies under the pointer", () => {
    const linked = new Linked();
    linked.setImages([seen(1)]);
    linked.resize(400, 300);
    const { scale, left, top } = linked.at(seen(1));
    const [x, y] = [(100 - left) / scale, (50 - top) / scale];
    linked.zoomAt(100, 50, 3);
    const [screenX, screenY] = place(linked, seen(1), x, y);
    expect([screenX, screenY].map(Math.round)).toEqual([100, 50]);
  });
});

describe("tiles", () => {
  it("has as many levels as the kernel", () => {
    const levels = [[512, 10], [513, 10], [10, 1024], [1025, 1], [20_000, 20_000]].map(([width, height]) => lastLevel({ width, height }));
    expect(levels).toEqual([0, 1, 1, 2, 6]);
  });

  it("is as fine as the screen shows it, and no finer", () => {
    const image = { width: 8000, height: 8000 };
    expect([4, 1, 0.9, 0.5, 0.25, 0.06, 0.001].map((scale) => levelFor(image, scale))).toEqual([0, 0, 0, 1, 2, 4, 4]);
  });

  it("takes those that are seen", () => {
    const image = { width: 1408, height: 1040 };
    const pane = { width: 400, height: 300 };
    expect(seenTiles(image, 0, { scale: 1, left: 0, top: 0 }, pane)).toEqual([[0, 0]]);
    expect(seenTiles(image, 0, { scale: 1, left: -500, top: -1000 }, pane)).toEqual([[0, 1], [1, 1], [0, 2], [1, 2]]);
    expect(seenTiles(image, 1, { scale: 0.25, left: 20, top: 20 }, pane)).toEqual([[0, 0], [1, 0], [0, 1], [1, 1]]);
    expect(seenTiles(image, 0, { scale: 1, left: 500, top: 0 }, pane)).toEqual([]);
  });

  let life: AbortController;
  let model: MockModel;
  let tiles: Tiles;
  const images = [seen(1), seen(2)];
  const arrived = vi.fn();
  const asked = () => model.calls("tiles").map(({ params }) => params as unknown as TilesAsked);
  const whole = (image: number) => ({ image, level: 2, tiles: [[0, 0]] as [number, number][] });
  const has = (image: number) => tiles.get(image, 2, [0, 0]) !== undefined;

  beforeEach(() => {
    life = new AbortController();
    model = new MockModel().handle("tiles", (params) => tilesOf(images, params as unknown as TilesAsked));
    arrived.mockClear();
    tiles = new Tiles(new Rpc(model, life.signal), life.signal, arrived);
  });
  afterEach(() => life.abort());

  it("asks for what is missing, the most wanted first, and nothing twice", async () => {
    tiles.want([whole(2), whole(1)]);
    await soon(() => expect(has(1) && has(2)).toBe(true));
    tiles.want([whole(1), whole(2)]);
    await wait(20);
    expect(asked().map(({ image }) => image)).toEqual([2, 1]);
    expect(arrived.mock.calls.flat().sort()).toEqual([1, 2]);
    expect(tiles.get(1, 2, [0, 0])).toMatchObject({ width: 352, height: 260 });
  });

  it("cancels what is no longer looked at", async () => {
    model.handle("tiles", () => new Promise(() => {}));
    tiles.want([whole(1)]);
    tiles.want([whole(2)]);
    await soon(() => expect(asked().length).toBe(2));
    expect(model.sent).toContainEqual({ kind: "cancel", id: model.calls("tiles")[0].id });
    expect(model.sent).not.toContainEqual({ kind: "cancel", id: model.calls("tiles")[1].id });
  });

  it("asks again for what did not fit into a message", async () => {
    model.handle("tiles", (params) => {
      const one = params as unknown as TilesAsked;
      return tilesOf(images, { ...one, tiles: one.tiles.slice(0, 1) });
    });
    const wanted = { image: 1, level: 1, tiles: [[0, 0], [1, 0], [0, 1]] as [number, number][] };
    tiles.want([wanted]);
    await soon(() => expect(tiles.has(wanted)).toBe(true));
    expect(asked().map((one) => one.tiles.length)).toEqual([3, 2, 1]);
  });

  it("keeps both contrasts, and says when one for all cannot be found", async () => {
    tiles.want([whole(1)]);
    await soon(() => expect(has(1)).toBe(true));
    expect(tiles.comparable).toBe(true);
    tiles.shared = false;
    expect(has(1)).toBe(false);
    tiles.want([whole(1)]);
    await soon(() => expect(has(1)).toBe(true));
    tiles.shared = true;
    expect(has(1)).toBe(true);
    model.handle("tiles", async (params) => {
      const { value, buffers } = await tilesOf(images, params as unknown as TilesAsked);
      return new MockAnswer({ ...(value as object), contrast: "own" }, buffers);
    });
    tiles.want([whole(2)]);
    await soon(() => expect(tiles.comparable).toBe(false));
  });

  it("says why an image cannot be shown, goes on with the others, and asks again when it is forgiven", async () => {
    let broken = true;
    model.handle("tiles", (params) => {
      const one = params as unknown as TilesAsked;
      if (one.image === 1 && broken) return new MockAnswer({ failed: "the TIFF is truncated", contrast: "", tiles: [], lengths: [] });
      return tilesOf(images, one);
    });
    tiles.want([whole(1), whole(2)]);
    await soon(() => expect(has(2)).toBe(true));
    expect(tiles.reason(1)).toBe("the TIFF is truncated");
    expect(tiles.has(whole(1))).toBe(true); // nothing more will come
    broken = false;
    tiles.forgive();
    tiles.want([whole(1)]);
    await soon(() => expect(has(1)).toBe(true));
  });

  it("holds a kernel that is gone for no fault of the image", async () => {
    model.send = () => {
      throw new Error("closed");
    };
    tiles.want([whole(1)]);
    await wait(30);
    expect(tiles.reason(1)).toBeUndefined();
  });

  it("holds no answer, and one that is no picture, for a reason", async () => {
    model.handle("tiles", (params) => {
      const one = params as unknown as TilesAsked;
      if (one.image === 1) return new MockAnswer({ failed: null, contrast: "own", tiles: [], lengths: [] });
      return new MockAnswer({ failed: null, contrast: "own", tiles: one.tiles, lengths: [4] }, [new DataView(new ArrayBuffer(4))]);
    });
    tiles.want([whole(1), whole(2)]);
    await soon(() => expect([tiles.reason(1), tiles.reason(2)].every(Boolean)).toBe(true));
  });

  it("forgets everything when the files may be others", async () => {
    tiles.want([whole(1)]);
    await soon(() => expect(has(1)).toBe(true));
    tiles.forget();
    expect(has(1)).toBe(false);
  });
});

describe("keys", () => {
  const press = (key: string, mode: Mode, more: KeyboardEventInit = {}) => actionOf(new KeyboardEvent("keydown", { key, ...more }), mode);

  it("are those of the kind of comparison", () => {
    expect([press("o", "side"), press("O", "side", { shiftKey: true }), press(" ", "series"), press(" ", "side")]).toEqual(["outlines", undefined, "play", undefined]);
    expect([press("+", "side"), press("=", "side"), press("-", "swipe"), press("0", "series")]).toEqual(["zoom_in", "zoom_in", "zoom_out", "fit"]);
    expect([press("1", "swipe"), press("1", "series"), press("c", "swipe"), press("c", "side")]).toEqual(["first_only", undefined, undefined, "contrast"]);
    expect([press("<", "series", { shiftKey: true }), press("o", "side", { ctrlKey: true })]).toEqual(["slower", undefined]);
  });

  it("have words, each of them, and a line in the help", () => {
    const known = words.compare as Record<string, string>;
    for (const { action, modes } of KEYS) {
      for (const mode of modes) {
        const [, words] = helpLines(mode).find(([shown]) => shown.includes(keysOf(action))) as [string, string];
        expect(known[`action.${words}`], action).toBeTruthy();
      }
    }
    expect(helpLines("side")[0]).toEqual(["← → ↑ ↓", "move"]);
    expect(helpLines("side").map(([, line]) => line)).not.toContain("play");
    for (const key of ["by_model", "by_edit", "by_import", "action.pause"]) expect(known[key], key).toBeTruthy();
  });
});

describe("words", () => {
  const t = translator(strings);

  it("say where, when, how large and how it was judged", () => {
    expect(facts(seen(2), t)).toBe("B07 · 48 h · 42\u2009600 µm² · Measured");
    expect(facts(seen(2, { pixel_size_um: null, area: 0, outcome: "absent", well: "", time_h: null }), t)).toBe("0 px² · Absent");
    expect(facts(seen(2, { area: null, outcome: "", result: 0, status: "new" }), t)).toBe("B07 · 48 h · New");
  });

  it("name a revision by who made it", () => {
    expect(revisionName(revision(3), t)).toBe("resunet-spheroid 7, run 3");
    expect(revisionName(revision(3, { source: "edit", author: "ann", holds: true }), t)).toMatch(/^Corrected by ann, .*2026.* \(holds\)$/);
    expect(revisionFacts(revision(3, { objects: 2 }), true, t)).toBe("2 objects, 3\u2009000 µm²");
  });
});

describe("the player", () => {
  let life: AbortController;
  const film = { ready: vi.fn<Film["ready"]>(), advance: vi.fn<Film["advance"]>(), changed: vi.fn<Film["changed"]>() };
  let player: Player;

  beforeEach(() => {
    life = new AbortController();
    film.ready.mockReset().mockReturnValue(true);
    film.advance.mockReset().mockReturnValue(true);
    film.changed.mockReset();
    player = new Player(film, life.signal);
    player.speed = 16;
  });
  afterEach(() => life.abort());

  it("shows as many pictures a second as it is told, and stops", async () => {
    const began = performance.now();
    player.start();
    await soon(() => expect(film.advance.mock.calls.length).toBeGreaterThan(3));
    player.stop();
    const shown = film.advance.mock.calls.length;
    expect(shown).toBeLessThanOrEqual(((performance.now() - began) / 1000) * 16);
    await wait(150);
    expect(film.advance.mock.calls.length).toBe(shown);
    expect(player.playing).toBe(false);
  });

  it("waits for a picture that is not here yet", async () => {
    film.ready.mockReturnValue(false);
    player.start();
    await wait(200);
    expect(film.advance).not.toHaveBeenCalled();
    film.ready.mockReturnValue(true);
    await soon(() => expect(film.advance).toHaveBeenCalled());
  });

  it("stops at the end and with its view", async () => {
    film.advance.mockReturnValue(false);
    player.start();
    await soon(() => expect(player.playing).toBe(false));
    expect(film.advance).toHaveBeenCalledTimes(1);
    life.abort();
    player.start();
    expect(player.playing).toBe(false);
  });

  it("goes from speed to speed and not beyond", () => {
    player.shift(1);
    expect(player.speed).toBe(16);
    for (const speed of [8, 4, 2, 1, 1]) {
      player.shift(-1);
      expect(player.speed).toBe(speed);
    }
  });
});
