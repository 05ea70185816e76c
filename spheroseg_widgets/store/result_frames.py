"""Tables of revisions and of what is outlined in them."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import sqlalchemy as sa

from spheroseg_widgets.measure.definitions import COMPUTED_COLUMNS

from .images import chunks
from .tables import COMPUTED, exclusion, image, model, outline, result, run


def objects_frame(connection: sa.Connection, project_id: int, run_id: int | None = None) -> pd.DataFrame:
    """Return one row an outline, of the revisions that hold or of one run's, with image_id and result_id.

    `excluded_object` is True where the object itself was excluded. `COMPUTED_COLUMNS` say how it was computed.
    """
    query = sa.select(
        result.c.image_id, result.c.source.label("result_source"), result.c.method, result.c.run_id, outline
    ).join(result, result.c.id == outline.c.result_id)
    if run_id is None:
        query = query.join(image, image.c.current_result_id == result.c.id)
    else:
        query = query.join(image, image.c.id == result.c.image_id).where(result.c.run_id == run_id)
    query = query.where(image.c.project_id == project_id, image.c.deleted_at.is_(None))
    frame = pd.read_sql_query(query.order_by(result.c.image_id, outline.c.number), connection)
    gone = set(
        connection.scalars(
            sa.select(exclusion.c.outline_id).where(
                exclusion.c.project_id == project_id,
                exclusion.c.scope == "object",
                exclusion.c.undone_at.is_(None),
            )
        )
    )
    frame["excluded_object"] = frame["outline_id"].isin(gone)
    how = computed_frame(connection, frame["result_id"].unique().tolist())
    return frame.join(how, on="result_id")


def computed_frame(connection: sa.Connection, result_ids: Sequence[int]) -> pd.DataFrame:
    """Return `COMPUTED_COLUMNS` of revisions, by result_id; missing where no run made one."""
    query = (
        sa.select(result.c.id, result.c.computed, model.c.name, model.c.version)
        .join(run, run.c.id == result.c.run_id)
        .join(model, model.c.id == run.c.model_id)
    )
    rows = [
        (row.id, row.name, row.version, *((row.computed or {}).get(name) for name in COMPUTED))
        for part in chunks(list(result_ids))
        for row in connection.execute(query.where(result.c.id.in_(part)))
    ]
    frame = pd.DataFrame(rows, columns=["result_id", *COMPUTED_COLUMNS]).set_index("result_id")
    return frame.astype({"scale": float, "threshold": float})


def maps_frame(connection: sa.Connection, project_id: int, run_id: int | None = None) -> pd.DataFrame:
    """Return the newest revision of each image that was made of probability maps, by image_id.

    Parameters
    ----------
    run_id : int, optional
        Only of this run.

    Returns
    -------
    DataFrame
        result_id, run_id, model_id, maps (their key), computed (a dict).
    """
    wanted = [image.c.project_id == project_id, image.c.deleted_at.is_(None), result.c.maps.is_not(None)]
    if run_id is not None:
        wanted.append(result.c.run_id == run_id)
    newest = (
        sa.select(sa.func.max(result.c.id).label("id"))
        .join(image, image.c.id == result.c.image_id)
        .where(*wanted)
        .group_by(result.c.image_id)
        .subquery()
    )
    query = (
        sa.select(
            result.c.image_id, result.c.id.label("result_id"), result.c.run_id, run.c.model_id, result.c.maps,
            result.c.computed,
        )
        .join(newest, newest.c.id == result.c.id)
        .join(run, run.c.id == result.c.run_id)
        .order_by(result.c.image_id)
    )  # fmt: skip
    return pd.read_sql_query(query, connection).set_index("image_id")


def revisions_frame(connection: sa.Connection, image_id: int) -> pd.DataFrame:
    """Return the revisions of an image, oldest first."""
    return pd.read_sql_query(sa.select(result).where(result.c.image_id == image_id).order_by(result.c.id), connection)
