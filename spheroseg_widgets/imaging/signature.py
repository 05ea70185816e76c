"""What a file is by its first bytes, whatever its name says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spheroseg_widgets.errors import ImageError

if TYPE_CHECKING:
    from .url import Place

SUFFIXES = {
    ".tif": "tiff", ".tiff": "tiff", ".stk": "tiff", ".lsm": "tiff",
    ".jpg": "jpeg", ".jpeg": "jpeg", ".png": "png", ".bmp": "bmp",
}  # fmt: skip
"""File suffixes taken for images, and the format each promises."""

_MAGIC = (
    (b"II*\x00", "tiff"), (b"MM\x00*", "tiff"), (b"II+\x00", "tiff"), (b"MM\x00+", "tiff"),
    (b"\xff\xd8\xff", "jpeg"), (b"\x89PNG\r\n\x1a\n", "png"), (b"BM", "bmp"),
)  # fmt: skip


def format_of(head: bytes, path: Place) -> str:
    """Return "tiff", "jpeg", "png" or "bmp" by the first 16 bytes of a file.

    Raises
    ------
    ImageError
        Empty, or none of these formats.
    """
    if not head:
        raise ImageError(str(path), "the file is empty (0 bytes)")
    for magic, name in _MAGIC:
        if head.startswith(magic):
            return name
    promised = SUFFIXES.get(path.suffix.lower())
    claim = f"is named like a {promised.upper()} but" if promised else "the file"
    raise ImageError(str(path), f"{claim} holds no TIFF, JPEG, PNG or BMP image")
