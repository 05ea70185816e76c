"""The dispatcher: owns the cluster, holds the project's lease, and is the only writer of job status."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd
from distributed import as_completed

from spheroseg_widgets.errors import StoreError
from spheroseg_widgets.outlines.outlines import Outlines
from spheroseg_widgets.segmentation.registry import find_model
from spheroseg_widgets.segmentation.settings import Settings
from spheroseg_widgets.store import leases, runs
from spheroseg_widgets.store.database import Database
from spheroseg_widgets.store.images import images_frame, set_source_hashes
from spheroseg_widgets.store.map_cache import GONE, map_key
from spheroseg_widgets.store.results import add_revision, point_current
from spheroseg_widgets.store.tables import COMPUTED

from .cluster import PrepareWorker, client_for
from .task import Task, TaskResult, differs, give_up, segment_image
from .working_scale import choose_scales

LEASE_SECONDS = 60.0
HEARTBEAT_SECONDS = 10.0
IN_FLIGHT_PER_WORKER = 2
COMMIT_SECONDS = 0.5
LOOK_SECONDS = 0.02


def nobody(_image_ids: list[int]) -> None:
    """Listen to nothing."""


class Dispatcher:
    """Runs the queued jobs of one run; `stop` ends it early.

    Parameters
    ----------
    database : Database
        The project's store.
    project_id : int
        The project.
    author : str
        Who started it: the author of the results.
    changed : callable
        Told the images whose jobs ended, after every commit.
    stop : threading.Event, optional
        Set by whoever has cancelled the run's jobs: no more work is handed out.
    """

    def __init__(
        self,
        database: Database,
        project_id: int,
        author: str,
        *,
        changed: Callable[[list[int]], None] = nobody,
        stop: threading.Event | None = None,
    ) -> None:
        self.database = database
        self.project_id = project_id
        self.author = author
        self.changed = changed
        self.stop = stop or threading.Event()
        self.owner = leases.new_owner()

    def run(self, run_id: int, *, workers: int | None = None, cluster: Any = None) -> None:
        """Run every queued job of a run until none is left, it is cancelled, or it cannot go on.

        Raises
        ------
        StoreError
            Another dispatcher holds the project.
        Exception
            Whatever made it impossible to go on; the run and its open jobs are failed with that reason by then.
        """
        try:
            waiting = self._take_up(run_id)
            self.changed([])
            parameters = self._prepared(run_id) if waiting else None
            if parameters is None:  # nothing to do, or cancelled while it prepared
                self._close(run_id)
                return
            with client_for(workers, cluster) as client:
                self._run_on(client, run_id, parameters)
                # Before the workers are taken down: whoever waits for the run need not wait for that.
                self._close(run_id)
        except BaseException as error:
            with self.database.write() as connection:
                images = runs.fail_run(
                    connection, self.project_id, run_id, describe(error), traceback.format_exc()
                )  # fmt: skip
            self.changed(images)
            raise
        finally:
            with suppress(StoreError), self.database.write() as connection:  # it runs out by itself
                leases.release_lease(connection, self.project_id, self.owner)

    def _take_up(self, run_id: int) -> int:
        """Take the lease and the run; returns how many jobs wait."""
        with self.database.write() as connection:
            if not leases.acquire_lease(connection, self.project_id, self.owner, LEASE_SECONDS):
                raise StoreError("another process is running jobs of this project; wait for it, or stop it first")
            runs.requeue_orphans(connection, run_id)
            return runs.take_up(connection, self.project_id, run_id)

    def _close(self, run_id: int) -> None:
        with self.database.write() as connection:
            runs.close_run(connection, run_id)
        self.changed([])

    def _prepared(self, run_id: int) -> dict[str, Any] | None:
        """Return the run's parameters, its working scales chosen and stored; None when it was cancelled meanwhile."""
        with self.database.read() as connection:
            parameters = runs.run_parameters(connection, run_id)
            table = images_frame(connection, self.project_id)
            wanted = runs.jobs_frame(connection, run_id)["image_id"]
        if parameters["scales"] is None:
            table = table[table["image_id"].isin(wanted)]
            settings = Settings.from_dict(parameters["settings"])
            scales = choose_scales(find_model(parameters["model"]), table, settings, self.stop)
            if scales is None:
                return None
            parameters["scales"] = scales
            with self.database.write() as connection:
                runs.fix_scales(connection, run_id, scales)
        return parameters

    def _run_on(self, client: Any, run_id: int, parameters: dict[str, Any]) -> None:
        preparation = self._preparation(run_id, parameters)
        try:
            client.register_plugin(preparation)
            self._hand_out(client, run_id, parameters)
        finally:
            # Or a worker that joins a shared cluster later would have to fit a run that is over.
            with suppress(Exception):  # the cluster may be gone, and with it the plugin
                client.unregister_worker_plugin(preparation.name)

    def _preparation(self, run_id: int, parameters: dict[str, Any]) -> PrepareWorker:
        with self.database.read() as connection:
            folders = {str(Path(path).parent) for path in runs.jobs_frame(connection, run_id)["path"]}
        return PrepareWorker(
            packages={name: version(name) for name in ("spheroseg_widgets", *parameters.get("packages", {}))},
            folders=tuple(sorted(folder for folder in folders if Path(folder).is_dir())),
            model=parameters["model"] if parameters.get("maps") is None else "",  # from stored maps no worker needs it
            sha256=parameters["model_sha256"],
            settings=Settings.from_dict(parameters["settings"]),
            threads=int(parameters.get("threads", 1)),
            name=f"spheroseg-{self.owner}",
        )

    def _hand_out(self, client: Any, run_id: int, parameters: dict[str, Any]) -> None:
        most = IN_FLIGHT_PER_WORKER * max(1, len(client.scheduler_info()["workers"]))
        waiting = as_completed(loop=client.loop, raise_errors=False)
        flying: dict[str, tuple[runs.ClaimedJob, Any]] = {}
        settled: list[tuple[runs.ClaimedJob, TaskResult]] = []
        committed = asked = time.monotonic()
        settled += self._submit(client, waiting, flying, run_id, parameters, most)
        while not self.stop.is_set():
            fresh = False
            while waiting.has_ready():
                future = next(waiting)
                if future.key in flying:  # not one that was cancelled
                    claimed, _ = flying.pop(future.key)
                    settled.append((claimed, _answer(future, claimed)))
                    fresh = True
            # Jobs may also be queued again by somebody else: looked for now and then, and before the end.
            if fresh or not flying or time.monotonic() - asked > COMMIT_SECONDS:
                settled += self._submit(client, waiting, flying, run_id, parameters, most)
                asked = time.monotonic()
            if not flying and not settled:
                break
            waited = time.monotonic() - committed
            if (settled and (waited >= COMMIT_SECONDS or not flying)) or waited >= HEARTBEAT_SECONDS:
                self._store(client, run_id, parameters, settled, flying)
                settled, committed = [], time.monotonic()
            elif not settled or flying:
                self.stop.wait(LOOK_SECONDS)
        self._give_up(client, flying, list(flying))

    def _submit(
        self,
        client: Any,
        waiting: Any,
        flying: dict[str, tuple[runs.ClaimedJob, Any]],
        run_id: int,
        parameters: dict[str, Any],
        most: int,
    ) -> list[tuple[runs.ClaimedJob, TaskResult]]:
        """Hand out jobs up to `most` in flight, and as many urgent ones; returns those that failed before they could be."""
        least = runs.URGENT if len(flying) >= most else 0
        limit = (2 * most if least else most) - len(flying)
        if limit <= 0:
            return []
        with self.database.read() as connection:
            if not runs.has_queued(connection, run_id, least_priority=least):
                return []
        with self.database.write() as connection:
            claimed = runs.claim_jobs(connection, run_id, limit, self.owner, LEASE_SECONDS, least_priority=least)
        failed = []
        for one in claimed:
            maps, maps_sha256 = b"", ""
            if parameters.get("maps") is not None:
                found = self._stored_maps(parameters["maps"].get(str(one.image_id)))
                if isinstance(found, str):
                    failed.append((one, TaskResult(one.job_id, one.attempt, reason=found)))
                    continue
                maps, maps_sha256 = found
            z: Any = int(one.z) if one.z.isdigit() else (one.z or None)
            # Of this dispatcher alone: on a shared cluster two projects have runs and jobs of the same numbers, and Dask
            # takes tasks of one key for one task.
            # Dask holds back tasks of a large group, told by the first word, until a worker is free; urgent ones are to
            # overtake what waits in a worker's hands already.
            group = "segment" if one.priority < runs.URGENT else "urgent"
            key = f"{group}-{self.owner}-{run_id}-{one.job_id}-{one.attempt}"
            task = Task(
                key=key,
                job_id=one.job_id,
                attempt=one.attempt,
                uri=one.uri,
                plane={"series": one.series, "t": one.t, "channel": one.channel, "z": z},
                model=parameters["model"],
                model_sha256=parameters["model_sha256"],
                settings=_task_settings(parameters, one.image_id),
                threads=int(parameters.get("threads", 1)),
                maps=maps,
                maps_sha256=maps_sha256,
            )
            future = client.submit(segment_image, task, key=key, pure=False, priority=one.priority)
            flying[key] = (one, future)
            waiting.add(future)
        return failed

    def _stored_maps(self, of: dict[str, str] | None) -> tuple[bytes, str] | str:
        """Return an image's packed maps and its file's sha256 when they were made, or why there are none."""
        if of is None:
            return "there are no probability maps of it by this model and its settings; segment it first"
        data = None if self.database.maps is None else self.database.maps.get(of["key"])
        if data is None:
            return GONE
        return data, of["sha256"]

    def _store(
        self,
        client: Any,
        run_id: int,
        parameters: dict[str, Any],
        settled: list[tuple[runs.ClaimedJob, TaskResult]],
        flying: dict[str, tuple[runs.ClaimedJob, Any]],
    ) -> None:
        """Write what came back in one transaction, prolong what is in flight, and drop what others cancelled."""
        images = []
        if self.database.maps is not None:  # before the rows that name them
            self.database.maps.put(result.maps for _, result in settled if result.maps)
        with self.database.write() as connection:
            if not leases.acquire_lease(connection, self.project_id, self.owner, LEASE_SECONDS):
                raise StoreError("another process took this project's jobs over while this one did not answer")
            for claimed, result in settled:
                if self._settle(connection, run_id, claimed, result, parameters):
                    images.append(claimed.image_id)
            claims = [(claimed.job_id, claimed.attempt) for claimed, _ in flying.values()]
            own = runs.heartbeat(connection, claims, LEASE_SECONDS)
        gone = [key for key, (claimed, _) in flying.items() if claimed.job_id not in own]
        self._give_up(client, flying, gone)
        if images or gone:
            self.changed(images)

    def _give_up(self, client: Any, flying: dict[str, tuple[runs.ClaimedJob, Any]], keys: list[str]) -> None:
        """Take tasks back: those that wait never begin, those that run end before their next tile."""
        if keys:
            client.cancel([flying.pop(key)[1] for key in keys])
            client.run(give_up, keys, on_error="ignore")

    def _settle(
        self, connection: Any, run_id: int, claimed: runs.ClaimedJob, result: TaskResult, parameters: dict[str, Any]
    ) -> bool:
        """Write one answer; False when it came too late: cancelled, or another attempt has the job."""
        settings = _task_settings(parameters, claimed.image_id)
        reason = result.reason or differs(settings, parameters["model_sha256"], result)
        if reason is not None:
            return runs.fail_job(connection, claimed.job_id, claimed.attempt, reason, result.traceback)
        ended = runs.finish_job(
            connection, claimed.job_id, claimed.attempt, self.owner, result.seconds, result.timings
        )  # fmt: skip
        if not ended:
            return False
        result_id = add_revision(
            connection,
            claimed.image_id,
            Outlines.from_bytes(result.outlines),
            pd.DataFrame(result.objects),
            source="model",
            author=self.author,
            run_id=run_id,
            computed={name: result.settings[name] if result.by_network else None for name in COMPUTED}
            | {"scale": result.settings["scale"], "sha256": result.sha256},
            maps=self._key_of(result, parameters, claimed.image_id),
        )
        replace_edits = bool(parameters.get("replace_edits", False))
        point_current(connection, claimed.image_id, result_id, author=self.author, replace_edits=replace_edits)
        set_source_hashes(connection, {claimed.source_id: result.sha256})
        return True

    def _key_of(self, result: TaskResult, parameters: dict[str, Any], image_id: int) -> str | None:
        """Return the key of the maps a result was made of; None where none are kept."""
        if parameters.get("maps") is not None:
            return str(parameters["maps"][str(image_id)]["key"])
        return map_key(result.maps) if result.maps and self.database.maps is not None else None


def _task_settings(parameters: dict[str, Any], image_id: int) -> dict[str, Any]:
    """Return the settings of one image: the run's, at the image's working scale where it has one."""
    scale = parameters["scales"].get(str(image_id), parameters["settings"].get("scale", 1.0))
    return {**parameters["settings"], "scale": scale}


def describe(error: BaseException) -> str:
    """Say in one line why a run could not go on."""
    text = (str(error).splitlines() or [""])[0]
    return text if isinstance(error, StoreError) else f"{type(error).__name__}: {text}".rstrip(": ")


def _answer(future: Any, claimed: runs.ClaimedJob) -> TaskResult:
    if future.status == "finished":
        answer: TaskResult = future.result(timeout=30)
        return answer
    error = future.exception(timeout=30) if future.status == "error" else None
    reason = f"the worker was lost while it worked on this image ({type(error).__name__ if error else future.status})"
    return TaskResult(claimed.job_id, claimed.attempt, reason=reason, traceback=str(error))
