"""PostgreSQL: a URL becomes an engine whose transactions keep the same promises as those of a SQLite file."""

from __future__ import annotations

import sqlalchemy as sa

from spheroseg_widgets.errors import StoreError

DRIVER = "postgresql+psycopg"
NAMES = ("postgresql", "postgres", DRIVER)
"""How a URL may begin."""
EXAMPLE = "postgresql://ROLE@HOST/DATABASE"
UNREADABLE = (
    f"the URL of the store cannot be read; it looks like {EXAMPLE}. In names and passwords, write @ as %40, / as %2F, : as "
    "%3A"
)
"""Does not repeat the URL: there may be a password in it."""
CONNECT_SECONDS = 10
IDLE_SECONDS = 600
"""A client that has a transaction open for so long without a word is stopped: others wait for its turn to end."""
LOCKS = 0x5EC0
"""First half of the advisory locks' numbers; the second is a project's id, or `EVERY_PROJECT`."""
EVERY_PROJECT = 0
MOST_IDLE_CONNECTIONS = 2
"""Kept open by a process that has a project open. A server has a hundred for everybody."""


def read_url(text: str) -> sa.URL:
    """Return the URL of a store; a password among its options is moved to its place, where it is never shown.

    Raises
    ------
    StoreError
        It cannot be read.
    """
    # More than one @ means that one stands as it is in a name or a password, and the parts would be cut wrongly.
    try:
        url = sa.make_url(text) if text.count("@") < 2 else None
    except (sa.exc.ArgumentError, ValueError):
        url = None
    if url is None:
        raise StoreError(UNREADABLE)
    if "password" in url.query:
        password = url.query["password"]
        url = url.difference_update_query(["password"]).set(password=password if isinstance(password, str) else "")
    return url


def without_password(text: str) -> str:
    """Return the URL of a store as it may be written down."""
    url = read_url(text)
    query = {name: value for name, value in url.query.items() if name != "sslpassword"}
    return sa.URL.create(url.drivername, url.username, None, url.host, url.port, url.database, query).render_as_string()


def has_password(text: str) -> bool:
    """Whether the URL of a store holds a password."""
    url = read_url(text)
    return url.password is not None or "sslpassword" in url.query


def postgres_engine(url: sa.URL, busy_seconds: int) -> sa.Engine:
    """Return an engine for a PostgreSQL database; nothing is connected yet.

    Parameters
    ----------
    url : sqlalchemy.URL
        As `read_url` gives it.
    busy_seconds : int
        How long a change waits for its turn.

    Raises
    ------
    StoreError
        Another kind of database, options that cannot be, or psycopg is not installed.
    """
    if url.drivername not in NAMES:
        raise StoreError(
            f"{url.drivername}: no store can be kept there; give the path of a SQLite file, or the URL of a PostgreSQL "
            f"database ({EXAMPLE})"
        )
    url = url.set(drivername=DRIVER)
    arguments: dict[str, object] = {"connect_timeout": CONNECT_SECONDS, "application_name": "spheroseg_widgets"}
    arguments = {name: value for name, value in arguments.items() if name not in url.query}
    if "sslpassword" in url.query:  # SQLAlchemy masks the password of a URL only, not this one
        arguments["sslpassword"] = url.query["sslpassword"]
        url = url.difference_update_query(["sslpassword"])
    try:
        engine = sa.create_engine(
            url,
            connect_args=arguments,
            isolation_level="READ COMMITTED",
            pool_pre_ping=True,  # the server was restarted, or this computer slept
            pool_size=MOST_IDLE_CONNECTIONS,
        )
    except sa.exc.ArgumentError:
        raise StoreError(UNREADABLE) from None
    except ImportError as error:
        raise StoreError(
            f"{url}: PostgreSQL is reached by the package psycopg, which is not installed here or cannot be loaded "
            f"({error}): pip install 'spheroseg_widgets[postgres]'"
        ) from error
    settings = {
        # Whatever server, database and role are set to: psycopg reads moments in this style only.
        "DateStyle": "ISO",
        "TimeZone": "UTC",
        "client_encoding": "UTF8",
        "lock_timeout": f"{busy_seconds}s",
        "idle_in_transaction_session_timeout": f"{IDLE_SECONDS}s",
        # A computer that was switched off or put to sleep in the middle of a change gives its turn back.
        "tcp_keepalives_idle": "60",
        "tcp_keepalives_interval": "10",
        "tcp_keepalives_count": "6",
    }
    statement = "SELECT " + ", ".join(f"set_config('{name}', '{value}', false)" for name, value in settings.items())

    @sa.event.listens_for(engine, "connect")
    def _configure(connection: object, _record: object) -> None:
        with connection.cursor() as cursor:  # type: ignore[attr-defined]  # a psycopg connection
            cursor.execute(statement)
        connection.commit()  # type: ignore[attr-defined]  # else they would end with the transaction

    return engine


def reading(connection: sa.Connection) -> sa.Connection:
    """Let all questions of a transaction see the store as it was at the first one, as those of SQLite do."""
    return connection.execution_options(isolation_level="REPEATABLE READ")


def take_turn(connection: sa.Connection, project_id: int | None) -> None:
    """Wait until nobody else changes the project, and keep it so until the transaction ends.

    What is decided from rows that were just read (no result holds yet, nobody approved it, the file is not known) stays
    true then until it is written, and two changes never wait for each other.

    Parameters
    ----------
    project_id : int or None
        None: nobody else changes any project.
    """
    lock = sa.func.pg_advisory_xact_lock
    if project_id is None:
        connection.execute(sa.select(lock(LOCKS, EVERY_PROJECT)))
        return
    # In this order, one after the other: who waits for a project must not keep from it somebody who waits for all.
    connection.execute(sa.select(sa.func.pg_advisory_xact_lock_shared(LOCKS, EVERY_PROJECT)))
    connection.execute(sa.select(lock(LOCKS, project_id)))


def is_refusal(error: sa.exc.DBAPIError) -> bool:
    """Whether the server refused a change for its own reasons, rather than because the statement is wrong."""
    if isinstance(error, sa.exc.OperationalError | sa.exc.InternalError):
        return True  # gone, full, locked; a database that is only read says it by an internal error
    return getattr(error.orig, "sqlstate", None) == "42501"  # the role lacks the right
