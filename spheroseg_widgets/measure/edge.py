"""How wide the edge of outlined objects looks, on the original pixels: the microscope's focus shows in it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import ndimage

from spheroseg_widgets.imaging.regions import Parts
from spheroseg_widgets.outlines.outlines import Outlines, signed_area

EDGE_COLUMNS = ("edge_width_px",)
ARCS = 8
PER_ARC = 12
"""Profiles that are averaged along an arc: noise goes, and the outline need not lie exactly on the edge of all arcs."""
REACH = 0.3
"""How far profiles reach to either side of the outline, over the radius of the disc of the same area."""
LEAST_REACH_PX = 8.0
STEPS = 32
SPAN = 2
"""Steps over which the slope is taken: over one, the steepest would be the noise's."""
MOST_SAMPLES = 1 << 19
"""Outlines are taken together up to this many samples, for the sake of memory."""
MOST_WINDOW = 4_000_000
"""Pixels of what is read at once of an image in parts."""


def measure_edges(outlines: Outlines, pixels: NDArray[Any] | Parts) -> pd.DataFrame:
    """Measure how wide the edge of every object looks.

    Along each of `ARCS` arcs of the outer ring the grey values are averaged in lines parallel to it: a profile from
    inside to outside. Its range over its steepest slope is the edge's width there; the object's is the median of its
    arcs. A sharp step gives about the length over which slopes are taken, one behind a Gaussian blur of sigma s about
    2.5 s; noise, debris at some arcs or an outline beside the edge change it little.

    Parameters
    ----------
    outlines : Outlines
        In pixels of the image.
    pixels : (h, w) any numeric dtype, or Parts
        Original values; of parts only those along outlines are read.

    Returns
    -------
    DataFrame
        One row an object, columns `EDGE_COLUMNS`; NaN where fewer than half of the arcs lie within the image, or
        nothing changes across them.
    """
    widths = np.full(len(outlines), np.nan)
    if not len(outlines):
        return pd.DataFrame({EDGE_COLUMNS[0]: widths})
    points, outward, reach = _around(outlines)
    offsets = np.linspace(-1, 1, STEPS + 1)
    batch = max(1, MOST_SAMPLES // (ARCS * PER_ARC * (STEPS + 1)))
    for first in range(0, len(outlines), batch):
        some = slice(first, first + batch)
        away = reach[some, None] * offsets  # (n, steps)
        at = points[some, :, None] + outward[some, :, None] * away[:, None, :, None]
        values = _between(pixels, at[..., 1] - 0.5, at[..., 0] - 0.5)  # the value of a pixel is that of its centre
        profiles = values.reshape(len(values), ARCS, PER_ARC, STEPS + 1).mean(axis=2)
        steepest = np.abs(profiles[..., SPAN:] - profiles[..., :-SPAN]).max(axis=2)
        height = profiles.max(axis=2) - profiles.min(axis=2)
        width = np.divide(height, steepest, out=np.full(height.shape, np.nan), where=steepest > 0)
        enough = np.isfinite(width).sum(axis=1) >= ARCS / 2
        steps = np.nanmedian(width[enough], axis=1) * SPAN
        widths[some][enough] = steps * (2 * reach[some][enough] / STEPS)
    return pd.DataFrame({EDGE_COLUMNS[0]: widths})


def _between(pixels: NDArray[Any] | Parts, y: NDArray[np.float64], x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return values (n, p, s) between pixels, by linear interpolation; NaN outside of the image."""
    if isinstance(pixels, np.ndarray):
        return ndimage.map_coordinates(pixels, [y, x], np.float64, order=1, cval=np.nan)
    return np.stack([_in_window(pixels, *one) for one in zip(y, x, strict=True)])


def _in_window(source: Parts, y: NDArray[np.float64], x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Do so for the points of an object (p, s), in what they need of the image: at once, or one half after the other."""
    rows, columns = (
        slice(max(0, int(np.floor(at.min()))), min(length, int(np.floor(at.max())) + 2))
        for at, length in zip((y, x), source.shape, strict=True)
    )
    high, wide = rows.stop - rows.start, columns.stop - columns.start
    if high <= 0 or wide <= 0:
        return np.full(y.shape, np.nan)
    if high * wide > MOST_WINDOW and len(y) > 1:
        half = len(y) // 2
        return np.concatenate([_in_window(source, y[:half], x[:half]), _in_window(source, y[half:], x[half:])])
    window = source.read(rows, columns)
    # Exact: a place in the window is never farther from its corner than from the image's.
    return ndimage.map_coordinates(window, [y - rows.start, x - columns.start], np.float64, order=1, cval=np.nan)


def _around(outlines: Outlines) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return (n, p, 2) points evenly along each outer ring, (n, p, 2) directions outwards there, and (n,) reach."""
    count = ARCS * PER_ARC
    points = np.zeros((len(outlines), count, 2))
    reach = np.zeros(len(outlines))
    for index in range(len(outlines)):
        ring = outlines.rings(index)[0].astype(np.float64)
        closed = np.concatenate([ring, ring[:1]])
        along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(closed, axis=0).T))])
        at = np.arange(count) * (along[-1] / count)
        points[index, :, 0] = np.interp(at, along, closed[:, 0])
        points[index, :, 1] = np.interp(at, along, closed[:, 1])
        reach[index] = max(LEAST_REACH_PX, REACH * np.sqrt(abs(signed_area(ring)) / np.pi))
    # Over several points: a direction across small wiggles of the outline would not be one across the edge.
    forward = np.roll(points, -3, axis=1) - np.roll(points, 3, axis=1)
    length = np.maximum(np.hypot(forward[..., 0], forward[..., 1]), 1e-12)[..., None]
    # The outer ring turns from x towards y, so that outwards is to the right of the way along it.
    return points, np.stack([forward[..., 1], -forward[..., 0]], axis=-1) / length, reach
