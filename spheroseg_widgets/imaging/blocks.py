"""Many small parts of a large plane, near each other: what they lie in is read once and kept for a while."""

from __future__ import annotations

import math
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .regions import Regions

BLOCK_PIXELS = 1 << 18
"""Of a block, about: it is made of whole tiles or strips of the file."""
BLOCK_SIDE = 512
MOST_BYTES = 48_000_000
"""Of blocks that are kept; those used longest ago go first."""


class Blocks:
    """The grey values of a plane, for whoever asks for many parts of it, and holds this no longer than that takes.

    Parameters
    ----------
    source : Regions
        The plane.
    most_bytes : int
        Of what is kept. A part so large is read past it.
    """

    def __init__(self, source: Regions, most_bytes: int = MOST_BYTES) -> None:
        self._source, self._most = source, most_bytes
        self.shape = source.shape
        columns = min(source.shape[1], math.ceil(BLOCK_SIDE / source.columns) * source.columns)
        rows = max(1, BLOCK_PIXELS // (columns * source.rows)) * source.rows
        self._size = min(source.shape[0], rows), columns
        self._kept: OrderedDict[tuple[int, int], NDArray[Any]] = OrderedDict()
        self._bytes = 0

    def read(self, rows: slice, columns: slice) -> NDArray[Any]:
        """Return the part (h, w) at these rows and columns, which lie in the plane.

        Raises
        ------
        ImageError
            The file cannot be read.
        """
        shape = rows.stop - rows.start, columns.stop - columns.start
        if min(shape) <= 0 or 4 * shape[0] * shape[1] * self._source.dtype.itemsize > self._most:
            return self._source.read(rows, columns)
        high, wide = self._size
        out = np.empty(shape, self._source.dtype)
        for down in range(rows.start // high, -(-rows.stop // high)):
            for along in range(columns.start // wide, -(-columns.stop // wide)):
                top, left = down * high, along * wide
                block = self._block(down, along)
                first, last = max(top, rows.start), min(top + len(block), rows.stop)
                begin, end = max(left, columns.start), min(left + block.shape[1], columns.stop)
                out[first - rows.start : last - rows.start, begin - columns.start : end - columns.start] = block[
                    first - top : last - top, begin - left : end - left
                ]
        return out

    def _block(self, down: int, along: int) -> NDArray[Any]:
        found = self._kept.get((down, along))
        if found is None:
            high, wide = self._size
            rows = slice(down * high, min(self.shape[0], (down + 1) * high))
            columns = slice(along * wide, min(self.shape[1], (along + 1) * wide))
            found = self._kept[down, along] = self._source.read(rows, columns)
            self._bytes += found.nbytes
            while self._bytes > self._most and len(self._kept) > 1:
                self._bytes -= self._kept.popitem(last=False)[1].nbytes
        self._kept.move_to_end((down, along))
        return found
