"""Percentile normalisation on the full bit depth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_SAMPLES = 4_000_000
MOST_COUNTED = 16_000_000
"""Pixels that are counted at a time: counting takes eight bytes for each."""


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Which percentiles become 0 and 1."""

    low: float = 0.5
    high: float = 99.5


def limits_of(pixels: NDArray[Any], percentiles: Percentiles) -> tuple[float, float]:
    """Return the grey values at the two percentiles.

    Integers of up to 16 bits are counted exactly; of other images at most 4 million evenly spaced pixels
    are sorted. NaN and infinite pixels do not count; an image of nothing else gives (0, 0).
    """
    wanted = (percentiles.low, percentiles.high)
    if pixels.dtype in (np.uint8, np.uint16):
        counts = np.cumsum(_counted(pixels))
        low, high = (int(np.searchsorted(counts, counts[-1] * p / 100)) for p in wanted)
        return float(low), float(high)
    values = pixels.ravel()[:: max(1, pixels.size // MOST_SAMPLES)]
    values = values[np.isfinite(values)]
    if not values.size:
        return 0.0, 0.0
    low_value, high_value = np.percentile(values, wanted)
    return float(low_value), float(high_value)


def normalise(pixels: NDArray[Any], percentiles: Percentiles | None = None) -> NDArray[np.float32]:
    """Stretch an image so that its low percentile is 0 and its high one 1.

    Parameters
    ----------
    pixels : (h, w) any numeric dtype
        Original values.
    percentiles : Percentiles, optional
        Default 0.5 and 99.5.

    Returns
    -------
    (h, w) float32
        In 0..1. A constant image gives zeros; NaN pixels give 0.
    """
    return stretch(pixels, limits_of(pixels, percentiles or Percentiles()))


def stretch(pixels: NDArray[Any], limits: tuple[float, float]) -> NDArray[np.float32]:
    """Stretch pixels, or a part of an image's, so that these grey values become 0 and 1; see `normalise`."""
    low, high = limits
    if not high > low:
        return np.zeros(pixels.shape, np.float32)
    scaled = (pixels.astype(np.float32) - np.float32(low)) * np.float32(1 / (high - low))
    np.clip(scaled, 0, 1, out=scaled)
    scaled[np.isnan(scaled)] = 0
    return scaled


def _counted(pixels: NDArray[Any]) -> NDArray[np.int64]:
    """Return how often each grey value of a uint8 or uint16 image occurs."""
    counts = np.zeros(int(np.iinfo(pixels.dtype).max) + 1, np.int64)
    rows = max(1, MOST_COUNTED // max(1, pixels.size // max(1, len(pixels))))
    for first in range(0, len(pixels), rows):
        counts += np.bincount(pixels[first : first + rows].ravel(), minlength=len(counts))
    return counts
