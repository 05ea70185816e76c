"""The dispatcher: owns the cluster, holds the project's lease, and is the only writer of job status."""

from __future__ import annotations

import os
import socket
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd
from distributed import as_completed

from spheroseg_widgets.errors import StoreError
from spheroseg_widgets.outlines.outlines import Outlines
from spheroseg_widgets.store import runs
from spheroseg_widgets.store.database import Database
from spheroseg_widgets.store.images import set_source_hashes
from spheroseg_widgets.store.results import add_revision, point_current

from .cluster import LoadModel, client_for
from .task import Task, TaskResult, segment_image

LEASE_SECONDS = 60.0
IN_FLIGHT_PER_WORKER = 2
COMMIT_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is; `latest` is the (name, reason) of images that failed since the last report."""

    total: int
    done: int
    failed: int
    seconds: float
    latest: tuple[tuple[str, str], ...] = ()


class Dispatcher:
    """Runs the queued jobs of a project's runs.

    Parameters
    ----------
    database : Database
        The project's store.
    project_id : int
        The project.
    author : str
        Who started it: the author of the results.
    """

    def __init__(self, database: Database, project_id: int, author: str) -> None:
        self.database = database
        self.project_id = project_id
        self.author = author
        self.owner = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"

    def run(
        self,
        run_id: int,
        *,
        workers: int | None = None,
        cluster: Any = None,
        report: Callable[[Progress], None] | None = None,
        replace_edits: bool = False,
    ) -> Progress:
        """Run every queued job of a run, in this process, until none is left.

        Raises
        ------
        StoreError
            Another dispatcher holds the project.
        """
        with self.database.write() as connection:
            if not runs.acquire_lease(connection, self.project_id, self.owner, LEASE_SECONDS):
                raise StoreError("another process is running jobs of this project; wait for it, or stop it first")
            runs.requeue_expired(connection, run_id)
            frame = runs.runs_frame(connection, self.project_id)
            total = int((runs.jobs_frame(connection, run_id)["status"] == "queued").sum())
        parameters = frame.set_index("run_id").loc[run_id, "parameters"]
        try:
            with client_for(workers, cluster) as client:
                return self._run_on(client, run_id, parameters, total, report, replace_edits=replace_edits)
        finally:
            with self.database.write() as connection:
                runs.close_run(connection, run_id)
                runs.release_lease(connection, self.project_id, self.owner)

    def _run_on(
        self,
        client: Any,
        run_id: int,
        parameters: dict[str, Any],
        total: int,
        report: Callable[[Progress], None] | None,
        *,
        replace_edits: bool,
    ) -> Progress:
        threads = int(parameters.get("threads", 1))
        client.register_plugin(LoadModel(parameters["model"], parameters["model_sha256"], threads))
        most = IN_FLIGHT_PER_WORKER * max(1, len(client.scheduler_info()["workers"]))
        waiting = as_completed(loop=client.loop, raise_errors=False)
        flying: dict[str, runs.ClaimedJob] = {}
        settled: list[tuple[runs.ClaimedJob, TaskResult]] = []
        began = committed = time.monotonic()
        done = failed = 0
        while True:
            self._submit(client, waiting, flying, run_id, parameters, most)
            if not flying:
                break
            future = next(waiting)
            claimed = flying.pop(future.key)
            settled.append((claimed, _answer(future, claimed)))
            if time.monotonic() - committed >= COMMIT_SECONDS or not flying:
                latest = self._store(run_id, settled, flying, replace_edits=replace_edits)
                failed += len(latest)
                done += len(settled) - len(latest)
                settled, committed = [], time.monotonic()
                if report:
                    report(Progress(total, done, failed, committed - began, latest))
        return Progress(total, done, failed, time.monotonic() - began)

    def _submit(
        self,
        client: Any,
        waiting: Any,
        flying: dict[str, runs.ClaimedJob],
        run_id: int,
        parameters: dict[str, Any],
        most: int,
    ) -> None:
        if len(flying) >= most:
            return
        with self.database.write() as connection:
            claimed = runs.claim_jobs(connection, run_id, most - len(flying), self.owner, LEASE_SECONDS)
        for one in claimed:
            z: Any = int(one.z) if one.z.isdigit() else (one.z or None)
            task = Task(
                job_id=one.job_id,
                attempt=one.attempt,
                uri=one.uri,
                plane={"series": one.series, "t": one.t, "channel": one.channel, "z": z},
                model=parameters["model"],
                model_sha256=parameters["model_sha256"],
                settings={**parameters["settings"], "scale": parameters["scales"][str(one.image_id)]},
                threads=int(parameters.get("threads", 1)),
            )
            key = f"segment-{run_id}-{one.job_id}-{one.attempt}"
            flying[key] = one
            waiting.add(client.submit(segment_image, task, key=key, pure=False))

    def _store(
        self,
        run_id: int,
        settled: list[tuple[runs.ClaimedJob, TaskResult]],
        flying: dict[str, runs.ClaimedJob],
        *,
        replace_edits: bool,
    ) -> tuple[tuple[str, str], ...]:
        """Write what came back in one transaction; returns the failures."""
        failures = []
        with self.database.write() as connection:
            for claimed, result in settled:
                if result.reason is not None:
                    runs.fail_job(connection, claimed.job_id, claimed.attempt, result.reason, result.traceback)
                    failures.append((claimed.uri, result.reason))
                    continue
                ended = runs.finish_job(
                    connection, claimed.job_id, claimed.attempt, self.owner, result.seconds, result.timings
                )
                if not ended:  # cancelled, or another attempt has it: this answer came too late
                    continue
                result_id = add_revision(
                    connection,
                    claimed.image_id,
                    Outlines.from_bytes(result.outlines),
                    pd.DataFrame(result.objects),
                    source="model",
                    author=self.author,
                    run_id=run_id,
                )
                point_current(connection, claimed.image_id, result_id, author=self.author, replace_edits=replace_edits)
                set_source_hashes(connection, {claimed.source_id: result.sha256})
            runs.heartbeat(connection, [one.job_id for one in flying.values()], LEASE_SECONDS)
            runs.acquire_lease(connection, self.project_id, self.owner, LEASE_SECONDS)
        return tuple(failures)


def _answer(future: Any, claimed: runs.ClaimedJob) -> TaskResult:
    if future.status == "finished":
        answer: TaskResult = future.result(timeout=30)
        return answer
    error = future.exception(timeout=30) if future.status == "error" else None
    reason = f"the worker was lost while it worked on this image ({type(error).__name__ if error else future.status})"
    return TaskResult(claimed.job_id, claimed.attempt, reason=reason, traceback=str(error))
