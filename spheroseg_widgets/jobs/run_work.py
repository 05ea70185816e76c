"""One run in the hands of a dispatcher: prepared, handed out to workers, its answers written down."""

from __future__ import annotations

import asyncio
import concurrent.futures
import logging
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from spheroseg_widgets.errors import RunError
from spheroseg_widgets.store import jobs
from spheroseg_widgets.store.database import Database
from spheroseg_widgets.store.jobs import ClaimedJob
from spheroseg_widgets.store.map_cache import GONE

from .answers import Answers
from .cluster import Clients, ClusterWish
from .per_plate import settings_of_image
from .prepare_run import fixed_parameters, worker_preparation
from .run_record import RunRecord, Settled
from .stages import Heard
from .task import Task, TaskResult, give_up, segment_images

log = logging.getLogger(__name__)

IN_FLIGHT_PER_WORKER = 2
TOGETHER = 16
"""Small images that travel as one task, at most."""
PIXELS_TOGETHER = 1_000_000
STORED_TOGETHER = 64
"""Answers that are written in one transaction, at most: while it lasts, no worker is given anything new."""
LEASE_SECONDS = 60.0
COUNT_WORKERS_SECONDS = 1.0
NEVER = 1_000_000
"""Above every priority."""
COUNT_JOBS_SECONDS = 1.0
"""How long those that waited, less what was handed out since, are taken for what waits."""


@dataclass(frozen=True, slots=True)
class Flight:
    """A task under way: the jobs it holds, and Dask's future."""

    jobs: list[ClaimedJob]
    future: Any


