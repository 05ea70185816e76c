"""A run: worked on in the background, kept in the store."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from spheroseg_widgets.errors import RunError
from spheroseg_widgets.jobs import background
from spheroseg_widgets.jobs.cluster import ClusterWish
from spheroseg_widgets.store import jobs, requests, runs
from spheroseg_widgets.store.job_state import FAILED
from spheroseg_widgets.store.progress import RunningImage, RunProgress, run_progress, running_images
from spheroseg_widgets.store.run_log import run_log

from .base import ProjectBase
from .hooks import hook
from .run_watch import LEAST_SECONDS_BETWEEN, LOOK_SECONDS, RunListener, RunWatch
from .start_work import check_reachable, start_work


class Run:
    """One run of a model over images: live while it is worked on, a record afterwards.

    Parameters
    ----------
    project : ProjectBase
        Whose run it is.
    run_id : int
        Its row.
    """

    def __init__(self, project: ProjectBase, run_id: int) -> None:
        self.project = project
        self.id = run_id
        self._watch = RunWatch(project, run_id, self.progress)

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

    def start(self, wish: ClusterWish, *, detached: bool | None = None) -> None:
        """Have the queued images worked on; the arguments are those of `start_work`."""
        if start_work(self.project, self.id, wish, detached=detached):
            self.on_change(lambda _seen: None)  # so that galleries of this process hear of its results

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
        self._watch.look()
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
        self.start(wish, detached=None if asked is None else asked.detached)
        self._watch.start()

    def on_change(self, listener: RunListener) -> Callable[[], None]:
        """Call ``listener(progress)`` from a background thread, at most ten times a second; returns how to leave.

        The first call comes at once; the finished state is never left out.
        """
        return self._watch.on_change(listener)

    def _live(self) -> background.Serving | None:
        return background.serving_of(self.project.database, self.project.id, self.id)
