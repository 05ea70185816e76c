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
from spheroseg_widgets.imaging.resize import reduced

from .editor_pixels import read_original
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
        self._originals: Kept[NDArray[Any]] = Kept(_decoded, lambda pixels: pixels.nbytes, MOST_BYTES)
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

    def at(self, row: Row, level: int) -> tuple[NDArray[Any], int]:
        """Return an image no coarser than a level, and the levels by which it is finer.

        Raises
        ------
        ImageError
            As in `limits`.
        """
        known = self._known.get(row)
        if known.coarse is not None and level >= known.level:
            return known.coarse, level - known.level
        return self._originals.get(row), level

    def clear(self) -> None:
        """Forget everything: the files may be others now."""
        self._originals.clear()
        self._known.clear()
        with self._lock:
            self._shared.clear()

    def _learn(self, row: Row) -> Known:
        pixels = self._originals.get(row)
        level = int(np.ceil(np.log2(max(1.0, pixels.size / MOST_PIXELS)) / 2))
        coarse = reduced(pixels, 1 << level) if level else None
        if coarse is not None and np.issubdtype(pixels.dtype, np.integer):
            coarse = np.rint(coarse).astype(pixels.dtype)
        sample = pixels.ravel()[:: max(1, pixels.size // SAMPLE)][:SAMPLE].copy()
        return Known(limits_of(pixels, self._percentiles()), sample, coarse, level)

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


def _decoded(row: Row) -> NDArray[Any]:
    pixels = read_original(row)
    if pixels.shape != (row["height"], row["width"]):
        height, width = pixels.shape
        then = f"{row['width']} x {row['height']}"
        raise ImageError(str(row["path"]), f"is of {width} x {height} pixels now, and was of {then} when it was added")
    return pixels


def _bytes_of(known: Known) -> int:
    return known.sample.nbytes + (0 if known.coarse is None else known.coarse.nbytes)


def evenly(rows: Sequence[Row], most: int) -> list[Row]:
    """Return at most so many of a series, evenly spread from the first to the last."""
    return [rows[place] for place in np.linspace(0, len(rows) - 1, min(len(rows), most)).round().astype(int)]


def last_level(width: int, height: int) -> int:
    """Return the level at which one tile holds the whole image."""
    return max(0, int(np.ceil(np.log2(max(width, height) / TILE))))


def make_tile(pixels: NDArray[Any], limits: Limits, level: int, column: int, row: int) -> bytes:
    """Make one tile.

    Parameters
    ----------
    pixels : (h, w) any numeric dtype
        Grey values.
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
    part = pixels[row * side : (row + 1) * side, column * side : (column + 1) * side] if min(row, column) >= 0 else None
    if part is None or not part.size:
        raise ValueError(f"an image of {width} x {height} pixels has no tile {column}, {row} at level {level}")
    return jpeg(grey(part, limits, level), QUALITY)


def grey(pixels: NDArray[Any], limits: Limits, level: int) -> NDArray[np.uint8]:
    """Return pixels at a level, (h, w), 0 to 255 between the limits."""
    return np.rint(stretch(reduced(pixels, 1 << level), limits) * 255).astype(np.uint8)


def pack_tiles(
    pixels: NDArray[Any], limits: Limits, level: int, places: Sequence[tuple[int, int]], most_bytes: int
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
