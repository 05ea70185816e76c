"""What a file is by its first bytes, whatever its name says."""

from __future__ import annotations

from pathlib import Path

from spheroseg_widgets.errors import ImageError

SUFFIXES = {
    ".tif": "tiff", ".tiff": "tiff", ".stk": "tiff", ".lsm": "tiff",
    ".jpg": "jpeg", ".jpeg": "jpeg", ".png": "png", ".bmp": "bmp",
}  # fmt: skip
"""File suffixes taken for images, and the format each promises."""

_MAGIC = (
    (b"II*\x00", "tiff"), (b"MM\x00*", "tiff"), (b"II+\x00", "tiff"), (b"MM\x00+", "tiff"),
    (b"\xff\xd8\xff", "jpeg"), (b"\x89PNG\r\n\x1a\n", "png"), (b"BM", "bmp"),
)  # fmt: skip


def file_format(path: str | Path) -> str:
    """Return "tiff", "jpeg", "png" or "bmp" by the file's content.

    Raises
    ------
    ImageError
        Missing, empty, a folder, unreadable, or none of these formats.
    """
    target = Path(path)
    try:
        with target.open("rb") as stream:
            head = stream.read(16)
    except FileNotFoundError:
        raise ImageError(str(path), "the file does not exist") from None
    except IsADirectoryError:
        raise ImageError(str(path), "is a folder, not an image file") from None
    except OSError as error:
        raise ImageError(str(path), f"cannot be read ({error.strerror or error})") from error
    if not head:
        raise ImageError(str(path), "the file is empty (0 bytes)")
    for magic, name in _MAGIC:
        if head.startswith(magic):
            return name
    promised = SUFFIXES.get(target.suffix.lower())
    claim = f"is named like a {promised.upper()} but" if promised else "the file"
    raise ImageError(str(path), f"{claim} holds no TIFF, JPEG, PNG or BMP image")
