"""Files of an export, written whole or not at all."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path

from spheroseg_widgets.atomic import write_whole
from spheroseg_widgets.errors import ExportError

Job = Callable[[], Path]
"""Writes one file, whole or not at all, and returns its path."""


def write_atomically(path: Path, write: Callable[[Path], object]) -> Path:
    """Let `write` fill a file beside the target, then put it in its place.

    Raises
    ------
    ExportError
        The folder cannot be written, or the disk is full; no half file stays.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return write_whole(path, write)
    except OSError as error:
        raise ExportError(f"{path}: cannot be written ({error.strerror or error})") from error


def write_bytes(path: Path, data: bytes) -> Path:
    """Write bytes whole or not at all."""
    return write_atomically(path, lambda partial: partial.write_bytes(data))


def is_full(error: ExportError) -> bool:
    """Whether a file failed because the disk or the user's share of it is full: no other file will do better."""
    cause = error.__cause__
    return isinstance(cause, OSError) and cause.errno in {errno.ENOSPC, errno.EDQUOT}
