"""How often grey values occur in a plane that is read in parts: its percentiles are those of the plane in one piece."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .normalise import Percentiles, counted, limits_in, limits_of_sample, sample_step

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .regions import Regions


class Tally:
    """Grey values of a plane, added band by band from its top.

    Parameters
    ----------
    source : Regions
        The plane. Integers of up to 16 bits are counted; of others as many are kept as `normalise.limits_of` looks at.
    """

    def __init__(self, source: Regions) -> None:
        self._source = source
        self._step = sample_step(source.shape[0] * source.shape[1])
        self._seen = 0
        self._counts: NDArray[np.int64] | None = None
        self._kept: list[NDArray[Any]] = []

    def add(self, band: NDArray[Any]) -> None:
        """Add the next whole rows (h, w), as they were read."""
        integers = band if band.dtype.kind == "u" else None
        if self._source.colourless is not None:  # grey so far, and wholly so if it stays that way
            integers = band.astype(self._source.colourless)
        if integers is not None and integers.dtype in (np.uint8, np.uint16):
            counts = counted(integers)
            self._counts = counts if self._counts is None else self._counts + counts
        if band.dtype not in (np.uint8, np.uint16):
            self._kept.append(band.ravel()[-self._seen % self._step :: self._step].copy())
        self._seen += band.size

    def values(self) -> NDArray[Any]:
        """Return what `limits_from` takes: counts (int64) by grey value, or the values that are sorted."""
        if self._counts is not None and (not self._kept or self._source.colourless is not None):
            return self._counts
        return np.concatenate(self._kept)


def limits_from(values: NDArray[Any], percentiles: Percentiles) -> tuple[float, float]:
    """Return the grey values at the two percentiles, of what `Tally.values` gave; as `normalise.limits_of`."""
    if values.dtype == np.int64:
        return limits_in(values, percentiles)
    return limits_of_sample(values, percentiles)
