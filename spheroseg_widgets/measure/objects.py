"""Everything that is measured of outlined objects: what a run, and whoever corrects one, stores of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from spheroseg_widgets.imaging.blocks import BLOCK_SIDE, Blocks
from spheroseg_widgets.imaging.regions import Regions
from spheroseg_widgets.outlines.outlines import Outlines

from .edge import measure_edges
from .intensity import Intensities, intensity_frame, measure_intensity
from .shape import measure_shape

FIELD = 4 * BLOCK_SIDE
"""Side of a part of the image that is gone through before the next: what its objects lie in is kept as long."""
TOGETHER, PIXELS_TOGETHER = 64, 4_000_000
"""Neighbours that are measured together at most, and pixels of their boxes."""


def measure_objects(outlines: Outlines, pixels: NDArray[Any] | Regions) -> pd.DataFrame:
    """Measure shape, grey values and edges of every object; the definitions stand in `definitions.py`.

    Parameters
    ----------
    outlines : Outlines
        In pixels of the image.
    pixels : (h, w) any numeric dtype, or Regions
        Original values; of a plane in its file only what lies around the objects is read.

    Returns
    -------
    DataFrame
        One row an object, columns `PX_COLUMNS`.
    """
    shapes = measure_shape(outlines)
    if isinstance(pixels, np.ndarray):
        return shapes.join([measure_intensity(outlines, pixels), measure_edges(outlines, pixels)])
    blocks = Blocks(pixels)
    intensities = Intensities(outlines, blocks)
    found: list[list[float]] = [[]] * len(outlines)
    widths = []
    for some in _groups(outlines.bounds()):
        for index in some:
            found[index] = intensities.of(index)
        widths.append(measure_edges(outlines.subset(some), blocks).set_index(np.array(some)))
    edges = pd.concat(widths) if widths else measure_edges(outlines, blocks)
    return shapes.join([intensity_frame(found), edges])


def _groups(bounds: NDArray[np.float64]) -> Iterator[list[int]]:
    """Part objects into groups that lie near each other, given their bounding boxes (n, 4)."""
    middle = (bounds[:, :2] + bounds[:, 2:]) / 2
    block, field = middle // BLOCK_SIDE, middle // FIELD
    areas = (bounds[:, 2:] - bounds[:, :2]).prod(axis=1)
    some: list[int] = []
    for index in np.lexsort((block[:, 0], block[:, 1], field[:, 0], field[:, 1])).tolist():
        if some and (len(some) == TOGETHER or areas[[*some, index]].sum() > PIXELS_TOGETHER):
            yield some
            some = []
        some.append(index)
    if some:
        yield some
