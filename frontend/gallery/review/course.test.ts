import { describe, expect, it } from "vitest";
import type { Decision, ReviewItem } from "../../shared/review/decision";
import { Course, type Failure } from "./course";

const APPROVE: Decision = { kind: "approve" };
const ABSENT: Decision = { kind: "absent" };

function items(count: number, more: (n: number) => Partial<ReviewItem> = () => ({})): ReviewItem[] {
  return Array.from({ length: count }, (_, n) => ({
    id: n + 1, name: `${n + 1}.tif`, plate: null, well: null, time_h: null, flags: [], sentences: [], ...more(n),
  })); // prettier-ignore
}

/** A kernel that answers when the test says so. */
class Kernel {
  readonly asked: [what: string, ...rest: unknown[]][] = [];
  readonly #waiting: { resolve(token: unknown): void; reject(error: unknown): void }[] = [];

  decide = (id: number, decision: Decision) => this.#ask("decide", id, decision.kind);
  undo = (token: unknown) => this.#ask("undo", token);

  async answer(token: unknown = "token"): Promise<void> {
    this.#waiting.shift()!.resolve(token);
    await settled();
  }

  async refuse(message = "locked"): Promise<void> {
    this.#waiting.shift()!.reject(new Error(message));
    await settled();
  }

  #ask(...what: [string, ...unknown[]]): Promise<unknown> {
    this.asked.push(what);
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }
}

const settled = () => new Promise((resolve) => setTimeout(resolve));

function begin(list: ReviewItem[]) {
  const kernel = new Kernel();
  const failed: Failure[] = [];
  return { kernel, failed, course: new Course(list, kernel, (failure) => failed.push(failure)) };
}

const shown = (course: Course) => course.item?.id ?? null;

