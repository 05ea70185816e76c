"""Counts over all images of a project, for the head of its page: by the database, from indexes, without a row a image."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from .job_state import DONE
from .overview import NEW, UNREVIEWED, newest_job
from .tables import image, job, model, plate, result, review, run, well


@dataclass(frozen=True, slots=True)
class Statistics:
    """Counts of a project's images; deleted ones are in none of them.

    Parameters
    ----------
    images, outlines : int
        How many there are; outlines of the results that hold.
    status : dict
        Images by status of their last job; "new" before the first.
    model : dict
        Images by the model of their result, else of their last job; "" is none.
    condition : dict
        Images by the plate map's condition of their well; "" is none.
    review : dict
        Images by review state.
    """

    images: int
    outlines: int
    status: dict[str, int] = field(default_factory=dict)
    model: dict[str, int] = field(default_factory=dict)
    condition: dict[str, int] = field(default_factory=dict)
    review: dict[str, int] = field(default_factory=dict)


def statistics(connection: sa.Connection, project_id: int) -> Statistics:
    """Count the images of a project."""
    in_project = (image.c.project_id == project_id, image.c.deleted_at.is_(None))
    last = sa.select(newest_job(job.c.status).label("status")).where(*in_project).subquery()
    # Most are done: only the others are sorted into groups, and the done are what is left.
    undone = connection.execute(
        sa.select(last.c.status, sa.func.count()).where(last.c.status.is_distinct_from(DONE)).group_by(last.c.status)
    ).all()
    made = (
        sa.select(sa.func.coalesce(result.c.run_id, newest_job(job.c.run_id)).label("run_id"), result.c.n_objects)
        .outerjoin_from(image, result, result.c.id == image.c.current_result_id)
        .where(*in_project)
        .subquery()
    )
    runs = connection.execute(
        sa.select(made.c.run_id, sa.func.count(), sa.func.sum(made.c.n_objects)).group_by(made.c.run_id)
    ).all()
    wells = connection.execute(
        sa.select(image.c.well_id, sa.func.count()).where(*in_project).group_by(image.c.well_id)
    ).all()
    reviews = connection.execute(
        sa.select(review.c.state, sa.func.count())
        .join(image, image.c.id == review.c.image_id)
        .where(*in_project)
        .group_by(review.c.state)
    ).all()
    models = sa.select(run.c.id, model.c.name).join(model, model.c.id == run.c.model_id)
    conditions = sa.select(well.c.id, well.c.condition).join(plate, plate.c.id == well.c.plate_id)
    model_of = _names(connection, models.where(run.c.project_id == project_id))
    condition_of = _names(connection, conditions.where(plate.c.project_id == project_id))
    images = sum(int(count) for _, count, _ in runs)
    judged = {str(state): int(count) for state, count in reviews if state != UNREVIEWED}
    return Statistics(
        images=images,
        outlines=sum(int(outlines or 0) for *_, outlines in runs),
        status=_counted(
            [*((status or NEW, count) for status, count in undone), (DONE, images - sum(n for _, n in undone))]
        ),
        model=_counted((model_of.get(run_id) or "", count) for run_id, count, _ in runs),
        condition=_counted((condition_of.get(well_id) or "", count) for well_id, count in wells),
        review=_counted([*judged.items(), (UNREVIEWED, images - sum(judged.values()))]),
    )


def _names(connection: sa.Connection, query: sa.Select[Any]) -> dict[int, str | None]:
    return {int(row_id): name for row_id, name in connection.execute(query)}


def _counted(counts: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Return the sum of counts by name, the largest first."""
    out: Counter[str] = Counter()
    for name, count in counts:
        out[name] += int(count)
    return {name: count for name, count in out.most_common() if count}
