"""The dispatcher's lease on a project: one at a time, and a dead one is noticed."""

from __future__ import annotations

import os
import socket
import uuid
from datetime import datetime, timedelta

import sqlalchemy as sa

from .database import process_lives
from .tables import lease, now


def new_owner() -> str:
    """Return a name for something of this process that holds leases."""
    return f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"


def acquire_lease(connection: sa.Connection, project_id: int, owner: str, seconds: float) -> bool:
    """Take or prolong the dispatcher's lease on a project; False when another, living one holds it."""
    holder = lease_holder(connection, project_id)
    if holder is not None and holder != owner:
        return False
    until = now() + timedelta(seconds=seconds)
    changed = connection.execute(
        lease.update().where(lease.c.project_id == project_id).values(owner=owner, until=until)
    ).rowcount
    if not changed:
        connection.execute(lease.insert().values(project_id=project_id, owner=owner, until=until))
    return True


def lease_holder(connection: sa.Connection, project_id: int) -> str | None:
    """Return who holds a project's lease; None when nobody does, it ran out, or its process is gone."""
    held = connection.execute(sa.select(lease.c.owner, lease.c.until).where(lease.c.project_id == project_id)).first()
    if held is None or in_utc(held.until) <= now() or is_gone(str(held.owner)):
        return None
    return str(held.owner)


def release_lease(connection: sa.Connection, project_id: int, owner: str) -> None:
    """Give the lease back."""
    connection.execute(lease.delete().where(lease.c.project_id == project_id, lease.c.owner == owner))


def in_utc(moment: datetime) -> datetime:
    """Return a stored time with its zone, which SQLite does not keep."""
    return moment if moment.tzinfo else moment.replace(tzinfo=now().tzinfo)


def is_gone(owner: str) -> bool:
    """Whether the owner was a process of this host that has ended: a restarted kernel need not wait for it."""
    host, _, rest = owner.rpartition(":")[0].rpartition(":")
    return host == socket.gethostname() and rest.isdecimal() and not process_lives(int(rest))
