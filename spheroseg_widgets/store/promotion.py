"""Taking back that a run's results hold: what they displaced holds again, with what people had said of it."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from . import audit
from .images import chunks
from .results import JUDGED_OUTLINES, set_state
from .tables import audit as lines
from .tables import image, result, review


@dataclass(slots=True)
class _Displaced:
    """What a result of the run displaced in one image: the revision, and the review state that went with it."""

    result_id: int | None
    state: str | None = None


def undo_promotion(
    connection: sa.Connection, project_id: int, run_id: int, author: str, *, first: bool = False
) -> list[int]:
    """Let the revisions hold again that results of a run displaced, and give back the review states they had.

    Images that have another result by now are left alone, as are those whose new outlines somebody approved meanwhile.

    Parameters
    ----------
    first : bool
        Also of images that had no result before: they have none again. Else they are left alone.

    Returns
    -------
    list of int
        The images that were changed.
    """
    query = (
        sa.select(image.c.id, image.c.current_result_id, review.c.state)
        .join(result, result.c.id == image.c.current_result_id)
        .outerjoin(review, review.c.image_id == image.c.id)
        .where(result.c.run_id == run_id, image.c.project_id == project_id, image.c.deleted_at.is_(None))
        .with_for_update(of=image)
    )
    holds = {int(row.id): (int(row.current_result_id), row.state) for row in connection.execute(query)}
    displaced = _displaced(connection, project_id, {one: it for one, (it, _) in holds.items()})
    if first:
        displaced = {one: displaced.get(one, _Displaced(None)) for one in holds}
    back = {one: it for one, it in sorted(displaced.items()) if holds[one][1] not in JUDGED_OUTLINES}
    for part in chunks(list(back)):
        connection.execute(
            image.update().where(image.c.id == sa.bindparam("of_image")).values(current_result_id=sa.bindparam("earlier")),
            [{"of_image": one, "earlier": back[one].result_id} for one in part],
        )  # fmt: skip
    for one, it in back.items():
        if it.state is not None:
            set_state(connection, one, it.state, author)
    audit.record_many(
        connection, project_id, author, "undo_promote", "image",
        {one: {"before": holds[one][0], "after": it.result_id, "state": it.state} for one, it in back.items()},
    )  # fmt: skip
    return list(back)


def _displaced(connection: sa.Connection, project_id: int, holds: dict[int, int]) -> dict[int, _Displaced]:
    """Return by image what gave way when the result that holds came to hold, as the audit says."""
    query = (
        sa.select(lines.c.action, lines.c.row_id, lines.c.detail)
        .where(
            lines.c.project_id == project_id, lines.c.row_table == "image", lines.c.action.in_(("promote", "unreview"))
        )
        .order_by(lines.c.id)
    )
    found: dict[int, _Displaced] = {}
    last: dict[int, _Displaced] = {}
    for row in connection.execute(query):
        one = int(row.row_id)
        if row.action == "unreview":  # written after the promotion that it belongs to
            if one in last:
                last[one].state = str(row.detail["before"])
            continue
        last[one] = _Displaced(int(row.detail["before"]))
        if row.detail["after"] == holds.get(one):
            found[one] = last[one]
    return found
