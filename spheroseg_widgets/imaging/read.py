"""Reading images: the header first, then one plane at a time."""

from __future__ import annotations

import logging
import math
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import tifffile
from PIL import Image, ImageOps

from spheroseg_widgets.errors import ImageError

from . import limits
from .pixel_size import PixelSize, choose, opera_candidate, tiff_candidates
from .signature import SUFFIXES, file_format

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Our own guard is read from the header; Pillow's would stop below it.
Image.MAX_IMAGE_PIXELS = None
# What is wrong with a file is said once, by the error that names it.
logging.getLogger("tifffile").setLevel(logging.CRITICAL)

ORIENTATION = 0x0112
TRUNCATED = "the TIFF is truncated: its pixel data end beyond the end of the file"
WITHOUT_AXES = "IQ"
"""Axis letters of plain multi-page files: one image a page."""


@dataclass(frozen=True, slots=True)
class FileInfo:
    """What the header of an image file says.

    Parameters
    ----------
    path, format : str
        The file, and "tiff", "jpeg", "png" or "bmp".
    size_bytes : int
        Of the file.
    width, height : int
        As displayed: EXIF-upright.
    dtype : str
        Of the stored samples.
    axes : str
        Axes of the first series, as letters (T, Z, C, Y, X, S; I or Q for plain pages).
    lengths : tuple of int
        Length of each axis.
    n_series : int
        Groups of alike pages.
    pixel_size : PixelSize
        From the file; see `pixel_size.py`.
    acquired_at : str or None
        ISO time, where the file says.
    warnings : tuple of str
        What is odd about the file but does not stop its use.
    modified_at : float
        Seconds since 1970, of the file.
    """

    path: str
    format: str
    size_bytes: int
    width: int
    height: int
    dtype: str
    axes: str
    lengths: tuple[int, ...]
    n_series: int = 1
    pixel_size: PixelSize = field(default_factory=PixelSize)
    acquired_at: str | None = None
    warnings: tuple[str, ...] = ()
    modified_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Plane:
    """What of a file is one image.

    Parameters
    ----------
    series, t, channel : int
        Place in the file; `t` counts pages of a file without axes.
    z : int, "sharpest", "max" or None
        Page of a stack, how the stack is projected, or None without one.
    """

    series: int = 0
    t: int = 0
    channel: int = 0
    z: int | str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-able description."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class ReadResult:
    """Pixels of a plane: (h, w) in the stored dtype (float32 for colour), and the page a projection chose."""

    pixels: NDArray[Any]
    z_index: int | None = None


def probe(path: str | Path, *, max_pixels: int | None = None) -> FileInfo:
    """Read an image file's header; no pixel is decoded.

    Raises
    ------
    ImageError
        Unreadable, not an image, damaged, or more decoded pixels than `max_pixels` (default 1 Gpx).
    """
    name = str(path)
    kind = file_format(path)
    try:
        info = _probe_tiff(name) if kind == "tiff" else _probe_other(name, kind)
        status = Path(name).stat()
        info = replace(info, size_bytes=status.st_size, modified_at=status.st_mtime)
    except ImageError:
        raise
    except Exception as error:
        raise ImageError(name, f"the {kind.upper()} header is damaged ({_short(error)})") from error
    most = limits.MAX_PIXELS if max_pixels is None else max_pixels
    if info.width * info.height > most:
        claimed = info.width * info.height / 1e6
        raise ImageError(
            name,
            f"claims {info.width} x {info.height} pixels ({claimed:.0f} Mpx), over the limit of {most / 1e6:.0f} Mpx",
        )
    return info


def planes(
    info: FileInfo, *, channel: int = 0, z: int | str | None = None, modality: str = "brightfield"
) -> list[Plane]:
    """Say which images a file gives; nothing is decoded.

    Parameters
    ----------
    info : FileInfo
        From `probe`.
    channel : int
        The channel to segment.
    z : int, "sharpest", "max" or None
        Page or projection of a stack; None takes the sharpest in brightfield, the maximum in fluorescence.
    modality : {"brightfield", "phase", "fluorescence"}
        Decides the default projection.

    Returns
    -------
    list of Plane
        One a time point, or one a page where the file has no axes.

    Raises
    ------
    ImageError
        There is no such channel.
    """
    sizes = dict(zip(info.axes, info.lengths, strict=True))
    channels = sizes.get("C", 1)
    if not 0 <= channel < channels:
        raise ImageError(info.path, f"has {channels} channel(s); there is no channel {channel}")
    depth = None
    if sizes.get("Z", 1) > 1:
        depth = z if z is not None else ("max" if modality == "fluorescence" else "sharpest")
        if isinstance(depth, int) and not 0 <= depth < sizes["Z"]:
            raise ImageError(info.path, f"has {sizes['Z']} z positions; there is no z {depth}")
    pages = sizes.get("T", 1)
    for letter in WITHOUT_AXES:
        pages *= sizes.get(letter, 1)
    return [Plane(series, t, channel, depth) for series in range(info.n_series) for t in range(pages)]


