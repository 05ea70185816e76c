"""Drafts: a person's operations on an image, each stored before it is acknowledged; a revision closes a draft."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

import pandas as pd
import sqlalchemy as sa

from spheroseg_widgets.errors import StoreError
from spheroseg_widgets.outlines.outlines import Outlines

from .ids import uuid7
from .results import KeptConflictError, save_edit
from .tables import draft, edit, image, now


def open_draft(connection: sa.Connection, image_id: int, session: str, author: str) -> uuid.UUID:
    """Start a draft on the revision that holds now; returns its id."""
    base = connection.scalar(sa.select(image.c.current_result_id).where(image.c.id == image_id))
    draft_id = uuid7()
    connection.execute(
        draft.insert().values(id=draft_id, image_id=image_id, base_result_id=base, session=session, author=author)
    )
    return draft_id


def append_edit(
    connection: sa.Connection, draft_id: uuid.UUID, operation_id: uuid.UUID, operation: Mapping[str, Any]
) -> bool:
    """Store an operation of a draft; False when it was stored before (a browser sends again what it is unsure of).

    Raises
    ------
    StoreError
        The draft does not exist or is closed.
    """
    _unclosed(connection, draft_id)
    if connection.scalar(sa.select(edit.c.id).where(edit.c.id == operation_id)) is not None:
        return False
    last = connection.scalar(sa.select(sa.func.max(edit.c.number)).where(edit.c.draft_id == draft_id)) or 0
    connection.execute(
        edit.insert().values(id=operation_id, draft_id=draft_id, number=last + 1, operation=dict(operation))
    )
    connection.execute(draft.update().where(draft.c.id == draft_id).values(pointer=last + 1, updated_at=now()))
    return True


def close_draft(connection: sa.Connection, draft_id: uuid.UUID, outlines: Outlines, objects: pd.DataFrame) -> int:
    """Close a draft into a revision; returns the revision's id.

    Raises
    ------
    KeptConflictError
        As in `save_edit`: the draft is closed by the kept revision.
    StoreError
        The draft does not exist or is closed.
    """
    row = _unclosed(connection, draft_id)
    closing = draft.update().where(draft.c.id == draft_id)
    try:
        saved = save_edit(connection, row.image_id, outlines, objects, parent_id=row.base_result_id, author=row.author)
    except KeptConflictError as conflict:
        connection.execute(closing.values(closed_by_result_id=conflict.result_id, updated_at=now()))
        raise
    connection.execute(closing.values(closed_by_result_id=saved, updated_at=now()))
    return saved


def _unclosed(connection: sa.Connection, draft_id: uuid.UUID) -> Any:
    row = connection.execute(sa.select(draft).where(draft.c.id == draft_id).with_for_update()).first()
    if row is None or row.closed_by_result_id is not None:
        raise StoreError(f"draft {draft_id}: {'there is no such draft' if row is None else 'is closed already'}")
    return row
