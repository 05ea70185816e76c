"""What is usual on a plate, whatever its outliers do: median and median absolute deviation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

FEW = 8
"""Fewer values than this say nothing of what is usual."""
NORMAL = 1.4826
"""Standard deviation of a normal distribution over its median absolute deviation."""


@dataclass(frozen=True, slots=True)
class Usual:
    """How far values lie from what is usual in their group.

    Parameters
    ----------
    off : (n,) float
        Value less the group's median; NaN where there is no value.
    spread : (n,) float
        Of the group: what its standard deviation would be without outliers.
    enough : (n,) bool
        Whether the group has at least `FEW` values.
    """

    off: NDArray[np.float64]
    spread: NDArray[np.float64]
    enough: NDArray[np.bool_]

    @classmethod
    def of(cls, values: NDArray[np.float64], groups: NDArray[np.intp]) -> Usual:
        """Compare values (n,), of which some may be NaN, within groups (n,)."""
        by = pd.Series(values).groupby(groups, sort=False)
        off = values - by.transform("median").to_numpy()
        spread = pd.Series(np.abs(off)).groupby(groups, sort=False).transform("median").to_numpy()
        return cls(off, NORMAL * spread, by.transform("count").to_numpy() >= FEW)

    def above(self, least: float, z: float) -> NDArray[np.bool_]:
        """Tell which lie above the median by more than `least` and by more than `z` spreads; none in a small group."""
        return np.asarray(self.enough & (self.off > np.fmax(least, z * self.spread)))
