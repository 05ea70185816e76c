"""What can be said of a store by looking: which it is, whether it answers, whose schema it has. Nothing is changed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from .database import Database
from .experiment import find_project
from .tables import image


@dataclass(frozen=True, slots=True)
class Condition:
    """The condition of a store.

    Parameters
    ----------
    where : str
        Its file, or its URL without the password.
    kind : str
        SQLite or PostgreSQL, and which version.
    schema : str or None
        None where it has no tables yet.
    newest : str
        The schema of this package.
    images : int or None
        Of the project; None where the store has no such project.
    """

    where: str
    kind: str
    schema: str | None
    newest: str
    images: int | None


def look_at(where: str | Path, name: str, key: str | None) -> Condition:
    """Return the condition of a project's store.

    Parameters
    ----------
    where : str or Path
        A SQLite file, or a URL.
    name, key
        Of the project, as in `experiment.ensure_project`.

    Raises
    ------
    StoreError
        It is not there, not reachable, or damaged.
    """
    database = Database.open(where, migrate=False)
    try:
        schema, newest = database.schema()
        with database.read() as connection:
            count = None
            if schema == newest:  # else there may be no such tables
                project_id = find_project(connection, name, key)
                if project_id is not None:
                    count = connection.scalar(
                        sa.select(sa.func.count()).where(image.c.project_id == project_id, image.c.deleted_at.is_(None))
                    )
            version = ".".join(map(str, connection.dialect.server_version_info or ()))
        kind = f"{'SQLite' if database.path is not None else 'PostgreSQL'} {version}"
        return Condition(str(database), kind, schema, newest, count)
    finally:
        database.close()
