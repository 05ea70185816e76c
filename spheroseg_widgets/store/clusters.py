"""The clusters that dispatchers have open, written by them for whoever watches; and wishes for more or fewer workers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from .leases import in_utc
from .requests import process_is_gone, this_process
from .tables import event, now

OPENED, SIZED, CLOSED, SCALE = "cluster_opened", "cluster_sized", "cluster_closed", "cluster_scale"
"""Kinds of event: of the process that holds the cluster the first three, of whoever wishes another size the last."""

# What a dispatcher asks time and again: made once.
_SIZES_AFTER = (
    sa.select(event.c.id, event.c.detail)
    .where(event.c.project_id == sa.bindparam("of_project"), event.c.id > sa.bindparam("after"), event.c.kind == SCALE)
    .order_by(event.c.id)
)


@dataclass(frozen=True, slots=True)
class OpenCluster:
    """A cluster that a dispatcher has open.

    Parameters
    ----------
    id : int
        Of the event that told of it.
    process : str
        ``host:pid`` of the dispatcher.
    address : str
        Of the scheduler.
    local : bool
        Whether it was made for the project's runs on the dispatcher's machine, so that its size is ours to change.
    security : tuple of (str, str)
        TLS settings of a connection, as in `jobs/cluster.py`.
    here : str
        Name, in the dispatcher's process, of a cluster that only this process can reach; else empty.
    dashboard : str
        Address of Dask's dashboard; empty where there is none.
    workers : int or None
        Processes it is to have; None where nobody fixed a number.
    most : int or None
        It grows to this many by itself, and shrinks again.
    room : int
        Workers that the dispatcher's machine has cores and memory for.
    opened_at : datetime
        Since when.
    """

    id: int
    process: str
    address: str
    local: bool
    security: tuple[tuple[str, str], ...]
    here: str
    dashboard: str
    workers: int | None
    most: int | None
    room: int
    opened_at: datetime

    @property
    def gone(self) -> bool:
        """Whether the dispatcher's process was one of this host that has ended, and its cluster with it."""
        return process_is_gone(self.process)


def record_opened(
    connection: sa.Connection,
    project_id: int,
    *,
    address: str,
    local: bool,
    security: tuple[tuple[str, str], ...] = (),
    here: str = "",
    dashboard: str = "",
    workers: int | None = None,
    most: int | None = None,
    room: int = 1,
) -> int:
    """Write down that this process has a cluster open, see `OpenCluster`; returns its number."""
    detail = {
        "process": this_process(), "address": address, "local": local, "security": [list(one) for one in security],
        "here": here, "dashboard": dashboard, "workers": workers, "most": most, "room": room,
    }  # fmt: skip
    return _record(connection, project_id, OPENED, detail)


def record_size(
    connection: sa.Connection, project_id: int, cluster_id: int, workers: int | None, most: int | None = None
) -> None:
    """Write down how many workers a cluster is to have from now on, and to how many it grows by itself."""
    _record(connection, project_id, SIZED, {"cluster": cluster_id, "workers": workers, "most": most})


def record_closed(connection: sa.Connection, project_id: int, cluster_id: int) -> None:
    """Write down that a cluster is closed."""
    _record(connection, project_id, CLOSED, {"cluster": cluster_id})


def request_size(connection: sa.Connection, project_id: int, cluster_id: int, workers: int, author: str) -> None:
    """Ask the dispatcher that holds a cluster for another number of workers."""
    _record(connection, project_id, SCALE, {"cluster": cluster_id, "workers": workers, "author": author})


def requested_sizes(connection: sa.Connection, project_id: int, after: int) -> list[tuple[int, int, int]]:
    """Return the wishes that came after one, oldest first: each its number, the cluster, and the workers."""
    rows = connection.execute(_SIZES_AFTER, {"of_project": project_id, "after": after}).all()
    return [(int(row.id), int(row.detail["cluster"]), int(row.detail["workers"])) for row in rows]


def open_clusters(connection: sa.Connection, project_id: int) -> list[OpenCluster]:
    """Return a project's open clusters, oldest first; those of processes that are gone are not among them."""
    rows = connection.execute(
        sa.select(event.c.id, event.c.kind, event.c.detail, event.c.created_at)
        .where(event.c.project_id == project_id, event.c.kind.in_((OPENED, SIZED, CLOSED, SCALE)))
        .order_by(event.c.id)
    ).all()
    found: dict[int, OpenCluster] = {}
    for row in rows:
        if row.kind == OPENED:
            found[int(row.id)] = _opened(int(row.id), row.detail, row.created_at)
            continue
        number = int(row.detail["cluster"])
        if row.kind == CLOSED:
            found.pop(number, None)
        elif number in found:
            found[number] = _sized(found[number], row.detail)
    return [one for one in found.values() if not one.gone]


def _record(connection: sa.Connection, project_id: int, kind: str, detail: Mapping[str, Any]) -> int:
    done = connection.execute(
        event.insert().values(project_id=project_id, kind=kind, detail=dict(detail), created_at=now())
    )
    assert done.inserted_primary_key is not None
    return int(done.inserted_primary_key[0])


def _opened(number: int, detail: Mapping[str, Any], at: datetime) -> OpenCluster:
    return OpenCluster(
        id=number,
        process=str(detail["process"]),
        address=str(detail["address"]),
        local=bool(detail["local"]),
        security=tuple((str(name), str(path)) for name, path in detail["security"]),
        here=str(detail["here"]),
        dashboard=str(detail["dashboard"]),
        workers=detail["workers"],
        most=detail["most"],
        room=int(detail["room"]),
        opened_at=in_utc(at),
    )


def _sized(cluster: OpenCluster, detail: Mapping[str, Any]) -> OpenCluster:
    return replace(cluster, workers=detail["workers"], most=detail.get("most"))
