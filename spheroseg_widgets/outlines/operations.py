"""What is done to outlines when they are corrected: merge, subtract, intersect, slice, brush, grow, fill, smooth.

The editor does the same in the browser (`frontend/editor/geometry/`); one corpus of cases holds both together
(`tests/outlines/operations.json`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import ArrayLike
from shapely.geometry import LineString, Point, Polygon
from shapely.strtree import STRtree

from .outlines import Outlines
from .smoothing import smooth_ring
from .validity import GRID_PX, LEAST_AREA_PX2, polygons_of

ARC_PX = 0.02
"""How far the edges of a polygon that stands for an arc may lie from it, in pixels."""


class Parts(NamedTuple):
    """Outlines that came of an operation, and of which ones.

    Parameters
    ----------
    outlines : Outlines
        Valid; parts and holes smaller than `LEAST_AREA_PX2` are left out.
    parents : tuple of tuple of int
        For each outline the indices of those it came from, among those given.
    """

    outlines: Outlines
    parents: tuple[tuple[int, ...], ...]


def union(outlines: Outlines) -> Parts:
    """Merge outlines that overlap or share an edge.

    Parameters
    ----------
    outlines : Outlines

    Returns
    -------
    Parts
        An outline that meets no other is as it was.

    Examples
    --------
    >>> halves = Outlines.from_rings([[[(0, 0), (6, 0), (6, 9), (0, 9)]], [[(5, 0), (9, 0), (9, 9), (5, 9)]]])
    >>> merged = union(halves)
    >>> merged.parents, merged.outlines.shapely(0).area
    (((0, 1),), 81.0)
    """
    shapes = _shapes(outlines)
    merged = polygons_of(shapely.union_all(shapes)) if shapes else []
    inside = shapely.point_on_surface(shapes) if shapes else []
    found = STRtree(merged).query(inside, predicate="intersects").T.tolist() if shapes else []
    parents: list[list[int]] = [[] for _ in merged]
    for index, part in found:
        parents[part].append(index)
    made = [
        (_one(shapes[own[0]]) if len(own) == 1 else _settled(part), tuple(own))
        for part, own in zip(merged, parents, strict=True)
    ]
    return _parts(sorted(made, key=lambda one: one[1]))


def subtract(outlines: Outlines, others: Outlines) -> Parts:
    """Take away from every outline what others cover; what is subtracted within one leaves a hole.

    Parameters
    ----------
    outlines, others : Outlines

    Returns
    -------
    Parts
        An outline that falls apart has several; one that is covered wholly has none.
    """
    return _each(outlines, others, lambda shape, other: shape.difference(other), alone=True)


def intersect(outlines: Outlines, others: Outlines) -> Parts:
    """Keep of every outline what others cover too.

    Parameters
    ----------
    outlines, others : Outlines

    Returns
    -------
    Parts
    """
    return _each(outlines, others, lambda shape, other: shape.intersection(other), alone=False)


def slice_along(outlines: Outlines, line: ArrayLike) -> Parts:
    """Cut outlines along a line; only the line itself cuts, not its continuation.

    Parameters
    ----------
    outlines : Outlines
    line : (n, 2) array_like
        Vertices of an open line, in pixels.

    Returns
    -------
    Parts
        The areas of the parts add up to the outline's. Where the line ends within an outline it cuts nothing there.
        A hole goes to the part that contains it; one that is cut becomes a bay of the parts.

    Raises
    ------
    ValueError
        The line has fewer than two vertices.
    """
    points = np.asarray(line, np.float64).reshape(-1, 2)
    if len(points) < 2:
        raise ValueError(f"a line to slice along needs two vertices, not {len(points)}")
    blade = LineString(points)
    made: list[tuple[list[Polygon], tuple[int, ...]]] = []
    for index, shape in enumerate(_shapes(outlines)):
        # The whole line, not what of it lies inside: computed ends would not meet the outline exactly.
        edges = shapely.union_all([shape.boundary, blade])
        faces = [face for face in shapely.polygonize(shapely.get_parts(edges)).geoms if _within(face, shape)]
        made.append((_one(shape) if len(faces) < 2 else [part for face in faces for part in _settled(face)], (index,)))
    return _parts(made)


def stroke(points: ArrayLike, diameter: float) -> Outlines:
    """Return what a round brush covers on its way: united with an outline it adds, subtracted it erases.

    Parameters
    ----------
    points : (n, 2) array_like
        Where the middle of the brush went, in pixels; one point is a dab.
    diameter : float
        Of the brush, in pixels.

    Returns
    -------
    Outlines
        One outline; it has holes where the way goes round something.

    Raises
    ------
    ValueError
        There is no point, or the diameter is not positive.
    """
    way = np.asarray(points, np.float64).reshape(-1, 2)
    if not len(way) or not diameter > 0:
        raise ValueError("a stroke needs at least one point and a diameter above zero")
    middle = Point(way[0]) if len(way) == 1 else LineString(way)
    covered = middle.buffer(diameter / 2, quad_segs=_quadrant(diameter / 2))
    return Outlines.from_shapely(_settled(covered))


def grow(outlines: Outlines, distance: float) -> Parts:
    """Move every outline outwards by a distance, or inwards by a negative one; corners are rounded.

    Parameters
    ----------
    outlines : Outlines
    distance : float
        In pixels.

    Returns
    -------
    Parts
        Holes become smaller as their outline grows. One that shrinks may fall apart, or be gone.
    """
    if distance == 0:
        return Parts(outlines, tuple((index,) for index in range(len(outlines))))
    arcs = _quadrant(abs(distance))
    return _parts([
        (_settled(shape.buffer(distance, quad_segs=arcs)), (index,)) for index, shape in enumerate(_shapes(outlines))
    ])  # fmt: skip


def fill_holes(outlines: Outlines, largest_px2: float = math.inf) -> Outlines:
    """Leave out holes.

    Parameters
    ----------
    outlines : Outlines
    largest_px2 : float
        Holes of a larger area stay.

    Returns
    -------
    Outlines
        The same objects in the same order.
    """
    kept = []
    for index in range(len(outlines)):
        outer, *holes = outlines.rings(index)
        kept.append([outer, *(hole for hole in holes if Polygon(hole).area > largest_px2)])
    return Outlines.from_rings(kept)


def hole_as_object(outlines: Outlines, index: int, hole: int) -> Outlines:
    """Make an object of its own of a hole: it fills the hole, which stays.

    Parameters
    ----------
    outlines : Outlines
    index : int
        Which outline has the hole.
    hole : int
        Which of its holes, from 0.

    Returns
    -------
    Outlines
        Those given, and the new one at the end.

    Raises
    ------
    IndexError
        There is no such outline or hole.
    """
    if not 0 <= index < len(outlines):
        raise IndexError(f"there is no outline {index} among {len(outlines)}")
    holes = outlines.rings(index)[1:]
    if not 0 <= hole < len(holes):
        raise IndexError(f"outline {index} has no hole {hole}: it has {len(holes)}")
    return Outlines.concat([outlines, Outlines.from_rings([[holes[hole]]])])


def smooth(outlines: Outlines, length: float) -> Outlines:
    """Take out of outlines what is shorter than a length, and keep their size.

    Parameters
    ----------
    outlines : Outlines
    length : float
        Standard deviation of the low-pass along the outline, in pixels.

    Returns
    -------
    Outlines
        The same objects in the same order. A ring too short for the length stays as it is, and so does an outline
        that would cross itself.
    """
    if length <= 0:
        return outlines
    made = []
    for index in range(len(outlines)):
        rings = [smooth_ring(ring.astype(np.float64), length) for ring in outlines.rings(index)]
        shape = Polygon(rings[0], rings[1:])
        parts = _settled(shape) if shape.is_valid else []
        # Rounding to the grid of what is stored may break a neck of its width: then nothing is done.
        fits = len(parts) == 1 and len(parts[0].interiors) == len(rings) - 1
        made.append(parts[0] if fits else outlines.shapely(index))
    return Outlines.from_shapely(made)


def _each(
    outlines: Outlines, others: Outlines, act: Callable[[Polygon, shapely.Geometry], shapely.Geometry], *, alone: bool
) -> Parts:
    """Do something with every outline and the others it meets; `alone` keeps those that meet none."""
    shapes, covers = _shapes(outlines), _shapes(others)
    tree = STRtree(covers)
    made: list[tuple[list[Polygon], tuple[int, ...]]] = []
    for index, shape in enumerate(shapes):
        near = [covers[i] for i in tree.query(shape, predicate="intersects").tolist()]
        if near:
            made.append((_settled(act(shape, shapely.union_all(near))), (index,)))
        elif alone:
            made.append((_one(shape), (index,)))
    return _parts(made)


def _shapes(outlines: Outlines) -> list[Polygon]:
    return [outlines.shapely(index) for index in range(len(outlines))]


def _one(shape: Polygon) -> list[Polygon]:
    return [shape]


def _within(face: Polygon, shape: Polygon) -> bool:
    return bool(shape.covers(face.point_on_surface()))


def _settled(shape: shapely.Geometry) -> list[Polygon]:
    """Polygons as they can be stored: on the grid that float32 holds, without slivers."""
    parts = []
    for part in polygons_of(shapely.set_precision(shape, GRID_PX)):
        if part.area >= LEAST_AREA_PX2:
            holes = [ring for ring in part.interiors if Polygon(ring).area >= LEAST_AREA_PX2]
            parts.append(Polygon(part.exterior, holes))
    return parts


def _parts(made: Sequence[tuple[list[Polygon], tuple[int, ...]]]) -> Parts:
    shapes = [shape for parts, _ in made for shape in parts]
    return Parts(Outlines.from_shapely(shapes), tuple(own for parts, own in made for _ in parts))


def _quadrant(radius: float) -> int:
    """Edges of a quarter of a circle that keep within `ARC_PX` of it."""
    return max(4, math.ceil(math.pi / 4 / math.acos(1 - min(1.0, ARC_PX / radius))))
