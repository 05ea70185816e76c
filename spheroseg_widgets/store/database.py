"""Opening a store: SQLite beside the project, or PostgreSQL by URL; migrated, safe on network file systems."""

from __future__ import annotations

import glob
import os
import socket
import uuid
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError

from spheroseg_widgets.errors import StoreError, StoreVersionError

from . import postgres
from .map_cache import MapCache

NETWORK_TYPES = {
    "nfs",
    "nfs4",
    "cifs",
    "smb",
    "smb2",
    "smb3",
    "smbfs",
    "lustre",
    "gpfs",
    "fuse.sshfs",
    "9p",
    "afs",
    "beegfs",
}
BUSY_SECONDS = 30


def filesystem_type(path: Path) -> str:
    """Return the type of the file system a path lies on, by the mount table; empty where there is none."""
    try:
        lines = Path("/proc/mounts").read_text().splitlines()
    except OSError:
        return ""
    target = str(path.resolve())
    best, kind = "", ""
    for line in lines:
        _, mount, type_name, *_ = line.split()
        mount = mount.replace("\\040", " ")
        inside = target == mount or target.startswith(mount.rstrip("/") + "/")
        if inside and len(mount) >= len(best):
            best, kind = mount, type_name
    return kind


class Database:
    """A store that is open.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        Connected.
    path : Path or None
        Of a SQLite file; None on a server.

    Attributes
    ----------
    maps : MapCache or None
        The probability maps of its results, where there is a cache folder.
    project_id : int or None
        The project that is changed through it. On a server, changes of one project follow each other and those of
        others go on beside them; without a project, nobody else changes anything meanwhile. SQLite has one place for
        writers.
    """

    def __init__(self, engine: sa.Engine, path: Path | None, lock: Path | None = None) -> None:
        self.engine = engine
        self.path = path
        self.maps: MapCache | None = None
        self.project_id: int | None = None
        self._lock = lock
        self._closed = False

    def __str__(self) -> str:
        return str(self.path or self.engine.url)  # a URL shows no password

    @classmethod
    def open(
        cls,
        where: str | Path,
        *,
        create: bool = False,
        cache: Path | None = None,
        migrate: bool = True,
        type_of: Callable[[Path], str] = filesystem_type,
    ) -> Database:
        """Open a store, and bring its schema up to date.

        Parameters
        ----------
        where : str or Path
            A SQLite file, or the URL of a PostgreSQL database.
        create : bool
            Make the SQLite file when it does not exist.
        cache : Path, optional
            Folder for what is derived and can be made again; without one, no probability maps are kept.
        migrate : bool
            Whether its schema is brought up to date; to look at it only, it need not be.
        type_of : callable
            Gives the file system's type; for tests.

        Raises
        ------
        StoreVersionError
            Written by a newer version of this package.
        StoreError
            Missing, damaged, not a database, or locked by another host on a network file system; a server that is not
            reachable or refuses, or no driver for it.
        """
        if is_url(where):
            database = cls(postgres.postgres_engine(postgres.read_url(str(where)), BUSY_SECONDS), None)
        else:
            database = cls._open_file(Path(where), create=create, type_of=type_of)
        if cache is not None:
            database.maps = MapCache(cache)
        try:
            if migrate:
                database._migrate()
            else:
                database.schema()
        except StoreError:
            database.close()
            raise
        except sa.exc.DatabaseError as error:
            database.close()
            raise StoreError(f"{database}: the store cannot be opened ({_first_line(error)})") from error
        return database

    @classmethod
    def _open_file(cls, path: Path, *, create: bool, type_of: Callable[[Path], str]) -> Database:
        if not path.exists() and not create:
            raise StoreError(f"{path}: there is no store here; give create=True to make one")
        if path.is_dir():
            raise StoreError(f"{path}: is a folder, not a store")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"{path.parent}: the folder cannot be made ({error.strerror})") from error
        on_network = type_of(path.parent) in NETWORK_TYPES
        lock = _host_lock(path) if on_network else None
        engine = sa.create_engine(
            f"sqlite:///{path}", connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False}
        )

        @sa.event.listens_for(engine, "connect")
        def _configure(connection: object, _record: object) -> None:
            # The driver must not open transactions by itself: readers BEGIN, writers BEGIN IMMEDIATE.
            connection.isolation_level = None  # type: ignore[attr-defined]  # a sqlite3 connection
            cursor = connection.cursor()  # type: ignore[attr-defined]  # a sqlite3 connection
            # WAL needs shared memory, which network file systems do not give.
            cursor.execute(f"PRAGMA journal_mode={'DELETE' if on_network else 'WAL'}")
            cursor.execute(f"PRAGMA synchronous={'FULL' if on_network else 'NORMAL'}")
            cursor.execute("PRAGMA foreign_keys=ON")
            cursor.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")
            cursor.close()

        @sa.event.listens_for(engine, "begin")
        def _begin(connection: sa.Connection) -> None:
            write = connection.get_execution_options().get("write", False)
            connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

        return cls(engine, path, lock)

    def schema(self) -> tuple[str | None, str]:
        """Return the schema of the store, None where it has no tables yet, and that of this package.

        Raises
        ------
        StoreVersionError
            Written by a newer version of this package.
        StoreError
            The store cannot be reached or read.
        """
        script = ScriptDirectory.from_config(migrations())
        newest = str(script.get_current_head())
        with self.read() as connection:
            found = MigrationContext.configure(connection).get_current_revision()
        try:
            if found is not None:
                script.get_revision(found)
        except CommandError as error:
            raise StoreVersionError(
                f"{self}: this store was written by a newer version of spheroseg_widgets "
                f"(schema {found}); update the package to open it. Nothing was changed."
            ) from error
        return found, newest

    def _migrate(self) -> None:
        found, newest = self.schema()
        if found == newest:
            return
        config = migrations()
        with self.write() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """Give a connection for reading: all that is read through it is of one moment.

        Raises
        ------
        StoreError
            The store cannot be reached or read.
        """
        try:
            with self._connection() as connection:
                yield connection if self.path is not None else postgres.reading(connection)
        except sa.exc.DBAPIError as error:
            if not postgres.is_refusal(error):
                raise
            raise StoreError(f"{self}: the store cannot be read ({_first_line(error)}){self._remedy(error)}") from error

    @contextmanager
    def write(self, *, commit_on: tuple[type[Exception], ...] = ()) -> Iterator[sa.Connection]:
        """Give a connection for one transaction: all of it is stored, or nothing.

        Parameters
        ----------
        commit_on : tuple of exception types
            Errors that are raised on only after what was written is stored: a conflict keeps both revisions.

        Raises
        ------
        StoreError
            The disk is full, the store is locked for too long, or read-only; the server is gone.
        """
        told: Exception | None = None
        try:
            with self._connection(write=True) as connection, connection.begin():
                if self.path is None:
                    postgres.take_turn(connection, self.project_id)
                try:
                    yield connection
                except commit_on as error:
                    told = error
        except sa.exc.DBAPIError as error:
            if not postgres.is_refusal(error):
                raise
            raise StoreError(
                f"{self}: the change was not stored ({_first_line(error)}); what was stored before is unharmed"
                f"{self._remedy(error)}"
            ) from error
        if told is not None:
            raise told

    def _remedy(self, error: sa.exc.DBAPIError) -> str:
        """Say what to look at when no connection came about."""
        if self.path is not None or error.statement is not None:
            return ""
        return (
            ". Is the server running and reachable from here, are the names of database and role right, and does "
            "~/.pgpass or PGPASSWORD hold the password?"
        )

    @contextmanager
    def _connection(self, **options: bool) -> Iterator[sa.Connection]:
        try:
            with self.engine.connect().execution_options(**options) as connection:
                yield connection
        finally:
            if self._closed:  # by another thread: nobody would close what went back to wait for its next use
                self.engine.pool.dispose()

    def close(self) -> None:
        """Close every connection; one that is in use, a widget's say, with its use."""
        self._closed = True
        # The pool itself, not the engine, which would go on with another one: what is in use comes back to this one.
        self.engine.pool.dispose()
        if self.maps is not None:
            self.maps.close()
        if self._lock is not None:
            self._lock.unlink(missing_ok=True)


