"""Shape of outlined objects, in pixels, from their polygons."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from shapely.geometry import Polygon

from spheroseg_widgets.outlines.outlines import Outlines

from .feret import max_feret, min_feret

SHAPE_COLUMNS = (
    "area_px2",
    "perimeter_px",
    "equivalent_diameter_px",
    "circularity",
    "roundness",
    "solidity",
    "convexity",
    "max_feret_px",
    "min_feret_px",
    "major_axis_px",
    "minor_axis_px",
    "eccentricity",
    "orientation_deg",
    "aspect_ratio",
    "centroid_x_px",
    "centroid_y_px",
    "volume_sphere_px3",
    "volume_ellipsoid_px3",
    "volume_lw2_px3",
)


def measure_shape(outlines: Outlines) -> pd.DataFrame:
    """Measure every object; the definitions stand in `definitions.py`.

    Parameters
    ----------
    outlines : Outlines
        In pixels.

    Returns
    -------
    DataFrame
        One row an object, columns `SHAPE_COLUMNS`, float64. A degenerate outline (fewer than three
        vertices, no area, no extent across) gives NaN, never 1.
    """
    rows = [_measure(outlines.rings(index)) for index in range(len(outlines))]
    return pd.DataFrame(rows, columns=list(SHAPE_COLUMNS), dtype=np.float64)


def _measure(rings: list[NDArray[np.float32]]) -> list[float]:
    outer = rings[0].astype(np.float64)
    area, centroid, moments = _moments([ring.astype(np.float64) for ring in rings])
    # An outline that crosses itself may have an area but impossible moments.
    major, minor, orientation = _ellipse(moments)
    if len(outer) < 3 or not area > 0 or not minor > 0:
        return [math.nan] * len(SHAPE_COLUMNS)
    steps = np.diff(outer, axis=0, append=outer[:1])
    perimeter = float(np.hypot(steps[:, 0], steps[:, 1]).sum())
    convex = Polygon(outer).convex_hull
    hull = np.asarray(convex.exterior.coords)[:-1]
    diameter = 2 * math.sqrt(area / math.pi)
    longest, narrowest = max_feret(hull), min_feret(hull)
    return [
        area,
        perimeter,
        diameter,
        4 * math.pi * area / perimeter**2,
        4 * area / (math.pi * major**2),
        area / float(convex.area),
        float(convex.length) / perimeter,
        longest,
        narrowest,
        major,
        minor,
        math.sqrt(max(0.0, 1 - (minor / major) ** 2)),
        orientation,
        major / minor,
        centroid[0],
        centroid[1],
        math.pi / 6 * diameter**3,
        math.pi / 6 * major * minor**2,
        0.5 * longest * narrowest**2,
    ]


def _moments(
    rings: list[NDArray[np.float64]],
) -> tuple[float, tuple[float, float], tuple[float, float, float]]:
    """Area, centroid and central second moments over area, exact for polygons (Steger 1996).

    Holes count negatively through their direction.
    """
    origin = rings[0].mean(axis=0)  # far from the origin the sums would cancel
    sums = np.zeros(6)
    for ring in rings:
        x, y = (ring - origin).T
        u, v = np.append(x[1:], x[:1]), np.append(y[1:], y[:1])
        cross = x * v - u * y
        sums += [
            cross.sum() / 2,
            (cross * (x + u)).sum() / 6,
            (cross * (y + v)).sum() / 6,
            (cross * (x * x + x * u + u * u)).sum() / 12,
            (cross * (y * y + y * v + v * v)).sum() / 12,
            (cross * (2 * x * y + x * v + u * y + 2 * u * v)).sum() / 24,
        ]
    area = float(sums[0])
    if not area > 0:
        return area, (math.nan, math.nan), (math.nan,) * 3
    cx, cy = sums[1] / area, sums[2] / area
    moments = (sums[3] / area - cx * cx, sums[4] / area - cy * cy, sums[5] / area - cx * cy)
    return area, (float(origin[0] + cx), float(origin[1] + cy)), moments


def _ellipse(moments: tuple[float, float, float]) -> tuple[float, float, float]:
    """Full axes of the ellipse with these second moments, and the angle of the major one.

    The angle is measured from the x axis towards the top of the image, -90 to 90 degrees.
    """
    mxx, myy, mxy = moments
    middle, spread = (mxx + myy) / 2, math.hypot((mxx - myy) / 2, mxy)
    angle = -0.5 * math.degrees(math.atan2(2 * mxy, mxx - myy))
    if not middle > spread:
        return math.nan, math.nan, math.nan
    return 4 * math.sqrt(middle + spread), 4 * math.sqrt(middle - spread), angle
