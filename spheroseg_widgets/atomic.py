"""Files written whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path


def write_whole(path: Path, write: Callable[[Path], object]) -> Path:
    """Let `write` fill a file beside the target, bring it to the disk, and put it in the target's place.

    Parameters
    ----------
    path : Path
        The target; what lay there stays until the new file is whole.
    write : callable
        Given the path of the file to fill; it has the target's suffix.

    Returns
    -------
    Path
        The target.

    Raises
    ------
    OSError
        The folder cannot be written, or the disk is full. Whatever `write` raises goes on; no half file stays.
    """
    partial = path.with_name(f".{path.name}.partial{path.suffix}")
    try:
        write(partial)
        with partial.open("r+b") as stream:
            os.fsync(stream.fileno())  # a full disk may show only here
        partial.replace(path)
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)  # gone already where all went well
    return path
