"""What is said of a file before it is sent from a browser: what it is, under what name it is kept, why it is refused."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from spheroseg_widgets.errors import ImageError
from spheroseg_widgets.exports.stems import safe_stem
from spheroseg_widgets.imaging import limits
from spheroseg_widgets.imaging.signature import SUFFIXES, format_of

DEEPEST = 12
"""Folders above a file that are kept."""
MEGABYTE = 1e6


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file that a page wants to send.

    Parameters
    ----------
    parts : tuple of str
        Its folders, as far as they were dropped with it, and its name.
    size : int
        Bytes.
    modified_ms : int
        When it was last changed: milliseconds since 1970.
    head : int
        CRC-32 of its first `known_content.HEAD` bytes.
    first : bytes
        The first 16: what is no image is refused before anything is sent.
    """

    parts: tuple[str, ...]
    size: int
    modified_ms: int
    head: int
    first: bytes

    @property
    def key(self) -> str:
        """The same file has the same key again, after a reload or in another kernel."""
        told = json.dumps([self.parts, self.size, self.modified_ms])
        return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:16]


@dataclass(slots=True)
class Offer:
    """What is to be sent of a file.

    Parameters
    ----------
    key : str
        Names the upload from here on.
    have : int
        Bytes that are here already; all of them where a file looks the same.
    checksum : int
        CRC-32 of those: the page sends everything again if its own are others.
    refused : str
        Why the file is not taken; "" where it is.
    stored_as : str
        Path below the uploads, where it is not the one that the file came with.
    taken : bool
        Whether that is because a file with other content has its name.
    """

    key: str
    have: int = 0
    checksum: int = 0
    refused: str = ""
    stored_as: str = ""
    taken: bool = False


@dataclass(frozen=True, slots=True)
class Stored:
    """Where an uploaded file lies; `known` if its content was there before, and nothing was written."""

    path: Path
    known: bool


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A part of a file that waits for the rest: name, bytes in all, and bytes that are here."""

    name: str
    size: int
    have: int


def safe_parts(parts: Sequence[str]) -> tuple[str, ...]:
    """Return folders and name as they can be written anywhere: each is one name, so none leads out of a folder.

    Raises
    ------
    ImageError
        One of them is no name, or there are too many.
    """
    shown = "/".join(parts)
    if not parts or any(not part.strip(" .") for part in parts):
        raise ImageError(shown, "is no file name")
    if len(parts) > DEEPEST + 1:
        raise ImageError(shown, f"lies deeper than {DEEPEST} folders")
    *folders, name = parts
    suffix = Path(name).suffix
    return (*map(safe_stem, folders), safe_stem(name.removesuffix(suffix)) + suffix)


def refusal(file: Wanted) -> str:
    """Say why a file is not taken, by what is said of it; "" where it is."""
    try:
        safe_parts(file.parts)
    except ImageError as error:
        return error.reason
    if Path(file.parts[-1]).suffix.lower() not in SUFFIXES:
        return "is not named like a TIFF, JPEG, PNG or BMP image"
    if file.size <= 0:
        return "the file is empty (0 bytes)"
    if file.size > limits.MAX_UPLOAD_FILE_MB * MEGABYTE:
        return (
            f"{megabytes(file.size)} are over the limit of {limits.MAX_UPLOAD_FILE_MB:g} MB for a file sent from the "
            "browser; give the path of its folder instead (SPHEROSEG_MAX_UPLOAD_FILE_MB sets the limit)"
        )
    try:
        format_of(file.first, Path(file.parts[-1]))
    except ImageError as error:
        return error.reason
    return ""


def megabytes(size: float) -> str:
    """Return bytes in words."""
    return f"{size / MEGABYTE:.3g} MB"