def read_plane(path: str | Path, plane: Plane | None = None) -> ReadResult:
    """Decode one plane.

    Raises
    ------
    ImageError
        Unreadable, truncated or damaged.
    """
    name, chosen = str(path), plane or Plane()
    kind = probe(path).format
    try:
        if kind == "tiff":
            return _read_tiff(name, chosen)
        return ReadResult(_read_other(name, kind))
    except ImageError:
        raise
    except MemoryError as error:
        raise ImageError(name, "does not fit into memory") from error
    except Exception as error:
        raise ImageError(name, f"cannot be decoded, damaged or truncated ({_short(error)})") from error


def _probe_tiff(name: str) -> FileInfo:
    with tifffile.TiffFile(name) as tiff:
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
        if _tiff_orientation(tiff) >= 5:
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
            pixel_size=choose(opera_candidate(Path(name)) + tiff_candidates(tiff)),
            acquired_at=_iso(str(acquired.value)) if acquired else None,
            warnings=_misnamed(name, "tiff"),
        )


def _probe_other(name: str, kind: str) -> FileInfo:
    with Image.open(name) as image:
        width, height = image.size
        exif = Image.Image.getexif(image)  # that of PngImageFile decodes the pixels first
        if exif.get(ORIENTATION, 1) >= 5:
            width, height = height, width
        deep = image.mode.startswith("I") or (kind == "png" and _png_bits(name) == 16)
        return FileInfo(
            path=name,
            format=kind,
            size_bytes=0,
            width=width,
            height=height,
            dtype="uint16" if deep else "uint8",
            axes="YX" if len(image.getbands()) == 1 else "YXS",
            lengths=(height, width) if len(image.getbands()) == 1 else (height, width, len(image.getbands())),
            # PNG, JPEG and BMP carry print densities only: never a scale.
            pixel_size=choose(opera_candidate(Path(name))),
            acquired_at=_iso(str(exif.get(0x0132, ""))),
            warnings=_misnamed(name, kind),
        )


def _read_tiff(name: str, plane: Plane) -> ReadResult:
    with tifffile.TiffFile(name) as tiff:
        if plane.series >= len(tiff.series):
            raise ImageError(
                name, f"has {len(tiff.series)} series, series {plane.series} is asked for: truncated or changed"
            )
        series = tiff.series[plane.series]
        if plane.t and not set(series.axes) & {"T", *WITHOUT_AXES}:
            raise ImageError(name, f"has one page, page {plane.t} is asked for: truncated or changed")
        sizes = dict(zip(series.axes, series.shape, strict=True))
        depth = sizes.get("Z", 1)
        if depth == 1 or isinstance(plane.z, int):
            index = plane.z if isinstance(plane.z, int) else 0
            return ReadResult(_tiff_page(tiff, name, plane, index), index if depth > 1 else None)
        stack = [_tiff_page(tiff, name, plane, index) for index in range(depth)]
        if plane.z == "max":
            return ReadResult(np.max(stack, axis=0))
        best = int(np.argmax([sharpness(page) for page in stack]))
        return ReadResult(stack[best], best)


def sharpness(pixels: NDArray[Any]) -> float:
    """Variance of the Laplacian over the squared mean: which page of a stack is in focus."""
    grey = pixels.astype(np.float32)
    mean = float(grey.mean()) or 1.0
    return float(cv2.Laplacian(cv2.GaussianBlur(grey, (0, 0), 1.0), cv2.CV_32F).var()) / mean**2


def _tiff_orientation(tiff: Any) -> int:
    tag = tiff.pages[0].tags.get("Orientation")
    return int(tag.value) if tag is not None and 1 <= int(tag.value) <= 8 else 1


