"""Fewer vertices, within a stated distance."""

from __future__ import annotations

from shapely.geometry import Polygon

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
        if usable and whole.hausdorff_distance(simpler) <= tolerance:
            return simpler
    return whole
