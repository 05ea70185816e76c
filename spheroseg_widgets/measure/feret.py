"""Feret diameters: the largest and the smallest caliper width of a convex hull."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import pdist


def max_feret(hull: NDArray[np.float64]) -> float:
    """Return the largest distance between two vertices of a convex hull (n, 2)."""
    return float(pdist(hull).max()) if len(hull) > 1 else float("nan")


def min_feret(hull: NDArray[np.float64]) -> float:
    """Return the smallest caliper width of a convex hull (n, 2) over all directions.

    The smallest width is reached with one jaw along an edge (rotating calipers; Houle and Toussaint 1988),
    so it is the least, over the edges, of the largest distance of a vertex from that edge.
    """
    edges = np.roll(hull, -1, axis=0) - hull
    lengths = np.hypot(edges[:, 0], edges[:, 1])
    edges, origins = edges[lengths > 0] / lengths[lengths > 0, None], hull[lengths > 0]
    if len(edges) < 3:
        return float("nan")
    offsets = hull[None] - origins[:, None]
    widths = np.abs(offsets[..., 0] * edges[:, None, 1] - offsets[..., 1] * edges[:, None, 0]).max(axis=1)
    return float(widths.min())
