"""Finding image files: files, folders and globs; what is skipped is named with its reason."""

from __future__ import annotations

import glob
import itertools
import os
import re
import stat
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from spheroseg_widgets.errors import ImageError, ShareUnavailableError

from .read import FileInfo, probe
from .signature import SUFFIXES

if TYPE_CHECKING:
    from collections.abc import Iterable

FRESH_SECONDS = 2.0
"""A file changed this recently is looked at again: it may still be being written."""
WORKERS = 16
"""Looks at a share at once: at 10 ms a call 1,152 files in sequence would take longer than a minute."""
NOT_A_FILE = "is a folder named like an image"
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
    texts = [os.path.expanduser(str(item)) for item in paths]
    for text, kind in zip(texts, _kinds(texts), strict=True):
        if kind == "folder":
            files = _in_folder(Path(text), listing)
            if not files:
                listing.skipped.append((text, "the folder holds no image files"))
            found.update(dict.fromkeys(files))
        elif kind == "file":
            found[Path(text)] = None
        elif glob.has_magic(text):
            files = _matching(text, listing)
            if not files:
                listing.skipped.append((text, "no image file matches this pattern"))
            found.update(dict.fromkeys(files))
        else:
            _refuse_missing(Path(text))
            listing.skipped.append((text, "does not exist"))
    listing.files, unfinished = _finished(sorted(found, key=natural_key))
    listing.skipped += [(str(path), "is still being written; add it again when it is complete") for path in unfinished]
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
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part.lower()) for part in re.split(r"(\d+)", str(path))]


def _kinds(texts: list[str]) -> list[str]:
    """Say of each path whether it is a "folder", a "file" or "missing"; many at once, as a share is slow."""

    def one(text: str) -> str:
        try:
            return "folder" if stat.S_ISDIR(Path(text).stat().st_mode) else "file"
        except (OSError, ValueError):
            return "missing"

    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(one, texts))


def _matching(pattern: str, listing: Listing) -> list[Path]:
    """Return the image files a glob matches, and those in folders it matches by name."""
    plain = Path(*itertools.takewhile(lambda part: not glob.has_magic(part), Path(pattern).parts))
    if not plain.is_dir():
        _refuse_missing(plain / "*")
    matches = glob.glob(pattern, recursive=True)
    files: list[Path] = []
    for text, kind in zip(matches, _kinds(matches), strict=True):
        path = Path(text)
        named = path.suffix.lower() in SUFFIXES and not TEMPORARY.search(path.name)
        if kind == "folder" and named:
            listing.skipped.append((text, NOT_A_FILE))
        elif kind == "folder" and "**" not in pattern:
            files += _in_folder(path, listing)
        elif kind == "file" and named:
            files.append(path)
    return files


def _in_folder(folder: Path, listing: Listing) -> list[Path]:
    files: list[Path] = []
    seen: set[str] = set()
    level = [(str(folder), os.path.realpath(folder))]
    with ThreadPoolExecutor(WORKERS) as pool:
        while level:
            # A link that leads back up ends in a folder already seen.
            fresh = {real: path for path, real in reversed(level) if real not in seen}
            seen.update(fresh)
            level = []
            for real, entries in zip(fresh, pool.map(_scan, fresh.values()), strict=True):
                ours = any(entry.name in {"images.csv", "project.toml", "truth.csv"} for entry, _ in entries)
                for entry, is_folder in entries:
                    if TEMPORARY.search(entry.name) or (ours and entry.name in OUTPUT_FOLDERS | {"cache", "project"}):
                        continue
                    named = Path(entry.name).suffix.lower() in SUFFIXES
                    if is_folder and named:
                        listing.skipped.append((entry.path, NOT_A_FILE))
                    elif is_folder:
                        follow = os.path.realpath(entry.path) if entry.is_symlink() else f"{real}/{entry.name}"
                        level.append((entry.path, follow))
                    elif named:
                        files.append(Path(entry.path))
    return files


def _scan(folder: str) -> list[tuple[os.DirEntry[str], bool]]:
    try:
        with os.scandir(folder) as entries:
            return [(entry, _is_folder(entry)) for entry in entries]
    except OSError as error:
        raise ShareUnavailableError(f"{folder}: the folder cannot be listed ({error.strerror})") from error


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that points at itself
        return False


def _refuse_missing(path: Path) -> None:
    """Tell a missing file from a missing share: name the topmost folder that is not there."""
    missing = [parent for parent in path.parents if not parent.exists()]
    if missing:
        raise ShareUnavailableError(
            f"{path}: the folder {missing[-1]} is not there. If it is a network share or a drive, connect it "
            "and try again; if it has moved, relink the project to its new place."
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
