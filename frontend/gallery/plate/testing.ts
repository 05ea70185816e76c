/** A plate on a page of its own, for the tests: what a person sees there, points at and presses. */
import { beforeEach, expect, vi } from "vitest";
import "../../shared/tokens.css";
import { mount } from "../../shared/frame";
import { MockModel } from "../../shared/mock";
import { all, freshPages as freshEmptyPages, life, one, page, soon } from "../../shared/testing";
import { type Fake, imagesOf, strings } from "./fixture";
import "./plate.css";
import { Plate, type PlateView, type PlateWishes } from "./plate";
import { wellName } from "./wells";

export { all, life, one, page, soon } from "../../shared/testing";

/** What the plate told of itself. */
export let selected: number[][];
export let opened: number[];
export let views: PlateView[];

/** Makes a page before each test and takes it away after. */
export function freshPages(): void {
  freshEmptyPages(900);
  beforeEach(() => {
    [selected, opened, views] = [[], [], []];
    // Pointer capture knows real pointers only.
    vi.spyOn(Element.prototype, "setPointerCapture").mockImplementation(() => {});
  });
}

export function show(fakes: readonly Fake[], more: Partial<PlateWishes> = {}): Plate {
  const frame = mount(page, new MockModel({ strings }), life.signal, { name: "gallery" });
  const wishes: PlateWishes = {
    select: (ids) => selected.push(ids), open: (id) => opened.push(id), changed: (view) => views.push(view), ...more,
  }; // prettier-ignore
  const plate = new Plate(frame, wishes, life.signal);
  frame.root.append(plate.element);
  plate.setImages(imagesOf(fakes));
  return plate;
}

/** A whole plate; ids count its wells. */
export function whole(rows: number, columns: number, more: (row: number, column: number) => Partial<Fake> = () => ({})): Fake[] {
  return Array.from({ length: rows * columns }, (_, at) => {
    const [row, column] = [Math.floor(at / columns), at % columns];
    return { well: wellName(row, column), ...more(row, column) };
  });
}

/** All 96 wells at three times; ids count the wells of the first time, then those of the next. */
export function course(more: (time: number, row: number, column: number) => Partial<Fake> = () => ({})): Fake[] {
  return [0, 24, 48].flatMap((time) => whole(8, 12, (row, column) => ({ time, area: 1000, ...more(time, row, column) })));
}

export const cell = (row: number, column: number) => one(`.sw-plate-cell[data-row="${row}"][data-column="${column}"]`);
export const well = (name: string) => cell(name.charCodeAt(0) - 65, Number(name.slice(1)) - 1);

/** Names of the wells that are selected, as screen readers are told. */
export function marked(): string[] {
  const cells = all("[role=gridcell][aria-selected=true]");
  return cells.map(({ dataset }) => wellName(Number(dataset.row), Number(dataset.column)));
}

export function press(key: string, more: KeyboardEventInit = {}): void {
  (document.activeElement as HTMLElement).dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more }));
}

/** A pointer's event in the middle of an element. */
export function point(type: string, element: Element, more: PointerEventInit = {}): void {
  const { x, y, width, height } = element.getBoundingClientRect();
  const middle = { clientX: x + width / 2, clientY: y + height / 2 };
  element.dispatchEvent(new PointerEvent(type, { bubbles: true, cancelable: true, pointerId: 1, pointerType: "mouse", ...middle, ...more }));
}

export function click(element: Element, more: PointerEventInit = {}): void {
  point("pointerdown", element, more);
  point("pointerup", element, more);
}

/** Red, green, blue and alpha of what is drawn at a place of a well, given as shares of its size. */
export function pixel(element: Element, x = 0.5, y = 0.5): number[] {
  const canvas = one<HTMLCanvasElement>("canvas");
  const { left, top, width, height } = element.getBoundingClientRect();
  const origin = canvas.getBoundingClientRect();
  const ratio = canvas.width / origin.width;
  const context = canvas.getContext("2d") as CanvasRenderingContext2D;
  return [...context.getImageData((left + width * x - origin.left) * ratio, (top + height * y - origin.top) * ratio, 1, 1).data];
}

export function hex(colour: number[]): string {
  return `#${colour.slice(0, 3).map((channel) => channel.toString(16).padStart(2, "0")).join("")}`;
}

export const isPainted = () => soon(() => expect(pixel(well("A01"), 0.2, 0.2)[3]).toBeGreaterThan(0));
