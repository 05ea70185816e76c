"""Reading images: the header first, then one plane at a time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from spheroseg_widgets.errors import ImageError

from . import limits
from .decoded import sharpness
from .pictures import probe_picture, read_picture
from .planes import FileInfo, Plane, ReadResult, planes
from .signature import file_format
from .tiff import probe_tiff, read_tiff

__all__ = ["FileInfo", "Plane", "ReadResult", "planes", "probe", "read_plane", "sharpness"]


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
        info = probe_tiff(name) if kind == "tiff" else probe_picture(name, kind)
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
            return read_tiff(name, chosen)
        return ReadResult(read_picture(name, kind))
    except ImageError:
        raise
    except MemoryError as error:
        raise ImageError(name, "does not fit into memory") from error
    except Exception as error:
        raise ImageError(name, f"cannot be decoded, damaged or truncated ({_short(error)})") from error


def _short(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:160]