describe("the course of a review", () => {
  it("goes on at once, in the order of the list, and asks the kernel in turn", async () => {
    const { course, kernel } = begin(items(3));
    course.decide(APPROVE);
    expect(shown(course)).toBe(2);
    course.decide(ABSENT);
    course.decide({ kind: "unusable" });
    expect([shown(course), course.done]).toEqual([null, 3]);
    await settled();
    expect(kernel.asked).toEqual([["decide", 1, "approve"], ["decide", 2, "absent"], ["decide", 3, "unusable"]]);
    expect(course.tally()).toEqual({ approve: 1, corrected: 0, absent: 1, unusable: 1, exclude: 0, skip: 0, left: 0 });
    course.decide(APPROVE);
    course.skip();
    expect(course.done).toBe(3);
  });

  it("an empty list is through", () => {
    const { course } = begin([]);
    expect([shown(course), course.verdict, course.last, course.back()]).toEqual([null, null, null, false]);
  });

  it("takes decisions back one by one, with what the kernel gave for it", async () => {
    const { course, kernel } = begin(items(3));
    course.decide(APPROVE);
    course.decide(ABSENT);
    await settled();
    await kernel.answer("first");
    await kernel.answer("second");
    expect(course.last).toMatchObject({ verdict: "absent" });
    course.back();
    expect(shown(course)).toBe(2);
    course.back();
    expect([shown(course), course.back(), course.done]).toEqual([1, false, 0]);
    await settled();
    expect(kernel.asked.slice(2)).toEqual([["undo", "second"], ["undo", "first"]]);
    course.decide(ABSENT);
    expect(shown(course)).toBe(2);
  });

  it("asks for an undo only when the decision is stored, and for a new decision only after that", async () => {
    const { course, kernel } = begin(items(2));
    course.decide(APPROVE);
    course.back();
    course.decide(ABSENT);
    await settled();
    expect(kernel.asked).toEqual([["decide", 1, "approve"]]);
    await kernel.answer(7);
    expect(kernel.asked.at(-1)).toEqual(["undo", 7]);
    await kernel.answer(null);
    expect(kernel.asked.at(-1)).toEqual(["decide", 1, "absent"]);
  });

  it("what was not stored comes again next, without changing what is looked at", async () => {
    const { course, kernel, failed } = begin(items(4));
    course.decide(APPROVE);
    course.decide(APPROVE);
    await settled();
    await kernel.refuse("the store is locked");
    expect(shown(course)).toBe(3);
    expect(failed).toMatchObject([{ what: "decide", verdict: "approve", item: { id: 1 }, error: { message: "the store is locked" } }]);
    expect([course.failures.length, course.done]).toEqual([1, 1]);
    course.skip();
    expect(shown(course)).toBe(1);
    course.decide(ABSENT);
    expect([shown(course), course.failures.length]).toEqual([4, 0]);
  });

  it("what was not stored comes again at the end too", async () => {
    const { course, kernel } = begin(items(1));
    course.decide(APPROVE);
    expect(shown(course)).toBe(null);
    await settled();
    await kernel.refuse();
    expect(shown(course)).toBe(1);
    course.retry(course.failures[0]);
    expect([shown(course), course.failures]).toEqual([null, []]);
    await settled();
    await kernel.answer("stored");
    expect(course.tally().approve).toBe(1);
    course.back();
    await settled();
    expect(kernel.asked.at(-1)).toEqual(["undo", "stored"]);
  });

  it("retrying stores the decision while another image is shown", async () => {
    const { course, kernel } = begin(items(3));
    course.decide(ABSENT);
    await settled();
    await kernel.refuse();
    course.retry(course.failures[0]);
    expect(shown(course)).toBe(2);
    await settled();
    expect(kernel.asked).toEqual([["decide", 1, "absent"], ["decide", 1, "absent"]]);
    course.decide(APPROVE);
    expect(shown(course)).toBe(3);
  });

  it("a decision that fails after it was taken back needs neither undo nor notice", async () => {
    const { course, kernel, failed } = begin(items(2));
    course.decide(APPROVE);
    course.back();
    await settled();
    await kernel.refuse();
    await settled();
    expect([failed, kernel.asked.length, shown(course)]).toEqual([[], 1, 1]);
  });

  it("a decision that cannot be taken back stands, and may be tried again", async () => {
    const { course, kernel, failed } = begin(items(2));
    course.decide(APPROVE);
    await settled();
    await kernel.answer(5);
    course.back();
    await settled();
    await kernel.refuse("judged again meanwhile");
    expect(failed).toMatchObject([{ what: "undo", verdict: "approve" }]);
    expect([shown(course), course.verdict, course.done]).toEqual([1, "approve", 1]);
    course.retry(course.failures[0]);
    await settled();
    expect(kernel.asked.at(-1)).toEqual(["undo", 5]);
    await kernel.answer();
    expect([course.verdict, course.done, course.failures]).toEqual([null, 0, []]);
  });

  it("what is skipped is left, and can be gone through again", async () => {
    const { course, kernel } = begin(items(3));
    course.skip();
    course.decide(APPROVE);
    course.skip();
    expect([shown(course), course.tally().skip]).toEqual([null, 2]);
    course.again();
    expect([shown(course), course.tally().skip]).toEqual([1, 0]);
    course.decide(ABSENT);
    expect(shown(course)).toBe(3);
    course.back();
    expect(shown(course)).toBe(1);
    course.back();
    expect(shown(course)).toBe(2); // what was skipped is not in the way
    await settled();
    expect(kernel.asked.map(([what]) => what)).toEqual(["decide", "decide"]);
  });

  it("taking a skip back asks the kernel nothing", async () => {
    const { course, kernel } = begin(items(2));
    course.skip();
    course.back();
    await settled();
    expect([shown(course), kernel.asked]).toEqual([1, []]);
  });

  it("what was corrected in the editor needs no decision", () => {
    const { course } = begin(items(4));
    expect(course.elsewhere(3, "corrected")).toBe(false);
    expect(course.elsewhere(99, "corrected")).toBe(false);
    expect(course.elsewhere(1, "corrected")).toBe(true);
    expect(shown(course)).toBe(2);
    course.decide(APPROVE);
    expect([shown(course), course.tally().corrected]).toEqual([4, 2]);
    course.back();
    expect(shown(course)).toBe(2);
  });

  it("news of a decision that comes while it is taken back does not bring it again", async () => {
    const { course, kernel } = begin(items(2, () => ({ plate: "one", well: "B07" })));
    course.decide({ kind: "exclude", reason: "bubble", scope: "well" });
    await settled();
    await kernel.answer();
    course.back();
    await settled();
    expect([course.elsewhere(1, "exclude"), course.elsewhere(2, "exclude"), shown(course)]).toEqual([false, false, 1]);
    await kernel.answer();
    expect([course.elsewhere(1, "approve"), shown(course)]).toEqual([true, 2]); // what is said after that holds
  });

  it("an excluded well takes its other images along, from the time on if so", () => {
    const list = items(6, (n) => ({ plate: n === 5 ? "other" : "one", well: n === 4 ? "C01" : "B07", time_h: [24, 48, 0, null, 48, 48][n] }));
    const well = begin(list).course;
    well.decide({ kind: "exclude", reason: "bubble", scope: "well" });
    expect([shown(well), well.tally().exclude]).toEqual([5, 4]);
    well.back();
    expect([shown(well), well.done]).toEqual([1, 0]);
    const from = begin(list).course;
    from.decide({ kind: "exclude", reason: "bubble", scope: "well_from" });
    expect([shown(from), from.tally().exclude]).toEqual([3, 2]);
    const image = begin(list).course;
    image.decide({ kind: "exclude", reason: "bubble", scope: "image" });
    expect(image.tally().exclude).toBe(1);
    const nowhere = begin(items(2)).course;
    nowhere.decide({ kind: "exclude", reason: "bubble", scope: "well" });
    expect(nowhere.tally().exclude).toBe(1);
  });

  it("an excluded well leaves alone what was decided before, and gives back all of its own when it fails", async () => {
    const { course, kernel } = begin(items(4, () => ({ well: "B07", plate: "one" })));
    course.decide(APPROVE);
    course.decide({ kind: "exclude", reason: "bubble", scope: "well" });
    expect([shown(course), course.tally()]).toEqual([null, expect.objectContaining({ approve: 1, exclude: 3 })]);
    await settled();
    await kernel.answer();
    await kernel.refuse();
    expect([shown(course), course.tally()]).toEqual([2, expect.objectContaining({ approve: 1, exclude: 0, left: 3 })]);
  });

  it("names what comes next, for its pictures", () => {
    const { course } = begin(items(5));
    expect(course.ahead(2).map(({ id }) => id)).toEqual([2, 3]);
    course.decide(APPROVE);
    course.skip();
    expect(course.ahead(9).map(({ id }) => id)).toEqual([4, 5]);
  });

  it("any sequence of keys and answers ends with the kernel and the list of one mind", async () => {
    let seed = 11;
    const random = (below: number) => (seed = (seed * 16807) % 2147483647) % below;
    for (let round = 0; round < 60; round++) {
      // As the kernel keeps them: a decision is taken back only while it is the last about its image.
      const state = new Map<number, { kind: string }>();
      const list = items(5);
      let busy = 0;
      const wait = async () => {
        busy++;
        await new Promise((resolve) => setTimeout(resolve, random(3)));
        busy--;
      };
      const course = new Course(list, {
        decide: async (id, { kind }) => {
          await wait();
          if (random(4) === 0) throw new Error("locked");
          const [before, after] = [state.get(id), { kind }];
          state.set(id, after);
          return { id, before, after };
        },
        undo: async (token) => {
          await wait();
          const { id, before, after } = token as { id: number; before?: { kind: string }; after: { kind: string } };
          if (random(4) === 0 || state.get(id) !== after) throw new Error("locked");
          if (before === undefined) state.delete(id);
          else state.set(id, before);
        },
      }, () => {}); // prettier-ignore
      for (let step = 0; step < 25; step++) {
        const what = random(6);
        if (what < 3) course.decide([APPROVE, ABSENT, { kind: "unusable" } as const][what]);
        else if (what === 3) course.skip();
        else if (what === 4) course.back();
        else if (course.failures.length > 0) course.retry(course.failures[random(course.failures.length)]);
        if (random(3) === 0) await wait();
      }
      do await settled(); while (busy > 0); // prettier-ignore
      const tally = course.tally();
      const kept = [...state.values()];
      for (const kind of ["approve", "absent", "unusable"] as const) {
        expect(tally[kind], `round ${round}`).toBe(kept.filter((one) => one.kind === kind).length);
      }
    }
  });
});
