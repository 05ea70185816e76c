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
    simpler: list[Polygon] = []
    for index in range(len(outlines)):
        whole = outlines.shapely(index)
        candidate = whole.simplify(tolerance, preserve_topology=True)
        usable = candidate.geom_type == "Polygon" and candidate.is_valid and not candidate.is_empty
        simpler.append(candidate if usable else whole)
    return Outlines.from_shapely(simpler)
