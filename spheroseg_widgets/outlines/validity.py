"""Whether an outline drawn by hand can be measured, and what it becomes if it nearly can."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from shapely.geometry import Polygon, box

GRID_PX = 1 / 256
"""Repaired vertices lie on this grid, which float32 holds exactly: they stay valid when they are stored."""

LEAST_AREA_PX2 = 1.0
MOST_LOST = 0.1
"""A repair that would drop more than this part of the area is not made: the user decides."""


class Checked(NamedTuple):
    """What came of checking an outline.

    Parameters
    ----------
    state : {"ok", "repaired", "refused"}
        Whether `rings` are as given, mended, or not to be used.
    rings : list of (n, 2) float32
        The outer ring, then holes; empty when refused.
    reason : {"", "outside", "crosses", "empty"}
        What was wrong.
    """

    state: Literal["ok", "repaired", "refused"]
    rings: list[NDArray[np.float32]]
    reason: Literal["", "outside", "crosses", "empty"] = ""


def check_outline(rings: Sequence[ArrayLike], height: int, width: int) -> Checked:
    """Check one outline: simple, with an area, within the image.

    Parameters
    ----------
    rings : sequence of (n, 2) array_like
        The outer ring, then holes; open, in pixels.
    height, width : int
        Of the image; what lies outside is cut off.

    Returns
    -------
    Checked
        A small loop is cut away and a part outside the image cut off ("repaired"); an outline that falls into
        parts of comparable size, or has no area, is refused.

    Examples
    --------
    >>> check_outline([[(1, 1), (9, 1), (9, 9), (1, 9)]], 20, 20).state
    'ok'
    >>> check_outline([[(1, 1), (9, 9), (9, 1), (1, 9)]], 20, 20)
    Checked(state='refused', rings=[], reason='crosses')
    """
    # What is checked is what would be stored: float32.
    given = [np.asarray(ring, np.float32).reshape(-1, 2).astype(np.float64) for ring in rings]
    if not given or any(len(ring) < 3 or not np.isfinite(ring).all() for ring in given):
        return Checked("refused", [], "empty")
    polygon = Polygon(given[0], given[1:])
    frame = box(0, 0, width, height)
    if polygon.is_valid and polygon.area >= LEAST_AREA_PX2 and frame.covers(polygon):
        return Checked("ok", [ring.astype(np.float32) for ring in given])
    crossed = not polygon.is_valid
    mended = shapely.make_valid(polygon) if crossed else polygon
    whole = polygons_of(mended)
    if not whole or sum(part.area for part in whole) < LEAST_AREA_PX2:
        return Checked("refused", [], "crosses" if crossed and len(whole) > 1 else "empty")
    if crossed and not _one_stands_out(whole):
        return Checked("refused", [], "crosses")
    largest = max(whole, key=lambda part: float(part.area))
    with np.errstate(divide="ignore"):  # edges shorter than floats can tell apart
        inside = polygons_of(shapely.set_precision(largest.intersection(frame), GRID_PX))
    kept = max(inside, key=lambda part: float(part.area), default=None)
    if kept is None or kept.area < LEAST_AREA_PX2:
        return Checked("refused", [], "outside")
    parts = [np.asarray(ring.coords, np.float32)[:-1] for ring in (kept.exterior, *kept.interiors)]
    return Checked("repaired", parts, "crosses" if crossed else "outside")


def polygons_of(shape: shapely.Geometry) -> list[Polygon]:
    """Polygons of whatever shapely made; lines and points have no area."""
    out: list[Polygon] = []
    for part in shapely.get_parts(shape).tolist():
        if isinstance(part, Polygon):
            out += [part] if part.area > 0 else []
        elif hasattr(part, "geoms"):
            out += polygons_of(part)
    return out


def _one_stands_out(parts: Sequence[Polygon]) -> bool:
    areas = sorted((float(part.area) for part in parts), reverse=True)
    return sum(areas[1:]) <= MOST_LOST * sum(areas)
