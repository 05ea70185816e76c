import { messageOf } from "../../shared/frame";
import type { Translate } from "../../shared/strings";
import type { Proposal } from "../assist/proposer";
import { added, changed, removed } from "../changes";
import { area, bounds, type Box, type Rings } from "../geometry";
import type { Change } from "../history";
import { clipped, difference } from "../outlines/booleans";
import { attempt } from "./placing";
import { Region } from "./region";
import { areThere, dragged, QuietTool, within, type Control, type Marks, type Pointer } from "./tool";

/** What a notch of the wheel or a key does to the threshold. */
const STEP = 0.04;
/** Share of its size by which a box around a selected outline is wider. */
const WIDER = 0.2;

type State =
  | { kind: "idle"; said: string }
  | { kind: "asking"; stop: AbortController; stage: string }
  /** `ids` are outlines that the proposal takes the place of. */
  | { kind: "proposed"; image: number | null; proposal: Proposal; level: number; rings: Rings | null; ids: readonly string[] };

/**
 * A click on an object that was missed, or a box around it: the kernel finds it and its outline is shown. The wheel
 * moves the threshold, Enter takes the outline, Esc drops it. What is selected and lies in the box is replaced; with nothing
 * selected, what lies in it as a whole.
 */
export class AssistTool extends QuietTool {
  readonly name = "assist";
  override readonly cursor = "crosshair";
  #press: { region: Region; moved: boolean } | null = null;
  #state: State = { kind: "idle", said: "" };

