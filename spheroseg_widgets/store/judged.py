"""What people have said of one image, read so that it can be put back exactly as it was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import pandas as pd
import sqlalchemy as sa

from spheroseg_widgets.errors import StoreError

from . import audit
from .images import check_own
from .tables import exclusion, image, outcome, outline, review

_TABLES = (review, outcome)


@dataclass(frozen=True, slots=True)
class Judged:
    """The rows of judgement that an image has itself, with their authors and times.

    Parameters
    ----------
    review, outcome : mapping or None
        Columns of the tables of these names; None where there is no row.
    """

    review: Mapping[str, Any] | None
    outcome: Mapping[str, Any] | None

    @property
    def state(self) -> str:
        """Its review state."""
        return "unreviewed" if self.review is None else str(self.review["state"])


def judged(connection: sa.Connection, image_id: int) -> Judged:
    """Read what was said of an image."""
    rows = [
        connection.execute(table.select().where(table.c.image_id == image_id)).mappings().first() for table in _TABLES
    ]
    return Judged(*(None if row is None else dict(row) for row in rows))


@dataclass(frozen=True, slots=True)
class ReviewedImage:
    """What decisions about an image need of it.

    Parameters
    ----------
    id : int
    name : str
    well_id : int or None
    time_h : float or None
    pixel_size_um : float or None
    current_result_id : int or None
    """

    id: int
    name: str
    well_id: int | None
    time_h: float | None
    pixel_size_um: float | None
    current_result_id: int | None


def reviewed_image(connection: sa.Connection, project_id: int, image_id: int, *, lock: bool = False) -> ReviewedImage:
    """Read an image.

    Parameters
    ----------
    lock : bool
        Let others who would change it wait for the end of the transaction.

    Raises
    ------
    StoreError
        An image of another project.
    """
    check_own(connection, project_id, [image_id])
    query = sa.select(*(image.c[field.name] for field in fields(ReviewedImage))).where(image.c.id == image_id)
    return ReviewedImage(*connection.execute(query.with_for_update() if lock else query).one())


def outlines_of(connection: sa.Connection, project_id: int, result_id: int | None) -> pd.DataFrame:
    """Return outline_id, number, class_name and area_px2 of a result's outlines, without those that are excluded.

    Without a result there are none.
    """
    gone = sa.select(exclusion.c.outline_id).where(
        exclusion.c.project_id == project_id, exclusion.c.scope == "object", exclusion.c.undone_at.is_(None)
    )
    columns = (outline.c.outline_id, outline.c.number, outline.c.class_name, outline.c.area_px2)
    query = sa.select(*columns).where(outline.c.result_id == result_id, outline.c.outline_id.not_in(gone))
    return pd.read_sql_query(query.order_by(outline.c.number), connection)


def put_back(
    connection: sa.Connection, project_id: int, image_id: int, *, expected: Judged, earlier: Judged, author: str
) -> None:
    """Put back what was said of an image earlier, with who said it and when.

    Parameters
    ----------
    expected : Judged
        What has to hold now.
    earlier : Judged
        What is to hold.
    author : str
        Who puts it back, for the audit.

    Raises
    ------
    StoreError
        An image of another project, or something else was said of it meanwhile.
    """
    name = reviewed_image(connection, project_id, image_id, lock=True).name
    if judged(connection, image_id) != expected:
        raise StoreError(f"{name}: it was judged again meanwhile, so what was said before was not put back")
    for table, values in zip(_TABLES, (earlier.review, earlier.outcome), strict=True):
        connection.execute(table.delete().where(table.c.image_id == image_id))
        if values is not None:
            connection.execute(table.insert().values(**values))
    outcome_now = None if earlier.outcome is None else earlier.outcome["outcome"]
    audit.record(
        connection, project_id, author, "undo_decision", "image", image_id, state=earlier.state, outcome=outcome_now
    )  # fmt: skip
