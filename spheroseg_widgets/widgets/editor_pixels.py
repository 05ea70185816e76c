"""The image as the editor shows it: numbers of 8 or 16 bits, whole where it is small, else in tiles of several levels."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spheroseg_widgets.errors import ImageError
from spheroseg_widgets.imaging.normalise import Percentiles
from spheroseg_widgets.imaging.planes import WITHOUT_AXES
from spheroseg_widgets.imaging.pyramid import Pyramid, open_pyramid
from spheroseg_widgets.imaging.read import Plane, probe, read_plane
from spheroseg_widgets.imaging.regions import Regions, Whole, open_regions

MOST_SIDE = 2048
"""A plane up to this size is sent whole. Of a larger one a level that fits is, and the finer ones in tiles."""
TILE = 512
"""Edge of a tile, px; level n shows a pixel for every 2^n by 2^n of the image."""
APRON = 1
"""Pixels of its neighbours around a tile, so that what is read between pixels has no seams; the image's edge repeats."""
MOST_OPEN = 4
"""Planes of an image that stay open: going back and forth between them is quick."""
LIMITS = Percentiles(0.1, 99.9)
"""What is shown black and white at first."""


def read_original(row: Mapping[Hashable, Any]) -> NDArray[Any]:
    """Read the original grey values of an image.

    Parameters
    ----------
    row : mapping
        Of `Project.images()`: path, series, page, channel, z.

    Raises
    ------
    ImageError
        The file cannot be read.
    """
    return read_plane(str(row["path"]), own_plane(row)).pixels


def own_plane(row: Mapping[Hashable, Any]) -> Plane:
    """Return what of its file an image is."""
    return Plane.of(row["series"], row["page"], row["channel"], row["z"])


class Pictures:
    """The planes of an image's file, opened as they are looked at.

    Parameters
    ----------
    row : mapping
        Of `Project.images()`.
    folder : Path
        Receives what is made of large planes; losing it costs time only.
    """

    def __init__(self, row: Mapping[Hashable, Any], folder: Path) -> None:
        self.own = own_plane(row)
        self._row, self._folder = row, folder
        self._open: OrderedDict[Plane, Pyramid] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, plane: Plane, check: Callable[[float], None] = lambda _done: None) -> Pyramid:
        """Return a plane.

        Parameters
        ----------
        plane : Plane
            Of the image's series.
        check : callable
            Told now and then how much of a large one is made, 0 to 1; what it raises ends it.

        Raises
        ------
        ImageError
            It is not there, cannot be read, or is of another size than the image.
        """
        with self._lock:  # whoever comes second waits, and makes nothing twice
            check(0.0)
            if plane not in self._open:
                self._open[plane] = self._make(plane, check)
            self._open.move_to_end(plane)
            while len(self._open) > MOST_OPEN:
                self._open.popitem(last=False)
            return self._open[plane]

    def original(self) -> Regions:
        """Return the image's own grey values, to be read in parts; smaller copies are made only where they must be.

        Raises
        ------
        ImageError
            The file cannot be read, or is of another size than the image.
        """
        with self._lock:
            found = self._open.get(self.own)
        if found is not None:
            return found.original
        source = self._source(self.own)
        return source if source.again else self.get(self.own).original

    def forget(self) -> None:
        """Free what can be made again."""
        with self._lock:
            self._open.clear()

    def axes(self) -> dict[str, int]:
        """Return how many channels, z positions and pages the file has beside each other, where it is more than one."""
        info = probe(str(self._row["path"]))
        sizes = dict(zip(info.axes, info.lengths, strict=True))
        pages = int(np.prod([sizes.get(letter, 1) for letter in f"T{WITHOUT_AXES}"]))
        found = {"channel": sizes.get("C", 1), "z": sizes.get("Z", 1), "t": pages}
        return {name: count for name, count in found.items() if count > 1}

    def _make(self, plane: Plane, check: Callable[[float], None]) -> Pyramid:
        path, key = str(self._row["path"]), str(self._row["path"])
        source, last = self._source(plane), self._last
        if last:
            info = probe(path)
            key = f"{path}|{info.size_bytes}|{info.modified_at}|{plane}"
        return open_pyramid(source, last, LIMITS, key, self._folder, check)

    @property
    def _last(self) -> int:
        """The coarsest level: one that may be sent whole."""
        longest = max(int(self._row["height"]), int(self._row["width"]))
        return max(0, int(np.ceil(np.log2(longest / MOST_SIDE))))

    def _source(self, plane: Plane) -> Regions:
        path = str(self._row["path"])
        size = int(self._row["height"]), int(self._row["width"])
        whole = plane == self.own and not self._last
        source: Regions = Whole(read_original(self._row), again=True) if whole else open_regions(path, plane)
        if source.shape != size:
            height, width = source.shape
            raise ImageError(
                path, f"is of {width} x {height} pixels now, and was of {size[1]} x {size[0]} when it was added"
            )
        return source


def described(pyramid: Pyramid) -> dict[str, Any]:
    """Return what the browser needs beside the numbers of the coarsest level, which it gets first."""
    about = pyramid.about
    height, width = pyramid.shape(pyramid.last)
    return {
        "width": width, "height": height, "dtype": about.dtype, "downsample": 1 << pyramid.last, "levels": pyramid.last,
        "offset": about.offset, "gain": about.gain, "low": about.low, "high": about.high,
    }  # fmt: skip


def tile_of(pyramid: Pyramid, level: int, column: int, row: int) -> NDArray[Any]:
    """Make one tile.

    Parameters
    ----------
    pyramid : Pyramid
    level, column, row : int
        Which; see `TILE`.

    Returns
    -------
    (h, w) uint8 or uint16
        With its `APRON`; smaller than a tile at the image's right and lower edge.

    Raises
    ------
    ValueError
        There is no such tile.
    """
    about = pyramid.about
    if 0 <= level <= pyramid.last and column >= 0 and row >= 0:
        height, width = pyramid.shape(level)
        top, left = row * TILE, column * TILE
        if top < height and left < width:
            rows = slice(max(0, top - APRON), min(height, top + TILE + APRON))
            columns = slice(max(0, left - APRON), min(width, left + TILE + APRON))
            part = pyramid.part(level, rows, columns)
            bottom, right = min(height, top + TILE), min(width, left + TILE)
            missing = [
                (rows.start - top + APRON, bottom + APRON - rows.stop),
                (columns.start - left + APRON, right + APRON - columns.stop),
            ]
            return np.pad(part, missing, mode="edge")
    raise ValueError(f"an image of {about.width} x {about.height} pixels has no tile {column}, {row} at level {level}")


def grey_values(pyramid: Pyramid) -> tuple[NDArray[np.float32], int]:
    """Return the coarsest level as grey values, and how many image pixels one of them is wide."""
    height, width = pyramid.shape(pyramid.last)
    values = pyramid.grey(pyramid.last, slice(0, height), slice(0, width))
    return values.astype(np.float32, copy=False), 1 << pyramid.last
