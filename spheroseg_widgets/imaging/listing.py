"""Finding image files: files, folders and globs; what is skipped is named with its reason."""

from __future__ import annotations

import glob
import os
import re
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from spheroseg_widgets.errors import ImageError, ShareUnavailableError

from .read import FileInfo, probe
from .signature import SUFFIXES

FRESH_SECONDS = 2.0
"""A file changed this recently is looked at again: it may still be being written."""
WORKERS = 16
"""Looks at a share at once: at 10 ms a call 1,152 files in sequence would take longer than a minute."""
OUTPUT_FOLDERS = {"masks", "labels", "truth"}
TEMPORARY = re.compile(r"(^\.|^~|\.(tmp|part|partial|crdownload)$)", re.IGNORECASE)


@dataclass(slots=True)
class Listing:
    """Files found, and (path, reason) of what was asked for and cannot be used."""

    files: list[Path] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)


def list_files(paths: Iterable[str | Path]) -> Listing:
    """Find image files.

    Parameters
    ----------
    paths : iterable of str or Path
        Files, folders (searched with their subfolders), or glob patterns; a name that exists is never taken
        for a pattern.

    Returns
    -------
    Listing
        Naturally sorted, each file once. In folders, files without an image suffix, hidden and temporary
        files, and our own output folders are passed over.

    Raises
    ------
    ShareUnavailableError
        A folder on the way is not reachable: one message, not one a file.
    """
    listing = Listing()
    found: dict[Path, None] = {}
    for item in paths:
        text = os.path.expanduser(str(item))  # noqa: PTH111 - Path would swallow a trailing glob
        path = Path(text)
        if path.is_dir():
            files = _in_folder(path)
            if not files:
                listing.skipped.append((text, "the folder holds no image files"))
            found.update(dict.fromkeys(files))
        elif path.exists():
            found[path] = None
        elif glob.has_magic(text):
            matches = [Path(m) for m in glob.glob(text, recursive=True)]
            files = [m for m in matches if m.suffix.lower() in SUFFIXES and not TEMPORARY.search(m.name)]
            for match in [m for m in files if m.is_dir()]:
                listing.skipped.append((str(match), "is a folder named like an image"))
            files = [m for m in files if not m.is_dir()]
            if not files:
                listing.skipped.append((text, "no image file matches this pattern"))
            found.update(dict.fromkeys(files))
        else:
            _refuse_missing(path)
            listing.skipped.append((text, "does not exist"))
    listing.files, unfinished = _finished(sorted(found, key=natural_key))
    listing.skipped += [
        (str(path), "is still being written; add it again when it is complete") for path in unfinished
    ]
    return listing


def probe_many(paths: Iterable[str | Path], workers: int = WORKERS) -> list[FileInfo | ImageError]:
    """Probe many files at once, in order; a bad file gives its error instead."""

    def one(path: str | Path) -> FileInfo | ImageError:
        try:
            return probe(path)
        except ImageError as error:
            return error

    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(one, paths))


def natural_key(path: Path) -> list[tuple[int, int, str]]:
    """Sort key in which A2 comes before A10."""
    return [
        (0, int(part), "") if part.isdigit() else (1, 0, part.lower())
        for part in re.split(r"(\d+)", str(path))
    ]


def _in_folder(folder: Path) -> list[Path]:
    files: list[Path] = []
    pending, seen = [str(folder)], set()
    while pending:
        current = pending.pop()
        real = os.path.realpath(current)
        if real in seen:  # a link that leads back up
            continue
        seen.add(real)
        try:
            with os.scandir(current) as entries:
                listed = list(entries)
        except OSError as error:
            raise ShareUnavailableError(
                f"{current}: the folder cannot be listed ({error.strerror})"
            ) from error
        ours = any(entry.name in {"images.csv", "project.toml", "truth.csv"} for entry in listed)
        for entry in listed:
            if TEMPORARY.search(entry.name) or (ours and entry.name in OUTPUT_FOLDERS | {"cache", "project"}):
                continue
            if entry.is_dir():
                if Path(entry.name).suffix.lower() not in SUFFIXES:
                    pending.append(entry.path)
            elif Path(entry.name).suffix.lower() in SUFFIXES:
                files.append(Path(entry.path))
    return files


def _refuse_missing(path: Path) -> None:
    """Tell a missing file from a missing share: name the topmost folder that is not there."""
    missing = [parent for parent in path.parents if not parent.exists()]
    if missing:
        raise ShareUnavailableError(
            f"{path}: the folder {missing[-1]} is not there. If it is a network share or a drive, connect it and "
            "try again; if it has moved, relink the project to its new place."
        )


def _finished(files: list[Path]) -> tuple[list[Path], list[Path]]:
    """Separate files that are still growing from the others."""
    with ThreadPoolExecutor(WORKERS) as pool:
        first = list(pool.map(_state, files))
        now = time.time()
        fresh = [i for i, state in enumerate(first) if state is not None and now - state[1] < FRESH_SECONDS]
        if not fresh:
            return files, []
        time.sleep(0.5)
        again = list(pool.map(_state, [files[i] for i in fresh]))
    growing = {i for i, state in zip(fresh, again, strict=True) if state != first[i]}
    return [f for i, f in enumerate(files) if i not in growing], [files[i] for i in sorted(growing)]


def _state(path: Path) -> tuple[int, float] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime
