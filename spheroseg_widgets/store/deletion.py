"""Images that were deleted from a project: marked, no longer shown or counted, and back when somebody wants them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd
import sqlalchemy as sa

from . import audit
from .images import check_own, chunks
from .job_state import CANCELLED, sources_of
from .runs import close_run, count_queued, running_of
from .tables import image, job, now, plate, source, well


def delete_images(connection: sa.Connection, project_id: int, image_ids: Iterable[int], author: str) -> list[int]:
    """Mark images as deleted and cancel what is queued or running of them; files, results and judgement stay.

    Returns
    -------
    list of int
        Those that were not deleted before; restoring them undoes this, but for the cancelled work.

    Raises
    ------
    StoreError
        An image of another project.
    """
    changed = _set_deleted(connection, project_id, image_ids, author, deleted=True)
    _cancel_jobs(connection, changed)
    return changed


def restore_images(connection: sa.Connection, project_id: int, image_ids: Iterable[int], author: str) -> list[int]:
    """Undo `delete_images`; returns those that were deleted.

    Raises
    ------
    StoreError
        An image of another project.
    """
    return _set_deleted(connection, project_id, image_ids, author, deleted=False)


def _set_deleted(
    connection: sa.Connection, project_id: int, image_ids: Iterable[int], author: str, *, deleted: bool
) -> list[int]:
    wanted = sorted({int(one) for one in image_ids})
    check_own(connection, project_id, wanted)
    other = image.c.deleted_at.is_(None) if deleted else image.c.deleted_at.is_not(None)
    changed = [
        int(one)
        for part in chunks(wanted)
        for one in connection.scalars(
            image.update()
            .where(image.c.id.in_(part), other)
            .values(deleted_at=now() if deleted else None)
            .returning(image.c.id)
        )
    ]
    if changed:
        action = "delete" if deleted else "restore"
        audit.record(connection, project_id, author, action, "image", "many", images=sorted(changed))
    return sorted(changed)


def _cancel_jobs(connection: sa.Connection, image_ids: Sequence[int]) -> None:
    """Cancel what is open of images, in whatever run; a run of which nothing is left ends."""
    touched: set[int] = set()
    for part in chunks(image_ids):
        touched |= set(
            connection.scalars(
                job.update()
                .where(job.c.image_id.in_(part), job.c.status.in_(sources_of(CANCELLED)))
                .values(status=CANCELLED, finished_at=now(), lease_until=None)
                .returning(job.c.run_id)
            )
        )
    for run_id in sorted(touched):
        if not count_queued(connection, run_id) and not running_of(connection, run_id):
            close_run(connection, run_id)


def deleted_frame(connection: sa.Connection, project_id: int) -> pd.DataFrame:
    """Return one row a deleted image, the last deleted first: image_id, name, stem, path, plate, well, time_h, deleted_at."""
    query = (
        sa.select(
            image.c.id.label("image_id"), image.c.name, image.c.stem, source.c.uri.label("path"),
            plate.c.name.label("plate"), well.c.name.label("well"), image.c.time_h, image.c.deleted_at,
        )
        .join(source, source.c.id == image.c.source_id)
        .outerjoin(plate, plate.c.id == image.c.plate_id)
        .outerjoin(well, well.c.id == image.c.well_id)
        .where(image.c.project_id == project_id, image.c.deleted_at.is_not(None))
        .order_by(image.c.deleted_at.desc(), image.c.id)
    )  # fmt: skip
    return pd.read_sql_query(query, connection)
