"""What a gallery shows, sorts and filters by, of all images of a project at once or of the first ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa
from numpy.typing import NDArray

from .columns import coded, fetch, floats, named, things
from .job_state import FAILED
from .tables import (
    exclusion,
    image,
    image_tag,
    job,
    model,
    outcome,
    plate,
    result,
    review,
    run,
    tag,
    well,
)

NEW, UNREVIEWED = "new", "unreviewed"
"""Status of an image of which there was no job yet, and review state of one of which nobody said anything."""


def overview(
    connection: sa.Connection, project_id: int, *, limit: int | None = None, only: int | None = None
) -> pd.DataFrame:
    """Return one row an image that is not deleted, in the order in which they were added, with the columns of a gallery.

    Parameters
    ----------
    limit : int, optional
        Only the first ones.
    only : int, optional
        Only the image of this id; reading it takes as long in a large project as in a small one.

    Returns
    -------
    DataFrame
        Columns as of `images_frame`: image_id, name, plate, well, condition, well_id, site, time_h, width, height,
        pixel_size_um, status, reason, run_id (of the result, else of the last job), model, review, excluded, confirmed_outcome, current_result_id, n_objects,
        total_area_px2, least_confidence, result_source, edited, touches_border, inner_px2, border_px2, tags; words that
        few images differ in are categories.
    """
    in_project = (image.c.project_id == project_id, image.c.deleted_at.is_(None), *_one(image.c.id, only))
    query = (
        sa.select(
            image.c.id.label("image_id"), image.c.name, image.c.plate_id, image.c.well_id, image.c.site, image.c.time_h,
            image.c.width, image.c.height, image.c.pixel_size_um, image.c.current_result_id,
            newest_job(job.c.status).label("status"),
            sa.func.coalesce(result.c.run_id, newest_job(job.c.run_id)).label("run_id"), result.c.n_objects,
            result.c.total_area_px2, result.c.least_confidence, result.c.source.label("result_source"),
            sa.func.coalesce(result.c.touches_border, sa.false()).label("touches_border"), result.c.inner_px2,
            result.c.border_px2,
        )
        .outerjoin(result, result.c.id == image.c.current_result_id)
        .where(*in_project)
        .order_by(image.c.id)
        .limit(limit)
    )  # fmt: skip
    column = fetch(connection, query)
    image_ids = np.array(column["image_id"], np.int64)
    well_ids, time_h = floats(column["well_id"]), floats(column["time_h"])
    run_ids = floats(column["run_id"])
    plates, models = (fetch(connection, names(project_id)) for names in (_plates, _models))
    well_id = column["well_id"][0] if only is not None and len(image_ids) else None
    wells = fetch(connection, _wells(project_id).where(*_one(well.c.id, well_id)))
    status = coded([NEW if status is None else status for status in column["status"]])
    reviews = coded(_sparse(connection, image_ids, _of_images(review.c.state, *in_project), UNREVIEWED))
    sources = coded(column["result_source"])
    reasons = _sparse(connection, image_ids, _reasons(project_id), None)
    reasons[status != FAILED] = None  # of an earlier job
    return pd.DataFrame(
        {
            "image_id": image_ids,
            "name": things(column["name"]),
            "plate": named(floats(column["plate_id"]), _by_id(plates, "name")),
            "well": named(well_ids, _by_id(wells, "name")),
            "condition": named(well_ids, _by_id(wells, "condition")),
            "well_id": well_ids,
            "site": np.array(column["site"], np.int64),
            "time_h": time_h,
            "width": np.array(column["width"], np.int64),
            "height": np.array(column["height"], np.int64),
            "pixel_size_um": floats(column["pixel_size_um"]),
            "status": status,
            "reason": things(reasons),
            "run_id": run_ids,
            "model": named(run_ids, _by_id(models, "name")),
            "review": reviews,
            "excluded": (reviews == "excluded") | excluded(connection, project_id, image_ids, well_ids, time_h),
            "confirmed_outcome": coded(
                _sparse(connection, image_ids, _of_images(outcome.c.outcome, *in_project), None)
            ),
            "current_result_id": floats(column["current_result_id"]),
            "n_objects": floats(column["n_objects"]),
            "total_area_px2": floats(column["total_area_px2"]),
            "least_confidence": floats(column["least_confidence"]),
            "result_source": sources,
            "edited": sources == "edit",
            "touches_border": np.array(column["touches_border"], bool),
            "inner_px2": floats(column["inner_px2"]),
            "border_px2": floats(column["border_px2"]),
            "tags": things(tags_of(connection, project_id, image_ids)),
        },
        copy=False,
    )


def _one(column: sa.Column[int], wanted: int | None) -> list[sa.ColumnElement[bool]]:
    """Return the condition that only one row is wanted; none where all are."""
    return [] if wanted is None else [column == wanted]


def newest_job(column: sa.ColumnElement[Any]) -> sa.ScalarSelect[Any]:
    """Return a column of the last job there was of an image, whatever became of it; told by an index alone."""
    return (
        sa.select(column)
        .where(job.c.image_id == image.c.id)
        .order_by(job.c.id.desc())
        .limit(1)
        .correlate(image)
        .scalar_subquery()
    )


def _plates(project_id: int) -> sa.Select[Any]:
    return sa.select(plate.c.id, plate.c.name).where(plate.c.project_id == project_id)


def _wells(project_id: int) -> sa.Select[Any]:
    query = sa.select(well.c.id, well.c.name, well.c.condition).join(plate, plate.c.id == well.c.plate_id)
    return query.where(plate.c.project_id == project_id)


def _models(project_id: int) -> sa.Select[Any]:
    query = sa.select(run.c.id, model.c.name).join(model, model.c.id == run.c.model_id)
    return query.where(run.c.project_id == project_id)


def _by_id(column: Mapping[str, Sequence[Any]], name: str) -> dict[int, str | None]:
    return dict(zip(column["id"], column[name], strict=True))


def _of_images(column: sa.Column[str], *in_project: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """Return the query of what was said of some images, in a table of its own."""
    of_image = column.table.c.image_id
    return sa.select(of_image.label("of"), column.label("said")).join(image, image.c.id == of_image).where(*in_project)


def _reasons(project_id: int) -> sa.Select[Any]:
    """Return the query of why jobs failed; of an image's several, the last one counts."""
    query = sa.select(job.c.image_id.label("of"), job.c.reason.label("said")).join(run, run.c.id == job.c.run_id)
    return query.where(run.c.project_id == project_id, job.c.status == FAILED).order_by(job.c.id)


