"""Drafts: a person's operations on an image, each stored before it is acknowledged; a revision closes a draft."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

import pandas as pd
import sqlalchemy as sa

from spheroseg_widgets.errors import StoreError
from spheroseg_widgets.outlines.outlines import Outlines

from . import audit
from .ids import uuid7
from .images import chunks
from .results import KeptConflictError, save_edit
from .tables import draft, edit, image, now

STORED, KNOWN, ELSEWHERE = "stored", "known", "elsewhere"
"""What became of an operation: it is stored now, was stored in its draft before, lies in another draft."""


def open_draft(connection: sa.Connection, image_id: int, session: str, author: str) -> uuid.UUID:
    """Start a draft on the revision that holds now; returns its id."""
    base = connection.scalar(sa.select(image.c.current_result_id).where(image.c.id == image_id))
    draft_id = uuid7()
    connection.execute(
        draft.insert().values(id=draft_id, image_id=image_id, base_result_id=base, session=session, author=author)
    )
    return draft_id


def drafts_frame(connection: sa.Connection, project_id: int, image_id: int | None = None) -> pd.DataFrame:
    """Return the open drafts of a project or of one image, oldest first."""
    query = (
        sa.select(draft)
        .join(image, image.c.id == draft.c.image_id)
        .where(image.c.project_id == project_id, draft.c.closed_by_result_id.is_(None))
        .order_by(draft.c.created_at, draft.c.id)
    )
    return pd.read_sql_query(query if image_id is None else query.where(draft.c.image_id == image_id), connection)


def unsaved_frame(connection: sa.Connection, project_id: int) -> pd.DataFrame:
    """Return the images with operations that no revision holds: image_id, author, edits; one row a draft.

    Deleted images are left out.
    """
    query = (
        sa.select(draft.c.image_id, draft.c.author, sa.func.count(edit.c.id).label("edits"))
        .join(image, image.c.id == draft.c.image_id)
        .join(edit, edit.c.draft_id == draft.c.id)
        .where(image.c.project_id == project_id, image.c.deleted_at.is_(None), draft.c.closed_by_result_id.is_(None))
        .group_by(draft.c.id, draft.c.image_id, draft.c.author, draft.c.created_at)
        .order_by(draft.c.created_at, draft.c.id)
    )
    return pd.read_sql_query(query, connection)


def edits_of(connection: sa.Connection, draft_id: uuid.UUID) -> list[tuple[uuid.UUID, int, dict[str, Any]]]:
    """Return the operations of a draft in their order: id, number, operation."""
    query = sa.select(edit.c.id, edit.c.number, edit.c.operation).where(edit.c.draft_id == draft_id)
    return [(row.id, int(row.number), dict(row.operation)) for row in connection.execute(query.order_by(edit.c.number))]


def continued_revisions(
    connection: sa.Connection, image_id: int, session: str, result_id: int | None
) -> list[int | None]:
    """Return the revisions of an image from which the closed drafts of one session led to this one, the newest first."""
    query = sa.select(draft.c.closed_by_result_id, draft.c.base_result_id).where(
        draft.c.image_id == image_id, draft.c.session == session, draft.c.closed_by_result_id.is_not(None)
    )
    base_of: dict[int | None, int | None] = {row[0]: row[1] for row in connection.execute(query)}
    found: list[int | None] = []
    while result_id in base_of:  # each lies on an older one
        result_id = base_of[result_id]
        found.append(result_id)
    return found


def take_draft(connection: sa.Connection, draft_id: uuid.UUID, session: str) -> None:
    """Go on with an open draft in another session; the one it is taken from can neither change nor close it any more.

    Raises
    ------
    StoreError
        The draft does not exist or is closed.
    """
    _unclosed(connection, draft_id)
    connection.execute(draft.update().where(draft.c.id == draft_id).values(session=session))


def discard_draft(connection: sa.Connection, project_id: int, draft_id: uuid.UUID, author: str) -> None:
    """Throw an open draft and its operations away.

    Raises
    ------
    StoreError
        The draft does not exist or is closed.
    """
    row = _unclosed(connection, draft_id)
    count = len(edits_of(connection, draft_id))
    connection.execute(edit.delete().where(edit.c.draft_id == draft_id))
    connection.execute(draft.delete().where(draft.c.id == draft_id))
    audit.record(
        connection, project_id, author, "discard", "draft", draft_id, image=row.image_id, by=row.author, edits=count
    )


def append_edits(
    connection: sa.Connection, draft_id: uuid.UUID, session: str, operations: Mapping[uuid.UUID, Mapping[str, Any]]
) -> list[str]:
    """Store operations of a session's draft by their ids, in their order.

    A browser sends again what it is unsure of: each is stored once, however often it is sent.

    Returns
    -------
    list of {STORED, KNOWN, ELSEWHERE}
        What became of each: one that was stored before is not stored again, in whichever draft it lies.

    Raises
    ------
    StoreError
        The draft does not exist, is closed, or another session went on with it.
    """
    row = _unclosed(connection, draft_id, session)
    owners: dict[uuid.UUID, uuid.UUID] = {}
    for part in chunks(list(operations)):
        found = connection.execute(sa.select(edit.c.id, edit.c.draft_id).where(edit.c.id.in_(part)))
        owners.update((one.id, one.draft_id) for one in found)
    fresh = [one for one in operations if one not in owners]
    last = int(row.pointer)  # the number of the newest
    if fresh:
        connection.execute(
            edit.insert(),
            [
                {"id": one, "draft_id": draft_id, "number": number, "operation": dict(operations[one])}
                for number, one in enumerate(fresh, start=last + 1)
            ],
        )
        moved = {"pointer": last + len(fresh), "updated_at": now()}
        connection.execute(draft.update().where(draft.c.id == draft_id).values(moved))
    state = {draft_id: KNOWN, None: STORED}
    return [state.get(owners.get(one), ELSEWHERE) for one in operations]


def close_draft(
    connection: sa.Connection, draft_id: uuid.UUID, session: str, outlines: Outlines, objects: pd.DataFrame
) -> int:
    """Close a session's draft into a revision; returns the revision's id.

    Raises
    ------
    KeptConflictError
        As in `save_edit`: the draft is closed by the kept revision.
    StoreError
        The draft does not exist, is closed, or another session went on with it.
    """
    row = _unclosed(connection, draft_id, session)
    closing = draft.update().where(draft.c.id == draft_id)
    try:
        saved = save_edit(connection, row.image_id, outlines, objects, parent_id=row.base_result_id, author=row.author)
    except KeptConflictError as conflict:
        connection.execute(closing.values(closed_by_result_id=conflict.result_id, updated_at=now()))
        raise
    connection.execute(closing.values(closed_by_result_id=saved, updated_at=now()))
    return saved


def _unclosed(connection: sa.Connection, draft_id: uuid.UUID, session: str | None = None) -> Any:
    row = connection.execute(sa.select(draft).where(draft.c.id == draft_id).with_for_update()).first()
    if row is None or row.closed_by_result_id is not None:
        raise StoreError(f"draft {draft_id}: {'there is no such draft' if row is None else 'is closed already'}")
    if session is not None and row.session != session:
        raise StoreError(f"draft {draft_id}: another editor went on with it")
    return row
