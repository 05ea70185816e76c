"""How far each size of a series lies from its neighbours in time, whatever the series itself does."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

WINDOW = 7
"""A size is compared with the others among so many consecutive ones."""
FEW = 5
"""Shorter series cannot tell which of two sizes is wrong: there a size must also be off both that are next to it."""


def size_residuals(
    series: NDArray[np.integer], time_h: NDArray[np.float64], size: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return by how much the logarithm of every size is off what its neighbours in time let expect.

    Growth and shrinkage at any constant rate have no residual. Two expectations are made: a straight line through the
    logarithms of up to six neighbours, of which two may be wrong without moving it; and the two sizes next to it,
    interpolated, or the nearest one at an end of the series. The residual is the smaller where both agree in sign, else
    0: where a treatment changes the rate, one of them is hardly off.

    Parameters
    ----------
    series : (n,) int
        Which series a size belongs to: one well, site and channel.
    time_h : (n,) float
        Hours; a size without time has no neighbours.
    size : (n,) float
        Of any unit, the same through a series; NaN or 0 where there is none.

    Returns
    -------
    residual : (n,) float
        NaN in series of fewer than three sizes.
    step : (n,) float
        The residual to the two next to it alone, NaN at the ends of a series: its spread tells the noise.
    """
    residual, step = np.full((2, len(size)), np.nan)
    usable = np.flatnonzero(np.isfinite(time_h) & np.isfinite(size) & (size > 0))
    rows = usable[np.lexsort((time_h[usable], series[usable]))]
    if not len(rows):
        return residual, step
    codes, t, y = series[rows], time_h[rows], np.log(size[rows])
    first = np.flatnonzero(np.append(True, codes[1:] != codes[:-1]))
    length = np.diff(np.append(first, len(rows)))
    start, count = np.repeat(first, length), np.repeat(length, length)
    own, last = np.arange(len(rows)), start + count - 1
    before, after = np.maximum(own - 1, start), np.minimum(own + 1, last)
    inner = (own > start) & (own < last)
    span = t[after] - t[before]
    share = np.divide(t - t[before], span, out=np.full(len(rows), 0.5), where=span > 0)
    between = y - (y[before] + share * (y[after] - y[before]))
    nearest = np.where(own == start, after, before)
    off = _agreed(_off_the_line(t, y, start, count), np.where(inner, between, y - y[nearest]))
    other = np.where(inner, after, np.where(own == start, np.minimum(own + 2, last), np.maximum(own - 2, start)))
    beside = _agreed(y - y[nearest], y - y[other])
    off = np.where(count < FEW, _agreed(off, beside), off)
    residual[rows] = np.where(count >= 3, off, np.nan)
    step[rows] = np.where(inner, between, np.nan)
    return residual, step


def _off_the_line(
    t: NDArray[np.float64], y: NDArray[np.float64], start: NDArray[np.int_], count: NDArray[np.int_]
) -> NDArray[np.float64]:
    """Return how far each value lies from the line through its neighbours; NaN where no time passes between two.

    The line by repeated medians (Siegel 1982): through each neighbour the middle one of the lines to the others, and of
    these the middle one.
    """
    own = np.arange(len(y))
    left = start + np.clip(own - start - WINDOW // 2, 0, np.maximum(count - WINDOW, 0))
    members = left[:, None] + np.arange(WINDOW)
    within = (members < (start + count)[:, None]) & (members != own[:, None])
    members = np.minimum(members, len(y) - 1)
    times, values = t[members], np.where(within, y[members], np.nan)
    through = np.empty(values.shape)
    for one in range(WINDOW):
        apart = times - times[:, one, None]
        slope = np.divide(values - values[:, one, None], apart, out=np.full(apart.shape, np.nan), where=apart != 0)
        through[:, one] = _middle(y[:, None] - values[:, one, None] - slope * (t - times[:, one])[:, None])
    return _middle(through)


def _middle(off: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the median (n,) of the rows (n, k), NaN aside; of an even number the smaller of the two in the middle."""
    ordered = np.sort(off, axis=1)  # NaN last
    known = np.isfinite(ordered).sum(axis=1)
    lower = np.take_along_axis(ordered, np.maximum((known - 1) // 2, 0)[:, None], axis=1)[:, 0]
    upper = np.take_along_axis(ordered, np.minimum(known // 2, off.shape[1] - 1)[:, None], axis=1)[:, 0]
    return _agreed(lower, upper)


def _agreed(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the smaller of two residuals where they agree in sign, else 0; NaN where one is."""
    smaller = np.where(np.abs(one) < np.abs(other), one, other)
    smaller = np.where(one * other > 0, smaller, 0.0)
    return np.where(np.isnan(one) | np.isnan(other), np.nan, smaller)