  override readonly controls: readonly Control[] = [
    { kind: "button", action: "edit.finish", label: "editor.assist.accept", main: true },
    { kind: "button", action: "edit.back", label: "editor.cancel" },
    { kind: "words", text: (t) => this.#said(t) },
  ];

  override get takesWheel(): boolean {
    return this.#state.kind === "proposed";
  }

  override down(at: Pointer): void {
    if (!this.host.readOnly) this.#press = { region: new Region(at, "box", false), moved: false };
  }

  override move(at: Pointer): void {
    const press = this.#press;
    if (!press || !(press.moved || dragged(press.region.from, at))) return;
    press.moved = true;
    press.region.move(at);
    this.host.redraw();
  }

  override up(_at: Pointer): void {
    const press = this.#press;
    this.#press = null;
    if (!press) return;
    const { store, selection } = this.host;
    const chosen = [...selection.ids];
    if (press.moved) {
      const [x0, y0, x1, y1] = bounds([press.region.ring]);
      const box: Box = [...within(this.host, x0, y0), ...within(this.host, x1, y1)];
      const lies = (id: string) => {
        const [left, top, right, bottom] = bounds(store.rings(store.slot(id)!));
        return chosen.length
          ? press.region.holds((left + right) / 2, (top + bottom) / 2)
          : left >= x0 && top >= y0 && right <= x1 && bottom <= y1;
      };
      void this.#ask(box, (chosen.length ? chosen : store.query(box).map((slot) => store.id(slot))).filter(lies));
      return;
    }
    const { x, y } = press.region.from;
    const slot = store.hit(x, y, 0);
    const under = slot === null ? null : store.id(slot);
    if (under !== null && !selection.ids.has(under)) {
      // It was not missed: selected, it can be outlined anew.
      this.#drop("editor.assist.again");
      selection.set([under]);
    } else {
      void this.#ask([x, y, x, y], under === null ? [] : [under]);
    }
  }

  /** Outline what is selected anew, from the box around it. */
  again(): void {
    const { store, selection } = this.host;
    const boxes = [...selection.ids].map((id) => bounds(store.rings(store.slot(id)!)));
    if (!boxes.length) return this.host.refuse("editor.refused.nothing_selected");
    const x0 = Math.min(...boxes.map((box) => box[0])), y0 = Math.min(...boxes.map((box) => box[1]));
    const x1 = Math.max(...boxes.map((box) => box[2])), y1 = Math.max(...boxes.map((box) => box[3]));
    const [dx, dy] = [(x1 - x0) * WIDER, (y1 - y0) * WIDER];
    void this.#ask([...within(this.host, x0 - dx, y0 - dy), ...within(this.host, x1 + dx, y1 + dy)], [...selection.ids]);
  }

  override cancel(): void {
    this.#press = null;
    this.host.redraw();
  }

  override leave(): void {
    this.#press = null;
    this.#drop();
  }

  override back(): boolean {
    const busy = this.#press !== null || this.#state.kind !== "idle";
    this.leave();
    return busy;
  }

  override wheel(steps: number): boolean {
    const state = this.#state;
    if (state.kind !== "proposed") return false;
    // Turned up, as with the brush, it becomes larger.
    const { least, most } = state.proposal.info;
    state.level = Math.min(most - 0.01, Math.max(least, state.level - STEP * steps));
    this.#show();
    return true;
  }

  override finish(): boolean {
    const state = this.#state;
    if (state.kind !== "proposed") return state.kind === "asking";
    const { host } = this;
    if (!state.rings) return true;
    const [first, ...rest] = state.ids;
    const rings = state.rings;
    const changes: Change[] = first === undefined
      ? [added(rings, host.drawing.classIndex)]
      : [changed(host.store, first, rings), ...rest.map((id) => removed(host.store, id))];
    if (!host.commit(first === undefined ? "editor.did.assist" : "editor.did.again", changes)) return true;
    this.#drop();
    host.selection.set([changes[0].id]);
    return true;
  }

  override changed(): void {
    const state = this.#state;
    if (state.kind !== "proposed") return;
    if (state.image !== this.host.proposer.image() || !areThere(this.host, state.ids)) this.#drop();
    else if (!state.rings) this.#show(); // what was in its way may have gone
  }

  override marks(): Marks {
    return { region: this.#press?.moved ? this.#press.region.ring : null };
  }

  async #ask(box: Box, ids: readonly string[]): Promise<void> {
    const { host } = this;
    this.#drop();
    if (ids.some((id) => host.store.isAside("locked", id))) return host.refuse("editor.refused.locked");
    const image = host.proposer.image();
    const state: State = { kind: "asking", stop: new AbortController(), stage: "maps" };
    this.#state = state;
    host.redraw();
    try {
      const proposal = await host.proposer.ask(box, state.stop.signal, (stage) => {
        state.stage = stage;
        host.redraw();
      });
      if (this.#state !== state || image !== host.proposer.image()) return;
      if (!proposal || !areThere(host, ids)) return this.#nothing("editor.assist.nothing");
      this.#state = { kind: "proposed", image, proposal, level: proposal.info.level, rings: null, ids };
      this.#show();
    } catch (error) {
      if (this.#state === state) this.#nothing("editor.assist.failed", messageOf(error));
    }
  }

  #nothing(key: string, reason = ""): void {
    this.#drop(reason ? "" : key);
    this.host.refuse(key, { reason });
  }

  #drop(said = ""): void {
    if (this.#state.kind === "asking") this.#state.stop.abort();
    this.#state = { kind: "idle", said };
    this.host.preview = null;
    this.host.redraw();
  }

  #show(): void {
    const state = this.#state;
    if (state.kind !== "proposed") return;
    const { host } = this;
    state.rings = attempt(host, () => this.#settled(state.proposal.outline(state.level), state.ids));
    const [first] = state.ids;
    const { classIndex } = first === undefined ? host.drawing : host.store.attributes(host.store.slot(first)!);
    // What it takes the place of stays in sight below, to be compared with.
    host.preview = state.rings && { hides: null, shapes: [{ id: first ?? null, rings: state.rings, classIndex }] };
    host.redraw();
  }

  /** Within the image, and beside what others outline already; of what falls apart the largest. */
  #settled(rings: Rings | null, ids: readonly string[]): Rings | null {
    if (!rings) return null;
    const { store, width, height } = this.host;
    const others = store.query(bounds(rings)).filter((slot) => !ids.includes(store.id(slot))).map((slot) => store.rings(slot));
    const parts = clipped(rings, width, height).flatMap((part) => difference(part, others));
    return parts.sort((a, b) => area(b) - area(a))[0] ?? null;
  }

  #said(t: Translate): string {
    const state = this.#state;
    if (state.kind === "idle") return state.said && t(state.said);
    if (state.kind === "asking") return t(`editor.assist.stage.${state.stage}`);
    if (!state.rings) return t("editor.assist.covered");
    return t(`editor.assist.by_${state.proposal.info.by}`, { level: state.level.toFixed(2), model: state.proposal.info.model });
  }
}
