/** The wells of a plate in place, at a time: joins what is drawn, the bar above it and what is selected. */
import { type Frame, make } from "../../shared/frame";
import { timeText } from "../../shared/numbers";
import { STATES } from "../../shared/states";
import { Bar } from "./bar";
import { siteAt } from "./drawing";
import { type PlateImages, PlateSeries, platesOf } from "./images";
import { type Action, actionOf, isMove } from "./keys";
import { Legend } from "./legend";
import { Reading } from "./reading";
import { type Scheme, schemeOf, type Subject } from "./scheme";
import { isWell, type Move, type Place, SelectedWells, step } from "./selected";
import { type Shown, Stage } from "./stage";
import type { Format } from "./wells";
import { label } from "./words";

/** What takes long to say is said when the time has rested so long, ms. */
const REST = 150;
const EXCLUDED = STATES.indexOf("excluded");

export interface PlateWishes {
  /** Ids of the images of the selected wells. */
  select(ids: number[]): void;
  open(id: number): void;
  /** A picture of an image for so many CSS pixels; null while there is none (call `update` when it has come). */
  thumbnail?(id: number, pixels: number): ImageBitmap | null;
  /** The person chose another plate, time, colour or number of wells. */
  changed?(view: PlateView): void;
}

/** What is shown, as a saved view keeps it. */
export interface PlateView {
  plate: string;
  /** Hours; null where it is not known. */
  time: number | null;
  colour: Subject;
  /** Number of wells; null for the least standard plate that holds them. */
  wells: number | null;
}

export type PlateHost = Pick<Frame, "t" | "token" | "onTheme">;

