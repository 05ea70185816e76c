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
    edges = np.diff(hull, axis=0, append=hull[:1])
    lengths = np.hypot(edges[:, 0], edges[:, 1])
    edges = edges[lengths > 0] / lengths[lengths > 0, None]
    if len(edges) < 3:
        return float("nan")
    across = hull @ np.stack([edges[:, 1], -edges[:, 0]])
    return float((across.max(axis=0) - across.min(axis=0)).min())
