"""The pixels of compared images: tiles at the resolution that is looked at, and one contrast for all of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spheroseg_widgets.errors import ImageError
from spheroseg_widgets.imaging.normalise import Percentiles, limits_of, stretch
from spheroseg_widgets.imaging.regions import Parts, Regions, Whole, open_regions
from spheroseg_widgets.imaging.resize import reduced
from spheroseg_widgets.imaging.small_copy import IN_ONE_PIECE, small_copy

from .editor_pixels import own_plane, read_original
from .kept import Kept, Row
from .static_face import jpeg

TILE = 512
"""Edge of a tile, px. Level n shows a pixel for every 2^n by 2^n of the image; at the last one a single tile holds all."""
QUALITY = 92
MOST_PIXELS = 4_000_000
"""Of a larger image a reduced one is kept as well, so that it is read again only where it is looked at closely."""
MOST_BYTES = 256 * 1024 * 1024
"""Of decoded images that are kept, and as much again of what is known of images."""
SHARED_FROM = 16
"""A long series' common contrast is found from this many of its images, evenly spread."""
SAMPLE = 250_000
"""Pixels of each image that the common contrast is found from."""

Limits = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Known:
    """What is kept of an image when it was read.

    Parameters
    ----------
    limits : (float, float)
        Grey values that are black and white by its own contrast.
    sample : (n,) of the image's dtype
        Some of its pixels.
    coarse : (h, w) of the image's dtype or None
        The image at `level`; None where it is small enough to be read again.
    level : int
        Of `coarse`.
    """

    limits: Limits
    sample: NDArray[Any]
    coarse: NDArray[Any] | None
    level: int


class Pixels:
    """The pixels of images: read once, as far as there is room.

    Parameters
    ----------
    percentiles : callable
        Gives those that become black and white; asked once, when the first image is read.
    """

    def __init__(self, percentiles: Callable[[], Percentiles]) -> None:
        self._percentiles = cache(percentiles)
        self._originals: Kept[Regions] = Kept(_opened, _held, MOST_BYTES)
        self._known: Kept[Known] = Kept(self._learn, _bytes_of, MOST_BYTES)
        self._shared: dict[tuple[int, ...], Limits | None] = {}
        self._lock = threading.Lock()

    def limits(self, row: Row) -> Limits:
        """Return the grey values that are black and white in one image by its own contrast.

        Raises
        ------
        ImageError
            The file cannot be read, or is of another size than the project knows.
        """
        return self._known.get(row).limits

    def shared_limits(self, rows: Sequence[Row]) -> Limits | None:
        """Return the grey values that are black and white in all images, each counting alike.

        Returns
        -------
        (float, float) or None
            None where they cannot be compared: their grey values are of different kinds (8 and 16 bits), or none of
            them can be read.
        """
        key = tuple(int(row["image_id"]) for row in rows)
        with self._lock:  # whoever comes second waits, and reads nothing twice
            if key not in self._shared:
                self._shared[key] = self._together(rows)
            return self._shared[key]

    def at(self, row: Row, level: int) -> tuple[Parts, int]:
        """Return an image no coarser than a level, to be read in parts, and the levels by which it is finer.

        Raises
        ------
        ImageError
            As in `limits`.
        """
        known = self._known.get(row)
        if known.coarse is not None and level >= known.level:
            return Whole(known.coarse, again=True), level - known.level
        return self._originals.get(row), level

    def clear(self) -> None:
        """Forget everything: the files may be others now."""
        self._originals.clear()
        self._known.clear()
        with self._lock:
            self._shared.clear()

    def _learn(self, row: Row) -> Known:
        source = self._originals.get(row)
        size = source.shape[0] * source.shape[1]
        level = int(np.ceil(np.log2(max(1.0, size / MOST_PIXELS)) / 2))
        coarse, limits, sample = small_copy(source, 1 << level, self._percentiles(), SAMPLE)
        if level and np.issubdtype(source.dtype, np.integer):
            coarse = np.rint(coarse).astype(source.dtype)
        return Known(limits, sample, coarse if level else None, level)

    def _together(self, rows: Sequence[Row]) -> Limits | None:
        samples = []
        for row in evenly(rows, SHARED_FROM):
            try:
                samples.append(self._known.get(row).sample)
            except ImageError:
                continue
        if len({sample.dtype for sample in samples}) != 1:
            return None
        return limits_of(np.concatenate(samples), self._percentiles())


def _opened(row: Row) -> Regions:
    large = row["width"] * row["height"] > IN_ONE_PIECE
    source = open_regions(str(row["path"]), own_plane(row)) if large else Whole(read_original(row), again=False)
    if source.shape != (row["height"], row["width"]):
        height, width = source.shape
        then = f"{row['width']} x {row['height']}"
        raise ImageError(str(row["path"]), f"is of {width} x {height} pixels now, and was of {then} when it was added")
    return source


def _held(source: Regions) -> int:
    """Return the bytes that an image takes while it is kept: none where it is read from its file each time."""
    return 0 if source.again else source.shape[0] * source.shape[1] * source.dtype.itemsize


def _bytes_of(known: Known) -> int:
    return known.sample.nbytes + (0 if known.coarse is None else known.coarse.nbytes)


def evenly(rows: Sequence[Row], most: int) -> list[Row]:
    """Return at most so many of a series, evenly spread from the first to the last."""
    return [rows[place] for place in np.linspace(0, len(rows) - 1, min(len(rows), most)).round().astype(int)]


def last_level(width: int, height: int) -> int:
    """Return the level at which one tile holds the whole image."""
    return max(0, int(np.ceil(np.log2(max(width, height) / TILE))))


def make_tile(pixels: Parts, limits: Limits, level: int, column: int, row: int) -> bytes:
    """Make one tile.

    Parameters
    ----------
    pixels : Parts
        Grey values, (h, w).
    limits : (float, float)
        Those shown black and white.
    level, column, row : int
        Which tile; see `TILE`.

    Returns
    -------
    bytes
        JPEG, smaller than a tile at the image's right and lower edge.

    Raises
    ------
    ValueError
        There is no such tile.
    """
    height, width = pixels.shape
    side = TILE << level if 0 <= level <= last_level(width, height) else 0
    top, left = row * side, column * side
    if not side or not 0 <= top < height or not 0 <= left < width:
        raise ValueError(f"an image of {width} x {height} pixels has no tile {column}, {row} at level {level}")
    part = pixels.read(slice(top, min(height, top + side)), slice(left, min(width, left + side)))
    return jpeg(grey(part, limits, level), QUALITY)


def grey(pixels: NDArray[Any], limits: Limits, level: int) -> NDArray[np.uint8]:
    """Return pixels at a level, (h, w), 0 to 255 between the limits."""
    return np.rint(stretch(reduced(pixels, 1 << level), limits) * 255).astype(np.uint8)


def pack_tiles(
    pixels: Parts, limits: Limits, level: int, places: Sequence[tuple[int, int]], most_bytes: int
) -> Mapping[tuple[int, int], bytes]:
    """Make tiles at (column, row), as many as fit into a message, and at least one."""
    out: dict[tuple[int, int], bytes] = {}
    size = 0
    for column, row in places:
        tile = make_tile(pixels, limits, level, column, row)
        if out and size + len(tile) > most_bytes:
            break
        out[column, row] = tile
        size += len(tile)
    return out
