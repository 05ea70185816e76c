"""Everything that is measured of outlined objects: what a run, and whoever corrects one, stores of them."""

from __future__ import annotations

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

TOGETHER = 16
"""Neighbours that are measured together: what they lie in is read once."""


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
    middle = outlines.bounds().reshape(-1, 2, 2).mean(axis=1) // BLOCK_SIDE
    order = np.lexsort((middle[:, 0], middle[:, 1]))
    for first in range(0, len(order), TOGETHER):
        some = order[first : first + TOGETHER]
        for index in some:
            found[index] = intensities.of(int(index))
        widths.append(measure_edges(outlines.subset(some), blocks).set_index(some))
    edges = pd.concat(widths) if widths else measure_edges(outlines, blocks)
    return shapes.join([intensity_frame(found), edges])
