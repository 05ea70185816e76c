"""A run: started here, worked on in the background, kept in the store."""

from __future__ import annotations

import logging
import math
import platform
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from importlib.metadata import version
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pandas as pd

from spheroseg_widgets.errors import ModelError, RunError, ShareUnavailableError, SpherosegError
from spheroseg_widgets.imaging.digest import sha256
from spheroseg_widgets.imaging.reach import one_a_folder, unseen
from spheroseg_widgets.jobs import background
from spheroseg_widgets.jobs.cluster import ClusterWish
from spheroseg_widgets.jobs.service import start_service
from spheroseg_widgets.segmentation.engines import FAST_PACKAGES, ONNX, check_usable, choose_engine
from spheroseg_widgets.segmentation.registry import DEFAULT_MODEL, ModelInfo, find_model
from spheroseg_widgets.segmentation.settings import Settings
from spheroseg_widgets.store import images, jobs, requests, runs
from spheroseg_widgets.store.job_state import FAILED
from spheroseg_widgets.store.progress import RunningImage, RunProgress, run_progress, running_images
from spheroseg_widgets.store.run_log import run_log

from .hooks import hook

if TYPE_CHECKING:
    from .project import Project

log = logging.getLogger(__name__)

LEAST_SECONDS_BETWEEN = 0.1
"""Listeners hear of a run at most ten times a second."""
LOOK_SECONDS = 1.0
"""How often a run is looked at that another process works on."""

RunListener = Callable[[RunProgress], object]


