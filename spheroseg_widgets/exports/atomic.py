"""Files written whole or not at all."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from spheroseg_widgets.errors import ExportError

Job = Callable[[], Path]
"""Writes one file, whole or not at all, and returns its path."""


def write_atomically(path: Path, write: Callable[[Path], None]) -> Path:
    """Let `write` fill a file beside the target, then put it in its place.

    Raises
    ------
    ExportError
        The folder cannot be written, or the disk is full; no half file stays.
    """
    partial = path.with_name(f".{path.name}.partial{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(partial)
        os.replace(partial, path)  # noqa: PTH105 - atomic on every platform
    except OSError as error:
        raise ExportError(f"{path}: cannot be written ({error.strerror or error})") from error
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)  # gone already where all went well
    return path


def write_bytes(path: Path, data: bytes) -> Path:
    """Write bytes whole or not at all."""
    return write_atomically(path, lambda partial: _write(partial, data))


def _write(path: Path, data: bytes) -> None:
    with path.open("wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())  # a full disk may show only here


def is_full(error: ExportError) -> bool:
    """Whether a file failed because the disk or the user's share of it is full: no other file will do better."""
    cause = error.__cause__
    return isinstance(cause, OSError) and cause.errno in {errno.ENOSPC, errno.EDQUOT}
