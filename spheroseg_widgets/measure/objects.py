"""Everything that is measured of outlined objects: what a run, and whoever corrects one, stores of them."""

from __future__ import annotations

from typing import Any

import pandas as pd
from numpy.typing import NDArray

from spheroseg_widgets.outlines.outlines import Outlines

from .edge import measure_edges
from .intensity import measure_intensity
from .shape import measure_shape


def measure_objects(outlines: Outlines, pixels: NDArray[Any]) -> pd.DataFrame:
    """Measure shape, grey values and edges of every object; the definitions stand in `definitions.py`.

    Parameters
    ----------
    outlines : Outlines
        In pixels of the image.
    pixels : (h, w) any numeric dtype
        Original values.

    Returns
    -------
    DataFrame
        One row an object, columns `PX_COLUMNS`.
    """
    return measure_shape(outlines).join([measure_intensity(outlines, pixels), measure_edges(outlines, pixels)])
