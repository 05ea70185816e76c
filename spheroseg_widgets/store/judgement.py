"""What people decided: review states, exclusions, confirmed outcomes. Apart from the work, so that re-runs keep it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

import pandas as pd
import sqlalchemy as sa

from spheroseg_widgets.errors import StoreError

from . import audit
from .images import check_own, chunks
from .tables import exclusion, image, now, outcome, outline, result, review

REVIEW_STATES = ("unreviewed", "approved", "corrected", "excluded")
CONFIRMED_OUTCOMES = ("absent", "unusable")


def set_review(connection: sa.Connection, project_id: int, image_ids: Sequence[int], state: str, author: str) -> None:
    """Write the review state of images.

    Raises
    ------
    StoreError
        An image of another project.
    """
    if state not in REVIEW_STATES:
        raise ValueError(f"no review state {state!r}; there are {', '.join(REVIEW_STATES)}")
    check_own(connection, project_id, image_ids)
    made = {"state": state, "author": author, "created_at": now()}
    for part in chunks(list(dict.fromkeys(image_ids))):
        connection.execute(review.delete().where(review.c.image_id.in_(part)))
        connection.execute(review.insert(), [{"image_id": one, **made} for one in part])
    audit.record(connection, project_id, author, "review", "image", "many", state=state, images=list(image_ids))


def set_outcome(
    connection: sa.Connection,
    project_id: int,
    image_ids: Sequence[int],
    value: str | None,
    reason: str,
    author: str,
) -> None:
    """Confirm that a spheroid is absent (size 0, a real zero) or an image unusable; None takes it back.

    Raises
    ------
    StoreError
        An image of another project.
    """
    if value is not None and value not in CONFIRMED_OUTCOMES:
        raise ValueError(f"a person confirms {' or '.join(CONFIRMED_OUTCOMES)}, not {value!r}")
    check_own(connection, project_id, image_ids)
    made = {"outcome": value, "reason": reason, "author": author, "created_at": now()}
    for part in chunks(list(dict.fromkeys(image_ids))):
        connection.execute(outcome.delete().where(outcome.c.image_id.in_(part)))
        if value is not None:
            connection.execute(outcome.insert(), [{"image_id": one, **made} for one in part])
    audit.record(connection, project_id, author, "outcome", "image", "many", outcome=value, images=list(image_ids))


def exclude(
    connection: sa.Connection,
    project_id: int,
    scope: str,
    *,
    reason: str,
    author: str,
    image_id: int | None = None,
    well_id: int | None = None,
    outline_id: uuid.UUID | None = None,
    from_time_h: float | None = None,
) -> int:
    """Leave an object, an image, a well, or a well from a time onward out of the judgement; returns the rule's id.

    Raises
    ------
    StoreError
        The project has no such image, or no outline of this id.
    """
    if image_id is not None:
        check_own(connection, project_id, [image_id])
    if scope == "object" and image_id is None:
        # The image is what keeps a re-run from putting new outlines in the place of the excluded one.
        image_id = connection.scalar(
            sa.select(result.c.image_id)
            .join(outline, outline.c.result_id == result.c.id)
            .join(image, image.c.id == result.c.image_id)
            .where(outline.c.outline_id == outline_id, image.c.project_id == project_id)
            .limit(1)
        )
        if image_id is None:
            raise StoreError(f"outline {outline_id}: there is none of this id in this project")
    values = {
        "project_id": project_id,
        "scope": scope,
        "image_id": image_id,
        "well_id": well_id,
        "outline_id": outline_id,
        "from_time_h": from_time_h,
    }
    made = connection.execute(
        exclusion.insert().values(**values, reason=reason, author=author, created_at=now())
    ).inserted_primary_key
    assert made is not None
    audit.record(connection, project_id, author, "exclude", "exclusion", made[0], scope=scope, reason=reason)
    return int(made[0])


def exclude_images(
    connection: sa.Connection, project_id: int, image_ids: Sequence[int], *, reason: str, author: str
) -> dict[int, int]:
    """Leave images out, each by an exclusion of its own; returns the exclusion's id by image.

    An image that is excluded by itself already keeps what was said then, and is not in what is returned.

    Raises
    ------
    StoreError
        An image of another project.
    """
    wanted = list(dict.fromkeys(image_ids))
    check_own(connection, project_id, wanted)
    there = (exclusion.c.project_id == project_id, exclusion.c.scope == "image", exclusion.c.undone_at.is_(None))
    gone = {
        one
        for part in chunks(wanted)
        for one in connection.scalars(sa.select(exclusion.c.image_id).where(*there, exclusion.c.image_id.in_(part)))
    }
    common = {"project_id": project_id, "scope": "image", "reason": reason, "author": author, "created_at": now()}
    made: dict[int, int] = {}
    insert = exclusion.insert().returning(exclusion.c.image_id, exclusion.c.id)
    for part in chunks([one for one in wanted if one not in gone]):
        made |= {int(of): int(one) for of, one in connection.execute(insert, [{**common, "image_id": i} for i in part])}
    details = {one: {"scope": "image", "reason": reason} for one in made.values()}
    audit.record_many(connection, project_id, author, "exclude", "exclusion", details)
    return made


def undo_exclusions(connection: sa.Connection, project_id: int, ids: Sequence[int], author: str) -> list[int]:
    """Take exclusions back; returns those that were in force."""
    undone = [
        int(one)
        for part in chunks(ids)
        for one in connection.scalars(
            exclusion.update()
            .where(exclusion.c.id.in_(part), exclusion.c.project_id == project_id, exclusion.c.undone_at.is_(None))
            .values(undone_at=now(), undone_by=author)
            .returning(exclusion.c.id)
        )
    ]
    audit.record_many(connection, project_id, author, "undo_exclusion", "exclusion", {one: {} for one in undone})
    return undone


def undo_exclusion(connection: sa.Connection, project_id: int, exclusion_id: int, author: str) -> None:
    """Take an exclusion back; the row stays as history.

    Raises
    ------
    StoreError
        The project has no such exclusion in force.
    """
    if not undo_exclusions(connection, project_id, [exclusion_id], author):
        raise StoreError(f"exclusion {exclusion_id}: there is none of this number in force in this project")


def exclusions_frame(connection: sa.Connection, project_id: int) -> pd.DataFrame:
    """Return every exclusion of a project, undone ones too, with the image's name."""
    query = (
        sa.select(exclusion, image.c.name)
        .outerjoin(image, image.c.id == exclusion.c.image_id)
        .where(exclusion.c.project_id == project_id)
        .order_by(exclusion.c.id)
    )
    return pd.read_sql_query(query, connection)
