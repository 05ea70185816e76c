import { QuietTool, type Pointer } from "./tool";
import { gripAt, VertexDrag } from "./vertex_drag";

/** Click selects, shift adds; a handle of what is selected can be dragged; a drag on nothing moves the image. */
export class SelectTool extends QuietTool {
  readonly name = "select";
  #drag: VertexDrag | null = null;
  #pan: { last: Pointer; moved: boolean } | null = null;

  override down(at: Pointer): void {
    const { host } = this;
    const grip = gripAt(host, at);
    if (grip) {
      this.#drag = new VertexDrag(host, grip, at);
      return;
    }
    const slot = host.store.hit(at.x, at.y, host.reach);
    if (slot !== null) {
      const id = host.store.id(slot);
      if (at.shift) host.selection.toggle(id);
      else host.selection.set([id]);
      return;
    }
    this.#pan = { last: at, moved: false };
  }

  override move(at: Pointer): void {
    this.#drag?.move(at);
    const pan = this.#pan;
    if (!pan) return;
    const dx = at.screenX - pan.last.screenX, dy = at.screenY - pan.last.screenY;
    if (!pan.moved && Math.hypot(dx, dy) < 3) return;
    this.host.pan(dx, dy);
    this.#pan = { last: at, moved: true };
  }

  override up(at: Pointer): void {
    this.#drag?.end("editor.did.move_vertex");
    if (this.#pan && !this.#pan.moved && !at.shift) this.host.selection.set([]);
    this.#drag = null;
    this.#pan = null;
  }

  override back(): boolean {
    const dragging = this.#drag !== null;
    this.leave();
    if (dragging) return true;
    const any = this.host.selection.ids.size > 0;
    this.host.selection.set([]);
    return any;
  }

  override leave(): void {
    this.#drag?.cancel();
    this.#drag = null;
    this.#pan = null;
  }
}
