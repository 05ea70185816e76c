"""Large images in overlapping tiles, faded into each other, a row of tiles at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from spheroseg_widgets.errors import SpherosegError

Stop = Callable[[], bool]
"""Asked between two tiles whether to give up."""
Progress = Callable[[int, int], None]
"""Told after each tile how many steps are done, and of how many."""

STEP = 64
"""Sides of tiles are multiples of this, as the network's inputs are: nothing is padded."""


class StoppedError(SpherosegError):
    """Somebody asked to stop in the middle of an image."""


@dataclass(frozen=True, slots=True)
class Tiling:
    """How large images are taken apart; all in working pixels.

    Parameters
    ----------
    tile : int
        Largest side of a tile. The network's norms average over what it sees: the larger, the more like the whole. Much
        larger ones are worse, not better: the group norm of torch's CPU, laid out by pixel, loses digits as the view
        grows (error 0.002 at 1,088 x 1,088, 0.06 at 4,096, where the outlines come out wrong).
    overlap : int
        Least overlap of two neighbours.
    blind : int
        Edge of a tile, towards a neighbour, that is not used: there the network sees too little around a pixel.
    one_piece : int
        Images of at most so many pixels are normalised, outlined and kept in memory as one piece.
    window : int
        Side of the windows in which objects of larger images are told apart and outlined.
    reach : int
        Objects of a crowd without gaps that reach further than this out of their window are outlined from reduced
        maps.
    """

    tile: int = 1088
    overlap: int = 128
    blind: int = 32
    one_piece: int = 2048 * 2048
    window: int = 1024
    reach: int = 512


class Target(Protocol):
    """What maps are written to by slices: an array, or one on disk."""

    def __setitem__(self, key: Any, values: NDArray[np.uint8], /) -> None:
        """Write."""
        ...


class Span(NamedTuple):
    """Place of a tile along one axis, and its (length,) share of each pixel: the shares of all tiles sum to 1."""

    start: int
    stop: int
    share: NDArray[np.float32]


def spans(length: int, tiling: Tiling) -> list[Span]:
    """Place tiles along one axis.

    Parameters
    ----------
    length : int
        Of the image.
    tiling : Tiling
        Size and overlap.
    """
    if length <= tiling.tile:
        return [Span(0, length, np.ones(length, np.float32))]
    count = int(np.ceil((length - tiling.overlap) / (tiling.tile - tiling.overlap)))
    # As many tiles as are needed, no larger than they must be.
    side = int(np.ceil((length + (count - 1) * tiling.overlap) / count))
    side = min(side + -side % STEP, tiling.tile)
    starts = [round(i * (length - side) / (count - 1)) for i in range(count)]
    within = np.arange(side)
    fade = max(1, tiling.overlap - 2 * tiling.blind)
    shares = []
    for i in range(count):
        rise = np.clip((within + 1 - tiling.blind) / fade, 0, 1) if i else np.ones(side)
        fall = np.clip((side - within - tiling.blind) / fade, 0, 1) if i < count - 1 else np.ones(side)
        shares.append(np.minimum(rise, fall))
    total = np.zeros(length)
    for start, share in zip(starts, shares, strict=True):
        total[start : start + side] += share
    return [
        Span(start, start + side, (share / total[start : start + side]).astype(np.float32))
        for start, share in zip(starts, shares, strict=True)
    ]


def tile_count(shape: tuple[int, int], tiling: Tiling) -> int:
    """Return how many tiles cover an image of this height and width."""
    return len(spans(shape[0], tiling)) * len(spans(shape[1], tiling))


def tiled(
    forward: Callable[[NDArray[np.float32]], NDArray[np.float32]],
    view: Callable[[slice, slice], NDArray[np.float32]],
    shape: tuple[int, int],
    out: Target,
    planes: int,
    tiling: Tiling,
    *,
    stop: Stop | None = None,
    progress: Callable[[int], None] | None = None,
) -> None:
    """Cover an image by overlapping tiles; in memory lies one row of them.

    Parameters
    ----------
    forward : callable
        Gives the probabilities (planes, h, w) of a view (h, w), float32.
    view : callable
        Gives the image's view (h, w) float32 at these rows and columns.
    shape : (int, int)
        Height and width of the image.
    out : array-like (planes, h, w) uint8
        Receives the probabilities times 255.
    planes : int
        Number of maps.
    tiling : Tiling
        Size and overlap.
    stop : callable, optional
        Asked before each tile.
    progress : callable, optional
        Told after each tile how many are done.

    Raises
    ------
    StoppedError
        `stop` said so.
    """
    height, width = shape
    down, across = spans(height, tiling), spans(width, tiling)
    band = np.zeros((planes, down[0].stop, width), np.float32)
    done = 0
    nexts = [span.start for span in down[1:]] + [height]
    for row, after in zip(down, nexts, strict=True):
        for column in across:
            check(stop)
            found = forward(view(slice(row.start, row.stop), slice(column.start, column.stop)))
            found *= row.share[:, None]
            found *= column.share
            band[:, : row.stop - row.start, column.start : column.stop] += found
            done += 1
            if progress is not None:
                progress(done)
        final = after - row.start
        for first, last in pairwise([*range(0, final, 256), final]):  # rounding takes memory too
            out[:, row.start + first : row.start + last, :] = np.rint(band[:, first:last] * 255).astype(np.uint8)
        band[:, : band.shape[1] - final] = band[:, final:].copy()
        band[:, band.shape[1] - final :] = 0


def check(stop: Stop | None) -> None:
    """Raise `StoppedError` when it is time to give up."""
    if stop is not None and stop():
        raise StoppedError("stopped before the image was done, as asked")
