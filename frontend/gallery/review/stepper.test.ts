import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { overlapsAt, widths } from "../../shared/apart";
import words from "../../../spheroseg_widgets/widgets/strings/en.json";
import "../../shared/tokens.css";
import { mount } from "../../shared/frame";
import { MockModel } from "../../shared/mock";
import { FLAGS } from "../plate/flags";
import { strings as plateStrings } from "../plate/fixture";
import type { Decision, ReviewItem } from "../../shared/review/decision";
import { REASONS } from "../../shared/review/exclusion";
import { reviewCalls } from "../../shared/review/kernel";
import "../../shared/review/exclusion.css";
import { VERDICTS } from "./course";
import { KEYS } from "./keys";
import { VERBS } from "./panel";
import "./review.css";
import { type ReviewWishes, Stepper } from "./stepper";

const strings: Record<string, string> = {
  ...plateStrings, ...Object.fromEntries(Object.entries(words.review).map(([key, text]) => [`review.${key}`, text])),
}; // prettier-ignore

let page: HTMLElement;
let life: AbortController;
let model: MockModel;
let opened: number[];
let closed: number;
let ahead: number[][];

beforeEach(() => {
  page = document.createElement("div");
  page.style.width = "900px";
  document.body.append(page);
  life = new AbortController();
  [opened, closed, ahead] = [[], 0, []];
  let token = 0;
  model = new MockModel({ strings });
  model.handle("review.decide", () => ({ undo: ++token }));
  model.handle("review.undo", () => null);
  model.handle("review.objects", () => ({ objects: [{ outline: "a", number: 1, area: 41_288.7, unit: "µm²" }] }));
});

afterEach(() => {
  life.abort();
  page.remove();
});

const item = (id: number, more: Partial<ReviewItem> = {}): ReviewItem => ({
  id, name: `B0${id}_48h.tif`, plate: "plate-7", well: `B0${id}`, time_h: 48, flags: ["size_jump"], sentences: ["Its size is 1.8 times too large."], ...more,
}); // prettier-ignore
const three = [item(1), item(2, { flags: [], sentences: [] }), item(3, { flags: ["empty", "newer"], sentences: ["Nothing found.", "A newer flag."] })];

function show(items: readonly ReviewItem[], more: Partial<ReviewWishes> = {}): Stepper {
  const frame = mount(page, model, life.signal, { name: "gallery" });
  const picture = ({ name }: ReviewItem) => {
    const image = document.createElement("img");
    image.alt = name;
    return image;
  };
  const wishes: ReviewWishes = {
    ...reviewCalls(frame.rpc), picture, open: (id) => opened.push(id), close: () => closed++,
    ahead: (items) => ahead.push(items.map(({ id }) => id)), facts: () => "measured · 1 object", ...more,
  }; // prettier-ignore
  const stepper = new Stepper(frame, wishes, life.signal);
  frame.root.append(stepper.element);
  stepper.start(items);
  return stepper;
}

const one = <E extends HTMLElement>(selector: string) => page.querySelector(selector) as E;
const all = (selector: string) => [...page.querySelectorAll<HTMLElement>(selector)];
const soon = (check: () => void) => vi.waitFor(check, { timeout: 5000, interval: 5 });
const name = () => one(".sw-review-panel .sw-review-name").textContent;
const said = () => one(".sw-live").textContent;
const verb = (action: string) => one<HTMLButtonElement>(`[data-action=${action}]`);
const decided = () => model.calls("review.decide").map(({ params }) => [params.image, params.decision]);
const ready = () => soon(() => expect(verb("approve").disabled).toBe(false));
const press = (key: string, more: KeyboardEventInit = {}) => {
  const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more });
  (document.activeElement as HTMLElement).dispatchEvent(event);
  return event;
};
async function step(key: string): Promise<void> {
  await ready();
  press(key);
}