export class Plate {
  readonly element = make("section", "sw-plate");
  readonly #bar: Bar;
  readonly #stage: Stage;
  readonly #reading: Reading;
  readonly #legend: Legend;
  readonly #note = make("p", "sw-plate-note");
  readonly #selected = new SelectedWells({ rows: 0, columns: 0 });
  #images: PlateImages | null = null;
  #series: PlateSeries | null = null;
  #scheme: Scheme | null = null;
  #subject: Subject = "flag";
  #wells: number | null = null;
  #point = 0;
  /** What was selected elsewhere; null once wells are selected here, which then stay so at every time. */
  #elsewhere: ReadonlySet<number> | null = new Set();
  #told = "";
  #pointed: Place | null = null;
  #rest: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly host: PlateHost,
    private readonly wishes: PlateWishes,
    signal: AbortSignal,
  ) {
    const { t } = host;
    this.element.setAttribute("aria-label", t("plate.title"));
    this.#reading = new Reading(t, (entry) => this.#openEntry(entry));
    this.#legend = new Legend(t);
    this.#stage = new Stage(t, () => this.#shown(), {
      hover: (place) => {
        this.#pointed = place;
        this.#read();
      },
      pick: (place, modifiers) => this.#pick(() => this.#selected.pick(place, modifiers)),
      span: (place) => this.#pick(() => this.#selected.span(place)),
      done: () => this.#tell(),
      open: (place, event) => this.#open(place, event),
    }, signal); // prettier-ignore
    this.#bar = new Bar(t, {
      plate: (code) => this.#choose(code),
      wells: (wells) => this.#change(() => (this.#wells = wells)),
      colour: (subject) => this.#change(() => (this.#subject = subject)),
      allTimes: () => this.#tell(),
      time: (point) => this.#go(point),
      zoom: (by) => this.#stage.enlarge(by),
      leave: () => this.focus(),
    }, signal); // prettier-ignore
    this.#note.setAttribute("role", "status");
    const { element } = this;
    element.append(this.#bar.element, this.#bar.help, this.#note, this.#stage.element, this.#reading.element, this.#legend.element);
    element.addEventListener("keydown", (event) => this.#key(event), { signal });
    this.#stage.element.addEventListener("focusin", () => this.#read(), { signal });
    this.#stage.element.addEventListener("focusout", () => this.#read(), { signal });
    host.onTheme(() => this.update());
    signal.addEventListener("abort", () => clearTimeout(this.#rest), { once: true });
    this.#show();
  }

  /** Shows these images; plate, time and selection stay where they can. */
  setImages(images: PlateImages): void {
    const before = this.view;
    this.#images = images;
    const codes = platesOf(images);
    const code = codes.find((one) => images.plates[one] === before.plate) ?? codes[0];
    this.#bar.setPlates(codes.map((one) => [one, images.plates[one]]), code ?? -1); // prettier-ignore
    this.#series = code === undefined ? null : new PlateSeries(images, code);
    this.#point = this.#series?.pointAt(before.time) ?? 0;
    this.#show();
  }

  /** The images that are selected elsewhere. */
  setSelected(ids: Iterable<number>): void {
    const all = [...ids];
    if (this.#elsewhere === null && all.join() === this.#told) return; // what was selected here comes back
    this.#elsewhere = new Set(all);
    this.#mark();
    this.#stage.redraw();
  }

  /** Pictures have come, or the page's colours have changed. */
  update(): void {
    this.#colour();
    this.#stage.redraw();
  }

  /** Height that the wells may take, px. */
  set height(pixels: number) {
    this.#stage.height = pixels;
    this.#stage.arrange();
  }

  get view(): PlateView {
    const series = this.#series;
    const hours = series?.times[this.#point] ?? NaN;
    return {
      plate: series ? series.images.plates[series.code] : "",
      time: Number.isFinite(hours) ? hours : null,
      colour: this.#subject,
      wells: this.#wells,
    };
  }

  show(view: PlateView): void {
    this.#subject = view.colour;
    this.#wells = view.wells;
    const images = this.#images;
    const code = images ? platesOf(images).find((one) => images.plates[one] === view.plate) : undefined;
    if (images && code !== undefined) {
      this.#series = new PlateSeries(images, code);
      this.#bar.setPlate(code);
    }
    this.#point = this.#series?.pointAt(view.time) ?? 0;
    this.#show();
  }

  focus(): void {
    this.#stage.focus(this.#selected.active);
  }

  get #format(): Format {
    const { formats = [], least = { rows: 0, columns: 0 } } = this.#series ?? {};
    return formats.find(({ rows, columns }) => rows * columns === this.#wells) ?? least;
  }

  /** Everything anew: other images, another plate or number of wells. */
  #show(): void {
    const { t } = this.host;
    const series = this.#series;
    for (const part of [this.#bar.element, this.#stage.element, this.#reading.element, this.#legend.element]) part.hidden = !series;
    const outside = this.#images ? outsideOf(this.#images) : 0;
    this.#note.hidden = series !== null && outside === 0;
    this.#note.textContent = series ? t("plate.outside", { n: outside }) : t("plate.no_wells");
    if (!series) return;
    const format = this.#format;
    this.#bar.setFormats(series.formats, format);
    this.#bar.setTimes(series.times.map((time) => timeText(time) || t("plate.no_time")), this.#point); // prettier-ignore
    this.#bar.setColour(this.#subject);
    if (this.#stage.build(format)) {
      this.#selected.format = format;
      if (!this.#stage.cells.at(this.#selected.active)) this.#selected.go({ row: 0, column: 0 });
      this.#stage.cells.rove(this.#selected.active);
    }
    this.#colour();
    this.#mark();
    this.#say();
    this.#stage.arrange();
  }

  #colour(): void {
    const series = this.#series;
    if (!series) return;
    const { token, t } = this.host;
    const scheme = schemeOf(this.#subject, series, { plain: token("--sw-border-soft"), ink: token("--sw-ink") }, t);
    const occurs = new Set(series.entries.map(scheme.of));
    this.#scheme = scheme;
    this.#legend.show(scheme, occurs, series.entries.some((entry) => series.images.state[entry] === EXCLUDED)); // prettier-ignore
    this.#count();
  }

  #shown(): Shown | null {
    const [series, scheme] = [this.#series, this.#scheme];
    if (!series || !scheme) return null;
    const { images } = series;
    const { token } = this.host;
    return {
      series, scheme, point: this.#point,
      colours: {
        ground: token("--sw-bg"), line: token("--sw-border"), accent: token("--sw-accent"), ink: token("--sw-ink"),
        font: token("--sw-font"),
      },
      excluded: (entry) => images.state[entry] === EXCLUDED,
      selected: (row, column) => this.#selected.has(row, column),
      picture: (entry, pixels) => this.wishes.thumbnail?.(images.id[entry], pixels) ?? null,
    }; // prettier-ignore
  }

  /** What the grid says to screen readers of each well. */
  #say(): void {
    const series = this.#series;
    if (series) this.#stage.cells.label((row, column) => label(series, this.#point, row, column, this.host.t));
    this.#read();
  }

  #count(): void {
    const [series, scheme] = [this.#series, this.#scheme];
    if (!series || !scheme) return;
    const counts = new Uint32Array(scheme.looks.length);
    const entries = series.during(this.#point);
    for (const entry of entries) counts[scheme.of(entry)]++;
    this.#legend.count(counts, entries.filter((entry) => series.images.state[entry] === EXCLUDED).length);
  }

  #read(): void {
    const series = this.#series;
    if (!series) return;
    const place = this.#pointed ?? this.#stage.cells.placeOf(document.activeElement);
    if (place && isWell(place)) this.#reading.well(series, this.#point, place.row, place.column);
    else this.#reading.summary(series, this.#point, this.#selected.size);
  }

  #choose(code: number): void {
    const { time } = this.view;
    this.#change(() => {
      this.#series = new PlateSeries(this.#images as PlateImages, code);
      this.#point = this.#series.pointAt(time);
      if (this.#elsewhere === null) this.#selected.clear();
    });
    this.#tell();
  }

  #change(change: () => void): void {
    change();
    this.#show();
    this.wishes.changed?.(this.view);
  }

  #go(point: number): void {
    this.#point = point;
    this.#mark();
    this.#count();
    this.#read();
    this.#stage.redraw();
    clearTimeout(this.#rest);
    this.#rest = setTimeout(() => {
      this.#say();
      this.#tell();
      this.wishes.changed?.(this.view);
    }, REST);
  }

  /** The wells of what was selected elsewhere, at the time that is shown. */
  #mark(): void {
    const [series, ids] = [this.#series, this.#elsewhere];
    if (series && ids) {
      const { id, row, column } = series.images;
      const entries = series.during(this.#point).filter((entry) => ids.has(id[entry]));
      this.#selected.replace(entries.map((entry) => ({ row: row[entry], column: column[entry] })));
    }
    this.#stage.cells.select((row, column) => this.#selected.has(row, column));
  }

  /** Wells are selected here. */
  #pick(change: () => void): void {
    this.#elsewhere = null;
    change();
    this.#mark();
    this.#stage.focus(this.#selected.active);
    this.#stage.redraw();
    this.#read();
  }

  #pickAndTell(change: () => void): void {
    this.#pick(change);
    this.#tell();
  }

  #tell(): void {
    const series = this.#series;
    if (!series || this.#elsewhere !== null) return;
    const points = this.#bar.allTimes ? series.times.keys() : [this.#point];
    const places = this.#selected.places();
    const entries = [...points].flatMap((point) => places.flatMap(({ row, column }) => series.within(point, row, column)));
    const ids = entries.map((entry) => series.images.id[entry]);
    if (ids.join() === this.#told) return;
    this.#told = ids.join();
    this.wishes.select(ids);
  }

  #open({ row, column }: Place, event?: MouseEvent): void {
    const series = this.#series;
    if (!series || !isWell({ row, column })) return;
    let entry = series.within(this.#point, row, column)[0] ?? -1;
    if (event && series.sites > 1) {
      const box = (event.target as Element).getBoundingClientRect();
      const site = siteAt((event.clientX - box.x) / box.width, (event.clientY - box.y) / box.height, series.sites);
      entry = series.at(this.#point, row, column, site);
    }
    if (entry >= 0) this.#openEntry(entry);
  }

  #openEntry(entry: number): void {
    if (this.#series) this.wishes.open(this.#series.images.id[entry]);
  }

  #key(event: KeyboardEvent): void {
    const action = actionOf(event);
    const inside = this.#stage.cells.placeOf(event.target) !== null;
    // In the bar, sliders and menus have keys of their own.
    if (!action || (!inside && action !== "back") || (action === "back" && !this.#back())) return;
    event.preventDefault();
    event.stopPropagation();
    if (isMove(action)) this.#move(action, event);
    else this.#act(action);
  }

  #act(action: Action): void {
    const { active } = this.#selected;
    switch (action) {
      case "open": return isWell(active) ? this.#open(active) : this.#act("toggle");
      case "toggle": return this.#pickAndTell(() => this.#selected.pick(active, { ctrl: true }));
      case "all": return this.#pickAndTell(() => this.#selected.all());
      case "earlier": return this.#bar.clock.step(-1);
      case "later": return this.#bar.clock.step(1);
      case "play": return this.#bar.clock.toggle();
      case "larger": return this.#stage.enlarge(1);
      case "smaller": return this.#stage.enlarge(-1);
      case "help": return this.#bar.toggleHelp();
    } // prettier-ignore
  }

  #move(move: Move, event: KeyboardEvent): void {
    const to = step(move, this.#selected.active, this.#selected.format);
    const arrow = move !== "first" && move !== "last";
    const ctrl = arrow && (event.ctrlKey || event.metaKey) && !event.shiftKey;
    if (isWell(to) && !ctrl) {
      this.#pickAndTell(() => this.#selected.pick(to, { shift: event.shiftKey }));
      return;
    }
    // A header is selected on purpose, not in passing.
    this.#selected.go(to);
    this.#stage.focus(to);
  }

  /** Esc goes one step back: help, playing, selection. */
  #back(): boolean {
    if (!this.#bar.help.hidden) this.#bar.toggleHelp(false);
    else if (this.#bar.clock.playing) this.#bar.clock.stop();
    else if (this.#selected.size > 0) this.#pickAndTell(() => this.#selected.clear());
    else return false;
    return true;
  }
}

function outsideOf({ length, row }: PlateImages): number {
  let outside = 0;
  for (let at = 0; at < length; at++) if (row[at] < 0) outside++;
  return outside;
}
