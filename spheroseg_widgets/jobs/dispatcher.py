"""The dispatcher: works on a project's runs, owns their clusters, holds the project's lease, writes job status alone."""

from __future__ import annotations

import logging
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import sqlalchemy as sa

from spheroseg_widgets.errors import StoreError
from spheroseg_widgets.store import jobs, leases, requests, runs
from spheroseg_widgets.store.database import Database

from .cluster import Clients, ClusterWish
from .cluster_record import ClusterRecord
from .run_work import LEASE_SECONDS, RunWork

log = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 10.0
COMMIT_SECONDS = 0.5
LOOK_AT_STORE_SECONDS = 0.25
"""How often it is looked for what others wrote: new runs, cancelled ones, what somebody waits for."""
LOOK_AT_SIZES_SECONDS = 1.0
"""How often, while there is work, for another size of the cluster."""


class LeaseLostError(StoreError):
    """Another dispatcher took the project over; what this one had in hand is the other's now."""


def nobody(_image_ids: list[int]) -> None:
    """Listen to nothing."""


class Dispatcher:
    """Works on the open runs of a project, several at a time, until none is left.

    Which: those that this process answers for, those that asked for a detached dispatcher where it is one, and those
    whose process is gone.

    Parameters
    ----------
    database : Database
        The project's store.
    project_id : int
        The project.
    detached : bool
        Whether this process is there for nothing else.
    changed : callable
        Told the images whose jobs ended, after every commit.
    wish : ClusterWish, optional
        The cluster to use, whatever the runs asked for.
    """

    def __init__(
        self,
        database: Database,
        project_id: int,
        *,
        detached: bool = False,
        changed: Callable[[list[int]], None] = nobody,
        wish: ClusterWish | None = None,
    ) -> None:
        self.database = database
        self.project_id = project_id
        self.detached = detached
        self.changed = changed
        self.wish = wish
        self.owner = leases.new_owner()
        self.stop = threading.Event()
        """Set to end it: what is under way is given up and waits for another dispatcher."""
        self.errors: dict[int, BaseException] = {}
        """Why runs could not go on, by run."""
        self._wake = threading.Event()
        self._lock = threading.Lock()
        self._asked = self._looked_for = 0
        """How often it was asked to look, and how often when it looked last."""
        self._ended = False
        self._works: dict[int, RunWork] = {}
        self._record = ClusterRecord(database, project_id)
        self._committed = 0.0
        self._beaten = 0.0
        self._sized = 0.0

    def ask(self) -> bool:
        """Have it look for runs at once; False when it has ended, and another one is needed."""
        with self._lock:
            self._asked += 1
            self._wake.set()
            return not self._ended

    def serve(self, idle_seconds: float = 0.0) -> None:
        """Work until no run is left that is for this dispatcher, and then for `idle_seconds` in vain.

        Where another dispatcher holds the project, wait for it.

        Raises
        ------
        Exception
            Whatever made it impossible to go on at all, as a store that cannot be written; one run that cannot go on is
            failed with its reason and does not end the others.
        """
        clients = Clients(self._record)
        idle_since = time.monotonic()
        try:
            while not self.stop.is_set():
                asked = self._asked
                with self.database.read() as connection:
                    wanted = self._wanted(connection)
                if wanted:
                    if self._acquire():
                        self._work(clients)
                    idle_since = time.monotonic()
                elif time.monotonic() - idle_since >= idle_seconds and self._end(asked):
                    return
                self._record.scale(clients)
                self._wake.wait(LOOK_AT_STORE_SECONDS)
                self._wake.clear()
        finally:
            with self._lock:
                self._ended = True
            clients.close()

    def _end(self, asked: int) -> bool:
        """End, unless somebody asked since it was looked."""
        with self._lock:
            self._ended = self._asked == asked
            return self._ended

    def _wanted(self, connection: sa.Connection) -> list[requests.OpenRun]:
        """Return the open runs that are for this dispatcher, and not in its hands."""
        found = requests.open_runs(connection, self.project_id, but=self._works)
        return [one for one in found if self._is_ours(one.request)]

    def _is_ours(self, request: requests.Request | None) -> bool:
        if request is None:
            return True
        if request.detached and not request.taken:
            return self.detached
        return request.process == requests.this_process() or request.gone

    def _acquire(self) -> bool:
        with self.database.write() as connection:
            return leases.acquire_lease(connection, self.project_id, self.owner, LEASE_SECONDS)

    def _work(self, clients: Clients) -> None:
        """Work on all that is ours, holding the lease, until none is left."""
        looked = 0.0
        self._committed = self._beaten = time.monotonic()
        try:
            while not self.stop.is_set():
                if self._asked != self._looked_for or time.monotonic() - looked >= LOOK_AT_STORE_SECONDS:
                    self._looked_for = self._asked
                    self._look(clients)
                    looked = time.monotonic()
                if not self._works:
                    return
                fresh = sum(work.collect() for work in self._works.values()) > 0
                fresh |= sum(work.submit() for work in self._works.values()) > 0
                self._commit()
                self._end_finished()
                if not fresh and not any(work.due for work in self._works.values()):
                    # Works tell of what is new: to look for it many times a second takes time from the workers.
                    self._wake.wait(max(0.0, looked + LOOK_AT_STORE_SECONDS - time.monotonic()))
                    self._wake.clear()
            self._let_go()
        except LeaseLostError:
            log.warning("project %s: another dispatcher took it over while this one did not answer", self.project_id)
            self._leave_all()
        except BaseException as error:
            self._fail_all(error)
            raise
        finally:
            with suppress(StoreError), self.database.write() as connection:  # it runs out by itself
                leases.release_lease(connection, self.project_id, self.owner)

    def _look(self, clients: Clients) -> None:
        """See what others wrote: new runs, cancelled jobs, another size of the cluster."""
        seen: list[tuple[RunWork, dict[int, int], int]] = []
        with self.database.read() as connection:  # one for all: to begin and end it takes longer than the answers
            wanted = self._wanted(connection)
            for work in self._works.values():
                running = jobs.running_of(connection, work.run_id)
                seen.append((work, running, jobs.count_queued(connection, work.run_id)))
        for work, running, waiting in seen:
            work.drop_cancelled(running)
            work.look()
            if not running and not waiting:
                work.stop.set()  # it may still be choosing the scale of images that nobody wants any more
        for one in wanted:
            self._take_up(one, clients)
        if time.monotonic() - self._sized >= LOOK_AT_SIZES_SECONDS:
            self._sized = time.monotonic()
            self._record.scale(clients)

    def _take_up(self, one: requests.OpenRun, clients: Clients) -> None:
        asked = one.request.cluster if one.request is not None else {}
        with self.database.write() as connection:
            self._keep_lease(connection)
            orphans = jobs.requeue_orphans(connection, one.run_id)
            waiting = runs.take_up(connection, self.project_id, one.run_id)
            if not waiting:
                runs.close_run(connection, one.run_id)
            else:
                requests.request_run(
                    connection, self.project_id, one.run_id, cluster=asked, detached=self.detached
                )  # fmt: skip
        self.changed([])
        if waiting:
            log.info(
                "%s images wait, %s of them left by another process", waiting, orphans, extra={"run_id": one.run_id}
            )
            self._works[one.run_id] = RunWork(
                self.database, self.project_id, one.run_id, one.author, self.owner,
                self.wish or ClusterWish.from_dict(asked), clients, self._wake.set,
            )  # fmt: skip

    def _commit(self) -> None:
        """Write what came back in one transaction, when it is time."""
        moment = time.monotonic()
        works = [work for work in self._works.values() if work.ready.is_set()]
        beat = moment - self._beaten >= HEARTBEAT_SECONDS
        news = moment - self._committed >= COMMIT_SECONDS and any(work.settled or work.moved for work in works)
        if not (beat or news or any(work.due for work in works)):
            return
        if self.database.maps is not None:  # before the rows that name them
            self.database.maps.put(maps for work in works for maps in work.maps_to_keep())
        images: list[int] = []
        with self.database.write() as connection:
            self._keep_lease(connection)
            for work in works:
                images += work.store(connection)
                if beat:
                    work.beat(connection)
        for work in works:
            work.stored()
        self._committed = time.monotonic()
        self._beaten = moment if beat else self._beaten
        if images:
            self.changed(images)

    def _end_finished(self) -> None:
        """Take leave of runs of which nothing is left, and of those that cannot go on."""
        for run_id, work in list(self._works.items()):
            if not work.ready.is_set():
                continue
            if work.error is not None and not work.due:
                self._fail(work, work.error)
            elif work.error is not None or work.settled or work.flying:
                continue
            else:
                with self.database.write() as connection:
                    self._keep_lease(connection)
                    if jobs.count_queued(connection, run_id):
                        continue
                    runs.close_run(connection, run_id)
                self.changed([])
                log.info("the run is over", extra={"run_id": run_id})
            del self._works[run_id]
            work.leave()

    def _fail(self, work: RunWork, error: BaseException) -> None:
        self.errors[work.run_id] = error
        log.error("the run cannot go on: %s", describe(error), extra={"run_id": work.run_id})
        with self.database.write() as connection:
            images = runs.fail_run(connection, self.project_id, work.run_id, describe(error), work.told)
        self.changed(images)

    def _fail_all(self, error: BaseException) -> None:
        """Fail what is in hand, as far as that can still be written."""
        for work in self._works.values():
            self.errors[work.run_id] = error
            with suppress(Exception), self.database.write() as connection:
                runs.fail_run(connection, self.project_id, work.run_id, describe(error), traceback.format_exc())
        self._leave_all()

    def _let_go(self) -> None:
        """Give up what is under way, so that another dispatcher can take it up."""
        for work in self._works.values():
            work.stop.set()
        self._commit_rest()
        self._leave_all()

    def _commit_rest(self) -> None:
        with self.database.write() as connection:
            self._keep_lease(connection)
            for run_id, work in self._works.items():
                while work.ready.is_set() and work.settled:
                    work.store(connection)
                    work.stored()
                jobs.requeue_orphans(connection, run_id)

    def _leave_all(self) -> None:
        for work in self._works.values():
            work.leave()
        self._works.clear()

    def _keep_lease(self, connection: Any) -> None:
        if not leases.acquire_lease(connection, self.project_id, self.owner, LEASE_SECONDS):
            raise LeaseLostError("another process took this project's jobs over while this one did not answer")


def describe(error: BaseException) -> str:
    """Say in one line why a run could not go on."""
    text = (str(error).splitlines() or [""])[0]
    return text if isinstance(error, StoreError) else f"{type(error).__name__}: {text}".rstrip(": ")
