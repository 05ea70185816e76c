"""Taking the staircase out of a ring that was drawn around whole pixels.

The level set of a smoothed mask still swings by a few hundredths of a pixel from step to step. That costs nothing in
area, but it makes the ring half a percent too long, and circularity, which has the perimeter squared, a whole one too
small. A low-pass along the ring takes the swing out. Any low-pass pulls curves inwards, by half its variance times
the curvature, and so did the Gaussian that smoothed the mask; a second pass gives both back: (1 + a) G - a G*G, with
the `a` that makes the variance of the whole the negative of the mask's smoothing. Discs keep their area.
"""

from __future__ import annotations

import itertools
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

LENGTH = 2.0
"""Standard deviation of the low-pass along the ring, in pixels: a stair is one to a few pixels long."""
STEP = 0.5
"""Distance of vertices, in pixels."""
SHORTEST = 20.0
"""Rings with a shorter perimeter are all corner: they stay as they are."""


def fair(ring: NDArray[np.float64], held: NDArray[np.bool_], smoothed: float) -> NDArray[np.float64]:
    """Smooth a ring along its length.

    Parameters
    ----------
    ring : (n, 2) float64
        x, y; open (the first vertex is not repeated).
    held : (n,) bool
        Vertices that stay exactly where they are: on the image's edge, along a neighbour.
    smoothed : float
        Standard deviation of the Gaussian that the mask was smoothed with, in pixels.

    Returns
    -------
    (m, 2) float64
        Vertices about half a pixel apart.
    """
    again = 1 + (smoothed / LENGTH) ** 2
    if np.hypot(*(np.roll(ring, -1, axis=0) - ring).T).sum() < SHORTEST:
        return ring
    if not held.any():
        return _low_pass(_resampled(np.vstack([ring, ring[:1]]))[:-1], again, closed=True)
    first = int(np.flatnonzero(held)[0])
    ring, held = np.roll(ring, -first, axis=0), np.roll(held, -first)
    stops = [*np.flatnonzero(held).tolist(), len(ring)]
    whole = np.vstack([ring, ring[:1]])
    parts = []
    for start, end in itertools.pairwise(stops):
        arc = whole[start : end + 1]
        parts.append(arc[:1] if len(arc) == 2 else _low_pass(_resampled(arc), again, closed=False)[:-1])
    return np.concatenate(parts)


def _resampled(curve: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return an open curve with vertices at equal distances, both ends kept."""
    at = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(curve, axis=0).T))])
    even = np.linspace(0.0, at[-1], max(3, round(at[-1] / STEP) + 1))
    return np.column_stack([np.interp(even, at, curve[:, k]) for k in (0, 1)])


def _low_pass(points: NDArray[np.float64], again: float, *, closed: bool) -> NDArray[np.float64]:
    if not closed:
        # Continued beyond its ends point-symmetrically, by which the ends stay where they are.
        before, after = 2 * points[0] - points[:0:-1], 2 * points[-1] - points[-2::-1]
        whole = _twice(np.concatenate([before, points, after]), again, mode="nearest")
        kept = whole[len(before) : len(before) + len(points)]
        kept[0], kept[-1] = points[0], points[-1]
        return kept
    return _twice(points, again, mode="wrap")


def _twice(points: NDArray[np.float64], again: float, *, mode: Literal["wrap", "nearest"]) -> NDArray[np.float64]:
    once = ndimage.gaussian_filter1d(points, LENGTH / STEP, axis=0, mode=mode)
    return np.asarray((1 + again) * once - again * ndimage.gaussian_filter1d(once, LENGTH / STEP, axis=0, mode=mode))
