"""The pixels of compared images: tiles at the resolution that is looked at, and one contrast for all of them."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spheroseg_widgets.errors import ImageError
from spheroseg_widgets.imaging.normalise import Percentiles, limits_of, stretch

from .compare_subject import Row
from .editor_pixels import read_original, reduced
from .static_face import jpeg

TILE = 512
"""Edge of a tile, px. Level n shows a pixel for every 2^n by 2^n of the image; at the last one a single tile holds all."""
QUALITY = 92
MOST_BYTES = 256 * 1024 * 1024
"""Of decoded images that are kept; the one in use is kept whatever it takes."""
SHARED_FROM = 16
"""A long series' common contrast is found from this many of its images, evenly spread."""
SAMPLE = 250_000
"""Pixels of each image that the common contrast is found from."""

Limits = tuple[float, float]


class Originals:
    """Decoded images, those used last kept; whoever asks while one is being read waits for that reading."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most = most_bytes
        self._kept: OrderedDict[int, Future[NDArray[Any]]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, row: Row) -> NDArray[Any]:
        """Return the original grey values of an image.

        Raises
        ------
        ImageError
            The file cannot be read, or is of another size than the project knows.
        """
        image_id = int(row["image_id"])
        with self._lock:
            reading = self._kept.get(image_id)
            first = reading is None
            if reading is None:
                reading = self._kept[image_id] = Future()
            self._kept.move_to_end(image_id)
        if first:
            self._read(row, image_id, reading)
        return reading.result()

    def clear(self) -> None:
        """Forget everything: the files may be others now."""
        with self._lock:
            self._kept.clear()

    def _read(self, row: Row, image_id: int, reading: Future[NDArray[Any]]) -> None:
        try:
            pixels = _decoded(row)
        except BaseException as error:  # noqa: BLE001 - whoever waits for this reading must hear of it
            with self._lock:  # read again when it is asked for again
                if self._kept.get(image_id) is reading:
                    del self._kept[image_id]
            reading.set_exception(error)
            return
        reading.set_result(pixels)
        with self._lock:
            done = [one for one, kept in self._kept.items() if kept.done()]
            size = sum(self._kept[one].result().nbytes for one in done)
            for one in done[:-1]:
                if size <= self._most:
                    break
                size -= self._kept.pop(one).result().nbytes


def _decoded(row: Row) -> NDArray[Any]:
    pixels = read_original(row)
    if pixels.shape != (row["height"], row["width"]):
        height, width = pixels.shape
        then = f"{row['width']} x {row['height']}"
        raise ImageError(str(row["path"]), f"is of {width} x {height} pixels now, and was of {then} when it was added")
    return pixels


class Contrasts:
    """Which grey values are black and white: the same ones for all images of a comparison, or each its own."""

    def __init__(self, originals: Originals, percentiles: Percentiles) -> None:
        self._originals = originals
        self._percentiles = percentiles
        self._own: dict[int, Limits] = {}
        self._shared: dict[tuple[int, ...], Limits | None] = {}
        self._lock = threading.Lock()

    def own(self, row: Row) -> Limits:
        """Return the limits of one image.

        Raises
        ------
        ImageError
            It cannot be read.
        """
        image_id = int(row["image_id"])
        if image_id not in self._own:
            self._own[image_id] = limits_of(self._originals.get(row), self._percentiles)
        return self._own[image_id]

    def shared(self, rows: Sequence[Row]) -> Limits | None:
        """Return the limits of all images together, each counting alike.

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

    def clear(self) -> None:
        """Forget everything: the files may be others now."""
        with self._lock:
            self._own.clear()
            self._shared.clear()

    def _together(self, rows: Sequence[Row]) -> Limits | None:
        samples = []
        for row in evenly(rows, SHARED_FROM):
            try:
                pixels = self._originals.get(row)
            except ImageError:
                continue
            samples.append(pixels.ravel()[:: max(1, pixels.size // SAMPLE)][:SAMPLE])
        if len({sample.dtype for sample in samples}) != 1:
            return None
        return limits_of(np.concatenate(samples), self._percentiles)


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
        Original values.
    limits : (float, float)
        Grey values shown black and white.
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
    grey = stretch(reduced(part, 1 << level), limits) * 255
    return jpeg(np.rint(grey).astype(np.uint8), QUALITY)


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
