"""A large image at working scale, normalised: computed view by view, never as a whole of floats."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from .normalise import limits_of, stretch
from .regions import Whole
from .resize import working_size

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .normalise import Percentiles
    from .regions import Parts

MOST_SOURCE = 4_000_000
"""Pixels of the image that are turned to floats at a time."""


class ScaledImage:
    """What `resized(normalise(pixels), working_size(...))` gives, one view at a time.

    Parameters
    ----------
    pixels : Parts
        Original values.
    limits : (float, float)
        Grey values that become 0 and 1, as `stretch` takes them.
    scale : float
        Working pixels per image pixel.
    """

    def __init__(self, pixels: Parts, limits: tuple[float, float], scale: float) -> None:
        self.pixels, self.limits = pixels, limits
        self.shape = working_size(pixels.shape, scale)
        self._down = _weights(pixels.shape[0], self.shape[0])
        self._across = _weights(pixels.shape[1], self.shape[1])

    @classmethod
    def of(cls, pixels: NDArray[Any], percentiles: Percentiles, scale: float, *, inverted: bool = False) -> ScaledImage:
        """Build from original values (h, w) in memory; the percentiles are those of all of them."""
        limits = limits_of(pixels, percentiles)
        return cls(Whole(pixels, again=True), limits[::-1] if inverted else limits, scale)

    def view(self, rows: slice, columns: slice) -> NDArray[np.float32]:
        """Return the view (h, w) float32 at these working rows and columns, 0 to 1."""
        top, bottom, _ = rows.indices(self.shape[0])
        left, right, _ = columns.indices(self.shape[1])
        out = np.empty((bottom - top, right - left), np.float32)
        across, source_columns = _cut(self._across, left, right)
        least = max(1, source_columns.stop - source_columns.start) * self.pixels.shape[0] / self.shape[0]
        step = max(1, int(MOST_SOURCE / least))
        for first in range(top, bottom, step):
            last = min(first + step, bottom)
            down, source_rows = _cut(self._down, first, last)
            block = stretch(self.pixels.read(source_rows, source_columns), self.limits)
            out[first - top : last - top] = (across @ (down @ block).T).T
        return out

    def whole(self) -> NDArray[np.float32]:
        """Return all of it, (h, w) float32."""
        return self.view(slice(None), slice(None))


def _weights(source: int, target: int) -> Any:
    """Return the share (target, source) of every source pixel in every target pixel, sparse.

    By covered length when shrinking, by linear interpolation between centres when growing: as `resized`.
    """
    step = source / target
    if target < source:
        cuts = np.unique(np.concatenate([np.arange(source + 1), np.arange(target + 1) * step]))
        cuts = cuts[cuts <= source]
        middle, length = (cuts[:-1] + cuts[1:]) / 2, np.diff(cuts)
        into = np.minimum((middle / step).astype(np.intp), target - 1)
        return sparse.csr_array(
            ((length / step).astype(np.float32), (into, middle.astype(np.intp))), shape=(target, source)
        )
    place = np.clip((np.arange(target) + 0.5) * step - 0.5, 0, source - 1)
    near = np.minimum(place.astype(np.intp), max(0, source - 2))
    share = (place - near).astype(np.float32)
    far = np.minimum(near + 1, source - 1)
    rows = np.arange(target)
    values, where = np.concatenate([1 - share, share]), (np.concatenate([rows, rows]), np.concatenate([near, far]))
    return sparse.csr_array((values, where), shape=(target, source))


def _cut(weights: Any, first: int, last: int) -> tuple[Any, slice]:
    """Return the weights of some target pixels, and the source pixels they need."""
    rows = weights[first:last]
    if not rows.nnz:
        return rows[:, :0], slice(0, 0)
    source = slice(int(rows.indices.min()), int(rows.indices.max()) + 1)
    return rows[:, source], source
