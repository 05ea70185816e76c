"""Drafts: the operations of an editor, stored as they are made, until a revision closes them."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import pandas as pd
import sqlalchemy as sa

from spheroseg_widgets.outlines.outlines import Outlines
from spheroseg_widgets.store import drafts
from spheroseg_widgets.store.images import check_own
from spheroseg_widgets.store.leases import in_utc
from spheroseg_widgets.store.results import KeptConflictError

from .project import Project


@dataclass(frozen=True, slots=True)
class Draft:
    """An open draft.

    Parameters
    ----------
    project : Project
    id : str
        UUID.
    image_id : int
    base_result_id : int or None
        The revision it was begun on; None where the image had none.
    session : str
        Which editor goes on with it.
    author : str
    updated_at : datetime
        Of the last operation.
    """

    project: Project
    id: str
    image_id: int
    base_result_id: int | None
    session: str
    author: str
    updated_at: datetime

    def append_all(
        self, operations: Mapping[str, Mapping[str, Any]], check: Callable[[sa.Connection], object] | None = None
    ) -> list[str]:
        """Store operations by their ids, in their order: all of them or none.

        Parameters
        ----------
        check : callable, optional
            Called first, in the same transaction; nothing is stored when it raises.

        Returns
        -------
        list of {"stored", "known", "elsewhere"}
            What became of each: "known" was stored here before, "elsewhere" lies in another draft.

        Raises
        ------
        StoreError
            The draft is closed, or another editor went on with it.
        """
        with self.project.database.write() as connection:
            if check is not None:
                check(connection)
            by_id = {uuid.UUID(one): operation for one, operation in operations.items()}
            return drafts.append_edits(connection, uuid.UUID(self.id), self.session, by_id)

    def operations(self) -> list[dict[str, Any]]:
        """Return the operations in their order: {"id", "number", "operation"}."""
        with self.project.database.read() as connection:
            rows = drafts.edits_of(connection, uuid.UUID(self.id))
        return [{"id": str(row_id), "number": number, "operation": operation} for row_id, number, operation in rows]

    def close(self, outlines: Outlines, objects: pd.DataFrame) -> int:
        """Save the result of the operations as a revision; returns its id.

        Raises
        ------
        ConflictError
            Another revision was saved meanwhile; this one is kept beside it, and the draft is closed.
        StoreError
            The draft is closed already, or another editor went on with it.
        """
        try:
            with self.project.database.write(commit_on=(KeptConflictError,)) as connection:
                return drafts.close_draft(connection, uuid.UUID(self.id), self.session, outlines, objects)
        finally:
            self.project.changes.tell("save", [self.image_id])

    def taken_by(self, session: str) -> Draft:
        """Return it as another editor's, which goes on with it; the one it is taken from cannot any more.

        Raises
        ------
        StoreError
            The draft is closed.
        """
        with self.project.database.write() as connection:
            drafts.take_draft(connection, uuid.UUID(self.id), session)
        return replace(self, session=session)

    def discard(self) -> None:
        """Throw the draft and its operations away."""
        with self.project.database.write() as connection:
            drafts.discard_draft(connection, self.project.id, uuid.UUID(self.id), self.project.author)


def open_draft(project: Project, image_id: int, session: str) -> Draft:
    """Begin a draft on the revision that holds now, or go on with the open one of this session and author.

    Raises
    ------
    StoreError
        There is no such image in this project.
    """
    with project.database.write() as connection:
        check_own(connection, project.id, [image_id])
        frame = drafts.drafts_frame(connection, project.id, image_id)
        mine = frame[(frame["session"] == session) & (frame["author"] == project.author)]
        if mine.empty:
            drafts.open_draft(connection, image_id, session, project.author)
            frame = drafts.drafts_frame(connection, project.id, image_id)
            mine = frame[(frame["session"] == session) & (frame["author"] == project.author)]
    return _draft(project, mine.iloc[-1])


def open_drafts(project: Project, image_id: int | None = None) -> list[Draft]:
    """Return the open drafts of the project or of one image, everybody's, oldest first."""
    with project.database.read() as connection:
        frame = drafts.drafts_frame(connection, project.id, image_id)
    return [_draft(project, row) for _, row in frame.iterrows()]


def continued_revisions(project: Project, image_id: int, session: str, result_id: int | None) -> list[int | None]:
    """Return the revisions from which what one editor saved led to this one: its late changes of them go on here."""
    with project.database.read() as connection:
        return drafts.continued_revisions(connection, image_id, session, result_id)


def _draft(project: Project, row: pd.Series) -> Draft:
    base = row["base_result_id"]
    return Draft(
        project=project,
        id=str(row["id"]),
        image_id=int(row["image_id"]),
        base_result_id=None if pd.isna(base) else int(base),
        session=str(row["session"]),
        author=str(row["author"]),
        updated_at=in_utc(pd.Timestamp(row["updated_at"]).to_pydatetime()),
    )
