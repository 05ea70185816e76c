"""Parts of a large plane, read from its file without the rest of it where the format permits."""

from __future__ import annotations

import math
import mmap
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import cv2
import numpy as np
import tifffile

from spheroseg_widgets.errors import ImageError

from . import limits
from .planes import FileInfo, Plane
from .read import probe, read_plane
from .tiff import TRUNCATED, cut, depth_of, in_one_page, orientation_of, place_of, series_of, tiff_grey
from .url import as_path

if TYPE_CHECKING:
    from numpy.typing import NDArray

REACH = 5
"""Pixels around one that its part in the sharpness of a page is made of."""
BAND_PIXELS = 16_000_000
"""Read at a time where a whole page is gone through."""
DROP: int | None = getattr(mmap, "MADV_DONTNEED", None)
"""Lets go of the pages of a mapped file; not every system can."""


class Parts(Protocol):
    """A plane of which parts can be read.

    Parameters
    ----------
    shape : (int, int)
        Height and width.
    """

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width."""
        ...

    def read(self, rows: slice, columns: slice) -> NDArray[Any]:
        """Return the part (h, w) at these rows and columns, which lie in the plane."""
        ...


class Regions(Parts, Protocol):
    """A plane as its file holds it.

    Parameters
    ----------
    again : bool
        A part can be read at any later time for little: nothing of it needs to be kept elsewhere.
    thirds : bool
        Values are means of three samples of 8 bits.
    rows, columns : int
        Height and width of the tiles or strips it is read by.
    colourless : numpy dtype or None
        Of samples in colours, of which all that were read so far are grey: what the whole plane would come as.
    """

    again: bool
    thirds: bool
    rows: int
    columns: int
    colourless: np.dtype[Any] | None

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of what is read."""
        ...


class Whole:
    """A plane that lies in memory, (h, w)."""

    thirds = False
    rows = columns = 1
    colourless: np.dtype[Any] | None = None

    def __init__(self, pixels: NDArray[Any], *, again: bool) -> None:
        self._pixels = pixels
        self.shape: tuple[int, int] = (pixels.shape[0], pixels.shape[1])
        self.again = again

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of what is read."""
        return self._pixels.dtype

    def read(self, rows: slice, columns: slice) -> NDArray[Any]:
        """Return the part at these rows and columns."""
        return self._pixels[rows, columns]


class Mapped(Whole):
    """A plane whose numbers lie in a file as they are, row by row: it stays readable when the file is deleted.

    Parameters
    ----------
    file : Path
    dtype : numpy dtype or str
        Of the numbers.
    shape : (int, int)
        Height and width.

    Raises
    ------
    OSError, ValueError
        There is no such file, or it is too short.
    """

    def __init__(self, file: Path, dtype: np.dtype[Any] | str, shape: tuple[int, int]) -> None:
        with file.open("rb") as stream:
            self._map = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
        super().__init__(np.frombuffer(self._map, dtype, shape[0] * shape[1]).reshape(shape), again=True)

    def read(self, rows: slice, columns: slice) -> NDArray[Any]:
        """Return a copy of the part at these rows and columns."""
        part = self._pixels[rows, columns].copy()
        if DROP is not None:  # what was looked at would count as memory of this process until somebody needs it
            self._map.madvise(DROP)
        return part


class Decoded:
    """A plane of a file that can only be decoded whole: when it is asked for first, and held while this is.

    Parameters
    ----------
    path : str or Path
    plane : Plane
    shape : (int, int), optional
        As the file's header says, where it says so of this plane.
    """

    again = thirds = False
    rows = columns = 1
    colourless: np.dtype[Any] | None = None

    def __init__(self, path: str | Path, plane: Plane, shape: tuple[int, int] | None = None) -> None:
        self._path, self._plane, self._shape = path, plane, shape

    @cached_property
    def _pixels(self) -> NDArray[Any]:
        pixels = read_plane(self._path, self._plane).pixels
        if self._shape not in {None, pixels.shape}:
            raise ImageError(str(self._path), "is another file than before: it has another size")
        return pixels

    @cached_property
    def shape(self) -> tuple[int, int]:
        """Height and width."""
        return self._shape or (self._pixels.shape[0], self._pixels.shape[1])

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of what is read."""
        return self._pixels.dtype

    def read(self, rows: slice, columns: slice) -> NDArray[Any]:
        """Return the part at these rows and columns.

        Raises
        ------
        ImageError
            The file cannot be decoded, or is another than before.
        """
        return self._pixels[rows, columns]


