"""A large plane made small, read a band of rows at a time: it never lies in memory whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .regions import bands
from .resize import reduced
from .tally import Tally, limits_from

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .normalise import Percentiles
    from .regions import Regions

IN_ONE_PIECE = 16_000_000
"""Pixels of a plane that may well be read at once: a larger one is worked on in bands."""
BAND_PIXELS = 16_000_000
"""Of the plane that are read at a time."""


def small_copy(
    source: Regions, factor: int, percentiles: Percentiles, sample: int = 1
) -> tuple[NDArray[Any], tuple[float, float], NDArray[Any]]:
    """Make a small copy of a plane, and find its contrast.

    Parameters
    ----------
    source : Regions
        The plane, (h, w).
    factor : int
        Pixels of the plane, along either axis, that become one.
    percentiles : Percentiles
        Of all grey values of the plane.
    sample : int
        Grey values to be kept, evenly spread; about as many are.

    Returns
    -------
    (ceil(h / factor), ceil(w / factor)) float32
        Means; the plane itself, in its own dtype, where the factor is 1.
    (float, float)
        The grey values at the percentiles, as `normalise.limits_of` finds them.
    (n,) of the plane's dtype
        The sample.

    Raises
    ------
    ImageError
        The plane cannot be read.
    """
    height, width = source.shape
    tally, small, kept = Tally(source), [], []
    every = max(1, height * width // sample)
    for rows in bands(source, factor, BAND_PIXELS):
        band = source.read(rows, slice(0, width))
        tally.add(band)
        kept.append(band.ravel()[-rows.start * width % every :: every].copy())
        small.append(reduced(band, factor))
    return np.vstack(small), limits_from(tally.values(), percentiles), np.concatenate(kept)