def _sparse(
    connection: sa.Connection, image_ids: NDArray[np.int64], query: sa.Select[Any], otherwise: str | None
) -> NDArray[np.object_]:
    """Return what a query says of few images, and what holds for the others; image_id ascends."""
    out = np.full(len(image_ids), otherwise, object)
    if not len(image_ids):
        return out
    of = query.selected_columns["of"]
    column = fetch(connection, query.where(of.between(int(image_ids[0]), int(image_ids[-1]))))
    told = np.array(column["of"], np.int64)
    places = np.minimum(np.searchsorted(image_ids, told), len(image_ids) - 1)
    there = image_ids[places] == told
    out[places[there]] = np.array(column["said"], object)[there]
    return out


def excluded(
    connection: sa.Connection,
    project_id: int,
    image_ids: NDArray[np.int64],
    well_ids: NDArray[np.float64],
    time_h: NDArray[np.float64],
) -> NDArray[np.bool_]:
    """Return which images are excluded by a rule: themselves, their well, or their well from a time onward."""
    query = sa.select(exclusion.c.scope, exclusion.c.image_id, exclusion.c.well_id, exclusion.c.from_time_h)
    in_force = (exclusion.c.project_id == project_id, exclusion.c.undone_at.is_(None))
    images, wells, since = set(), set(), dict[int, float]()
    for rule in connection.execute(query.where(*in_force)):
        if rule.scope == "image":
            images.add(rule.image_id)
        elif rule.scope == "well":
            wells.add(rule.well_id)
        elif rule.scope == "well_from":
            since[rule.well_id] = min(rule.from_time_h, since.get(rule.well_id, np.inf))
    out = np.isin(image_ids, list(images)) | np.isin(well_ids, list(wells))
    for place in np.flatnonzero(np.isin(well_ids, list(since))):
        out[place] |= time_h[place] >= since[int(well_ids[place])]
    return out


def tags_of(connection: sa.Connection, project_id: int, image_ids: NDArray[np.int64]) -> NDArray[np.object_]:
    """Return the tags of images, a sorted tuple each; image_id ascends."""
    out = np.empty(len(image_ids), object)
    out.fill(())
    if not len(image_ids):
        return out
    query = (
        sa.select(image_tag.c.image_id, tag.c.name)
        .join(tag, tag.c.id == image_tag.c.tag_id)
        .where(tag.c.project_id == project_id, image_tag.c.image_id.between(int(image_ids[0]), int(image_ids[-1])))
    )
    column = fetch(connection, query)
    names: dict[int, list[str]] = {}
    for image_id, name in zip(column["image_id"], column["name"], strict=True):
        names.setdefault(image_id, []).append(name)
    tagged = np.array(sorted(names), np.int64)
    places = np.searchsorted(image_ids, tagged)
    for place, image_id in zip(places.tolist(), tagged.tolist(), strict=True):
        if image_ids[place] == image_id:  # else it is a deleted one
            out[place] = tuple(sorted(names[image_id]))  # here: each database has a language of its own for names
    return out