class RunWork:
    """A run that is worked on.

    Parameters
    ----------
    database : Database
        The project's store.
    project_id, run_id : int
        The run.
    author : str
        Who started it: the author of the results.
    owner : str
        The dispatcher.
    wish : ClusterWish
        The cluster it asks for.
    clients : Clients
        Of the dispatcher.
    tell : callable
        Called, on any thread, when there is something new to collect.
    """

    def __init__(
        self,
        database: Database,
        project_id: int,
        run_id: int,
        author: str,
        owner: str,
        wish: ClusterWish,
        clients: Clients,
        tell: Callable[[], object],
    ) -> None:
        self.database = database
        self.project_id = project_id
        self.run_id = run_id
        self.owner = owner
        self.wish = wish
        self.stop = threading.Event()
        """Set when nothing more is to be handed out: it is cancelled, or broke."""
        self.ready = threading.Event()
        self.error: BaseException | None = None
        self.told = ""
        self.settled: list[Settled] = []
        self.flying: dict[str, Flight] = {}
        self._clients = clients
        self._tell = tell
        self._record = RunRecord(database, project_id, run_id, author, owner)
        self._client: Any = None
        self._parameters: dict[str, Any] = {}
        self._answers: Answers | None = None
        self._most = 0
        self._counting: concurrent.futures.Future[dict[str, int]] | None = None
        self._counted = 0.0
        self._left, self._left_until = 0, 0.0
        """How many jobs wait, at least, and until when that is taken for all of them."""
        self._busy = 0
        """How many of the tasks under way have not ended: workers have no more to do with the others."""
        self._in_vain = NEVER
        """Of which priority, at least, no job waited when it was looked last."""
        self._lost: list[ClaimedJob] = []
        self._first = True
        self._more = False
        """Whether some answers are written and others are left."""
        self._heard = Heard()
        self._name = f"spheroseg-{owner}-{run_id}"
        self._thread = self._start()

    def _start(self) -> threading.Thread:
        thread = threading.Thread(target=self._prepare, name=f"spheroseg-prepare-{self.run_id}", daemon=True)
        thread.start()
        return thread

    def _prepare(self) -> None:
        """Choose what is chosen once a plate, have the workers ready; on a thread, as other runs go on meanwhile."""
        try:
            parameters = fixed_parameters(self.database, self.project_id, self.run_id, self.stop)
            if parameters is None:
                return
            self._parameters = parameters
            self._client = self._clients.client(self.wish)
            self._client.subscribe_topic(self._name, self._heard.hear)
            self._client.register_plugin(worker_preparation(self.database, self.run_id, parameters, self._name))
            answers = Answers(self._client, self._tell)
            self._counting = None
            self._take_count(len(self._client.nthreads()), answers)
            self._answers = answers
        except BaseException as error:  # noqa: BLE001 - told by the dispatcher, which fails the run
            self.error, self.told = error, traceback.format_exc()
        finally:
            self.ready.set()
            self._tell()

    @property
    def moved(self) -> bool:
        """Whether workers told of steps that are not yet written down."""
        return self._heard.any

    @property
    def due(self) -> bool:
        """Whether answers should be written now.

        The first of a run, the last, those that somebody waits for, and what is left of many.
        """
        return bool(self._lost) or (
            bool(self.settled)
            and (
                self._first
                or self._more
                or not self.flying
                or any(one.priority >= jobs.URGENT for one, _ in self.settled)
            )
        )

    def collect(self) -> bool:
        """Take what workers answered; whether there was anything."""
        if not self.ready.is_set() or self._answers is None:
            return False
        came = False
        ended = self._answers.ended()
        self._busy = sum(1 for key in self.flying if key not in ended)
        urgent = any(key in ended and flight.jobs[0].priority >= jobs.URGENT for key, flight in self.flying.items())
        for future, answer in self._answers.take(at_once=urgent or not self._busy):
            flight = self.flying.pop(future.key, None)
            if flight is None:  # given up
                continue
            came = True
            if isinstance(answer, list):
                refused = next((one for one in answer if one.refused), None)
                if refused is not None:
                    self.error = RunError(str(refused.reason))
                    self._lost += flight.jobs
                    continue
                self.settled += zip(flight.jobs, answer, strict=True)
                self._answers.task_seconds = sum(one.seconds for one in answer)
            elif isinstance(answer, BaseException):
                reason = f"the worker was lost while it worked on this image ({type(answer).__name__})"
                self.settled += [
                    (one, TaskResult(one.job_id, one.attempt, reason=reason, traceback=str(answer)))
                    for one in flight.jobs
                ]
            else:  # the scheduler is gone, and with it the answer
                self._lost += flight.jobs
        if self._client.status != "running" and not self.flying and not self.stop.is_set():
            log.warning("the scheduler does not answer; connecting anew", extra={"run_id": self.run_id})
            self.ready.clear()
            self._answers = None
            self._thread = self._start()
        return came

    def submit(self) -> bool:
        """Hand out tasks as far as there is room for them; whether there was one.

        Every run has room of its own, so that those of a dispatcher share the workers. Where it is full, what somebody
        waits for still finds a place.
        """
        if self.stop.is_set() or not self.ready.is_set() or self._answers is None or self._lost:
            return False
        if self._client.status != "running":  # the scheduler is gone, and `collect` connects anew
            return False
        self._count_workers(self._answers)
        urgent = self._busy >= self._most
        least = jobs.URGENT if urgent else 0
        room = (2 if urgent else 1) * self._most - self._busy
        if room <= 0 or least >= self._in_vain:
            return False
        waiting = self._waiting(least)
        if not waiting:
            self._in_vain = least
            return False
        # So that at the end all workers have something to do, and not one a last heap.
        together = max(1, min(TOGETHER, waiting // (2 * self._most)))
        with self.database.write() as connection:
            groups = jobs.claim_jobs(
                connection, self.run_id, room, self.owner, LEASE_SECONDS,
                least_priority=least, most_together=together, pixels_together=PIXELS_TOGETHER,
            )  # fmt: skip
        self._left = max(0, self._left - sum(map(len, groups))) if groups else 0
        self._hand_out(groups, self._answers)
        return bool(groups)

    def _waiting(self, least: int) -> int:
        """Return how many jobs wait, as far as it matters for how many travel together."""
        enough = 2 * self._most * TOGETHER
        if least == 0 and (self._left >= enough or (self._left and time.monotonic() < self._left_until)):
            return self._left
        most = 8 * enough
        with self.database.read() as connection:
            waiting = jobs.count_queued(connection, self.run_id, least_priority=least, most=most)
        if least == 0:
            self._left = waiting
            self._left_until = time.monotonic() + COUNT_JOBS_SECONDS if waiting < most else 0.0
        return waiting

    def look(self) -> None:
        """Look for jobs again, though there were none a moment ago."""
        self._in_vain = NEVER

    def _count_workers(self, answers: Answers) -> None:
        """Have the workers counted anew from time to time, not waiting for it: a busy scheduler takes its time."""
        if self._counting is not None and self._counting.done():
            # Where the scheduler went this moment, what was counted before holds until that is known.
            with suppress(Exception):
                self._take_count(len(self._counting.result()), answers)
            self._counting = None
        if self._counting is None and time.monotonic() - self._counted > COUNT_WORKERS_SECONDS:
            self._counted = time.monotonic()
            with suppress(Exception):  # a client without a scheduler has None in its place
                self._counting = asyncio.run_coroutine_threadsafe(
                    self._client.nthreads(asynchronous=True), self._client.loop.asyncio_loop
                )

    def _take_count(self, workers: int, answers: Answers) -> None:
        self._most = IN_FLIGHT_PER_WORKER * max(1, workers)
        answers.workers = workers
        self._counted = time.monotonic()

    def _hand_out(self, groups: Sequence[Sequence[ClaimedJob]], answers: Answers) -> None:
        """Hand a task out for each group; those of one priority in one call, as a scheduler is slow at many."""
        ready: dict[int, list[tuple[list[Task], list[ClaimedJob]]]] = {}
        for group in groups:
            tasks: list[Task] = []
            claimed: list[ClaimedJob] = []
            for one in group:
                task = self._task(one, told=len(group) == 1)
                if isinstance(task, str):
                    self.settled.append((one, TaskResult(one.job_id, one.attempt, reason=task)))
                else:
                    tasks.append(task)
                    claimed.append(one)
            if tasks:
                ready.setdefault(claimed[0].priority, []).append((tasks, claimed))
        for priority, some in ready.items():
            keys = [tasks[0].key for tasks, _ in some]
            futures = self._client.map(
                segment_images, [tasks for tasks, _ in some], key=keys, pure=False, priority=priority
            )
            for key, (_, claimed), future in zip(keys, some, futures, strict=True):
                self.flying[key] = Flight(claimed, future)
            answers.wait_for(futures, at_once=priority >= jobs.URGENT)

    def _task(self, one: ClaimedJob, *, told: bool) -> Task | str:
        """Return the task of a job, or why there is none."""
        parameters = self._parameters
        maps, maps_sha256 = b"", ""
        if parameters.get("maps") is not None:
            of = parameters["maps"].get(str(one.image_id))
            if of is None:
                return "there are no probability maps of it by this model and its settings; segment it first"
            found = None if self.database.maps is None else self.database.maps.get(of["key"])
            if found is None:
                return GONE
            maps, maps_sha256 = found, of["sha256"]
        z: Any = int(one.z) if one.z.isdigit() else (one.z or None)
        return Task(
            key=self._task_key(one),
            job_id=one.job_id,
            attempt=one.attempt,
            uri=one.uri,
            plane={"series": one.series, "t": one.t, "channel": one.channel, "z": z},
            model=parameters["model"],
            model_sha256=parameters["model_sha256"],
            settings=settings_of_image(parameters, one.image_id),
            threads=int(parameters.get("threads", 1)),
            model_folder=parameters.get("model_folder", ""),
            maps=maps,
            maps_sha256=maps_sha256,
            submitted_at=time.time(),
            run_id=self.run_id,
            run=self._name,
            told=told,
        )

    def store(self, connection: sa.Connection) -> list[int]:
        """Write what came back, or so much of it that it does not take long, in the caller's transaction.

        Returns
        -------
        list of int
            The images whose jobs ended.
        """
        images = self._record.write(connection, self._parameters, self.settled[:STORED_TOGETHER])
        for one in self._lost:
            jobs.requeue_job(connection, one.job_id, one.attempt)
        jobs.set_stages(connection, self._heard.take())
        return images

    def stored(self) -> None:
        """Forget what `store` wrote, now that the transaction is through."""
        self._first = self._first and not self.settled
        self.settled, self._lost = self.settled[STORED_TOGETHER:], []
        self._more = bool(self.settled)

    def maps_to_keep(self) -> list[bytes]:
        """Return the probability maps of what `store` is to write."""
        return [result.maps for _, result in self.settled[:STORED_TOGETHER] if result.maps]

    def beat(self, connection: sa.Connection) -> None:
        """Prolong what is under way."""
        jobs.heartbeat(connection, [(one.job_id, one.attempt) for one in self._claimed()], LEASE_SECONDS)

    def drop_cancelled(self, running: dict[int, int]) -> bool:
        """Take back what the store no longer has as ours; whether there was anything."""
        gone = [
            key
            for key, flight in self.flying.items()
            if all(running.get(one.job_id) != one.attempt for one in flight.jobs)
        ]
        self.give_up(gone)
        return bool(gone)

    def give_up(self, keys: Sequence[str]) -> None:
        """Take tasks back: those that wait never begin, those that run end before their next tile."""
        if not keys or self._client is None:
            return
        flights = [self.flying.pop(key) for key in keys]
        names = [self._task_key(one) for flight in flights for one in flight.jobs]
        with suppress(Exception):  # a scheduler that is gone has no tasks either
            self._client.cancel([flight.future for flight in flights])
            # Not waited for: a cluster that does not answer must not hold up the other runs.
            self._client.loop.add_callback(self._tell_given_up, names)

    async def _tell_given_up(self, names: list[str]) -> None:
        with suppress(Exception):  # workers that are gone do not work on them
            await self._client._run(give_up, names, on_error="ignore")

    def _task_key(self, one: ClaimedJob) -> str:
        # Of this dispatcher alone: on a shared cluster two projects have runs and jobs of the same numbers, and Dask
        # takes tasks of one key for one task.
        # Dask holds back tasks of a large group, told by the first word, until a worker is free; urgent ones are to
        # overtake what waits in a worker's hands already.
        group = "segment" if one.priority < jobs.URGENT else "urgent"
        return f"{group}-{self.owner}-{self.run_id}-{one.job_id}-{one.attempt}"

    def leave(self) -> None:
        """Take leave of the workers: one that joins a shared cluster later need not fit a run that is over."""
        self.stop.set()
        self.give_up(list(self.flying))
        if self._client is not None and self._client.status == "running":
            with suppress(Exception):  # the cluster may be gone, and with it the plugin
                self._client.unsubscribe_topic(self._name)
                self._client.unregister_worker_plugin(self._name)

    def _claimed(self) -> list[ClaimedJob]:
        return [one for flight in self.flying.values() for one in flight.jobs] + [one for one, _ in self.settled]
