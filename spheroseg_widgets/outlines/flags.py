"""What an outline's place and size say about it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .outlines import Outlines, signed_area

EDGE = 0.75
"""An outline that comes this near the image's edge, in pixels, was cut by it."""


def touches_border(outlines: Outlines, height: int, width: int, margin: float = EDGE) -> NDArray[np.bool_]:
    """Flag objects that reach the image's edge: their size is a lower bound.

    Parameters
    ----------
    outlines : Outlines
    height, width : int
        Of the image.
    margin : float
        Distance to the edge in pixels that counts as reaching it.

    Returns
    -------
    (n,) bool
    """
    box = outlines.bounds()
    return np.asarray(
        (box[:, 0] <= margin) | (box[:, 1] <= margin) | (box[:, 2] >= width - margin) | (box[:, 3] >= height - margin)
    )


def areas(outlines: Outlines) -> NDArray[np.float64]:
    """Return (n,) areas in square pixels, holes subtracted."""
    return np.array([sum(signed_area(ring) for ring in outlines.rings(i)) for i in range(len(outlines))])


def without_specks(outlines: Outlines, min_area_px2: float) -> Outlines:
    """Leave out objects smaller than `min_area_px2`."""
    return outlines.subset(np.nonzero(areas(outlines) >= min_area_px2)[0])
