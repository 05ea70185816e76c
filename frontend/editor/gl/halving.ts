/** A plane made smaller: a screen pixel of a picture shown small is the mean of few numbers, and not of all under it. */

export interface Numbers {
  width: number;
  height: number;
  /** Row by row. */
  data: Uint8Array | Uint16Array;
}

/** The numbers at half the size, each the mean of four; at an odd edge the last ones count twice. */
export function halved({ width, height, data }: Numbers): Numbers {
  const columns = Math.ceil(width / 2), rows = Math.ceil(height / 2), pairs = width >> 1;
  const half = data instanceof Uint16Array ? new Uint16Array(columns * rows) : new Uint8Array(columns * rows);
  for (let row = 0, at = 0; row < rows; row++) {
    let upper = 2 * row * width, lower = 2 * row + 1 < height ? upper + width : upper;
    for (let column = 0; column < pairs; column++, upper += 2, lower += 2) {
      half[at++] = (data[upper] + data[upper + 1] + data[lower] + data[lower + 1] + 2) >> 2;
    }
    if (pairs < columns) half[at++] = (data[upper] + data[lower] + 1) >> 1;
  }
  return { width: columns, height: rows, data: half };
}
