"""What is derived from originals and can be made again: kept in one file of the cache folder, up to a size."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path

MOST_BYTES = 1 << 30
"""A pack that grows over this loses its oldest hundredth, as often as it takes."""
BUSY_SECONDS = 2.0
DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}

Act = Callable[[sqlite3.Connection], None]


class Pack:
    """Pieces of bytes by key in one SQLite file; whatever goes wrong with it counts as not cached.

    Parameters
    ----------
    path : Path
        The file; it may be deleted at any time, also while this is open. Several processes may use it.
    most_bytes : int
        When more lies in it, the oldest pieces go.
    """

    def __init__(self, path: Path, most_bytes: int = MOST_BYTES) -> None:
        self.path = path
        self.most_bytes = most_bytes
        # Whoever reads does not wait for a piece of this process that waits for another process.
        self._reading, self._writing = _Line(path, writes=False), _Line(path, writes=True)

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
            self._reading.attempt(read)
        return out

    def put(self, pieces: Mapping[bytes, bytes]) -> None:
        """Add pieces."""

        def write(connection: sqlite3.Connection) -> None:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany("INSERT OR REPLACE INTO piece (key, data) VALUES (?, ?)", pieces.items())
            while _used(connection) > self.most_bytes and _drop_oldest(connection):
                pass
            connection.execute("COMMIT")

        self._writing.attempt(write)

    def close(self) -> None:
        """Close the file."""
        self._reading.close()
        self._writing.close()


def _used(connection: sqlite3.Connection) -> int:
    """Return the bytes of the file that hold something."""
    pages, free, size = (
        int(connection.execute(f"PRAGMA {name}").fetchone()[0])
        for name in ("page_count", "freelist_count", "page_size")
    )
    return (pages - free) * size


def _drop_oldest(connection: sqlite3.Connection) -> int:
    """Delete a hundredth of the pieces, so that nobody waits for long; returns how many went."""
    return connection.execute(
        "DELETE FROM piece WHERE rowid IN (SELECT rowid FROM piece ORDER BY rowid"
        " LIMIT (SELECT count(*) / 100 + 1 FROM piece))"
    ).rowcount


class _Line:
    """A connection to the file, for one thread at a time; opened again when another file lies in its place."""

    def __init__(self, path: Path, *, writes: bool) -> None:
        self._path = path
        self._writes = writes
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._inode = 0

    def attempt(self, act: Act) -> None:
        """Do something with the file; where it is damaged, do it with a new one."""
        with self._lock:
            for _ in range(2):
                try:
                    act(self._open())
                except sqlite3.Error as error:
                    self._close()
                    if not self._is_damage(error):
                        return  # locked, read-only, full: it counts as not cached
                    self._remove()
                except OSError:  # the folder cannot be made
                    self._close()
                    return
                else:
                    return

    def close(self) -> None:
        with self._lock:
            self._close()

    def _open(self) -> sqlite3.Connection:
        inode = self._path.stat().st_ino if self._path.exists() else 0
        if self._connection is not None and inode and inode == self._inode:
            return self._connection
        self._close()
        self._path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self._path, BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        self._connection = connection
        self._inode = self._path.stat().st_ino
        # No write-ahead log: the folder may lie on a network share. No waiting for the disk: it is a cache.
        connection.execute("PRAGMA synchronous=OFF")
        if self._writes:
            connection.execute(
                "CREATE TABLE IF NOT EXISTS piece (rowid INTEGER PRIMARY KEY, key BLOB UNIQUE, data BLOB NOT NULL)"
            )
        return connection

    def _is_damage(self, error: sqlite3.Error) -> bool:
        """Whether nothing can be kept in the file as it is; to a reader a file may just be new and without its table."""
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        return code in DAMAGED or (self._writes and code == sqlite3.SQLITE_ERROR)

    def _remove(self) -> None:
        """Take the damaged file away, unless another process has done so and a new one lies in its place."""
        with suppress(OSError):
            if self._path.stat().st_ino == self._inode:
                self._path.unlink()

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None
