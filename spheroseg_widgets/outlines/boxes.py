"""Where objects of a label image lie: most of an image is background, and is not looked at for each of them."""

from __future__ import annotations

from typing import cast

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Box = tuple[slice, slice]
"""Rows and columns of an image."""


def boxes_of(labels: NDArray[np.int32]) -> list[Box | None]:
    """Return the box of each label 1..n of an image (h, w); None of those that it lacks."""
    return cast("list[Box | None]", ndimage.find_objects(labels))


def area_of(box: Box) -> int:
    """Return how many pixels a box has."""
    rows, columns = box
    return int((rows.stop - rows.start) * (columns.stop - columns.start))


def padded(box: Box, by: int) -> Box:
    """Return a box wider on every side; slices end at an image's edge by themselves, but must not begin before it."""
    rows, columns = box
    return slice(max(0, rows.start - by), rows.stop + by), slice(max(0, columns.start - by), columns.stop + by)
