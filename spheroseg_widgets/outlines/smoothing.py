"""A low-pass along a ring that keeps its size (TypeScript: `frontend/editor/geometry/smoothing.ts`)."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

STEPS = 3
"""Vertices a standard deviation of the low-pass."""
SHORTEST = 8
"""A ring shorter than so many standard deviations is all corner: it stays as it is."""
MOST_VERTICES = 8192
REACH = 4
"""Standard deviations after which the low-pass is cut off."""


def smooth_ring(ring: NDArray[np.float64], length: float) -> NDArray[np.float64]:
    """Smooth a closed ring along its length.

    Any low-pass pulls curves inwards, by half its variance times the curvature; twice the low-pass less the low-pass
    of the low-pass gives that back, so that a circle keeps its radius.

    Parameters
    ----------
    ring : (n, 2) float64
        x, y; open (the first vertex is not repeated).
    length : float
        Standard deviation of the Gaussian, in pixels.

    Returns
    -------
    (m, 2) float64
        Vertices at equal distances.
    """
    whole = np.vstack([ring, ring[:1]])
    at = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(whole, axis=0).T))])
    around = float(at[-1])
    if around < SHORTEST * length:
        return ring
    count = min(MOST_VERTICES, math.ceil(around * STEPS / length))
    even = np.arange(count) * (around / count)
    points = np.column_stack([np.interp(even, at, whole[:, axis]) for axis in (0, 1)])
    sigma = length * count / around
    once = ndimage.gaussian_filter1d(points, sigma, axis=0, mode="wrap", truncate=REACH)
    twice = ndimage.gaussian_filter1d(once, sigma, axis=0, mode="wrap", truncate=REACH)
    return np.asarray(2 * once - twice)
