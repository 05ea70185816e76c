/** A well through time: film strip, playback, and the area as it grows. */
import type { Drawings } from "../shared/drawings";
import { make } from "../shared/frame";
import { count } from "../shared/numbers";
import type { Translate } from "../shared/strings";
import { pushable } from "./buttons";
import { icon } from "./icons";
import { type Action, keysOf } from "./keys";
import { Player, SPEEDS } from "./player";
import type { Stage } from "./stage";
import { hours, type Seen } from "./state";
import { Strip } from "./strip";
import type { Tiles, Wanted } from "./tiles";
import { Trend } from "./trend";

/** So many pictures to come are asked for while it plays, and so many on either side while it rests. */
const AHEAD = 6;
const BESIDE = 1;

export interface SeriesHost {
  stage: Stage;
  tiles: Tiles;
  drawings: Drawings;
  t: Translate;
  outlines(): boolean;
  halo(): string;
  /** Another picture is shown. */
  seen(image: Seen): void;
  announce(text: string): void;
}

export class Series {
  readonly element = make("div", "sw-compare-series");
  readonly player: Player;
  readonly #strip: Strip;
  readonly #trend: Trend;
  readonly #play: HTMLButtonElement;
  readonly #loop: HTMLButtonElement;
  readonly #speed = make("select", "sw-compare-select");
  readonly #place = make("span", "sw-compare-place");
  #images: readonly Seen[] = [];
  #at = 0;

  constructor(
    private readonly host: SeriesHost,
    signal: AbortSignal,
  ) {
    const { t } = host;
    this.player = new Player({
      ready: () => this.#ready(),
      advance: () => this.#advance(),
      changed: () => this.#showPlayer(),
    }, signal);
    const go = (index: number) => this.pick(index);
    this.#strip = new Strip(host, go, () => host.stage.repaint(), signal);
    this.#trend = new Trend(t, go, signal);
    const act = (action: Action, name: Parameters<typeof icon>[0]) => pushable(t, action, () => this.act(action), icon(name));
    this.#play = act("play", "play");
    this.#play.classList.add("sw-button-main");
    this.#loop = act("loop", "loop");
    this.#loop.setAttribute("aria-pressed", "true");
    this.#speed.setAttribute("aria-label", t("compare.speed"));
    this.#speed.title = `${t("compare.speed")} (${keysOf("slower")} ${keysOf("faster")})`;
    this.#speed.append(...SPEEDS.map((speed) => new Option(t("compare.per_second", { n: speed }), String(speed))));
    this.#speed.addEventListener("change", () => (this.player.speed = Number(this.#speed.value)), { signal });
    const bar = make("div", "sw-compare-player");
    bar.setAttribute("role", "toolbar");
    bar.setAttribute("aria-label", t("compare.player"));
    bar.append(act("previous", "previous"), this.#play, act("next", "next"), this.#loop, this.#speed, this.#place);
    this.element.append(bar, this.#strip.element, this.#trend.element);
    this.#showPlayer();
  }

  /** The picture that is shown. */
  get image(): Seen {
    return this.#images[this.#at];
  }

  /** Shows these images, at the one that is shown already, or else at the one with this id. */
  show(images: readonly Seen[], id: number | null): void {
    const wanted = this.#images[this.#at]?.id ?? id;
    this.#images = images;
    const at = images.findIndex((image) => image.id === wanted);
    this.#at = at >= 0 ? at : Math.min(this.#at, images.length - 1);
    this.#strip.show(images);
    this.#trend.show(images);
    this.#show();
  }

  /** Shows the image of this id; playback ends where it was not the one that is shown. */
  goTo(id: number | null): void {
    const index = this.#images.findIndex((image) => image.id === id);
    if (index >= 0 && index !== this.#at) this.pick(index);
  }

  /** Shows a picture that was picked by hand: playback stops. */
  pick(index: number): void {
    this.player.stop();
    this.#go(index);
    this.host.announce(this.#placeText());
  }

  /** Carries an action out; false when it is none of a series. */
  act(action: Action): boolean {
    const last = this.#images.length - 1;
    if (action === "play") this.#toggle();
    else if (action === "previous") this.pick(Math.max(0, this.#at - 1));
    else if (action === "next") this.pick(Math.min(last, this.#at + 1));
    else if (action === "first") this.pick(0);
    else if (action === "last") this.pick(last);
    else if (action === "faster" || action === "slower") this.player.shift(action === "faster" ? 1 : -1);
    else if (action === "loop") this.#loop.setAttribute("aria-pressed", String(!this.#loops));
    else return false;
    return true;
  }

  /** What is needed beside what is shown: the pictures to come, and those of the strip. */
  wanted(): { tiles: Wanted[]; results: number[] } {
    const { stage } = this.host;
    const [pane] = stage.panes;
    const offsets = this.player.playing
      ? Array.from({ length: AHEAD }, (_, i) => i + 1)
      : Array.from({ length: BESIDE }, (_, i) => [i + 1, -i - 1]).flat();
    const near = offsets.map((offset) => this.#after(offset)).filter((image) => image !== null);
    const strip = this.#strip.wanted();
    const fine = near.flatMap((image) => pane?.wanted(image, stage.linked.at(image)) ?? []);
    return {
      tiles: this.player.playing ? [...fine, ...strip.tiles] : [...strip.tiles, ...fine],
      results: [...near.map(({ result }) => result), ...strip.results],
    };
  }

  paint(): void {
    this.#strip.paint();
  }

  get #loops(): boolean {
    return this.#loop.getAttribute("aria-pressed") === "true";
  }

  #toggle(): void {
    if (this.player.playing) {
      this.player.stop();
      this.host.announce(this.#placeText());
      return;
    }
    if (this.#at === this.#images.length - 1) this.#go(0);
    this.player.start();
    this.host.stage.repaint();
  }

  /** The picture so many places on, at the end from the beginning again where it loops. */
  #after(offset: number): Seen | null {
    const all = this.#images.length;
    const index = this.#at + offset;
    if (this.#loops && this.player.playing) return this.#images[((index % all) + all) % all];
    return this.#images[index] ?? null;
  }

  #ready(): boolean {
    const next = this.#after(1);
    const { stage, tiles } = this.host;
    const wanted = next ? (stage.panes[0]?.wanted(next, stage.linked.at(next)) ?? []) : [];
    return wanted.every((one) => tiles.has(one));
  }

  #advance(): boolean {
    const next = this.#after(1);
    if (next) this.#go(this.#images.indexOf(next));
    return next !== null;
  }

  #go(index: number): void {
    this.#at = index;
    this.#show();
    this.host.seen(this.image);
  }

  #show(): void {
    const { image } = this;
    this.host.stage.show([{ image, results: [image.result] }]);
    this.#strip.mark(this.#at);
    this.#trend.mark(this.#at);
    this.#place.textContent = this.#placeText();
  }

  #placeText(): string {
    const [position, all] = [count(this.#at + 1), count(this.#images.length)];
    return this.host.t("compare.place", { position, count: all, time: hours(this.image) });
  }

  #showPlayer(): void {
    const { t } = this.host;
    const action = this.player.playing ? "pause" : "play";
    this.#play.replaceChildren(icon(action));
    this.#play.setAttribute("aria-label", t(`compare.action.${action}`));
    this.#play.title = `${t(`compare.action.${action}`)} (${keysOf("play")})`;
    this.#speed.value = String(this.player.speed);
  }
}