def is_url(where: str | Path) -> bool:
    """Whether a store is named by a URL; else it is a file."""
    return isinstance(where, str) and "://" in where


def migrations() -> Config:
    """Return Alembic's view of the schema's steps; it runs them on the connection in `attributes`."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    return config


def _host_lock(path: Path) -> Path:
    """Keep other hosts out of a store on a network file system, with one file a process that has it open."""
    me = f"{socket.gethostname()}\n{os.getpid()}"
    lock = path.with_name(f"{path.name}.{uuid.uuid4().hex[:12]}.host")
    with os.fdopen(os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY), "w") as stream:
        stream.write(me)
    # Ours lies there before the others are looked at: of two hosts that come at once, none overlooks the other.
    for other in path.parent.glob(f"{glob.escape(path.name)}*.host"):
        if other == lock:
            continue
        try:
            host, _, process = other.read_text().strip().partition("\n")
        except OSError:
            continue  # just closed
        if host != socket.gethostname():
            lock.unlink(missing_ok=True)
            raise StoreError(
                f"{path}: lies on a network file system and is in use by the host {host}. Close it there; if "
                f"that host is gone, delete {other.name}."
            )
        if process.isdecimal() and not process_lives(int(process)):
            other.unlink(missing_ok=True)
    warnings.warn(
        f"{path} lies on a network file system: the store works in a slower, safe mode for one host at a time. "
        "Give open_project(..., store=PATH) a path on a local disk to avoid this.",
        stacklevel=5,
    )
    return lock


def process_lives(number: int) -> bool:
    """Whether a process of this host lives; on Windows, where asking would end it, always."""
    if os.name == "nt":
        return True
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _first_line(error: Exception) -> str:
    cause = getattr(error, "orig", None) or error
    return str(cause).splitlines()[0] if str(cause) else type(cause).__name__