def _upright(pixels: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Turn (h, w) pixels as the EXIF orientation 1..8 asks."""
    if orientation >= 5:
        pixels = pixels.T
        orientation = {5: 1, 6: 2, 7: 3, 8: 4}[orientation]
    flips = {1: pixels, 2: pixels[:, ::-1], 3: pixels[::-1, ::-1], 4: pixels[::-1]}
    return np.ascontiguousarray(flips[orientation])


def _cut(page: Any, size: int) -> bool:
    """Whether a TIFF page's pixels end beyond the end of the file."""
    return any(o + n > size for o, n in zip(page.dataoffsets, page.databytecounts, strict=True))


def _tiff_page(tiff: Any, name: str, plane: Plane, z: int) -> NDArray[Any]:
    series = tiff.series[plane.series]
    first = series.pages[0]
    size = Path(name).stat().st_size
    if _cut(first, size):
        raise ImageError(name, TRUNCATED)
    outer = [(a, n) for a, n in zip(series.axes, series.shape, strict=True) if a not in "YXS"]
    where = {"T": plane.t, "C": plane.channel, "Z": z} | dict.fromkeys(WITHOUT_AXES, plane.t)
    index = 0
    for axis, length in outer:
        if where.get(axis, 0) >= length:
            raise ImageError(
                name, f"has {length} pages along {axis}, page {where[axis]} is asked for: truncated or changed"
            )
        index = index * length + where.get(axis, 0)
    inner = [a for a in series.axes if a in "YXS"]
    whole = len(series.pages) == 1 and math.prod(n for _, n in outer) > 1
    if whole:  # one page descriptor for all planes, as ImageJ writes
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
        if _cut(page, size):
            raise ImageError(name, TRUNCATED)
        data = np.asarray(page.asarray())
        inner = [a for a in page.axes if a in "YXS"]
        data = data.reshape([n for a, n in zip(page.axes, page.shape, strict=True) if a in "YXS"])
    if data.dtype == bool:
        data = data.astype(np.uint8) * 255
    return _upright(_tiff_grey(data, first, inner), _tiff_orientation(tiff))


def _tiff_grey(data: NDArray[Any], first: Any, inner: list[str]) -> NDArray[Any]:
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
            return _grey(light)
        return _grey(data)
    return data


def _read_other(name: str, kind: str) -> NDArray[Any]:
    with Image.open(name) as image:
        # Pillow cuts 16-bit colour down to 8 bits; OpenCV keeps it.
        if kind == "png" and image.mode in {"RGB", "RGBA", "LA"} and _png_bits(name) == 16:
            image.load()  # raises where the file is truncated, which OpenCV would pass over
            decoded = cv2.imdecode(np.fromfile(name, np.uint8), cv2.IMREAD_UNCHANGED)
            if decoded is None:
                raise ImageError(name, "cannot be decoded, damaged or truncated")
            return _upright(_grey(np.asarray(decoded)), image.getexif().get(ORIENTATION, 1))
        upright = ImageOps.exif_transpose(image)
        if upright.mode in {"P", "PA", "CMYK", "YCbCr", "LAB", "HSV"}:
            upright = upright.convert("RGB")
        elif upright.mode == "1":
            upright = upright.convert("L")
        data = np.asarray(upright)
    if data.dtype == np.int32:
        data = data.astype(np.uint16)
    return data if data.ndim == 2 else _grey(data)


def _grey(data: NDArray[Any]) -> NDArray[Any]:
    """Average the colours with equal weight, alpha left out: a stain's colour must not decide its weight."""
    samples = data.shape[-1]
    if samples in {1, 2}:
        return data[..., 0]
    colours = data[..., :3]
    if np.array_equal(colours[..., 0], colours[..., 1]) and np.array_equal(colours[..., 0], colours[..., 2]):
        return np.ascontiguousarray(colours[..., 0])
    grey: NDArray[np.float32] = colours.mean(axis=-1, dtype=np.float32)
    return grey


def _png_bits(name: str) -> int:
    with Path(name).open("rb") as stream:
        return stream.read(25)[24]


def _misnamed(name: str, kind: str) -> tuple[str, ...]:
    promised = SUFFIXES.get(Path(name).suffix.lower())
    return (f"is named like a {promised.upper()} but is a {kind.upper()}",) if promised not in {kind, None} else ()


def _iso(stamp: str) -> str | None:
    for pattern in ("%Y:%m:%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y%m%d %H:%M:%S"):
        try:
            return datetime.strptime(stamp.strip()[:19], pattern).isoformat()
        except ValueError:
            continue
    return None


def _short(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:160]
