"""A PostgreSQL server of the tests' own: in a temporary folder, on a free port, ended with them."""

from __future__ import annotations

import itertools
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest

REQUIRED = "SPHEROSEG_TEST_POSTGRES"
"""Environment variable: "required" where the tests must not be skipped for want of a server. `.ci/run` sets it."""
ROLE, PASSWORD = "lab", "s3cret pass/word"
PATIENCE_S = 30
QUICK = {
    "fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off",
    "shared_buffers": "32MB", "max_connections": "60",
    # Not what a developer's computer has: what depends on it would show.
    "timezone": "America/St_Johns", "DateStyle": "SQL, DMY",
}  # fmt: skip


def binaries() -> Path | None:
    """Return the folder of the server's programs, the newest there is; None where it is not installed."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3].partition(".")[0])
    )
    folders = [path.parent for path in reversed(found)]
    if config := shutil.which("pg_config"):
        done = subprocess.run([config, "--bindir"], capture_output=True, text=True, check=False)
        folders.append(Path(done.stdout.strip()))
    if initdb := shutil.which("initdb"):
        folders.append(Path(initdb).resolve().parent)
    whole = [folder for folder in folders if (folder / "initdb").exists() and (folder / "postgres").exists()]
    return whole[0] if whole else None


class Server:
    """A running server.

    Parameters
    ----------
    folder : Path
        Of its socket.
    port : int
        On 127.0.0.1, where the role needs its password; by the socket nobody does.
    """

    role, password = ROLE, PASSWORD

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.port = port
        self._numbers = itertools.count(1)

    def address(self, database: str, role: str = ROLE) -> str:
        """Return the URL of a database, by the socket."""
        return f"postgresql://{role}@/{database}?host={self.folder}&port={self.port}"

    def address_by_network(self, database: str, password: str | None = PASSWORD, *, role: str = ROLE) -> str:
        """Return the URL of a database by the network, where the role needs its password."""
        secret = "" if password is None else ":" + quote(password, safe="")
        return f"postgresql://{role}{secret}@127.0.0.1:{self.port}/{database}"

    def make_database(self, template: str | None = None) -> str:
        """Make a database that the role owns, empty or as another one is; returns its name."""
        name = f"store_{next(self._numbers)}"
        self.order(f"CREATE DATABASE {name} OWNER {ROLE} TEMPLATE {template or 'template0'}")
        return name

    def drop_database(self, name: str) -> None:
        """Drop a database, also one that somebody left a connection to."""
        self.order(f"DROP DATABASE {name} WITH (FORCE)")

    def order(self, statement: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """Have the server's owner do something; returns the rows."""
        import psycopg

        with psycopg.connect(
            host=str(self.folder), port=self.port, user="postgres", dbname=database, autocommit=True
        ) as connection:
            done = connection.execute(statement)
            return done.fetchall() if done.description else []


@contextmanager
def server() -> Iterator[Server]:
    """Start a server, as an unprivileged user where this one is root: PostgreSQL refuses root."""
    programs = binaries()
    if programs is None:
        missing("PostgreSQL is not installed (apt-get install postgresql)")
    try:
        import psycopg  # noqa: F401 - whether it loads
    except ImportError as error:
        missing(f"psycopg is not installed (pip install 'spheroseg_widgets[postgres]'): {error}")
    # Not below pytest's own folder: that of root is closed to the server's user. And a socket's path must be short.
    with tempfile.TemporaryDirectory(prefix="spheroseg-pg-") as name:
        folder = Path(name)
        user = _unprivileged()
        who: dict[str, object] = {} if user is None else {"user": user[0], "group": user[1], "extra_groups": []}
        if user is not None:
            os.chown(folder, *user)
        data = folder / "data"
        version = subprocess.run([programs / "postgres", "--version"], capture_output=True, text=True, check=True)
        make = [
            str(programs / "initdb"), "--pgdata", str(data), "--username", "postgres", "--encoding", "UTF8",
            "--auth-local", "trust", "--auth-host", "scram-sha-256", "--no-sync", "--no-instructions", "--no-locale",
        ]  # fmt: skip
        if int(version.stdout.split()[2].partition(".")[0]) >= 15:
            make += ["--locale-provider", "icu", "--icu-locale", "en-US"]  # sorts otherwise than SQLite does
        subprocess.run(make, check=True, capture_output=True, cwd=folder, **who)  # type: ignore[call-overload]
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        options = {**QUICK, "listen_addresses": "127.0.0.1", "port": str(port), "unix_socket_directories": str(folder)}
        command = [str(programs / "postgres"), "-D", str(data)]
        command += [part for key, value in options.items() for part in ("-c", f"{key}={value}")]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, **who)  # type: ignore[call-overload]
        try:
            made = Server(folder, port)
            _wait_for(made, process, folder / "log")
            made.order(f"CREATE ROLE {ROLE} LOGIN PASSWORD '{PASSWORD}'")
            yield made
        finally:
            process.send_signal(3)  # SIGQUIT: at once; nothing in it is wanted again
            process.wait(timeout=PATIENCE_S)


def missing(what: str) -> None:
    """Skip what needs a server, or fail where there must be one."""
    if os.environ.get(REQUIRED) == "required":
        pytest.fail(f"{what}, and {REQUIRED} says that it must be", pytrace=False)
    pytest.skip(what)


def _unprivileged() -> tuple[int, int] | None:
    """Return user and group to run the server as; None where that is who we are."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return None
    import pwd

    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return entry.pw_uid, entry.pw_gid
    missing("PostgreSQL does not run as root, and there is neither a user postgres nor nobody")
    return None


def _wait_for(made: Server, process: subprocess.Popen[bytes], log: Path) -> None:
    import psycopg

    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            made.order("SELECT 1")
        except psycopg.OperationalError:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.05)
        else:
            return