it("shows one image with what speaks against it, and which of how many it is", async () => {
  show([item(1, { flags: ["size_jump", "border"], sentences: ["Too large.", "Cut off."] })]);
  await ready();
  expect(one("section").getAttribute("aria-label")).toBe("Review");
  expect(document.activeElement).toBe(one("section"));
  expect(one(".sw-review-picture img").getAttribute("alt")).toBe("B01_48h.tif");
  expect(name()).toBe("B01_48h.tif");
  expect(one(".sw-review-text").textContent).toBe("plate-7 · B01 · 48 h · measured · 1 object");
  expect(all(".sw-review-flags li").map(({ textContent }) => textContent)).toEqual(["Too large.", "Cut off."]);
  expect(all(".sw-review-flags svg path").length).toBe(2); // by form, not by colour alone
  expect(one(".sw-review-head").textContent).toContain("1 of 1");
  expect(said()).toBe("B01_48h.tif, 1 of 1. Too large. Cut off.");
});

it("judges by one key each, shows the next at once, and tells the kernel", async () => {
  model.silent = true; // the kernel runs a cell: nothing is waited for
  show(three);
  await step("a");
  expect(name()).toBe("B02_48h.tif");
  expect(said()).toBe("B01_48h.tif: approved. B02_48h.tif, 2 of 3.");
  await step("n");
  expect([name(), one(".sw-review-flags").textContent]).toEqual(["B03_48h.tif", "Nothing found.A newer flag."]);
  await step("u");
  await soon(() => expect(decided()).toEqual([[1, { kind: "approve" }], [2, { kind: "absent" }], [3, { kind: "unusable" }]]));
  expect(said()).toBe("B03_48h.tif: unusable. All images of the list were shown: 1 approved, 1 absent, 1 unusable");
  expect(one<HTMLProgressElement>("progress").value).toBe(3);
});

it("the same by mouse or finger", async () => {
  show(three);
  for (const action of ["unusable", "absent", "approve"]) {
    await ready();
    verb(action).click();
  }
  await soon(() => expect(decided().map(([, decision]) => (decision as Decision).kind)).toEqual(["unusable", "absent", "approve"]));
});

it("a key that is held judges one image", async () => {
  show(three);
  await ready();
  press("a");
  await ready();
  press("a", { repeat: true });
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect([name(), decided().length]).toEqual(["B02_48h.tif", 1]);
});

it("nothing is decided about a picture that is not there yet, but it may be skipped", async () => {
  let come: (picture: HTMLElement) => void = () => {};
  show(three, { picture: () => new Promise((resolve) => (come = resolve)) });
  expect(one(".sw-review-picture").textContent).toBe("The picture is being made.");
  expect(VERBS.filter((action) => verb(action).disabled)).toEqual(["approve", "absent", "unusable", "exclude", "back"]);
  for (const key of ["a", "n", "u", "x"]) press(key);
  expect([name(), one("form").hidden]).toEqual(["B01_48h.tif", true]);
  const late = come;
  press("s");
  expect(name()).toBe("B02_48h.tif");
  late(document.createElement("img")); // of the image before
  await new Promise((resolve) => setTimeout(resolve, 10));
  expect(one(".sw-review-picture img")).toBeNull();
  come(document.createElement("img"));
  await step("a");
  await soon(() => expect(decided()).toEqual([[2, { kind: "approve" }]]));
});

it("an image whose picture cannot be made says why, and can be told to be unusable", async () => {
  show(three, { picture: () => Promise.reject(new Error("the TIFF is truncated")) });
  await step("u");
  await soon(() => expect(decided()).toEqual([[1, { kind: "unusable" }]]));
  expect(one(".sw-review-picture").textContent).toBe("the TIFF is truncated");
});

