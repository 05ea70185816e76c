"""Reading images: the header first, then one plane at a time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import IO

from spheroseg_widgets.errors import ImageError

from . import limits
from .decoded import sharpness
from .pictures import probe_picture, read_picture
from .planes import FileInfo, Plane, ReadResult, planes
from .remote import local_file, opened
from .signature import format_of
from .tiff import probe_tiff, read_tiff
from .url import Place, as_path

__all__ = ["FileInfo", "Plane", "ReadResult", "planes", "probe", "read_plane", "sharpness"]


def probe(path: str | Place, *, max_pixels: int | None = None) -> FileInfo:
    """Read an image file's header; no pixel is decoded. Of a large file behind a URL only the header travels.

    Raises
    ------
    ImageError
        Unreadable, not an image, damaged, or more decoded pixels than `max_pixels` (default 1 Gpx).
    """
    where = as_path(path)
    name = str(where)
    with opened(where) as file:
        kind = format_of(_head(file.stream, name), where)
        try:
            info = probe_tiff(file.stream, where) if kind == "tiff" else probe_picture(file.stream, where, kind)
        except ImageError:
            raise
        except Exception as error:
            raise ImageError(name, f"the {kind.upper()} header is damaged ({_short(error)})") from error
        info = replace(info, size_bytes=file.size_bytes, modified_at=file.modified_at)
    most = limits.MAX_PIXELS if max_pixels is None else max_pixels
    if info.width * info.height > most:
        claimed = info.width * info.height / 1e6
        raise ImageError(
            name,
            f"claims {info.width} x {info.height} pixels ({claimed:.0f} Mpx), over the limit of {most / 1e6:.0f} Mpx",
        )
    return info


def read_plane(path: str | Place, plane: Plane | None = None) -> ReadResult:
    """Decode one plane; a file behind a URL is copied here for as long as it takes.

    Raises
    ------
    ImageError
        Unreadable, truncated or damaged.
    """
    with local_file(path) as file:
        return _read(file, plane or Plane())


def _read(file: Path, plane: Plane) -> ReadResult:
    name, kind = str(file), probe(file).format
    try:
        if kind == "tiff":
            return read_tiff(name, plane)
        return ReadResult(read_picture(name, kind))
    except ImageError:
        raise
    except MemoryError as error:
        raise ImageError(name, "does not fit into memory") from error
    except Exception as error:
        raise ImageError(name, f"cannot be decoded, damaged or truncated ({_short(error)})") from error


def _head(stream: IO[bytes], name: str) -> bytes:
    """Return the first bytes, and go back to the beginning."""
    try:
        head = stream.read(16)
        stream.seek(0)
    except OSError as error:
        raise ImageError(name, f"cannot be read ({error.strerror or error})") from error
    return head


def _short(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:160]
