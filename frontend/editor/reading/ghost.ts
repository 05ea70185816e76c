/**
 * The outlines of another revision of the open image, dashed over it: what was before, or what another run or model
 * found. They are looked at only. A canvas of its own, painted when the view moves and not with every pointer.
 */

import { make, messageOf } from "../../shared/frame";
import { OutlineSet } from "../../shared/outlines";
import type { Rpc } from "../../shared/rpc";
import type { View } from "../../shared/view";
import { bounds, type Box, type Rings } from "../geometry";
import type { Revision } from "../revisions/revision";
import { LINE } from "../scene";

const DASH = [8, 5];
const LIGHT = "#ffffff";
const DARK = "rgb(0 0 0 / 70%)";
/** Vertices closer than this on the screen are passed over, px. */
const FINEST = 0.7;

/** What is shown: of the run "run:3", of the revision "revision:5"; "before" is what the shown one was made from. */
export type Choice = string | null;

/** How a revision is chosen: of a run's the run's other images have one, too. */
export const choiceOf = ({ id, run_id }: Revision): string => (run_id === null ? `revision:${id}` : `run:${run_id}`);

export class Ghost {
  readonly element = make("canvas", "sw-editor-ghost");
  choice: Choice = null;
  revisions: readonly Revision[] = [];
  /** What is shown; null while nothing is. */
  shown: Revision | null = null;
  reason: string | null = null;
  #outlines: OutlineSet | null = null;
  /** Shown in their place while something that has them is pointed at. */
  #hint: OutlineSet | null = null;
  #boxes: Box[] = [];
  #image = 0;
  #revision: number | null = null;
  #asked: AbortController | null = null;
  /** Somebody wants to know which there are: they are asked for again when they may be others. */
  #wantsList = false;
  #listed = false;
  #painted = "";

  /** @param changed what is shown, or can be, is another than before */
  constructor(private readonly rpc: Rpc, private readonly changed: () => void) {}

  /** Another image is open, or another revision of it: a choice that holds for it as well stays. */
  follow(image: number, revision: number | null): void {
    if (image === this.#image && revision === this.#revision) return;
    this.#revision = revision;
    const another = image !== this.#image;
    this.#image = image;
    this.#listed = false;
    if (another) {
      this.revisions = [];
      this.#show(null, null);
    }
    if (this.#wantsList) void this.list();
    else this.changed();
  }

  /** Ask which revisions there are, once for what is open. */
  async list(): Promise<void> {
    this.#wantsList = true;
    if (this.#listed || !this.#image) return;
    this.#listed = true;
    const asked = this.#ask();
    try {
      const { value } = await this.rpc.call<Revision[]>("revisions", { image_id: this.#image }, { signal: asked.signal });
      if (asked.signal.aborted) return;
      this.revisions = value;
    } catch (error) {
      if (asked.signal.aborted) return;
      this.#listed = false;
      this.reason = messageOf(error);
      return this.changed();
    }
    await this.choose(this.choice);
  }

  async choose(choice: Choice): Promise<void> {
    this.choice = choice;
    const wanted = this.#wanted();
    this.reason = null;
    if (wanted?.id === this.shown?.id) return this.changed();
    if (!wanted) return this.#show(null, null);
    const asked = this.#ask();
    try {
      const params = { image_id: this.#image, revision: wanted.id };
      const { buffers } = await this.rpc.call("layer_outlines", params, { signal: asked.signal });
      if (!asked.signal.aborted) this.#show(wanted, OutlineSet.decode(buffers[0]));
    } catch (error) {
      if (asked.signal.aborted) return;
      this.reason = messageOf(error);
      this.#show(null, null);
    }
  }

  /** The previous revision, or nothing. */
  toggle(): void {
    this.choice = this.choice === null ? "before" : null;
    if (this.#listed) void this.choose(this.choice);
    else void this.list();
  }

  /** Show outlines as long as something that has them is pointed at; null: what was chosen again. */
  hint(outlines: readonly Rings[] | null): void {
    this.#hint = outlines ? OutlineSet.fromRings(outlines) : null;
    this.#changed();
  }

  /** @param there the image is shown that they are of */
  paint(view: View, ratio: number, there: boolean): void {
    const { element } = this;
    const outlines = this.#hint ?? this.#outlines;
    const place = there && outlines ? [view.scale, view.x, view.y, view.width, view.height, ratio].join() : "";
    if (place === this.#painted) return;
    this.#painted = place;
    element.hidden = !place;
    if (!place || !outlines) return;
    element.width = Math.round(view.width * ratio);
    element.height = Math.round(view.height * ratio);
    const context = element.getContext("2d")!;
    context.scale(ratio, ratio);
    context.lineJoin = "round";
    const path = this.#path(outlines, view);
    context.strokeStyle = DARK;
    context.lineWidth = LINE.normal + 2 * LINE.halo;
    context.setLineDash(DASH);
    context.stroke(path);
    context.strokeStyle = LIGHT;
    context.lineWidth = LINE.normal;
    context.stroke(path);
  }

  #path(outlines: OutlineSet, view: View): Path2D {
    const path = new Path2D();
    const [left, top, right, bottom] = view.visible();
    this.#boxes.forEach((box, index) => {
      if (box[0] > right || box[2] < left || box[1] > bottom || box[3] < top) return;
      for (const ring of outlines.rings(index)) {
        let lastX = NaN, lastY = NaN;
        for (let i = 0; i < ring.length; i += 2) {
          const [x, y] = view.toScreen(ring[i], ring[i + 1]);
          if (Math.abs(x - lastX) < FINEST && Math.abs(y - lastY) < FINEST) continue;
          if (i) path.lineTo(x, y);
          else path.moveTo(x, y);
          [lastX, lastY] = [x, y];
        }
        path.closePath();
      }
    });
    return path;
  }

  #wanted(): Revision | undefined {
    const { revisions, choice } = this;
    if (choice !== "before") return revisions.find((one) => choiceOf(one) === choice);
    const held = revisions.find(({ current }) => current);
    return revisions.find(({ id }) => id === held?.parent_id) ?? revisions.find(({ id }) => id !== held?.id);
  }

  #ask(): AbortController {
    this.#asked?.abort();
    this.#asked = new AbortController();
    return this.#asked;
  }

  #show(revision: Revision | null, outlines: OutlineSet | null): void {
    this.shown = revision;
    this.#outlines = outlines;
    this.#changed();
  }

  /** Other outlines are to be painted. */
  #changed(): void {
    const outlines = this.#hint ?? this.#outlines;
    this.#boxes = outlines ? Array.from({ length: outlines.length }, (_, index) => bounds(outlines.rings(index))) : [];
    this.#painted = "-";
    this.changed();
  }
}
