"""Who answers for a run: the process that asked for it, or the dispatcher that took it up."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from .database import process_lives
from .job_state import QUEUED, RUNNING
from .leases import in_utc, lease_holder
from .progress import record_event
from .tables import event, now, run

REQUESTED = "run_requested"
"""Kind of event: a process answers for the run from now on."""
GRACE_SECONDS = 45.0
"""How long a run may lie without a dispatcher before it counts as interrupted: one has to start, and load its packages."""

# What a dispatcher asks several times a second: made once.
_REQUEST_OF = (
    sa.select(event.c.detail, event.c.created_at)
    .where(
        event.c.project_id == sa.bindparam("of_project"),
        event.c.run_id == sa.bindparam("of_run"),
        event.c.kind == REQUESTED,
    )
    .order_by(event.c.id.desc())
    .limit(1)
)
_OPEN_RUNS = (
    sa.select(run.c.id, run.c.author, run.c.status)
    .where(run.c.project_id == sa.bindparam("of_project"), run.c.status.in_((QUEUED, RUNNING)))
    .order_by(run.c.id)
)


@dataclass(frozen=True, slots=True)
class Request:
    """Who answers for a run.

    Parameters
    ----------
    process : str
        ``host:pid``.
    detached : bool
        Whether a dispatcher in a process of its own works on it, or is to.
    taken : bool
        Whether that process is the dispatcher's; else it only asked for one.
    cluster : dict
        Which cluster was asked for, see `jobs/cluster.py`.
    at : datetime
        Since when.
    """

    process: str
    detached: bool
    taken: bool
    cluster: Mapping[str, Any]
    at: datetime

    @property
    def gone(self) -> bool:
        """Whether the process was one of this host that has ended."""
        return process_is_gone(self.process)


@dataclass(frozen=True, slots=True)
class OpenRun:
    """A run of which images are left."""

    run_id: int
    author: str
    status: str
    request: Request | None


def this_process() -> str:
    """Return the name of this process in the store."""
    return f"{socket.gethostname()}:{os.getpid()}"


def process_is_gone(process: str) -> bool:
    """Whether a process named as in `this_process` was one of this host that has ended."""
    host, _, number = process.rpartition(":")
    return host == socket.gethostname() and number.isdecimal() and not process_lives(int(number))


def request_run(
    connection: sa.Connection,
    project_id: int,
    run_id: int,
    *,
    cluster: Mapping[str, Any],
    detached: bool = False,
    taken: bool = True,
) -> None:
    """Write down that this process answers for a run from now on."""
    record_event(
        connection,
        project_id,
        run_id,
        REQUESTED,
        process=this_process(),
        detached="yes" if detached else "",
        taken="yes" if taken else "",
        cluster=json.dumps(dict(cluster)),
    )


def request_of(connection: sa.Connection, project_id: int, run_id: int) -> Request | None:
    """Return who answers for a run; None where nobody ever did."""
    found = connection.execute(_REQUEST_OF, {"of_project": project_id, "of_run": run_id}).first()
    if found is None:
        return None
    detail = found.detail
    return Request(
        process=str(detail["process"]),
        detached=bool(detail["detached"]),
        taken=bool(detail["taken"]),
        cluster=json.loads(detail["cluster"]),
        at=in_utc(found.created_at),
    )


def open_runs(connection: sa.Connection, project_id: int, *, but: Collection[int] = ()) -> list[OpenRun]:
    """Return the runs that are not ended, oldest first, but for some of which the caller knows."""
    rows = connection.execute(_OPEN_RUNS, {"of_project": project_id}).all()
    return [
        OpenRun(int(row.id), str(row.author), str(row.status), request_of(connection, project_id, int(row.id)))
        for row in rows
        if int(row.id) not in but
    ]


def is_interrupted(connection: sa.Connection, project_id: int, run_id: int) -> bool:
    """Whether nobody works on an open run any more, nor is about to."""
    asked = request_of(connection, project_id, run_id)
    if asked is not None and asked.taken and asked.gone:
        return True
    if asked is not None and (now() - asked.at).total_seconds() < GRACE_SECONDS:
        return False
    return lease_holder(connection, project_id) is None