it("takes the last decision back, in the kernel too", async () => {
  show(three);
  expect(verb("back").disabled).toBe(true);
  await step("a");
  await step("n");
  expect(one(".sw-review-panel").textContent).toContain("Before: B02_48h.tif, absent");
  press("Backspace");
  expect(name()).toBe("B02_48h.tif");
  expect(said()).toBe("Taken back. B02_48h.tif, 2 of 3.");
  await soon(() => expect(model.calls("review.undo").map(({ params }) => params.undo)).toEqual([2]));
  press("z", { ctrlKey: true });
  expect(name()).toBe("B01_48h.tif");
  await soon(() => expect(model.calls("review.undo").length).toBe(2));
  press("ArrowLeft"); // nothing left to take back
  expect(name()).toBe("B01_48h.tif");
});

it("a decision that was not stored says so, and its image comes back next", async () => {
  model.handle("review.decide", ({ image }) => {
    if (image === 1) throw new Error("plate-7: the store is locked");
    return { undo: 1 };
  });
  show(three);
  await step("a");
  await soon(() => expect(one("[role=alert].sw-review-failures").textContent).toBe("B01_48h.tif: “approved” was not stored, so the image comes again. plate-7: the store is lockedRetry"));
  expect(name()).toBe("B02_48h.tif"); // never taken away below the hand
  await step("a");
  expect(name()).toBe("B01_48h.tif");
  model.handle("review.decide", () => ({ undo: 2 }));
  one<HTMLButtonElement>(".sw-review-failures button").click();
  expect([name(), one(".sw-review-failures").hidden]).toEqual(["B03_48h.tif", true]);
  await soon(() => expect(decided().filter(([image]) => image === 1).length).toBe(2));
});

it("the verbs stay where they are when something failed or more is said", async () => {
  model.handle("review.decide", () => {
    throw new Error("the store is locked");
  });
  show([item(1, { flags: FLAGS.slice(0, 3), sentences: ["One.", "Two.", "Three."] }), item(2, { flags: [], sentences: [] })]);
  await ready();
  const top = verb("approve").getBoundingClientRect().top;
  press("a");
  await soon(() => expect(one(".sw-review-failures").hidden).toBe(false));
  expect(verb("approve").getBoundingClientRect().top).toBe(top);
});

it("asks why something is excluded, by keys alone", async () => {
  show(three);
  await step("x");
  const form = one<HTMLFormElement>("form");
  expect([form.hidden, form.contains(document.activeElement), verb("approve").offsetParent]).toEqual([false, true, null]);
  press("2");
  expect(document.activeElement).toBe(one("input[value=bubble]"));
  form.requestSubmit();
  await soon(() => expect(decided()).toEqual([[1, { kind: "exclude", reason: "Bubble", scope: "image" }]]));
  expect([name(), form.hidden]).toEqual(["B02_48h.tif", true]);
  expect(document.activeElement).toBe(one("section"));
  await step("x"); // the reason of before is offered again
  expect(one<HTMLInputElement>("input[value=bubble]").checked).toBe(true);
  one<HTMLInputElement>("input[value=well_from]").click();
  const note = one<HTMLInputElement>(".sw-review-note");
  note.focus();
  for (const key of ["a", "x", "1", "Backspace"]) expect(press(key).defaultPrevented).toBe(false); // it is written there
  note.value = " at the rim ";
  form.requestSubmit();
  await soon(() => expect(decided().at(-1)).toEqual([2, { kind: "exclude", reason: "Bubble: at the rim", scope: "well_from" }]));
  await step("x");
  expect(one<HTMLInputElement>("input[value=image]").checked).toBe(true); // a whole well is never excluded by habit
  expect(note.value).toBe("");
});

it("an exclusion needs a reason, and other reasons need words", async () => {
  show(three);
  await step("x");
  const form = one<HTMLFormElement>("form");
  form.requestSubmit();
  expect([one(".sw-review-missing").textContent, name()]).toEqual(["Choose a reason, or say it in your words.", "B01_48h.tif"]);
  press("7");
  expect([document.activeElement, one(".sw-review-missing").textContent]).toEqual([one(".sw-review-note"), ""]);
  form.requestSubmit();
  expect(one(".sw-review-note").getAttribute("aria-invalid")).toBe("true");
  one<HTMLInputElement>(".sw-review-note").value = "wrong plate";
  form.requestSubmit();
  await soon(() => expect(decided()).toEqual([[1, { kind: "exclude", reason: "wrong plate", scope: "image" }]]));
});

