"""Which classes of objects a project has."""

from __future__ import annotations

import sqlalchemy as sa

from .tables import image, outline


def class_names(connection: sa.Connection, project_id: int) -> list[str]:
    """Return the classes of the outlines that hold now, in the order of their names.

    Parameters
    ----------
    connection : sqlalchemy.Connection
    project_id : int
    """
    held = sa.select(outline.c.class_name).distinct().join(image, image.c.current_result_id == outline.c.result_id)
    kept = held.where(image.c.project_id == project_id, image.c.deleted_at.is_(None))
    return list(connection.execute(kept.order_by(outline.c.class_name)).scalars())
