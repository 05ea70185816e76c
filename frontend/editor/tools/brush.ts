import { added, changed, divided, heirOf, isSame } from "../changes";
import type { Rings } from "../geometry";
import type { Change } from "../history";
import { algebra } from "../outlines/algebra";
import { clipped } from "../outlines/booleans";
import { Stroke } from "../outlines/brushing";
import { simplifyNew } from "../outlines/simplifying";
import { attempt } from "./placing";
import { areThere, QuietTool, type Control, type Marks, type Pointer, type Shape, type ToolHost } from "./tool";

/** Vertices of a stroke that matter less than this, in pixels, are left out of what it leaves. */
const FINE = 0.1;
const LEAST = 2;
const MOST = 400;
/** What one step of the wheel or a key does to the diameter. */
const STEP = 1.15;

/** Brush and eraser share their size. */
export interface BrushSize {
  diameter: number;
}

/**
 * A drag adds to the selected object, or to the one it begins in, or makes a new one; the eraser takes away from what
 * is selected, or from the object it begins in. Alt and the wheel change the size.
 */
export class BrushTool extends QuietTool {
  override readonly cursor = "crosshair";
  override readonly controls: readonly Control[] = [
    {
      kind: "length", label: "editor.brush_size", least: LEAST, most: MOST,
      get: () => this.size.diameter, set: (value) => this.#resize(value),
    },
  ];
  /** What the stroke makes of each outline it changes; of none, something new. */
  #strokes: { id: string | null; before: Rings | null; made: Stroke }[] = [];
  #at: Pointer | null = null;

  constructor(host: ToolHost, readonly name: "brush" | "eraser", private readonly size: BrushSize) {
    super(host);
  }

  override down(at: Pointer): void {
    const { host } = this;
    this.#at = at;
    // Nothing of a stroke may be lost, so none begins before it can be joined.
    if (host.readOnly || !attempt(host, algebra)) return;
    const kind = this.name === "brush" ? "paint" : "erase";
    this.#strokes = (this.#targets(at) ?? []).map((id) => {
      const before = id === null ? null : host.store.rings(host.store.slot(id)!);
      return { id, before, made: new Stroke(kind, before ? [before] : [], this.size.diameter / 2) };
    });
    this.#to(at);
  }

  override move(at: Pointer): void {
    const last = this.#at;
    this.#at = at;
    this.host.redraw();
    if (!last || Math.hypot(at.screenX - last.screenX, at.screenY - last.screenY) >= 1) this.#to(at);
  }

  override up(_at: Pointer): void {
    const strokes = this.#strokes;
    if (!strokes.length) return;
    this.#end();
    const changes = attempt(this.host, () => strokes.flatMap((stroke) => this.#changes(stroke)));
    if (!changes?.length || !this.host.commit(`editor.did.${this.name}`, changes)) return;
    if (this.name === "brush") this.host.selection.set([changes.at(-1)!.id]);
  }

  override back(): boolean {
    const busy = this.#strokes.length > 0;
    this.#end();
    return busy;
  }

  override leave(): void {
    this.#at = null;
    this.#end();
  }

  override changed(): void {
    if (!areThere(this.host, this.#strokes.map(({ id }) => id).filter((id) => id !== null))) this.#end();
  }

  override wheel(steps: number): boolean {
    this.#resize(this.size.diameter * STEP ** steps);
    return true;
  }

  override marks(): Marks {
    return { brush: this.#at && { x: this.#at.x, y: this.#at.y, radius: this.size.diameter / 2 } };
  }

  #resize(diameter: number): void {
    this.size.diameter = Math.min(MOST, Math.max(LEAST, diameter));
    this.host.redraw();
  }

  #to(at: Pointer): void {
    if (!this.#strokes.length) return;
    const { store, drawing } = this.host;
    for (const { made } of this.#strokes) made.to([at.x, at.y]);
    this.host.preview = {
      hides: this.#strokes.length === 1 ? this.#strokes[0].id : null,
      shapes: this.#strokes.flatMap(({ id, made }) => {
        const { classIndex } = id === null ? drawing : store.attributes(store.slot(id)!);
        return made.parts.map((rings, i): Shape => ({ id: i ? null : id, rings, classIndex }));
      }),
    };
    this.host.redraw();
  }

  #end(): void {
    this.#strokes = [];
    this.host.preview = null;
    this.host.redraw();
  }

  /** Which outlines the stroke changes, null for a new one. Null alone, and said visibly, when it can change nothing. */
  #targets(at: Pointer): (string | null)[] | null {
    const { store, selection } = this.host;
    const slot = store.hit(at.x, at.y, 0);
    const under = slot === null ? [] : [store.id(slot)];
    const several = this.name === "brush" && selection.ids.size > 1;
    const given = several ? under.filter((id) => selection.ids.has(id)) : selection.ids.size ? [...selection.ids] : under;
    const free = given.filter((id) => !store.isAside("locked", id));
    if (several && !given.length) this.host.refuse("editor.refused.one_for_brush");
    else if (given.length && !free.length) this.host.refuse("editor.refused.locked");
    else if (this.name === "eraser" && !given.length) this.host.refuse("editor.refused.nothing_to_erase");
    else return given.length ? free : [null];
    return null;
  }

  #changes({ id, before, made }: { id: string | null; before: Rings | null; made: Stroke }): Change[] {
    const { store, width, height, drawing } = this.host;
    const inside = made.parts.flatMap((part) => clipped(part, width, height));
    if (id === null || !before) return inside.map((part) => added(simplifyNew(part, [], FINE), drawing.classIndex));
    const parts = inside.map((part) => simplifyNew(part, before, FINE));
    if (isSame(before, parts)) return [];
    if (this.name === "eraser") return divided(store, id, parts);
    // A stroke that does not meet its object is an object of its own, of the same class.
    const heir = parts.length > 1 ? heirOf(before, parts) : 0;
    const { classIndex } = store.attributes(store.slot(id)!);
    const rest = parts.filter((_, i) => i !== heir).map((part) => added(part, classIndex));
    return isSame(before, [parts[heir]]) ? rest : [changed(store, id, parts[heir]), ...rest];
  }
}
