"""Probability maps of results, by the hash of their bytes: what is damaged or gone is gone, never another's."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from .pack import Pack

FILE = "maps.sqlite"
GONE = "its probability maps are gone or damaged (the cache was cleared, or was full); segment it again"
MOST_BYTES = 4 << 30
"""Of all maps of a project: some ten thousand images. The oldest go first."""


def map_key(data: bytes) -> str:
    """Return the name of packed maps: the sha256 of their bytes, as hexadecimal text."""
    return hashlib.sha256(data).hexdigest()


class MapCache:
    """The probability maps of a project, in its cache folder; losing them costs time only.

    Parameters
    ----------
    folder : Path
        The cache folder; it may be deleted at any time.
    most_bytes : int
        When more lies in it, the oldest go.
    """

    def __init__(self, folder: Path, most_bytes: int = MOST_BYTES) -> None:
        self._pack = Pack(folder / FILE, most_bytes)

    def put(self, some: Iterable[bytes]) -> None:
        """Keep packed maps, each under its `map_key`."""
        pieces = {bytes.fromhex(map_key(data)): data for data in some}
        if pieces:
            self._pack.put(pieces)

    def get(self, key: str) -> bytes | None:
        """Return packed maps by their key; None where they are gone, or not what was kept."""
        name = bytes.fromhex(key)
        data = self._pack.get([name]).get(name)
        return data if data is not None and map_key(data) == key else None

    def close(self) -> None:
        """Close the file."""
        self._pack.close()
