/** The grid of cards. */
import { Card } from "./card";
import { cardShape, type Shape } from "./layout";
import type { Parts } from "./mode";
import { type Item, Virtual } from "./virtual";

export class Grid extends Virtual {
  constructor(parts: Parts) {
    super(parts, "sw-cards-grid");
  }

  override arrange(): void {
    super.arrange();
    this.element.setAttribute("aria-colcount", String(this.layout.columns));
  }

  protected shape(width: number, viewport: number): Shape {
    const { shown } = this.parts;
    return cardShape(width, viewport, shown.size, shown.rows.aspect());
  }

  protected item(key: string): Item {
    return new Card(key);
  }
}
