"""Percentile normalisation on the full bit depth."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_SAMPLES = 4_000_000
MOST_COUNTED = 1 << 24
"""Pixels that are counted at a time: OpenCV gives counts as float32, which hold every integer up to this one."""
FEW_VALUES = 50_000
"""So many values are sorted without looking at a sample of them first."""
COMPARED = 1 << 17
"""Values compared at a time: the answers lie in memory that is used again, for fresh memory costs more."""
SAMPLE_STEP = 101
"""Every so many values are in the sample: a prime, which no width of an image is a multiple of by habit."""


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
    if pixels.dtype in (np.uint8, np.uint16):
        return limits_in(counted(pixels), percentiles)
    return limits_of_sample(pixels.ravel()[:: sample_step(pixels.size)], percentiles)


def sample_step(size: int) -> int:
    """Return how far apart the pixels lie that are sorted of an image of so many, which is gone through row by row."""
    return max(1, size // MOST_SAMPLES)


def limits_of_sample(values: NDArray[Any], percentiles: Percentiles) -> tuple[float, float]:
    """Return the grey values at the two percentiles of these; NaN and infinite ones do not count."""
    if values.size and not (np.isfinite(values.min()) and np.isfinite(values.max())):  # NaN is the least and the most
        values = values[np.isfinite(values)]
    if not values.size:
        return 0.0, 0.0
    return _percentile(values, percentiles.low), _percentile(values, percentiles.high)


def normalise(
    pixels: NDArray[Any], percentiles: Percentiles | None = None, *, inverted: bool = False
) -> NDArray[np.float32]:
    """Stretch an image so that its low percentile is 0 and its high one 1.

    Parameters
    ----------
    pixels : (h, w) any numeric dtype
        Original values.
    percentiles : Percentiles, optional
        Default 0.5 and 99.5.
    inverted : bool
        The other way round: the low percentile becomes 1.

    Returns
    -------
    (h, w) float32
        In 0..1. A constant image gives zeros; NaN pixels give 0.
    """
    limits = limits_of(pixels, percentiles or Percentiles())
    return stretch(pixels, limits[::-1] if inverted else limits)


def stretch(pixels: NDArray[Any], limits: tuple[float, float]) -> NDArray[np.float32]:
    """Stretch pixels, or a part of an image's, so that these grey values become 0 and 1; see `normalise`.

    Where the first is the larger one, light and dark change places.
    """
    low, high = limits
    if high == low:
        return np.zeros(pixels.shape, np.float32)
    scaled = (pixels.astype(np.float32) - np.float32(low)) * np.float32(1 / (high - low))
    np.clip(scaled, 0, 1, out=scaled)
    scaled[np.isnan(scaled)] = 0
    return scaled


def limits_in(counts: NDArray[np.int64], percentiles: Percentiles) -> tuple[float, float]:
    """Return the grey values at the two percentiles, given how often each occurs."""
    sums = np.cumsum(counts)
    low, high = (int(np.searchsorted(sums, sums[-1] * p / 100)) for p in (percentiles.low, percentiles.high))
    return float(low), float(high)


def counted(pixels: NDArray[Any]) -> NDArray[np.int64]:
    """Return how often each grey value of a uint8 or uint16 image occurs."""
    levels = int(np.iinfo(pixels.dtype).max) + 1
    counts = np.zeros(levels, np.int64)
    flat = pixels.reshape(-1, 1)
    for first in range(0, len(flat), MOST_COUNTED):
        part = cv2.calcHist([flat[first : first + MOST_COUNTED]], [0], None, [levels], [0, levels])
        counts += part.ravel().astype(np.int64)
    return counts


def _percentile(values: NDArray[Any], percentile: float) -> float:
    """Return what `np.percentile` does, of many values in a fraction of its time: only those of one end are sorted.

    A sample says where that end begins. Should it mislead, all values are sorted: the answer is the same.
    """
    place = (values.size - 1) * (percentile / 100)
    below = math.floor(place)
    if values.size > FEW_VALUES and below < values.size - 1:
        sample = np.sort(values[::SAMPLE_STEP])
        share = percentile / 100
        margin = 6 + 6 * math.sqrt(sample.size * share * (1 - share))
        if share < 0.5:
            edge = sample[min(sample.size - 1, math.ceil(sample.size * share + margin))]
            end = np.concatenate([part[part <= edge] for part in _parts(values)])
            first = 0
        else:
            edge = sample[max(0, math.floor(sample.size * share - margin))]
            end = np.concatenate([part[part >= edge] for part in _parts(values)])
            first = values.size - end.size
        if first <= below and below + 1 < first + end.size:
            at = below - first
            pair = np.partition(end, (at, at + 1))[at : at + 2]
            return float(np.quantile(pair, [place - below])[0])
    return float(np.percentile(values, [percentile])[0])


def _parts(values: NDArray[Any]) -> list[NDArray[Any]]:
    return [values[first : first + COMPARED] for first in range(0, values.size, COMPARED)]
