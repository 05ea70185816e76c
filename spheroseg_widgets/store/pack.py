"""What is derived from originals and can be made again: kept in one file of the cache folder, up to a size."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

MOST_BYTES = 1 << 30
"""A pack that grows over this loses its oldest tenth."""
BUSY_SECONDS = 2.0


class Pack:
    """Pieces of bytes by key in one SQLite file; whatever goes wrong with it counts as not cached.

    Parameters
    ----------
    path : Path
        The file; it may be deleted at any time, also while this is open.
    most_bytes : int
        When more lies in it, the oldest tenth goes.
    """

    def __init__(self, path: Path, most_bytes: int = MOST_BYTES) -> None:
        self.path = path
        self.most_bytes = most_bytes
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._inode = 0

    def get(self, keys: Iterable[bytes]) -> dict[bytes, bytes]:
        """Return those of the pieces that are there."""
        wanted = list(keys)
        out: dict[bytes, bytes] = {}

        def read(connection: sqlite3.Connection) -> None:
            for at in range(0, len(wanted), 500):
                part = wanted[at : at + 500]
                marks = ",".join("?" * len(part))
                out.update(connection.execute(f"SELECT key, data FROM piece WHERE key IN ({marks})", part))  # noqa: S608 - question marks only

        if self.path.exists():
            self._attempt(read)
        return out

    def put(self, pieces: Mapping[bytes, bytes]) -> None:
        """Add pieces."""

        def write(connection: sqlite3.Connection) -> None:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany("INSERT OR REPLACE INTO piece (key, data) VALUES (?, ?)", pieces.items())
            pages, free, size = (
                connection.execute(f"PRAGMA {name}").fetchone()[0]
                for name in ("page_count", "freelist_count", "page_size")
            )
            if (pages - free) * size > self.most_bytes:
                connection.execute(
                    "DELETE FROM piece WHERE rowid IN (SELECT rowid FROM piece ORDER BY rowid"
                    " LIMIT (SELECT count(*) / 10 + 1 FROM piece))"
                )
            connection.execute("COMMIT")

        self._attempt(write)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._close()

    def _attempt(self, act: Callable[[sqlite3.Connection], None]) -> None:
        with self._lock:
            try:
                act(self._open())
            except sqlite3.OperationalError:  # locked, read-only, full: it counts as not cached
                self._close()
            except sqlite3.DatabaseError:  # damaged: nothing in it that could not be made again
                self._close()
                self.path.unlink(missing_ok=True)
            except OSError:  # the folder cannot be made
                self._close()

    def _open(self) -> sqlite3.Connection:
        inode = self.path.stat().st_ino if self.path.exists() else 0
        if self._connection is not None and inode and inode == self._inode:
            return self._connection
        self._close()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self.path, BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        self._connection = connection
        # No write-ahead log: the folder may lie on a network share. No waiting for the disk: it is a cache.
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute(
            "CREATE TABLE IF NOT EXISTS piece (rowid INTEGER PRIMARY KEY, key BLOB UNIQUE, data BLOB NOT NULL)"
        )
        self._inode = self.path.stat().st_ino
        return connection

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None