class Run:
    """One run of a model over images: live while it is worked on, a record afterwards.

    Parameters
    ----------
    project : Project
        Whose run it is.
    run_id : int
        Its row.
    """

    def __init__(self, project: Project, run_id: int) -> None:
        self.project = project
        self.id = run_id
        self._listeners: dict[int, RunListener] = {}
        self._number = 0
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._watcher: threading.Thread | None = None

    def __repr__(self) -> str:
        seen = self.progress()
        counts = {name: getattr(seen, name) for name in ("done", "failed", "running", "queued", "cancelled")}
        told = ", ".join(f"{count} {name}" for name, count in counts.items() if count) or "no images"
        return f"<Run {self.id} ({seen.status}): {told}>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        """Show the live monitor in a notebook, where there is one."""
        display = hook("display_run")
        shown = None if display is None else display(self)
        if shown is None:
            return {"text/plain": repr(self)}
        return shown if isinstance(shown, dict | tuple) else shown._repr_mimebundle_(include=include, exclude=exclude)

    def status(self) -> pd.DataFrame:
        """Return one row an image: status, reason, worker, times."""
        with self.project.database.read() as connection:
            return jobs.jobs_frame(connection, self.id)

    def errors(self) -> pd.DataFrame:
        """Return the failed images with their reasons and tracebacks."""
        table = self.status()
        return table[table["status"] == FAILED][["image_id", "name", "path", "reason", "traceback"]].reset_index(
            drop=True
        )

    def log(self) -> pd.DataFrame:
        """Return what happened in this run, oldest first: who asked, who worked on it, what became of every image.

        Returns
        -------
        DataFrame
            time (UTC), what, who, run_id, job_id, image, attempt, detail. The same run_id and job_id stand in the log
            files of dispatcher and workers.
        """
        with self.project.database.read() as connection:
            return run_log(connection, self.project.id, self.id)

    def running(self, most: int = 50) -> list[RunningImage]:
        """Return the images in the workers' hands, and which step each of them is at."""
        with self.project.database.read() as connection:
            return running_images(connection, self.id, most)

    def progress(self) -> RunProgress:
        """Return how far it is: counts, speed, what is left; read from the store."""
        with self.project.database.read() as connection:
            seen = run_progress(connection, self.id)
            interrupted = not seen.finished and requests.is_interrupted(connection, self.project.id, self.id)
        if seen.finished:
            return seen
        live = self._live()
        if live is not None and live.error is not None:  # it could not even be written down: a full disk, say
            return replace(seen, status=FAILED, stage="ended", finished=True, reason=live.reason(self.id))
        if interrupted and (live is None or not live.alive):
            return replace(seen, stage="interrupted")
        return seen

    def wait(self, timeout: float | None = None) -> Run:
        """Wait until nothing more will come, and return the run.

        Parameters
        ----------
        timeout : float, optional
            Seconds; by default as long as it takes.

        Raises
        ------
        RunError
            The run could not go on; images that merely failed raise nothing, see `errors`.
        TimeoutError
            It is not finished after `timeout`; it goes on.
        """
        until = None if timeout is None else time.monotonic() + timeout
        news = threading.Event()
        leave = self.project.changes.on_change(lambda _kind, _ids: news.set())
        try:
            while not self.finished:
                left = math.inf if until is None else until - time.monotonic()
                if left <= 0:
                    raise TimeoutError(f"run {self.id} is not finished after {timeout:g} s")
                live = self._live()
                if live is None or not live.alive:
                    self._check_not_interrupted()
                news.wait(min(left, LOOK_SECONDS / 2))
                news.clear()
        finally:
            leave()
        seen = self.progress()
        if seen.status == FAILED:
            live = self._live()
            raise RunError(f"run {self.id} failed: {seen.reason}") from (None if live is None else live.why(self.id))
        return self

    def _check_not_interrupted(self) -> None:
        for _ in range(4):  # between its last breath and its last row a run may look interrupted for a moment
            if (seen := self.progress()).stage != "interrupted":
                return
            time.sleep(LEAST_SECONDS_BETWEEN)
        raise RunError(
            f"run {self.id} was interrupted: the process that worked on it is gone, {seen.queued + seen.running} "
            "images are left; resume() goes on with them"
        )

    @property
    def finished(self) -> bool:
        """Whether nothing more will come."""
        with self.project.database.read() as connection:
            if runs.has_ended(connection, self.id):
                return True
        live = self._live()
        return live is not None and live.error is not None

    def cancel(self) -> int:
        """Hand out no more work; returns how many images were left. What is done stays, and older results hold."""
        with self.project.database.write() as connection:
            count = jobs.cancel_jobs(connection, self.id)
            if count:
                runs.close_run(connection, self.id)
        background.wake(self.project.database, self.project.id)
        self._wake.set()
        self.project.changes.tell("results")
        return count

    def resume(self, *, workers: int | tuple[int, int] | None = None, cluster: Any = None) -> int:
        """Go on with what an interrupted run left; nothing that is done is done again.

        Parameters
        ----------
        workers, cluster
            As in `Project.segment`; by default as it was started.

        Returns
        -------
        int
            Images that are left; 0 where the run is at work or has ended.
        """
        if self.progress().stage != "interrupted":
            return 0
        with self.project.database.write() as connection:
            count = runs.reopen(connection, self.id)
        self._go_on(workers, cluster)
        return count

    def retry_failed(
        self,
        images: Sequence[int] | None = None,
        *,
        workers: int | tuple[int, int] | None = None,
        cluster: Any = None,
    ) -> int:
        """Run the failed images again, with the run's own parameters; also what an interrupted run left.

        Parameters
        ----------
        images : sequence of int, optional
            image_id of those to run again; by default all that failed.
        workers, cluster
            As in `Project.segment`; by default as it was started.

        Returns
        -------
        int
            Images that are worked on again.

        Raises
        ------
        ShareUnavailableError
            The folder of the images is not reachable.
        """
        table = self.status()
        failed = table[table["status"] == FAILED]
        check_reachable(failed["path"] if images is None else failed["path"][failed["image_id"].isin(list(images))])
        interrupted = self.progress().stage == "interrupted"
        with self.project.database.write() as connection:
            count = jobs.retry_failed(connection, self.id, images)
            if interrupted:
                count += runs.reopen(connection, self.id)
        if count:
            self._go_on(workers, cluster)
        return count

    def _go_on(self, workers: int | tuple[int, int] | None, cluster: Any) -> None:
        """Ask for a dispatcher again, on the cluster that is given or on that of before."""
        with self.project.database.read() as connection:
            asked = requests.request_of(connection, self.project.id, self.id)
        wish = ClusterWish.of(workers, cluster)
        if asked is not None and workers is None and cluster is None:
            wish = ClusterWish.from_dict(asked.cluster)
        start_work(self, wish, detached=None if asked is None else asked.detached)

    def on_change(self, listener: RunListener) -> Callable[[], None]:
        """Call ``listener(progress)`` from a background thread, at most ten times a second; returns how to leave.

        The first call comes at once; the finished state is never left out.
        """
        with self._lock:
            number, self._number = self._number, self._number + 1
            self._listeners[number] = listener

        def leave() -> None:
            with self._lock:
                self._listeners.pop(number, None)
            self._wake.set()

        self._watch()
        self._wake.set()
        return leave

    def _live(self) -> background.Serving | None:
        return background.serving_of(self.project.database, self.project.id, self.id)

    def _watch(self) -> None:
        with self._lock:
            if self._listeners and (self._watcher is None or not self._watcher.is_alive()):
                self._watcher = threading.Thread(target=self._tell, name=f"spheroseg-watch-{self.id}", daemon=True)
                self._watcher.start()

    def _tell(self) -> None:
        """Tell listeners of every state that differs from what they were told last."""
        told: dict[int, RunProgress] = {}
        elsewhere = _Elsewhere(self)
        leave = self.project.changes.on_change(lambda _kind, _ids: self._wake.set())
        try:
            while True:
                self._wake.clear()
                try:
                    seen = self.progress()
                except Exception:
                    log.debug("run %s cannot be read", self.id, exc_info=True)
                    return
                elsewhere.tell(seen)
                with self._lock:
                    listeners = dict(self._listeners)
                    if not listeners or (seen.finished and all(told.get(n) == seen for n in listeners)):
                        self._watcher = None
                        return
                for number, listener in listeners.items():
                    if told.get(number) == seen:
                        continue
                    told[number] = seen
                    try:
                        listener(seen)
                    except Exception:
                        log.exception("a listener of run %s failed", self.id)
                time.sleep(LEAST_SECONDS_BETWEEN)
                self._wake.wait(LOOK_SECONDS)
        finally:
            leave()


