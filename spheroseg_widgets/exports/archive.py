"""An export as one file: what a page can hand to somebody who does not reach the project's folder."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

from spheroseg_widgets.errors import ExportError

from .atomic import write_atomically

STORED = {".png", ".tif", ".tiff", ".zip", ".xlsx"}
"""Suffixes of files that are compressed already."""


def write_archive(path: Path, fill: Callable[[Path], Iterable[Path]]) -> int:
    """Write a ZIP archive of what an export writes; returns how many files it holds.

    Parameters
    ----------
    path : Path
        The archive; it is there whole or not at all.
    fill : callable
        Writes files below the folder it is given, and returns their paths.

    Raises
    ------
    ExportError
        There is no room, the folder cannot be written, or `fill` could not write a file: half an export is none.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=path.parent, prefix=".export-") as folder:
            files = sorted(set(fill(Path(folder))))

            def pack(target: Path) -> None:
                with zipfile.ZipFile(target, "w") as archive:
                    for file in files:
                        kind = zipfile.ZIP_STORED if file.suffix in STORED else zipfile.ZIP_DEFLATED
                        archive.write(file, file.relative_to(folder), kind)

            write_atomically(path, pack)
    except OSError as error:
        raise ExportError(f"{path}: cannot be written ({error.strerror or error})") from error
    return len(files)
