/** Columns of numbers that are brushed and sorted by, with NaN where nothing is known. */
import type { Rows } from "./rows";
import type { RangedName } from "./view";

export class Numerics {
  readonly #kept = new Map<RangedName, { generation: number; values: ArrayLike<number> }>();

  constructor(private readonly rows: Rows) {}

  of(name: RangedName): ArrayLike<number> {
    const { generation } = this.rows;
    const kept = this.#kept.get(name);
    if (kept?.generation === generation) return kept.values;
    const values = this.#read(name);
    this.#kept.set(name, { generation, values });
    return values;
  }

  /** Areas are told in one unit: um^2 as soon as one image has a pixel size, those without left out. */
  get area(): "area_um2" | "area_px2" {
    return this.rows.numbers("calibrated").includes(1) ? "area_um2" : "area_px2";
  }

  #read(name: RangedName): ArrayLike<number> {
    const { rows } = this;
    if (name !== "area_um2" && name !== "area_px2" && name !== "n_objects") return rows.numbers(name);
    const values = new Float32Array(rows.length).fill(NaN);
    if (name === "n_objects") {
      const counts = rows.numbers(name);
      for (let row = 0; row < values.length; row++) if (counts[row] >= 0) values[row] = counts[row];
      return values;
    }
    const [area, calibrated] = [rows.numbers("area"), rows.numbers("calibrated")];
    const wanted = Number(name === "area_um2");
    for (let row = 0; row < values.length; row++) if (calibrated[row] === wanted) values[row] = area[row];
    return values;
  }
}