def bands(source: Regions, step: int, pixels: int) -> list[slice]:
    """Part a plane into bands of whole rows, from its top.

    Parameters
    ----------
    source : Regions
        The plane.
    step : int
        Rows that must not be parted: bands begin at multiples of it. So do they at the file's tiles, where those are not
        too high: each is decoded once then.
    pixels : int
        Of a band, about; more where its step has more.

    Returns
    -------
    list of slice
        Rows of each band.
    """
    height, width = source.shape
    whole = math.lcm(step, source.rows)
    if whole * width > 4 * pixels:
        whole = step
    rows = max(1, pixels // width // whole) * whole
    return [slice(top, min(height, top + rows)) for top in range(0, height, rows)]


def open_regions(path: str | Path, plane: Plane) -> Regions:
    """Open a plane for reading it in parts.

    Parameters
    ----------
    path : str or Path
        A TIFF is read in parts by its tiles or strips, where it lies on this machine and upright; anything else is
        decoded whole, when it is read first.
    plane : Plane
        What of the file; of a stack any page, its sharpest, or the maximum of all.

    Raises
    ------
    ImageError
        Unreadable, truncated, changed, or too large to be decoded whole (`limits.MAX_WHOLE_MB`).
    """
    info = probe(path)
    where = as_path(path)
    if info.format == "tiff" and isinstance(where, Path):
        try:
            found = TiffRegions.open(str(where), plane)
        except ImageError:
            raise
        except Exception as error:
            raise ImageError(str(path), f"cannot be decoded, damaged or truncated ({error})") from error
        if found is not None:
            return found
    _refuse_large(info)
    return Decoded(path, plane, None if plane.series else (info.height, info.width))


def _refuse_large(info: FileInfo) -> None:
    samples = info.lengths[info.axes.index("S")] if "S" in info.axes else 1
    grey = 4 if samples > 1 else 0  # colours become the mean of them, as floats
    pages = 1 if info.format != "tiff" else max(1, dict(zip(info.axes, info.lengths, strict=True)).get("Z", 1))
    needed = info.width * info.height * (samples * np.dtype(info.dtype).itemsize + grey) * pages / 1e6
    if needed > limits.MAX_WHOLE_MB:
        raise ImageError(
            info.path,
            f"is too large to be shown: {info.width} x {info.height} pixels of this {info.format.upper()} cannot be read in"
            f" parts, and decoding it whole takes {needed:.0f} MB of memory (the limit is {limits.MAX_WHOLE_MB:.0f} MB);"
            " save it as a TIFF with tiles",
        )


class TiffRegions:
    """A plane of a TIFF: the file is opened for every part, so that nothing holds it.

    Parameters
    ----------
    name : str
        The file.
    plane : Plane
        What of it.
    pages : list of int
        Of the series: one, or all of a stack whose maximum is wanted.
    """

    again = True

    def __init__(self, name: str, plane: Plane, pages: list[int], shape: tuple[int, int]) -> None:
        self._name, self._plane, self._pages = name, plane, pages
        self.shape = shape
        self.thirds = False
        self.rows = self.columns = 1
        self.colourless: np.dtype[Any] | None = None
        self.dtype = np.dtype(np.uint8)

    @classmethod
    def open(cls, name: str, plane: Plane) -> TiffRegions | None:
        """Look at the file; None where this plane can only be decoded whole."""
        with tifffile.TiffFile(name) as tiff:
            series = series_of(tiff, name, plane)
            first = series.pages[0]
            sizes = dict(zip(series.axes, series.shape, strict=True))
            shape = int(sizes["Y"]), int(sizes["X"])
            inverted = getattr(first.photometric, "name", "") == "MINISWHITE" and first.dtype.kind != "u"
            layout = "YXS" if "S" in first.axes else "YX"
            if orientation_of(tiff) != 1 or inverted or first.axes.lstrip("ZTCIQ") != layout or first.imagedepth > 1:
                return None
            if in_one_page(series) and series.dataoffset is None:
                return None
            depth = depth_of(series)
            where = range(depth) if depth > 1 and not isinstance(plane.z, int) else [plane.z or 0]
            pages = [place_of(series, name, plane, int(z)) for z in where]
            high, wide = _segment(first)
            mapped = in_one_page(series) or first.is_memmappable
        found = cls(name, plane, pages, shape)
        if not mapped:
            found.rows, found.columns, found.again = high, wide, high * wide <= BAND_PIXELS
        probe_of = found.read(slice(0, 1), slice(0, 1))
        found.dtype = probe_of.dtype
        found.thirds = layout == "YXS" and first.dtype == np.uint8 and probe_of.dtype == np.float32
        if plane.z != "max" and len(pages) > 1:
            found._pages = [max(pages, key=lambda page: cls(name, plane, [page], shape).sharpness())]
        if layout == "YXS" and first.dtype.kind == "u" and first.samplesperpixel > 2:
            found.colourless = first.dtype
        return found

    def read(self, rows: slice, columns: slice) -> NDArray[Any]:
        """Return the part at these rows and columns.

        Raises
        ------
        ImageError
            The file is cut short, or another than before.
        """
        try:
            with tifffile.TiffFile(self._name) as tiff:
                series = series_of(tiff, self._name, self._plane)
                out = self._page(tiff, series, self._pages[0], rows, columns)
                for page in self._pages[1:]:
                    out = np.maximum(out, self._page(tiff, series, page, rows, columns))
                return out
        except ImageError:
            raise
        except Exception as error:
            raise ImageError(self._name, f"cannot be decoded, damaged or truncated ({error})") from error

    def _page(self, tiff: Any, series: Any, index: int, rows: slice, columns: slice) -> NDArray[Any]:
        size = Path(self._name).stat().st_size
        first = series.pages[0]
        page = first if in_one_page(series) else series.pages[index]
        layout = page.keyframe  # pages that are alike are described once
        if (int(layout.imagelength), int(layout.imagewidth)) != self.shape:
            raise ImageError(self._name, "is another file than before: its pages have another size")
        if cut(page, size):
            raise ImageError(self._name, TRUNCATED)
        if in_one_page(series) or layout.is_memmappable:
            shape = (*self.shape, layout.samplesperpixel) if "S" in layout.axes else self.shape
            dtype = np.dtype(tiff.byteorder + layout.dtype.char)
            start = page.dataoffsets[0] + (index * math.prod(shape) * dtype.itemsize if in_one_page(series) else 0)
            if start + math.prod(shape) * dtype.itemsize > size:
                raise ImageError(self._name, TRUNCATED)
            mapped = np.memmap(self._name, dtype, "r", start, shape)
            data = np.array(mapped[rows, columns], layout.dtype)
        else:
            data = _decoded(tiff.filehandle, page, rows, columns)
        if data.dtype == bool:
            data = data.astype(np.uint8) * 255
        grey = tiff_grey(data, first, ["Y", "X", "S"] if data.ndim == 3 else ["Y", "X"])
        if grey.dtype != self.colourless:
            self.colourless = None
        # A part without colours would come as integers, its neighbour as floats.
        return grey.astype(np.float32, copy=False) if data.ndim == 3 and data.shape[-1] > 2 else grey

    def sharpness(self) -> float:
        """Return what `imaging.decoded.sharpness` gives for the page, without holding it whole as floats."""
        height, width = self.shape
        step = max(1, BAND_PIXELS // width)
        total = squares = light = 0.0
        for top in range(0, height, step):
            bottom = min(height, top + step)
            from_row = max(0, top - REACH)
            band = self.read(slice(from_row, min(height, bottom + REACH)), slice(0, width)).astype(np.float32)
            edges = cv2.Laplacian(cv2.GaussianBlur(band, (0, 0), 1.0), cv2.CV_32F)
            inner = slice(top - from_row, bottom - from_row)
            light += float(band[inner].sum(dtype=np.float64))
            total += float(edges[inner].sum(dtype=np.float64))
            squares += float(np.square(edges[inner], dtype=np.float64).sum())
        count = height * width
        return (squares / count - (total / count) ** 2) / ((light / count) or 1.0) ** 2


def _segment(page: Any) -> tuple[int, int]:
    """Return height and width of the tiles or strips of a page."""
    if page.is_tiled:
        return int(page.tilelength), int(page.tilewidth)
    return int(min(page.rowsperstrip, page.imagelength)), int(page.imagewidth)


def _decoded(file: Any, page: Any, rows: slice, columns: slice) -> NDArray[Any]:
    """Decode the tiles or strips that a part of a page lies in."""
    layout = page.keyframe
    high, wide = _segment(layout)
    across = -(-layout.imagewidth // wide)
    shape = (rows.stop - rows.start, columns.stop - columns.start)
    out = np.full(shape + ((layout.samplesperpixel,) if "S" in layout.axes else ()), layout.nodata, layout.dtype)
    for down in range(rows.start // high, -(-rows.stop // high)):
        for along in range(columns.start // wide, -(-columns.stop // wide)):
            number = down * across + along
            length = page.databytecounts[number]
            if not length:  # what was never written is empty
                continue
            file.seek(page.dataoffsets[number])
            data, _, _ = page.decode(
                file.read(length), number, jpegtables=layout.jpegtables, jpegheader=layout.jpegheader
            )
            if data is None:
                continue
            piece = data[0] if "S" in layout.axes else data[0, ..., 0]
            top, left = down * high, along * wide
            into = slice(max(top, rows.start), min(top + piece.shape[0], rows.stop))
            beside = slice(max(left, columns.start), min(left + piece.shape[1], columns.stop))
            out[
                into.start - rows.start : into.stop - rows.start,
                beside.start - columns.start : beside.stop - columns.start,
            ] = piece[into.start - top : into.stop - top, beside.start - left : beside.stop - left]
    return out
