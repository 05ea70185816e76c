"""The outlines among which the spheroid of an image is chosen, where that is not plain from its result."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import sqlalchemy as sa

from .columns import fetch
from .images import chunks
from .tables import exclusion, image, outline, result

COLUMNS = (
    "class_name", "touches_border", "primary_by", "area_px2", "centroid_x_px", "centroid_y_px", "equivalent_diameter_px",
)  # fmt: skip


def candidates(connection: sa.Connection, project_id: int, image_ids: Sequence[int]) -> pd.DataFrame:
    """Return the outlines of images, and of all others of their wells: an earlier primary decides which a later one is.

    Returns
    -------
    DataFrame
        One row an outline of a result that holds: image_id, well_id, site, time_h, excluded_object, and `COLUMNS`.
    """
    gone = sa.select(exclusion.c.outline_id).where(*_excluding(project_id))
    query = (
        sa.select(
            image.c.id.label("image_id"), image.c.well_id, image.c.site, image.c.time_h, outline.c.number,
            outline.c.outline_id.in_(gone).label("excluded_object"), *(outline.c[name] for name in COLUMNS),
        )
        .join(outline, outline.c.result_id == image.c.current_result_id)
        .where(image.c.project_id == project_id, image.c.deleted_at.is_(None))
    )  # fmt: skip
    wells: set[int] = set()
    parts = []
    for some in chunks(image_ids):
        of_them = sa.select(image.c.well_id).where(image.c.id.in_(some), image.c.well_id.is_not(None))
        wells |= set(connection.scalars(of_them))
        parts.append(fetch(connection, query.where(image.c.id.in_(some), image.c.well_id.is_(None))))
    parts += [fetch(connection, query.where(image.c.well_id.in_(some))) for some in chunks(sorted(wells))]
    frame = pd.concat([pd.DataFrame(part) for part in parts], ignore_index=True)
    numbers = dict.fromkeys((*COLUMNS[3:], "well_id", "site", "time_h"), float)
    frame = frame.astype({**numbers, "image_id": "int64", "excluded_object": bool, "touches_border": bool})
    return frame.sort_values(["image_id", "number"], ignore_index=True)


def with_excluded_objects(connection: sa.Connection, project_id: int) -> list[int]:
    """Return the images of which an object is excluded."""
    query = (
        sa.select(result.c.image_id)
        .join(outline, outline.c.result_id == result.c.id)
        .join(exclusion, exclusion.c.outline_id == outline.c.outline_id)
        .where(*_excluding(project_id))
        .distinct()
    )
    return [int(one) for one in connection.scalars(query)]


def _excluding(project_id: int) -> tuple[sa.ColumnElement[bool], ...]:
    return (exclusion.c.project_id == project_id, exclusion.c.scope == "object", exclusion.c.undone_at.is_(None))
