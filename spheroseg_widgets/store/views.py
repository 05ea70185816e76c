"""Saved views: how somebody looked at a project's images, by name; what a view holds is the gallery's business."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pandas as pd
import sqlalchemy as sa

from spheroseg_widgets.errors import StoreError

from . import audit
from .tables import now, saved_view


def save_view(
    connection: sa.Connection, project_id: int, name: str, view: Mapping[str, Any], author: str
) -> dict[str, Any] | None:
    """Keep a view; returns the one of this name that it replaces.

    Raises
    ------
    StoreError
        It has no name, or holds what cannot be written as JSON.
    """
    name = name.replace("\0", " ").strip()
    if not name:
        raise StoreError("a view needs a name; nothing was saved")
    try:
        kept = json.loads(json.dumps(dict(view), allow_nan=False))
    except (TypeError, ValueError) as error:
        raise StoreError(f"view {name}: cannot be written as JSON ({error}); nothing was saved") from error
    before = _take(connection, project_id, name)
    made = connection.execute(
        saved_view.insert().values(project_id=project_id, name=name, view=kept, author=author, created_at=now())
    ).inserted_primary_key
    assert made is not None
    audit.record(connection, project_id, author, "save_view", "saved_view", made[0], name=name, before=before)
    return before


def delete_view(connection: sa.Connection, project_id: int, name: str, author: str) -> dict[str, Any]:
    """Forget a view; returns it, so that it may be saved again.

    Raises
    ------
    StoreError
        There is none of this name.
    """
    before = _take(connection, project_id, name.strip())
    if before is None:
        raise StoreError(f"view {name}: there is none of this name in this project")
    audit.record(connection, project_id, author, "delete_view", "saved_view", name.strip(), before=before)
    return before


def views_frame(connection: sa.Connection, project_id: int) -> pd.DataFrame:
    """Return one row a view, by name: name, view (a dict), author, created_at."""
    columns = (saved_view.c.name, saved_view.c.view, saved_view.c.author, saved_view.c.created_at)
    query = sa.select(*columns).where(saved_view.c.project_id == project_id)
    # Sorted here: each database has a language of its own for names.
    return pd.read_sql_query(query, connection).sort_values("name", ignore_index=True)


def _take(connection: sa.Connection, project_id: int, name: str) -> dict[str, Any] | None:
    """Remove a view and return it."""
    of_it = (saved_view.c.project_id == project_id, saved_view.c.name == name)
    found = connection.execute(sa.select(saved_view.c.view).where(*of_it)).first()
    if found is None:
        return None
    connection.execute(saved_view.delete().where(*of_it))
    return dict(found.view)
