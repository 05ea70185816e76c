"""The revisions of an image as a person reads them: whose, of which model, and what befell them."""

from __future__ import annotations

import pandas as pd
import sqlalchemy as sa

from .tables import audit, image, model, result, run

NOTES = ("conflict", "restore", "merge")
"""What the audit says of a revision that its history repeats."""


def history_frame(connection: sa.Connection, image_id: int) -> pd.DataFrame:
    """Return the revisions of an image, oldest first.

    Returns
    -------
    DataFrame
        id, parent_id, run_id, source, author, created_at, n_objects, model (name and version; missing where no model made it),
        current (bool), note (one of `NOTES` or missing), note_of (the revision restored or merged, or missing).
    """
    query = (
        sa.select(
            result.c.id, result.c.parent_id, result.c.run_id, result.c.source, result.c.author, result.c.created_at, result.c.n_objects,
            model.c.name, model.c.version, (image.c.current_result_id == result.c.id).label("current"),
            image.c.project_id,
        )
        .join(image, image.c.id == result.c.image_id)
        .outerjoin(run, run.c.id == result.c.run_id)
        .outerjoin(model, model.c.id == run.c.model_id)
        .where(result.c.image_id == image_id)
        .order_by(result.c.id)
    )  # fmt: skip
    rows = connection.execute(query).all()
    notes = {}
    if rows:
        told = sa.select(audit.c.row_id, audit.c.action, audit.c.detail).where(
            audit.c.project_id == rows[0].project_id,
            audit.c.row_table == "result",
            audit.c.action.in_(NOTES),
            audit.c.row_id.in_([str(row.id) for row in rows]),
        )
        notes = {int(one.row_id): (one.action, one.detail.get("of")) for one in connection.execute(told)}
    return pd.DataFrame(
        [
            {
                "id": row.id, "parent_id": row.parent_id, "run_id": row.run_id, "source": row.source, "author": row.author,
                "created_at": row.created_at, "n_objects": row.n_objects,
                "model": None if row.name is None else f"{row.name} {row.version}", "current": bool(row.current),
                "note": notes.get(row.id, (None, None))[0], "note_of": notes.get(row.id, (None, None))[1],
            }
            for row in rows
        ],
        columns=[
            "id", "parent_id", "run_id", "source", "author", "created_at", "n_objects", "model", "current", "note", "note_of",
        ],
    )  # fmt: skip
