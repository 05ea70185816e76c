/** The part of a script that comes later: once a page, whoever asks, and again after a failure. */

import { beforeEach, expect, it } from "vitest";

import { later } from "./later";
import { MockAnswer, MockModel } from "./mock";
import { Rpc } from "./rpc";

const SCRIPT = new TextEncoder().encode("globalThis.evaluated = (globalThis.evaluated ?? 0) + 1;\nexport default { answer: () => 42 };\n");
const page = globalThis as Record<PropertyKey, unknown>;
const sent = () => new MockAnswer(null, [new DataView(SCRIPT.buffer)]);

interface Part {
  answer(): number;
}

function widget(answer: () => unknown) {
  const end = new AbortController();
  const model = new MockModel().handle("later", answer);
  return { model, rpc: new Rpc(model, end.signal), end };
}

beforeEach(() => {
  delete page[Symbol.for("spheroseg-widgets.later")];
  delete page.evaluated;
});

it("is fetched and run once for all widgets of a page, also where they ask at once", async () => {
  const [first, second, third] = [widget(sent), widget(sent), widget(sent)];
  const parts = await Promise.all([later<Part>(first.rpc, "test"), later<Part>(second.rpc, "test")]);
  parts.push(await later<Part>(third.rpc, "test"));
  expect(parts.map((part) => part.answer())).toEqual([42, 42, 42]);
  expect([first, second, third].map(({ model }) => model.calls("later").length)).toEqual([1, 0, 0]);
  expect(page.evaluated).toBe(1);
});

it("is asked of another kernel where the one that was asked first fails or is left", async () => {
  const failing = widget(() => Promise.reject(new Error("the disk is gone")));
  const second = widget(sent);
  const asked = [later<Part>(failing.rpc, "test"), later<Part>(second.rpc, "test")];
  await expect(asked[0]).rejects.toThrow("the disk is gone");
  expect((await asked[1]).answer()).toBe(42);

  delete page[Symbol.for("spheroseg-widgets.later")];
  const left = widget(() => new Promise(() => undefined));
  const third = widget(sent);
  const waiting = [later<Part>(left.rpc, "test"), later<Part>(third.rpc, "test")];
  waiting[0].catch(() => undefined);
  left.end.abort();
  expect((await waiting[1]).answer()).toBe(42);
});

it("can be asked for again after a failure, and a script that is none says so", async () => {
  let answer: unknown = new MockAnswer(null, [new DataView(new TextEncoder().encode("this is no script").buffer)]);
  const { rpc, model } = widget(() => answer);
  await expect(later<Part>(rpc, "test")).rejects.toThrow();
  answer = sent();
  expect((await later<Part>(rpc, "test")).answer()).toBe(42);
  expect(model.calls("later")).toHaveLength(2);
});

it("brings its style sheet with it, once", async () => {
  const css = new TextEncoder().encode(".sw-later-test { opacity: 0.25; }");
  const { rpc } = widget(() => new MockAnswer(null, [new DataView(SCRIPT.buffer), new DataView(css.buffer)]));
  const element = document.createElement("p");
  element.className = "sw-later-test";
  document.body.append(element);
  const sheets = document.styleSheets.length;
  await later<Part>(rpc, "test");
  await later<Part>(widget(sent).rpc, "test");
  expect([getComputedStyle(element).opacity, document.styleSheets.length - sheets]).toEqual(["0.25", 1]);
  element.remove();
});