class _Elsewhere:
    """Tells this process of the results of a run that another one works on."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._ended: set[int] | None = None

    def tell(self, seen: RunProgress) -> None:
        """Tell of the images that ended since the last time."""
        if self._ended is not None and len(self._ended) == seen.done + seen.failed:
            return
        project = self._run.project
        live = self._run._live()
        with project.database.read() as connection:
            ended = jobs.ended_images(connection, self._run.id)
        fresh = ended - (self._ended or set())
        first, self._ended = self._ended is None, ended
        if fresh and not first and (live is None or not live.alive):
            project.changes.tell("results", sorted(fresh))


def start_run(
    project: Project,
    image_ids: Sequence[int],
    *,
    model: str | None,
    workers: int | tuple[int, int] | None,
    cluster: Any,
    replace_edits: bool,
    detached: bool | None,
    settings: dict[str, Any],
) -> Run:
    """Check what can be checked, fix the parameters, store the run, and start it in the background."""
    wish = ClusterWish.of(workers, cluster)
    info = find_model(model or DEFAULT_MODEL)
    _check_weights(info)
    settings = {name: value for name, value in settings.items() if value is not None}
    unknown = sorted(set(settings) - set(Settings.__dataclass_fields__))
    if unknown:
        raise SpherosegError(
            f"unknown setting {', '.join(unknown)}; there are {', '.join(Settings.__dataclass_fields__)}"
        )
    engine = choose_engine(settings.get("engine"), settings.get("precision"))
    if cluster is None and info.kind != "threshold":
        check_usable(engine)  # workers of another machine say for themselves what they cannot (see `PrepareWorker`)
    chosen = Settings.from_dict({**info.settings.get("defaults", {}), **settings, **asdict(engine)})
    database = project.database
    with database.read() as connection:
        table = images.images_frame(connection, project.id)
    table = table[table["image_id"].isin(list(image_ids))]
    check_reachable(table["path"])
    if chosen.diameter_um is not None:
        _check_diameter(chosen.diameter_um, table)
    scales = dict.fromkeys(map(str, table["image_id"]), chosen.scale) if "scale" in settings else None
    packages = ["torch", "numpy", "opencv-python-headless", "scikit-image"]
    if chosen.engine == ONNX:
        packages += [name for name in FAST_PACKAGES if find_spec(name) is not None]
    parameters = {
        "model": str(info.weights) if info.kind == "original" else info.name,
        "model_sha256": info.sha256,
        "model_folder": info.folder,
        "settings": chosen.to_dict(),
        # Chosen before the first job starts, unless one was asked for; never changed afterwards.
        "scales": scales,
        "threads": 1,
        "engine": chosen.engine,
        "replace_edits": replace_edits,
        "packages": {name: version(name) for name in packages},
        "machine": platform.machine(),
    }
    with database.write() as connection:
        card = info.card.name if info.card else None
        model_id = runs.ensure_model(connection, info.name, info.version, info.sha256, card)
        run_id = runs.create_run(
            connection, project.id, model_id, parameters, table["image_id"].tolist(), project.author
        )  # fmt: skip
    run = Run(project, run_id)
    start_work(run, wish, detached=detached)
    return run


def _check_diameter(diameter_um: float, table: pd.DataFrame) -> None:
    """Refuse a diameter that says nothing about pixels."""
    if not diameter_um > 0:
        raise SpherosegError(f"diameter_um is {diameter_um:g}; it must be larger than 0")
    unknown = table[table["pixel_size_um"].isna()]
    if len(unknown):
        raise SpherosegError(
            f"diameter_um needs the pixel size of every image; {len(unknown)} have none, {unknown['name'].iloc[0]} among "
            "them: set it with project.set_pixel_size, or leave diameter_um out"
        )


def start_work(run: Run, wish: ClusterWish, *, detached: bool | None = None) -> None:
    """Have a run's queued jobs worked on: by a dispatcher of its own, or in a thread of this process.

    Parameters
    ----------
    run : Run
        Stored, with queued jobs.
    wish : ClusterWish
        The cluster it asks for.
    detached : bool, optional
        Whether it is to go on when this process ends; by default where the process is a notebook's kernel. A cluster
        object that only this process can reach keeps it here.
    """
    project = run.project
    if detached is None:
        by_default = hook("runs_detached")
        detached = by_default is not None and bool(by_default())
    detached = detached and not wish.here
    with project.database.write() as connection:
        requests.request_run(
            connection, project.id, run.id, cluster=wish.to_dict(), detached=detached, taken=not detached
        )  # fmt: skip
    if detached:
        start_service(project.folder, project.store)
        run.on_change(lambda _seen: None)  # so that galleries of this process hear of its results
    else:
        changes = project.changes
        background.start(
            project.database, project.id, run.id, lambda image_ids: changes.tell("results", image_ids)
        )  # fmt: skip
    run._watch()


def check_reachable(paths: Sequence[str] | pd.Series) -> None:
    """Say once that a share is gone, instead of failing every image."""
    folders = one_a_folder(paths)
    gone = unseen(folders.values())
    if gone and len(gone) == len(folders):
        first = min(gone)
        raise ShareUnavailableError(
            f"{first}: the folder of the images is not reachable ({gone[first]}). Connect the drive or share and try again, or "
            "point the project to its new place with project.relink(old, new). Nothing was changed."
        )


def _check_weights(info: ModelInfo) -> None:
    """Refuse damaged weights here, where the caller sees it, and not on every worker."""
    if info.weights is None or info.kind == "original":
        return
    if not info.weights.is_file():
        raise ModelError(f"{info.weights}: the weights file is missing; reinstall the package or the model")
    if (found := sha256(info.weights)) != info.sha256:
        raise ModelError(
            f"{info.weights}: the weights are damaged or were replaced (sha256 {found[:12]}..., expected "
            f"{info.sha256[:12]}...); reinstall the package or the model"
        )
