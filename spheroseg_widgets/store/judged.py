"""What people have said of one image, read so that it can be put back exactly as it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import pandas as pd
import sqlalchemy as sa

from spheroseg_widgets.errors import StoreError

from . import audit
from .images import check_own, chunks
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
    return judged_many(connection, [image_id])[image_id]


def judged_many(connection: sa.Connection, image_ids: Sequence[int]) -> dict[int, Judged]:
    """Read what was said of images, by image."""
    said: list[dict[int, dict[str, Any]]] = [
        {
            row["image_id"]: dict(row)
            for part in chunks(image_ids)
            for row in connection.execute(table.select().where(table.c.image_id.in_(part))).mappings()
        }
        for table in _TABLES
    ]
    return {one: Judged(*(rows.get(one) for rows in said)) for one in image_ids}


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
    return reviewed_images(connection, project_id, [image_id], lock=lock)[image_id]


def reviewed_images(
    connection: sa.Connection, project_id: int, image_ids: Sequence[int], *, lock: bool = False
) -> dict[int, ReviewedImage]:
    """Read images, by id, as `reviewed_image` does."""
    check_own(connection, project_id, image_ids)
    query = sa.select(*(image.c[field.name] for field in fields(ReviewedImage))).order_by(image.c.id)
    query = query.with_for_update() if lock else query
    return {
        row.id: ReviewedImage(*row)
        for part in chunks(sorted(set(image_ids)))  # in one order, so that two who lock some do not wait for each other
        for row in connection.execute(query.where(image.c.id.in_(part)))
    }


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
    if put_back_many(connection, project_id, {image_id: (expected, earlier)}, author):
        raise StoreError(f"{name}: it was judged again meanwhile, so what was said before was not put back")


def put_back_many(
    connection: sa.Connection, project_id: int, said: Mapping[int, tuple[Judged, Judged]], author: str
) -> list[int]:
    """Put back what was said of images earlier, with who said it and when.

    Parameters
    ----------
    said : mapping
        By image, what has to hold now and what is to hold; of images that are locked.
    author : str
        Who puts it back, for the audit.

    Returns
    -------
    list of int
        Images of which something else was said meanwhile: they are left alone.
    """
    now = judged_many(connection, list(said))
    same = [one for one, (expected, _) in said.items() if now[one] == expected]
    for table in _TABLES:
        for part in chunks(same):
            connection.execute(table.delete().where(table.c.image_id.in_(part)))
            rows = [dict(row) for one in part if (row := getattr(said[one][1], table.name)) is not None]
            if rows:
                connection.execute(table.insert(), rows)
    details = {
        one: {"state": earlier.state, "outcome": None if earlier.outcome is None else earlier.outcome["outcome"]}
        for one, earlier in ((one, said[one][1]) for one in same)
    }
    audit.record_many(connection, project_id, author, "undo_decision", "image", details)
    return [one for one in said if one not in details]
