"""The condition of single wells; a plate map enters it for many, with all else that is known of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import sqlalchemy as sa

from . import audit
from .images import chunks
from .tables import image, plate, well


def wells_of(connection: sa.Connection, project_id: int, image_ids: Sequence[int]) -> dict[int, int | None]:
    """Return the well_id of a project's images, by image; None where one lies in no well."""
    query = sa.select(image.c.id, image.c.well_id).where(image.c.project_id == project_id)
    return {
        int(row.id): None if row.well_id is None else int(row.well_id)
        for part in chunks(image_ids)
        for row in connection.execute(query.where(image.c.id.in_(part)))
    }


def images_in(connection: sa.Connection, well_ids: Iterable[int]) -> list[int]:
    """Return the images of wells, in their order, without those that were deleted."""
    query = sa.select(image.c.id).where(image.c.deleted_at.is_(None))
    found = (
        row_id
        for part in chunks(sorted(set(well_ids)))
        for row_id in connection.scalars(query.where(image.c.well_id.in_(part)))
    )
    return sorted(map(int, found))


def set_conditions(
    connection: sa.Connection, project_id: int, wanted: Mapping[int, str | None], author: str
) -> dict[int, str | None]:
    """Say under which condition wells are.

    Parameters
    ----------
    wanted : mapping
        Condition by well_id; None says that none is known. Wells of other projects are left alone.

    Returns
    -------
    dict
        What it was before, of the wells that changed; written again, it undoes this.
    """
    query = (
        sa.select(well.c.id, well.c.condition)
        .join(plate, plate.c.id == well.c.plate_id)
        .where(plate.c.project_id == project_id)
    )
    rows = (row for part in chunks(list(wanted)) for row in connection.execute(query.where(well.c.id.in_(part))))
    before = {int(row.id): row.condition for row in rows if row.condition != wanted[row.id]}
    if before:
        connection.execute(
            well.update().where(well.c.id == sa.bindparam("of_well")).values(condition=sa.bindparam("said")),
            [{"of_well": one, "said": wanted[one]} for one in before],
        )
        audit.record_many(
            connection, project_id, author, "set_condition", "well",
            {one: {"before": was, "after": wanted[one]} for one, was in before.items()},
        )  # fmt: skip
    return before
