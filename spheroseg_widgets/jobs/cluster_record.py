"""What the store is told of a dispatcher's clusters, and what others ask of them through it."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from spheroseg_widgets.errors import StoreError
from spheroseg_widgets.store import clusters
from spheroseg_widgets.store.database import Database

from .cluster import Clients, ClusterWish, default_workers

log = logging.getLogger(__name__)


class ClusterRecord:
    """Writes down which clusters are open, for monitors in any process, and carries out their wishes for another size.

    A store that cannot be written does not stop the work: the run says so by itself, sooner than a monitor would.

    Parameters
    ----------
    database : Database
        The project's store.
    project_id : int
        The project.
    """

    def __init__(self, database: Database, project_id: int) -> None:
        self._database = database
        self._project_id = project_id
        self._open: dict[int, Any] = {}
        """Clients by the number of their cluster."""
        self._seen = 0

    def opened(self, client: Any, wish: ClusterWish) -> None:
        """Write down a cluster that is open from now on."""
        kind = "local cluster" if wish.local else "cluster"
        log.info("%s at %s, %s workers", kind, client.scheduler.address, len(client.nthreads()))
        with suppress(StoreError), self._database.write() as connection:
            number = clusters.record_opened(
                connection,
                self._project_id,
                address=str(client.scheduler.address),
                local=wish.local,
                security=wish.security,
                here=wish.here,
                dashboard=dashboard_of(client),
                workers=len(client.cluster.worker_spec) if wish.local and wish.most is None else None,
                most=wish.most,
                room=default_workers(),
            )
            self._open[number] = client
            self._seen = max(self._seen, number)

    def sized(self, client: Any, wish: ClusterWish) -> None:
        """Write down the size that the local cluster is to have."""
        log.info("the local cluster is to have %s workers", wish.workers if wish.most is None else f"up to {wish.most}")
        for number in self._numbers(client):
            with suppress(StoreError), self._database.write() as connection:
                clusters.record_size(connection, self._project_id, number, wish.workers, wish.most)

    def closed(self, client: Any) -> None:
        """Write down that a cluster is closed."""
        for number in self._numbers(client):
            del self._open[number]
            with suppress(StoreError), self._database.write() as connection:
                clusters.record_closed(connection, self._project_id, number)

    def scale(self, clients: Clients) -> None:
        """Give the clusters the size that somebody asked for since this was called last."""
        if not self._open:
            return
        with self._database.read() as connection:
            asked = clusters.requested_sizes(connection, self._project_id, self._seen)
        newest = {cluster: workers for _, cluster, workers in asked if cluster in self._open}
        if all(clients.scale(self._open[cluster], max(1, workers)) for cluster, workers in newest.items()):
            self._seen = max([self._seen, *(number for number, _, _ in asked)])

    def _numbers(self, client: Any) -> list[int]:
        return [number for number, one in list(self._open.items()) if one is client]


def dashboard_of(client: Any) -> str:
    """Return the address of Dask's dashboard; empty where there is none that a browser could open."""
    with suppress(Exception):  # a scheduler without one; a template of the user's own that does not fit
        link = str(client.dashboard_link)
        if urlsplit(link).scheme in {"http", "https"}:
            return link
    return ""
