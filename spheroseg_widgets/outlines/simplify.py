"""Fewer vertices, within a stated distance."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import Polygon
from shapely.geometry.polygon import LinearRing

from .outlines import Outlines

DEFAULT_TOLERANCE = 0.1


def simplify(outlines: Outlines, tolerance: float = DEFAULT_TOLERANCE) -> Outlines:
    """Leave out vertices that matter less than a tolerance.

    Parameters
    ----------
    outlines : Outlines
    tolerance : float
        No point of an outline moves by more than this, in pixels (Hausdorff distance; Douglas and Peucker
        1973, topology preserving).

    Returns
    -------
    Outlines
        The same objects in the same order; one that would become invalid is left as it was.
    """
    if tolerance <= 0 or not len(outlines):
        return outlines
    return Outlines.from_shapely(_simplified(outlines.shapely(index), tolerance) for index in range(len(outlines)))


def _simplified(whole: Polygon, tolerance: float) -> Polygon:
    # GEOS drops a ring's first vertex after all others, by which an outline may move further than it was
    # asked for: what comes out is checked, and asked for again with a smaller tolerance.
    for asked in (tolerance, tolerance / 2, tolerance / 4):
        simpler = whole.simplify(asked, preserve_topology=True)
        usable = simpler.geom_type == "Polygon" and simpler.is_valid and not simpler.is_empty
        if usable and _moved(whole, simpler) <= tolerance:
            return simpler
    return whole


def _moved(whole: Polygon, simpler: Polygon) -> float:
    """Return how far an outline moved at most by losing vertices, or a little more: GEOS's own distance takes longer."""
    before, after = (whole.exterior, *whole.interiors), (simpler.exterior, *simpler.interiors)
    if len(before) != len(after):
        return float(whole.hausdorff_distance(simpler))
    return max(_left_out(old, new) for old, new in zip(before, after, strict=True))


def _left_out(old: LinearRing, new: LinearRing) -> float:
    """Return the largest distance of a ring's vertices to the edges that took their places."""
    places = _complex(old)
    kept = np.flatnonzero(np.isin(places, _complex(new)))
    if len(kept) != len(new.coords) - 1:  # not a choice of the old vertices
        return float(old.hausdorff_distance(new))
    edge = np.searchsorted(kept, np.arange(len(places)), side="right") - 1  # -1: before the first one kept
    start = places[kept[edge]]
    along = places[kept[(edge + 1) % len(kept)]] - start
    reached = np.clip(((places - start) * along.conj()).real / np.maximum(np.abs(along) ** 2, 1e-12), 0, 1)
    return float(np.abs(places - start - reached * along).max())


def _complex(ring: LinearRing) -> NDArray[np.complex128]:
    """Return a ring's vertices as x + iy, the first not again at the end."""
    return np.asarray(shapely.get_coordinates(ring)[:-1].view(np.complex128)[:, 0])
