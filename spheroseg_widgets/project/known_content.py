"""Whether the content of a file is there already, whatever it is called."""

from __future__ import annotations

import filecmp
import os
import zlib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HEAD = 64 * 1024
"""Bytes from the beginning by which files of one size are told apart before they are read to the end."""
BLOCK = 1024 * 1024
WORKERS = 16
MOST = 2_000
"""Files of one size that are looked at, those of the same name first; uncompressed plates have one size throughout."""


def checksum(path: Path, length: int | None = None) -> int:
    """Return the CRC-32 of a file, or of its first `length` bytes.

    Raises
    ------
    OSError
        It cannot be read.
    """
    left = path.stat().st_size if length is None else length
    value = 0
    with path.open("rb") as stream:
        while left > 0 and (block := stream.read(min(BLOCK, left))):
            value = zlib.crc32(block, value)
            left -= len(block)
    return value


class KnownContent:
    """Local files by their size, with the checksums of those that were compared."""

    def __init__(self) -> None:
        self._by_size: dict[int, dict[Path, None]] = {}
        self._sums: dict[tuple[Path, int | None], tuple[int, int, int | None]] = {}

    def replace(self, files: Iterable[tuple[Path, int]]) -> None:
        """Say which files there are, with their sizes in bytes; the first of several alike is the one found."""
        by_size: dict[int, dict[Path, None]] = {}
        for path, size in files:
            by_size.setdefault(size, {})[path] = None
        self._by_size = by_size

    def add(self, path: Path, size: int) -> None:
        """Note one file more."""
        self._by_size.setdefault(size, {})[path] = None

    def forget(self, path: Path) -> None:
        """Note that a file is gone."""
        for files in list(self._by_size.values()):
            files.pop(path, None)

    def read_heads(self, wanted: Iterable[tuple[int, str]]) -> None:
        """Read the beginnings of all files that could be among those wanted (size, name), many at once: a share is slow."""
        files = {path for size, name in set(wanted) for path in self._candidates(size, name)}
        with ThreadPoolExecutor(WORKERS) as pool:
            list(pool.map(lambda path: self.checksum(path, HEAD), files))

    def alike(self, size: int, head: int, name: str) -> Path | None:
        """Return a file of this size whose first `HEAD` bytes have this checksum: very likely the same."""
        return next((path for path in self._candidates(size, name) if self.checksum(path, HEAD) == head), None)

    def same(self, file: Path, name: str) -> Path | None:
        """Return a file with the same content, compared byte by byte."""
        size, head = file.stat().st_size, checksum(file, HEAD)
        for path in self._candidates(size, name):
            if self.checksum(path, HEAD) == head and _equal(file, path):
                return path
        return None

    def checksum(self, path: Path, length: int | None = None) -> int | None:
        """Return the checksum of a file, kept for as long as it stays as it is; None where it cannot be read."""
        try:
            status = path.stat()
            kept = self._sums.get((path, length))
            if kept is not None and kept[:2] == (status.st_size, status.st_mtime_ns):
                return kept[2]
            value = checksum(path, length)
        except OSError:
            return None
        self._sums[path, length] = (status.st_size, status.st_mtime_ns, value)
        return value

    def _candidates(self, size: int, name: str) -> list[Path]:
        files = list(self._by_size.get(size, ()))
        if len(files) > MOST:
            files.sort(key=lambda path: path.name != name)  # stable: only the same name comes first
        return files[:MOST]


def files_below(folder: Path) -> list[tuple[Path, int]]:
    """Return the files of a folder and its subfolders, with their sizes in bytes."""
    found = []
    for root, _, names in os.walk(folder):
        for name in names:
            path = Path(root, name)
            try:
                found.append((path, path.stat().st_size))
            except OSError:  # gone meanwhile, or a link to nowhere
                continue
    return found


def _equal(one: Path, other: Path) -> bool:
    try:
        return filecmp.cmp(one, other, shallow=False)
    except OSError:
        return False
