"""Revisions: what is outlined in an image, immutable; and which of them holds."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import sqlalchemy as sa

from spheroseg_widgets.errors import ConflictError
from spheroseg_widgets.outlines.outlines import Outlines

from . import audit
from .glance import SPHEROID, at_a_glance, finite, known
from .ids import uuid7
from .images import chunks
from .tables import MEASUREMENTS, exclusion, geometry, image, now, outline, result, review

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
    **more: Any,
) -> int:
    """Store one revision; returns its id. As `add_revisions`, with the fields of `NewRevision`; columns are a table's."""
    columns = {str(name): column.tolist() for name, column in objects.items()}
    new = NewRevision(image_id, outlines, len(objects), columns, source=source, author=author, **more)
    return add_revisions(connection, [new])[0]


@dataclass(frozen=True, slots=True)
class NewRevision:
    """What is to be stored of one image.

    Parameters
    ----------
    image_id : int
        The image.
    outlines : Outlines
        In image pixels.
    count : int
        Rows of `objects`: as many as outlines.
    objects : mapping
        Columns by name, one value an outline: any of outline_id (UUID; made when missing), class_name, confidence,
        touches_border, track, primary_by, parents, and the measurements in px.
    source : {"model", "edit", "import"}
        Where it comes from.
    author : str
        Whose it is.
    run_id, parent_id : int, optional
        The run that made it; the revision it was made from.
    method : {"contour", "trace"}
        Traced outlines are pixelated.
    computed : mapping, optional
        What a worker computed it with: `COMPUTED`, and sha256 of the file.
    maps : str, optional
        Key of the probability maps it was made of, see `map_cache.py`.
    """

    image_id: int
    outlines: Outlines
    count: int
    objects: Mapping[str, Sequence[Any]]
    source: str
    author: str
    run_id: int | None = None
    parent_id: int | None = None
    method: str = "contour"
    computed: Mapping[str, Any] | None = None
    maps: str | None = None


def add_revisions(connection: sa.Connection, revisions: Sequence[NewRevision]) -> list[int]:
    """Store revisions, many at a time; which one holds is the business of `point_current`.

    Returns
    -------
    list of int
        Their ids, in the same order.

    Raises
    ------
    ValueError
        One has more or fewer rows than outlines.
    """
    for new in revisions:
        if new.count != len(new.outlines):
            raise ValueError(f"{len(new.outlines)} outlines but {new.count} rows")
    if not revisions:
        return []
    made = connection.scalars(
        result.insert().returning(result.c.id, sort_by_parameter_order=True),
        [
            {
                "image_id": new.image_id, "parent_id": new.parent_id, "run_id": new.run_id, "source": new.source,
                "method": new.method, "n_objects": new.count,
                "total_area_px2": sum(finite(value) or 0.0 for value in new.objects.get("area_px2", ())),
                "least_confidence": _least(new.objects.get("confidence", ())), "author": new.author, "created_at": now(),
                **at_a_glance(new.count, new.objects),
                "computed": None if new.computed is None else dict(new.computed), "maps": new.maps,
            }
            for new in revisions
        ],
    )  # fmt: skip
    ids = [int(one) for one in made]
    pairs = list(zip(ids, revisions, strict=True))
    connection.execute(geometry.insert(), [{"result_id": one, "blob": new.outlines.to_bytes()} for one, new in pairs])
    rows = [
        _row(one, number, dict(zip(new.objects, values, strict=True)))
        for one, new in pairs
        if new.count
        for number, values in enumerate(
            zip(*new.objects.values(), strict=True) if new.objects else [()] * new.count, start=1
        )
    ]
    if rows:
        connection.execute(outline.insert(), rows)
    return ids


def _least(confidences: Sequence[Any]) -> float | None:
    said = [value for one in confidences if (value := finite(one)) is not None]
    return min(said, default=None)


def _row(result_id: int, number: int, values: dict[Any, Any]) -> dict[str, Any]:
    given = values.get("outline_id")
    track = _given(values, "track")
    row: dict[str, Any] = {
        "result_id": result_id,
        "number": number,
        "outline_id": given
        if isinstance(given, uuid.UUID)
        else (uuid.UUID(given) if isinstance(given, str) else uuid7()),
        "class_name": _given(values, "class_name") or SPHEROID,
        "confidence": finite(values.get("confidence")),
        "touches_border": bool(_given(values, "touches_border")),
        "track": None if track is None else int(track),
        "primary_by": _given(values, "primary_by"),
        "parents": _given(values, "parents"),
    }
    row.update({name: finite(values.get(name)) for name in MEASUREMENTS})
    return row


def _given(values: dict[Any, Any], name: str) -> Any:
    return known(values.get(name))


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


def point_many(
    connection: sa.Connection,
    project_id: int,
    results: Mapping[int, int],
    *,
    author: str,
    replace_edits: bool = False,
) -> None:
    """Let new model results hold, as `point_current` does for each: result id by image id.

    What nobody has judged is done together, and the rest one by one.
    """
    in_force = (exclusion.c.project_id == project_id, exclusion.c.undone_at.is_(None))
    excludes = connection.scalar(sa.select(exclusion.c.id).where(*in_force).limit(1)) is not None
    plain: dict[int, int | None] = {}
    for part in chunks(list(results)):
        rows = connection.execute(
            sa.select(image.c.id, image.c.current_result_id, result.c.source, review.c.state)
            .select_from(image)
            .outerjoin(result, result.c.id == image.c.current_result_id)
            .outerjoin(review, review.c.image_id == image.c.id)
            .where(image.c.id.in_(part))
            .with_for_update(of=image)
        )
        for row in rows:
            first = row.current_result_id is None and row.state not in JUDGED_OUTLINES
            after = row.source == "model" and row.state not in HELD_BY_A_PERSON and not excludes
            if first or after:
                plain[int(row.id)] = row.current_result_id
    if plain:
        connection.execute(
            image.update()
            .where(image.c.id == sa.bindparam("of_image"))
            .values(current_result_id=sa.bindparam("new_result")),
            [{"of_image": one, "new_result": results[one]} for one in plain],
        )
    audit.record_many(
        connection,
        project_id,
        author,
        "promote",
        "image",
        {one: {"before": before, "after": results[one]} for one, before in plain.items() if before is not None},
    )
    for image_id in results.keys() - plain.keys():
        point_current(connection, image_id, results[image_id], author=author, replace_edits=replace_edits)


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


def current_result(connection: sa.Connection, image_id: int) -> int | None:
    """Return the revision of an image that holds; None before the first."""
    found = connection.scalar(sa.select(image.c.current_result_id).where(image.c.id == image_id))
    return None if found is None else int(found)


def load_outlines(connection: sa.Connection, result_id: int) -> tuple[Outlines, pd.DataFrame]:
    """Return a revision's outlines and their rows, in the same order."""
    blob = connection.scalar(sa.select(geometry.c.blob).where(geometry.c.result_id == result_id))
    outlines = Outlines.empty() if blob is None else Outlines.from_bytes(blob)
    rows = pd.read_sql_query(
        sa.select(outline).where(outline.c.result_id == result_id).order_by(outline.c.number), connection
    )
    return outlines, rows


def blobs(connection: sa.Connection, result_ids: Sequence[int]) -> dict[int, Outlines]:
    """Return the outlines of several revisions at once."""
    query = sa.select(geometry.c.result_id, geometry.c.blob)
    return {
        int(result_id): Outlines.from_bytes(blob)
        for part in chunks(list(result_ids))
        for result_id, blob in connection.execute(query.where(geometry.c.result_id.in_(part)))
    }
