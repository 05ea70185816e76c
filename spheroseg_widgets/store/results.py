"""Revisions: what is outlined in an image, immutable; and which of them holds."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa

from spheroseg_widgets.errors import ConflictError
from spheroseg_widgets.measure.definitions import COMPUTED_COLUMNS
from spheroseg_widgets.outlines.outlines import Outlines

from . import audit
from .ids import uuid7
from .images import chunks
from .tables import COMPUTED, MEASUREMENTS, exclusion, geometry, image, model, now, outline, result, review, run

HELD_BY_A_PERSON = ("approved", "corrected", "excluded")
JUDGED_OUTLINES = ("approved", "corrected")
"""Review states that speak of the outlines which hold, not of the image."""


def add_revision(
    connection: sa.Connection,
    image_id: int,
    outlines: Outlines,
    objects: pd.DataFrame,
    *,
    source: str,
    author: str,
    run_id: int | None = None,
    parent_id: int | None = None,
    method: str = "contour",
    computed: Mapping[str, Any] | None = None,
    maps: str | None = None,
) -> int:
    """Store a revision; which one holds is `point_current`'s business.

    Parameters
    ----------
    outlines : Outlines
        In image pixels.
    objects : DataFrame
        One row an outline: any of outline_id (UUID; made when missing), class_name, confidence,
        touches_border, track, primary_by, parents, and the measurements in px.
    source : {"model", "edit", "import"}
        Where it comes from.
    method : {"contour", "trace"}
        Traced outlines are pixelated.
    computed : mapping, optional
        What a worker computed it with: `COMPUTED`, and sha256 of the file.
    maps : str, optional
        Key of the probability maps it was made of, see `map_cache.py`.

    Returns
    -------
    int
        The revision's id.
    """
    if len(objects) != len(outlines):
        raise ValueError(f"{len(outlines)} outlines but {len(objects)} rows")
    area = objects["area_px2"].sum() if "area_px2" in objects else 0.0
    confidence = objects["confidence"].min() if len(objects) and "confidence" in objects else None
    made = connection.execute(
        result.insert().values(
            image_id=image_id,
            parent_id=parent_id,
            run_id=run_id,
            source=source,
            method=method,
            n_objects=len(outlines),
            total_area_px2=float(area),
            least_confidence=None if confidence is None or pd.isna(confidence) else float(confidence),
            author=author,
            created_at=now(),
            computed=None if computed is None else dict(computed),
            maps=maps,
        )
    ).inserted_primary_key
    assert made is not None
    result_id = int(made[0])
    connection.execute(geometry.insert().values(result_id=result_id, blob=outlines.to_bytes()))
    rows = [_row(result_id, number, values) for number, values in enumerate(objects.to_dict("records"), start=1)]
    if rows:
        connection.execute(outline.insert(), rows)
    return result_id


def _row(result_id: int, number: int, values: dict[Any, Any]) -> dict[str, Any]:
    given = values.get("outline_id")
    track = _given(values, "track")
    row: dict[str, Any] = {
        "result_id": result_id,
        "number": number,
        "outline_id": given
        if isinstance(given, uuid.UUID)
        else (uuid.UUID(given) if isinstance(given, str) else uuid7()),
        "class_name": _given(values, "class_name") or "spheroid",
        "confidence": _number(values.get("confidence")),
        "touches_border": bool(_given(values, "touches_border")),
        "track": None if track is None else int(track),
        "primary_by": _given(values, "primary_by"),
        "parents": _given(values, "parents"),
    }
    row.update({name: _number(values.get(name)) for name in MEASUREMENTS})
    return row


def _given(values: dict[Any, Any], name: str) -> Any:
    # A frame of mixed rows holds NaN where a row has nothing; bool(NaN) would be True.
    value = values.get(name)
    return None if isinstance(value, float) and np.isnan(value) else value


def _number(value: Any) -> float | None:
    return None if value is None or not np.isfinite(value) else float(value)


def point_current(
    connection: sa.Connection, image_id: int, result_id: int, *, author: str, replace_edits: bool = False
) -> bool:
    """Let a new model result hold, unless a person's judgement stands in its way.

    Parameters
    ----------
    replace_edits : bool
        Asked for by name: also displace what was edited, approved or excluded.

    Returns
    -------
    bool
        Whether the pointer moved. Either way the revision is kept.
    """
    row = connection.execute(
        sa.select(
            image.c.project_id,
            image.c.current_result_id,
            image.c.well_id,
            image.c.time_h,
            result.c.source,
            review.c.state,
        )
        .select_from(image)
        .outerjoin(result, result.c.id == image.c.current_result_id)
        .outerjoin(review, review.c.image_id == image.c.id)
        .where(image.c.id == image_id)
        .with_for_update(of=image)
    ).one()
    rules = [exclusion.c.image_id == image_id]
    if row.well_id is not None:
        from_then = exclusion.c.from_time_h.is_(None)
        if row.time_h is not None:
            from_then |= exclusion.c.from_time_h <= row.time_h
        rules.append((exclusion.c.well_id == row.well_id) & from_then)
    in_force = (exclusion.c.project_id == row.project_id, exclusion.c.undone_at.is_(None))
    excluded = connection.scalar(sa.select(exclusion.c.id).where(*in_force, sa.or_(*rules)).limit(1)) is not None
    held = row.source in {"edit", "import"} or row.state in HELD_BY_A_PERSON or excluded
    if row.current_result_id == result_id or (row.current_result_id is not None and held and not replace_edits):
        return False
    connection.execute(image.update().where(image.c.id == image_id).values(current_result_id=result_id))
    if row.current_result_id is not None:
        audit.record(
            connection,
            row.project_id,
            author,
            "promote",
            "image",
            image_id,
            before=row.current_result_id,
            after=result_id,
        )
    if row.state in JUDGED_OUTLINES:
        # Nobody has seen these outlines yet. An exclusion is of the image, and stays.
        set_state(connection, image_id, "unreviewed", author)
        audit.record(connection, row.project_id, author, "unreview", "image", image_id, before=row.state)
    return True


def save_edit(
    connection: sa.Connection,
    image_id: int,
    outlines: Outlines,
    objects: pd.DataFrame,
    *,
    parent_id: int | None,
    author: str,
    source: str = "edit",
) -> int:
    """Store a person's correction on top of the revision it was made from.

    Raises
    ------
    KeptConflictError
        Another revision holds by now. The correction is in the transaction as a revision of its own: commit
        before raising it on, and both are kept.
    """
    current = connection.execute(
        sa.select(image.c.project_id, image.c.current_result_id, image.c.name)
        .where(image.c.id == image_id)
        .with_for_update()
    ).one()
    saved = add_revision(connection, image_id, outlines, objects, source=source, author=author, parent_id=parent_id)
    if current.current_result_id != parent_id:
        audit.record(connection, current.project_id, author, "conflict", "result", saved, parent=parent_id)
        raise KeptConflictError(
            f"{current.name}: another revision ({current.current_result_id}) was saved meanwhile; yours is kept as "
            f"revision {saved}",
            saved,
        )
    connection.execute(image.update().where(image.c.id == image_id).values(current_result_id=saved))
    set_state(connection, image_id, "corrected", author)
    audit.record(connection, current.project_id, author, "save", "result", saved, image=image_id, parent=parent_id)
    return saved


class KeptConflictError(ConflictError):
    """A correction that met a newer revision; it was kept as revision `result_id`."""

    def __init__(self, message: str, result_id: int) -> None:
        super().__init__(message)
        self.result_id = result_id


def set_state(connection: sa.Connection, image_id: int, state: str, author: str) -> None:
    """Write the review state of an image."""
    connection.execute(review.delete().where(review.c.image_id == image_id))
    connection.execute(review.insert().values(image_id=image_id, state=state, author=author, created_at=now()))


def load_outlines(connection: sa.Connection, result_id: int) -> tuple[Outlines, pd.DataFrame]:
    """Return a revision's outlines and their rows, in the same order."""
    blob = connection.scalar(sa.select(geometry.c.blob).where(geometry.c.result_id == result_id))
    outlines = Outlines.empty() if blob is None else Outlines.from_bytes(blob)
    rows = pd.read_sql(
        sa.select(outline).where(outline.c.result_id == result_id).order_by(outline.c.number), connection
    )
    return outlines, rows


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
    frame = pd.read_sql(query.order_by(result.c.image_id, outline.c.number), connection)
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
    return pd.read_sql(query, connection).set_index("image_id")


def revisions_frame(connection: sa.Connection, image_id: int) -> pd.DataFrame:
    """Return the revisions of an image, oldest first."""
    return pd.read_sql(sa.select(result).where(result.c.image_id == image_id).order_by(result.c.id), connection)


def blobs(connection: sa.Connection, result_ids: Sequence[int]) -> dict[int, Outlines]:
    """Return the outlines of several revisions at once."""
    query = sa.select(geometry.c.result_id, geometry.c.blob)
    return {
        int(result_id): Outlines.from_bytes(blob)
        for part in chunks(list(result_ids))
        for result_id, blob in connection.execute(query.where(geometry.c.result_id.in_(part)))
    }
