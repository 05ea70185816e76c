"""TIFF: its header, and one plane at a time."""

from __future__ import annotations

import logging
import math
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np
import tifffile

from spheroseg_widgets.errors import ImageError

from .decoded import grey, iso_time, misnamed, sharpness, upright
from .pixel_size import choose, opera_candidate, tiff_candidates
from .planes import WITHOUT_AXES, FileInfo, Plane, ReadResult

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .url import Place

# What is wrong with a file is said once, by the error that names it.
logging.getLogger("tifffile").setLevel(logging.CRITICAL)

TRUNCATED = "the TIFF is truncated: its pixel data end beyond the end of the file"


def probe_tiff(stream: IO[bytes], path: Place) -> FileInfo:
    """Return what the header of a TIFF says."""
    name = str(path)
    with tifffile.TiffFile(stream) as tiff:
        if not len(tiff.series):
            raise ImageError(name, "the TIFF holds no image")
        first = tiff.series[0]
        plain = not (tiff.is_ome or tiff.is_imagej)
        alike = [s for s in tiff.series if s.ndim >= 2 and s.size * 2 >= first.size] if plain else [first]
        # The time and channel of a single plane say nothing; keep what has a length.
        axes = "".join(a for a, n in zip(first.axes, first.shape, strict=True) if n > 1 or a in "YX")
        lengths = tuple(n for a, n in zip(first.axes, first.shape, strict=True) if n > 1 or a in "YX")
        sizes = dict(zip(first.axes, first.shape, strict=True))
        acquired = tiff.pages[0].tags.get("DateTime")
        width, height = int(sizes["X"]), int(sizes["Y"])
        if orientation_of(tiff) >= 5:
            width, height = height, width
        return FileInfo(
            path=name,
            format="tiff",
            size_bytes=0,
            width=width,
            height=height,
            dtype=str(first.dtype),
            axes=axes,
            lengths=lengths,
            n_series=len(alike),
            pixel_size=choose(opera_candidate(path) + tiff_candidates(tiff)),
            acquired_at=iso_time(str(acquired.value)) if acquired else None,
            warnings=misnamed(name, "tiff"),
        )


def read_tiff(name: str, plane: Plane) -> ReadResult:
    """Decode one plane of a TIFF, or the projection of a stack."""
    with tifffile.TiffFile(name) as tiff:
        depth = depth_of(series_of(tiff, name, plane))
        if depth == 1 or isinstance(plane.z, int):
            index = plane.z if isinstance(plane.z, int) else 0
            return ReadResult(_tiff_page(tiff, name, plane, index), index if depth > 1 else None)
        stack = [_tiff_page(tiff, name, plane, index) for index in range(depth)]
        if plane.z == "max":
            return ReadResult(np.max(stack, axis=0))
        best = int(np.argmax([sharpness(page) for page in stack]))
        return ReadResult(stack[best], best)


def series_of(tiff: Any, name: str, plane: Plane) -> Any:
    """Return the series that a plane lies in.

    Raises
    ------
    ImageError
        There is no such series or page.
    """
    if plane.series >= len(tiff.series):
        raise ImageError(
            name, f"has {len(tiff.series)} series, series {plane.series} is asked for: truncated or changed"
        )
    series = tiff.series[plane.series]
    if plane.t and not set(series.axes) & {"T", *WITHOUT_AXES}:
        raise ImageError(name, f"has one page, page {plane.t} is asked for: truncated or changed")
    return series


def depth_of(series: Any) -> int:
    """Return how many z positions a series has."""
    return int(dict(zip(series.axes, series.shape, strict=True)).get("Z", 1))


def orientation_of(tiff: Any) -> int:
    """Return how a TIFF's pixels are turned: 1 to 8, as EXIF counts."""
    tag = tiff.pages[0].tags.get("Orientation")
    return int(tag.value) if tag is not None and 1 <= int(tag.value) <= 8 else 1


def cut(page: Any, size: int) -> bool:
    """Whether a TIFF page's pixels end beyond the end of the file."""
    return any(o + n > size for o, n in zip(page.dataoffsets, page.databytecounts, strict=True))


def place_of(series: Any, name: str, plane: Plane, z: int) -> int:
    """Return which of a series' pages a plane is.

    Raises
    ------
    ImageError
        There is no such page.
    """
    outer = [(a, n) for a, n in zip(series.axes, series.shape, strict=True) if a not in "YXS"]
    where = {"T": plane.t, "C": plane.channel, "Z": z} | dict.fromkeys(WITHOUT_AXES, plane.t)
    index = 0
    for axis, length in outer:
        if where.get(axis, 0) >= length:
            raise ImageError(
                name, f"has {length} pages along {axis}, page {where[axis]} is asked for: truncated or changed"
            )
        index = index * length + where.get(axis, 0)
    return index


def in_one_page(series: Any) -> bool:
    """Whether one page descriptor stands for all planes, as ImageJ writes."""
    outer = [n for a, n in zip(series.axes, series.shape, strict=True) if a not in "YXS"]
    return len(series.pages) == 1 and math.prod(outer) > 1


def _tiff_page(tiff: Any, name: str, plane: Plane, z: int) -> NDArray[Any]:
    series = tiff.series[plane.series]
    first = series.pages[0]
    size = Path(name).stat().st_size
    if cut(first, size):
        raise ImageError(name, TRUNCATED)
    index = place_of(series, name, plane, z)
    inner = [a for a in series.axes if a in "YXS"]
    if in_one_page(series):
        shape = [n for a, n in zip(series.axes, series.shape, strict=True) if a in "YXS"]
        if series.dataoffset is None:
            data = np.asarray(series.asarray()).reshape(-1, *shape)[index]
        else:  # the planes lie one after the other: a file of many gigabytes is read a plane at a time
            dtype = np.dtype(tiff.byteorder + series.dtype.char)
            start, count = series.dataoffset + index * math.prod(shape) * dtype.itemsize, math.prod(shape)
            data = np.fromfile(name, dtype, count, offset=start).astype(series.dtype, copy=False)
            if data.size < count:
                raise ImageError(name, TRUNCATED)
            data = data.reshape(shape)
    else:
        page = series.pages[index]
        if cut(page, size):
            raise ImageError(name, TRUNCATED)
        data = np.asarray(page.asarray())
        inner = [a for a in page.axes if a in "YXS"]
        data = data.reshape([n for a, n in zip(page.axes, page.shape, strict=True) if a in "YXS"])
    if data.dtype == bool:
        data = data.astype(np.uint8) * 255
    return upright(tiff_grey(data, first, inner), orientation_of(tiff))


def tiff_grey(data: NDArray[Any], first: Any, inner: list[str]) -> NDArray[Any]:
    """Return samples of a page as grey, (h, w): palettes looked up, inverted ones turned, colours averaged."""
    photometric = getattr(first.photometric, "name", "")
    if photometric == "PALETTE" and first.colormap is not None:
        colours: NDArray[np.float32] = np.asarray(first.colormap, np.float32)[:, data].mean(axis=0)
        return colours
    if photometric == "MINISWHITE":
        white = np.iinfo(data.dtype).max if data.dtype.kind == "u" else data.max()
        data = np.asarray(white - data)
    if "S" in inner:
        data = np.moveaxis(data, inner.index("S"), -1)
        if photometric == "SEPARATED" and data.shape[-1] >= 4:  # CMYK holds ink, not light
            full = float(np.iinfo(data.dtype).max)
            light = (full - data[..., :3].astype(np.float32)) * (full - data[..., 3:4].astype(np.float32)) / full
            return grey(light)
        return grey(data)
    return data
