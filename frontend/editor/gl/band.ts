/** The line along a ring as a band between pairs of corners: neighbours share a pair, and no part lies over another. */

import type { Ring } from "../../shared/outlines";

/** Cosine of the turn up to which the edges of the band go to where they cross; a sharper corner is round, in such steps. */
const SHARP = 0.27, STEP = Math.PI / 3;
/** How far a corner lies from the line at most, in halves of the band's width. */
export const FARTHEST = 1.3;

/** Numbers of a pair: x, y, length of the ring up to there, and the way to its first corner in halves of the width. */
export const PAIR = 5;

export interface Band {
  pairs: number[];
  /** By vertex of the ring, the number of its first pair; after those of the last vertex, the first pair stands again. */
  first: number[];
}

export function pairsOf({ pairs }: Band): number {
  return pairs.length / PAIR;
}

export function bandOf(ring: Ring): Band {
  const n = ring.length / 2;
  const across = acrossOf(ring);
  const pairs: number[] = [], first: number[] = [];
  for (let i = 0, length = 0; i <= n; i++) {
    const at = i % n, last = (at + n - 1) % n;
    const x = ring[2 * at], y = ring[2 * at + 1];
    const x0 = across[2 * last], y0 = across[2 * last + 1], x1 = across[2 * at], y1 = across[2 * at + 1];
    if (i) length += Math.hypot(x - ring[2 * last], y - ring[2 * last + 1]);
    if (i < n) first.push(pairs.length / PAIR);
    const cosine = x0 * x1 + y0 * y1;
    if (cosine > SHARP) pairs.push(x, y, length, (x0 + x1) / (1 + cosine), (y0 + y1) / (1 + cosine));
    else {
      pairs.push(x, y, length, x0, y0);
      if (i === n) break; // the ring began with the rest of this corner
      const turn = Math.atan2(x0 * y1 - y0 * x1, cosine), steps = Math.ceil(Math.abs(turn) / STEP);
      for (let step = 1; step <= steps; step++) {
        const cos = Math.cos((turn * step) / steps), sin = Math.sin((turn * step) / steps);
        pairs.push(x, y, length, x0 * cos - y0 * sin, x0 * sin + y0 * cos);
      }
    }
  }
  return { pairs, first };
}

/** Of each edge, the direction across it, of length 1; an edge without length has that of the one before. */
function acrossOf(ring: Ring): Float64Array {
  const n = ring.length / 2;
  const across = new Float64Array(2 * n);
  let x = 0, y = 0;
  // Twice around: what comes before the first edge is known at the end.
  for (let i = 0; i < 2 * n; i++) {
    const at = i % n, next = (at + 1) % n;
    const dx = ring[2 * next] - ring[2 * at], dy = ring[2 * next + 1] - ring[2 * at + 1], size = Math.hypot(dx, dy);
    if (size) [x, y] = [-dy / size, dx / size];
    across[2 * at] = x;
    across[2 * at + 1] = y;
  }
  // Of a ring that is one point, to and fro: it is seen as a dot.
  if (!x && !y) for (let i = 0; i < n; i++) across[2 * i] = i % 2 ? -1 : 1;
  return across;
}
