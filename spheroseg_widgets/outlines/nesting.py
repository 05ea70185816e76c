"""From loose rings to objects: which ring is a hole of which."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import Polygon
from shapely.strtree import STRtree

from .outlines import Outlines, signed_area


def nest(rings: list[NDArray[np.float64]]) -> Outlines:
    """Assign holes to their parents and islands to themselves, by depth.

    Parameters
    ----------
    rings : list of (n, 2) float64
        Open rings that do not cross one another, in any direction.

    Returns
    -------
    Outlines
        Rings at even depth become objects, rings at odd depth the holes of the smallest ring around them;
        ordered by the place of their topmost vertex.
    """
    rings = [ring for ring in rings if len(ring) >= 3 and signed_area(ring) != 0]
    if not rings:
        return Outlines.empty()
    if len(rings) == 1:
        return Outlines.from_rings([[rings[0]]])
    polygons = np.array([Polygon(ring) for ring in rings])
    areas = shapely.area(polygons)
    # Half an edge is never a vertex of a neighbour that touches in a corner only.
    probes = shapely.points([(ring[0] + ring[1]) / 2 for ring in rings])
    around: list[list[int]] = [[] for _ in rings]
    for outer, inner in STRtree(probes).query(polygons, predicate="contains").T.tolist():
        if areas[outer] > areas[inner]:
            around[inner].append(outer)
    objects: dict[int, list[NDArray[np.float64]]] = {}
    for i in sorted(range(len(rings)), key=lambda k: (rings[k][:, 1].min(), rings[k][:, 0].min())):
        if len(around[i]) % 2 == 0:
            objects[i] = [rings[i]]
    for i, parents in enumerate(around):
        if len(parents) % 2 == 1:
            objects[min(parents, key=lambda j: areas[j])].append(rings[i])
    return Outlines.from_rings(list(objects.values()))
