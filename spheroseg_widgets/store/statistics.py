"""Counts over all images of a project, for the head of its page: by the database, from indexes, without a row a image."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from .job_state import CANCELLED, DONE, FAILED, QUEUED, RUNNING
from .judgement import REVIEW_STATES
from .overview import NEW, UNREVIEWED, newest_job
from .tables import image, job, model, plate, result, review, run, well

UNDONE = (QUEUED, RUNNING, FAILED, CANCELLED)
MOST_IN_PASSING = 30
"""Of so many values, at most, the rows are counted in passing: to sort them into groups takes as long as to read them."""


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
    # Most are done: only the others are looked at, and the done are what is left.
    own = sa.select(run.c.id).where(run.c.project_id == project_id)
    undone = (
        sa.select(job.c.id, job.c.image_id, job.c.status)
        .where(job.c.run_id.in_(own), job.c.status.in_(UNDONE))
        .offset(0)  # else all images would be gone through for them
        .subquery()
    )
    later = sa.exists().where(job.c.image_id == undone.c.image_id, job.c.id > undone.c.id)
    query = (
        sa.select(undone.c.status, sa.func.count())
        .join(image, image.c.id == undone.c.image_id)
        .where(*in_project, ~later)
        .group_by(undone.c.status)
    )
    status = {str(word): int(count) for word, count in connection.execute(query)}
    models = sa.select(run.c.id, model.c.name).join(model, model.c.id == run.c.model_id)
    model_of = _names(connection, models.where(run.c.project_id == project_id))
    made = (
        sa.select(sa.func.coalesce(result.c.run_id, newest_job(job.c.run_id)).label("run_id"), result.c.n_objects)
        .outerjoin_from(image, result, result.c.id == image.c.current_result_id)
        .where(*in_project)
        .offset(0)  # else it would be worked out anew for every run that is asked for
        .subquery()
    )
    by_run, (images, new, outlines) = _count_each(
        connection,
        made,
        made.c.run_id,
        list(model_of),
        sa.func.count(),
        sa.func.count().filter(made.c.run_id.is_(None)),  # of a run neither a result nor a job
        sa.func.coalesce(sa.func.sum(made.c.n_objects), 0),
    )
    judged = sa.select(review.c.state).join(image, image.c.id == review.c.image_id).where(*in_project).subquery()
    states, _ = _count_each(connection, judged, judged.c.state, [one for one in REVIEW_STATES if one != UNREVIEWED])
    wells = connection.execute(
        sa.select(image.c.well_id, sa.func.count()).where(*in_project).group_by(image.c.well_id)
    ).all()
    conditions = sa.select(well.c.id, well.c.condition).join(plate, plate.c.id == well.c.plate_id)
    condition_of = _names(connection, conditions.where(plate.c.project_id == project_id))
    return Statistics(
        images=images,
        outlines=outlines,
        status=_counted([*status.items(), (NEW, new), (DONE, images - new - sum(status.values()))]),
        model=_counted([*((model_of[one] or "", n) for one, n in by_run.items()), ("", images - sum(by_run.values()))]),
        condition=_counted((condition_of.get(well_id) or "", count) for well_id, count in wells),
        review=_counted([*states.items(), (UNREVIEWED, images - sum(states.values()))]),
    )


def _count_each(
    connection: sa.Connection,
    rows: sa.Subquery,
    column: sa.ColumnElement[Any],
    values: Sequence[Any],
    *sums: sa.ColumnElement[int],
) -> tuple[dict[Any, int], list[int]]:
    """Count the rows that have each of some values; and work out sums over all rows."""
    if len(values) > MOST_IN_PASSING:
        groups = connection.execute(sa.select(column, sa.func.count()).group_by(column)).all()
        over_all = connection.execute(sa.select(*sums).select_from(rows)).one() if sums else ()
        return {value: int(count) for value, count in groups if value is not None}, list(map(int, over_all))
    counts = (sa.func.count().filter(column == value) for value in values)
    found = list(map(int, connection.execute(sa.select(*counts, *sums).select_from(rows)).one()))
    return dict(zip(values, found, strict=False)), found[len(values) :]


def _names(connection: sa.Connection, query: sa.Select[Any]) -> dict[int, str | None]:
    return {int(row_id): name for row_id, name in connection.execute(query)}


def _counted(counts: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Return the sum of counts by name, the largest first."""
    out: Counter[str] = Counter()
    for name, count in counts:
        out[name] += int(count)
    return {name: count for name, count in out.most_common() if count}