it("offers what can be excluded: objects, wells, and only those that there are", async () => {
  const offered = () => all(".sw-review-choice:not([hidden]) input[name$=scope]").map((input) => (input as HTMLInputElement).value);
  show([item(1), item(2, { well: null }), item(3, { time_h: null }), item(4)]);
  await step("x");
  await soon(() => expect(offered()).toEqual(["image", "object", "well", "well_from"]));
  expect(one("form").textContent).toContain("Well B01 from 48 h on");
  one<HTMLInputElement>("input[value=object]").click();
  press("1");
  one<HTMLFormElement>("form").requestSubmit();
  await soon(() => expect(decided()).toEqual([[1, { kind: "exclude", reason: "Debris", scope: "object", outline: "a" }]]));
  model.handle("review.objects", () => {
    throw new Error("gone");
  });
  await step("x");
  expect(offered()).toEqual(["image"]);
  press("Escape");
  press("s");
  await step("x");
  expect(offered()).toEqual(["image", "well"]);
  press("Escape");
  press("s");
  const objects = [1, 2].map((number) => ({ outline: `o${number}`, number, area: number * 1000, unit: "px²" }));
  model.handle("review.objects", () => ({ objects }));
  await step("x");
  await soon(() => expect(offered()).toContain("object"));
  const menu = one<HTMLSelectElement>(".sw-review-objects");
  expect([...menu.options].map(({ text }) => text)).toEqual(["#1 1\u2009000 px²", "#2 2\u2009000 px²"]);
  menu.value = "o2";
  menu.dispatchEvent(new Event("change"));
  one<HTMLFormElement>("form").requestSubmit();
  await soon(() => expect(decided().at(-1)).toEqual([4, { kind: "exclude", reason: "Debris", scope: "object", outline: "o2" }]));
});

it("objects that come late belong to no other image", async () => {
  let answer: (value: unknown) => void = () => {};
  model.handle("review.objects", () => new Promise((resolve) => (answer = resolve)));
  show(three);
  await step("x");
  await soon(() => expect(model.calls("review.objects").length).toBe(1));
  const late = answer;
  press("Escape");
  press("s");
  await step("x");
  late({ objects: [{ outline: "a", number: 1, area: 1, unit: "px²" }] });
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(one<HTMLInputElement>("input[value=object]").parentElement!.hidden).toBe(true);
});

it("Esc goes one step back: help, the question, the review", async () => {
  show(three);
  await ready();
  press("?");
  expect(one(".sw-review-keys").hidden).toBe(false);
  press("Escape");
  press("x");
  press("Escape");
  expect([one(".sw-review-keys").hidden, one("form").hidden, document.activeElement, closed]).toEqual([true, true, verb("exclude"), 0]);
  press("Escape");
  expect([closed, decided()]).toEqual([1, []]);
});

it("opens the image in the editor, and goes on when it was corrected there", async () => {
  const stepper = show(three);
  await ready();
  press("Enter");
  press("e");
  expect([opened, name()]).toEqual([[1, 1], "B01_48h.tif"]);
  stepper.elsewhere(3, "corrected");
  expect([name(), said()]).toEqual(["B01_48h.tif", expect.stringContaining("B01")]);
  stepper.elsewhere(1, "corrected");
  expect([name(), said()]).toEqual(["B02_48h.tif", "B01_48h.tif: corrected. B02_48h.tif, 2 of 3."]);
  await step("a");
  expect(one(".sw-review-end").textContent).toBe("All images of the list were shown1approved2correctedNothing is left.Close");
});

it("Enter on a button presses that button", async () => {
  show(three);
  await ready();
  verb("skip").focus();
  expect(press("Enter").defaultPrevented).toBe(false);
  expect(opened).toEqual([]);
});

