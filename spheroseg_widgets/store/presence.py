"""Who is editing an image now: one row an image, which expires unless its owner prolongs it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from .leases import in_utc, is_gone
from .tables import image, now, presence


@dataclass(frozen=True, slots=True)
class Holder:
    """Who edits an image: the kernel, its author, and until when this is known."""

    owner: str
    author: str
    until: datetime


def holder_of(connection: sa.Connection, image_id: int) -> Holder | None:
    """Return who edits an image; None when nobody does, the lease ran out, or its process is gone."""
    row = connection.execute(sa.select(presence).where(presence.c.image_id == image_id)).first()
    if row is None or in_utc(row.until) <= now() or is_gone(str(row.owner)):
        return None
    return Holder(str(row.owner), str(row.author), in_utc(row.until))


def hold(
    connection: sa.Connection, image_id: int, owner: str, author: str, seconds: float, *, force: bool = False
) -> Holder | None:
    """Take or prolong the lease on an image.

    Parameters
    ----------
    force : bool
        Take it over from whoever holds it.

    Returns
    -------
    Holder or None
        Who else holds it, and nothing was taken; None when it is ours now.
    """
    connection.execute(sa.select(image.c.id).where(image.c.id == image_id).with_for_update())
    held = holder_of(connection, image_id)
    if held is not None and held.owner != owner and not force:
        return held
    values = {"owner": owner, "author": author, "until": now() + timedelta(seconds=seconds)}
    changed = connection.execute(presence.update().where(presence.c.image_id == image_id).values(values)).rowcount
    if not changed:
        connection.execute(presence.insert().values(image_id=image_id, **values))
    return None


def release(connection: sa.Connection, image_id: int, owner: str) -> None:
    """Give the lease back; one of another owner stays."""
    connection.execute(presence.delete().where(presence.c.image_id == image_id, presence.c.owner == owner))
