"""What a file holds and what of it is one image: nothing here opens a file."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from spheroseg_widgets.errors import ImageError

from .pixel_size import PixelSize

if TYPE_CHECKING:
    from numpy.typing import NDArray

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

    @classmethod
    def of(cls, series: Any, page: Any, channel: Any, z: Any) -> Plane:
        """Build from the columns of an image's row, where `z` is text: a number, a projection, or empty."""
        text = str(z)
        return cls(int(series), int(page), int(channel), int(text) if text.isdigit() else text or None)


@dataclass(frozen=True, slots=True)
class ReadResult:
    """Pixels of a plane: (h, w) in the stored dtype (float32 for colour), and the page a projection chose."""

    pixels: NDArray[Any]
    z_index: int | None = None


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