it("sums up at the end, and goes through what was skipped", async () => {
  show(three);
  await step("s");
  await step("a");
  await step("ArrowRight");
  const end = one(".sw-review-end");
  expect([end.hidden, one(".sw-review-body").hidden]).toEqual([false, true]);
  expect(end.textContent).toBe("All images of the list were shown1approved2skipped2 images still await review.Go through the 2 skippedClose");
  end.querySelector<HTMLButtonElement>("button")!.click();
  expect([name(), end.hidden, document.activeElement]).toEqual(["B01_48h.tif", true, one("section")]);
  await step("n");
  await step("n");
  expect(end.textContent).toBe("All images of the list were shown1approved2absentNothing is left.Close");
  press("Backspace");
  expect(name()).toBe("B03_48h.tif");
});

it("an empty list says so", () => {
  show([]);
  expect(one(".sw-review-end").textContent).toBe("ReviewNo image awaits review.Close");
  expect(said()).toBe("No image awaits review.");
});

it("asks for the pictures that come next, and leaves to the host what is none of its keys", async () => {
  show(three);
  await ready();
  expect(ahead.at(-1)).toEqual([2, 3]);
  const heard = vi.fn();
  page.addEventListener("keydown", heard);
  press("f");
  press("a", { ctrlKey: true });
  expect(heard).toHaveBeenCalledTimes(2);
  press("a");
  expect(heard).toHaveBeenCalledTimes(2);
});

it("every key works, stands in the help and at its verb; every word is there", async () => {
  const chords = KEYS.flatMap(({ keys }) => keys as readonly string[]);
  expect(new Set(chords).size).toBe(chords.length);
  show(three);
  await ready();
  const help = all(".sw-review-keys dt").map(({ textContent }) => textContent);
  expect(help.length).toBe(KEYS.length);
  for (const action of VERBS) {
    const { keys } = KEYS.find((key) => key.action === action)!;
    expect(verb(action).querySelector("kbd")!.textContent!.toLowerCase()).toBe(keys[0]);
    expect(verb(action).title).toContain("(");
  }
  const text = page.textContent! + all("[title], [aria-label], [placeholder]").map((e) => `${e.title} ${e.ariaLabel} ${e.getAttribute("placeholder")}`).join(" ");
  expect(text).not.toMatch(/\b(review|plate|gallery|common|flags)\.[a-z]/);
  for (const verdict of VERDICTS) expect(strings[`review.done.${verdict}`]).toBeTruthy();
  for (const flag of FLAGS) expect(strings[`flags.${flag}`]).toBeTruthy();
  expect(REASONS.length).toBe(KEYS.find(({ action }) => action === "reason")!.keys.length);
});

it("has the roles and names that assistive technology needs", async () => {
  show(three);
  await step("x");
  await soon(() => expect(one<HTMLInputElement>("input[value=object]").parentElement!.hidden).toBe(false));
  for (const control of all("button, select, input, progress")) {
    const label = control.getAttribute("aria-label") || control.textContent || control.closest("label")?.textContent;
    expect(label, control.outerHTML).toBeTruthy();
  }
  for (const group of all("fieldset")) expect(group.querySelector("legend")?.textContent).toBeTruthy();
  for (const referred of all("[aria-describedby]")) expect(document.getElementById(referred.getAttribute("aria-describedby")!)).not.toBeNull();
  expect(new Set(all("input[type=radio]").map((input) => (input as HTMLInputElement).name)).size).toBe(2);
  expect(one(".sw-review-failures").getAttribute("role")).toBe("alert");
});

it("fits into 400 px", async () => {
  page.style.width = "400px";
  show([item(1, { name: "x".repeat(300), flags: [...FLAGS], sentences: FLAGS.map((flag) => `${flag} `.repeat(9)) })]);
  await step("x");
  expect(page.scrollWidth).toBeLessThanOrEqual(400);
  press("Escape");
  for (const action of VERBS) expect(verb(action).getBoundingClientRect().height).toBeGreaterThanOrEqual(40);
  expect(overlapsAt(page, widths(340, 1100))).toEqual([]);
});
