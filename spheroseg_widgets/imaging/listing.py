"""Finding image files: files, folders and globs, by path or URL; what is skipped is named with its reason."""

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

from . import remote
from .read import FileInfo, probe
from .signature import SUFFIXES
from .url import Place, Url, as_path, is_url, refuse_secrets

if TYPE_CHECKING:
    from collections.abc import Iterable

FRESH_SECONDS = 2.0
"""A file changed this recently is looked at again: it may still be being written."""
WORKERS = 16
"""Looks at a share at once: at 10 ms a call 1,152 files in sequence would take longer than a minute."""
NOT_A_FILE = "is a folder named like an image"
OURS = {"images.csv", "project.toml", "truth.csv"}
"""Files that tell our own output folder, and what in it is none of the user's images."""
OUTPUT_FOLDERS = {"masks", "labels", "truth", "cache", "project"}
TEMPORARY = re.compile(r"(^\.|^~|\.(tmp|part|partial|crdownload)$)", re.IGNORECASE)


@dataclass(slots=True)
class Listing:
    """Files found, and (path, reason) of what was asked for and cannot be used."""

    files: list[Place] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)


def list_files(paths: Iterable[str | Place]) -> Listing:
    """Find image files.

    Parameters
    ----------
    paths : iterable of str, Path or Url
        Files, folders (searched with their subfolders), or glob patterns, local or by URL; a name that exists is never taken
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
    ImageError
        A URL holds a password: it would be stored.
    """
    listing = Listing()
    found: dict[Place, None] = {}
    texts = [_as_meant(str(item)) for item in paths]
    for text, kind in zip(texts, _kinds(texts), strict=True):
        if kind == "folder":
            files = _in_any_folder(text, listing)
            if not files:
                listing.skipped.append((text, "the folder holds no image files"))
            found.update(dict.fromkeys(files))
        elif kind == "file":
            found[as_path(text)] = None
        elif glob.has_magic(text):
            files = _matching_urls(Url(text), listing) if is_url(text) else _matching(text, listing)
            if not files:
                listing.skipped.append((text, "no image file matches this pattern"))
            found.update(dict.fromkeys(files))
        else:
            _refuse_missing(as_path(text))
            listing.skipped.append((text, "does not exist"))
    listing.files, unfinished = _finished(sorted(found, key=natural_key))
    listing.skipped += [(str(path), "is still being written; add it again when it is complete") for path in unfinished]
    return listing


def probe_many(paths: Iterable[str | Place], workers: int = WORKERS) -> list[FileInfo | ImageError]:
    """Probe many files at once, in order; a bad file gives its error instead."""

    def one(path: str | Place) -> FileInfo | ImageError:
        try:
            return probe(path)
        except ImageError as error:
            return error

    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(one, paths))


def natural_key(path: Place) -> list[tuple[int, int, str]]:
    """Sort key in which A2 comes before A10."""
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part.lower()) for part in re.split(r"(\d+)", str(path))]


def _as_meant(text: str) -> str:
    """Return a path with the home folder written out, or a URL that may be stored."""
    if not is_url(text):
        return os.path.expanduser(text)
    place = as_path(text)
    if isinstance(place, Url):
        refuse_secrets(place)
        if glob.has_magic(place.root.text) and not place.on_the_web:
            raise ShareUnavailableError(f"{place}: the bucket or host must be named, a pattern may follow it")
    return str(place)


def _kinds(texts: list[str]) -> list[str]:
    """Say of each path whether it is a "folder", a "file" or "missing"; many at once, as a share is slow."""

    def one(text: str) -> str:
        if is_url(text):
            return remote.kind(Url(text))
        try:
            return "folder" if stat.S_ISDIR(Path(text).stat().st_mode) else "file"
        except (OSError, ValueError):
            return "missing"

    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(one, texts))


def _in_any_folder(folder: str, listing: Listing) -> list[Place]:
    return [*(_in_url(Url(folder), listing) if is_url(folder) else _in_folder(Path(folder), listing))]


def _matching_urls(pattern: Url, listing: Listing) -> list[Place]:
    """Do for a URL what `_matching` does for a path; names that begin with a dot are passed over, as by a shell."""
    rest = pattern.text.partition("://")[2].split("/")
    count = sum(1 for _ in itertools.takewhile(lambda part: not glob.has_magic(part), rest))
    plain = Url(f"{pattern.protocol}://{'/'.join(rest[:count])}")
    if remote.kind(plain) == "missing":
        remote.refuse_missing(plain)
        return []
    files: list[Place] = []
    for name, kind in remote.match(plain, "/".join(rest[count:])).items():
        url = plain / name
        named = url.suffix.lower() in SUFFIXES
        if any(TEMPORARY.search(part) for part in name.split("/")):
            continue
        if kind == "folder" and named:
            listing.skipped.append((str(url), NOT_A_FILE))
        elif kind == "folder" and "**" not in pattern.text:
            files += _in_url(url, listing)
        elif kind == "file" and named:
            files.append(url)
    return files


def _in_url(folder: Url, listing: Listing) -> list[Url]:
    """Do for a URL what `_in_folder` does for a path: here all names come at once."""
    names = [name.split("/") for name in remote.find(folder)]
    ours = {tuple(name[:-1]) for name in names if name[-1] in OURS}
    files: list[Url] = []
    misnamed: dict[str, None] = {}
    for name in names:
        above = range(len(name) - 1)
        if any(TEMPORARY.search(part) for part in name) or Path(name[-1]).suffix.lower() not in SUFFIXES:
            continue
        if any(tuple(name[:at]) in ours and name[at] in OUTPUT_FOLDERS for at in above):
            continue
        like_an_image = next((at for at in above if Path(name[at]).suffix.lower() in SUFFIXES), None)
        if like_an_image is None:
            files.append(folder / "/".join(name))
        else:
            misnamed[str(folder / "/".join(name[: like_an_image + 1]))] = None
    listing.skipped += [(url, NOT_A_FILE) for url in misnamed]
    return files


def _matching(pattern: str, listing: Listing) -> list[Place]:
    """Return the image files a glob matches, and those in folders it matches by name."""
    plain = Path(*itertools.takewhile(lambda part: not glob.has_magic(part), Path(pattern).parts))
    if not plain.is_dir():
        _refuse_missing(plain / "*")
    matches = glob.glob(pattern, recursive=True)
    files: list[Place] = []
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
                ours = any(entry.name in OURS for entry, _ in entries)
                for entry, is_folder in entries:
                    if TEMPORARY.search(entry.name) or (ours and entry.name in OUTPUT_FOLDERS):
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


def _refuse_missing(path: Place) -> None:
    """Tell a missing file from a missing share: name the topmost folder that is not there."""
    if isinstance(path, Url):
        remote.refuse_missing(path)
        return
    missing = [parent for parent in path.parents if not parent.exists()]
    if missing:
        raise ShareUnavailableError(
            f"{path}: the folder {missing[-1]} is not there. If it is a network share or a drive, connect it "
            "and try again; if it has moved, relink the project to its new place."
        )


def _finished(files: list[Place]) -> tuple[list[Place], list[Place]]:
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


def _state(path: Place) -> tuple[int, float] | None:
    if isinstance(path, Url):
        return None if path.protocol in remote.WHOLE else remote.state(path)
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime
