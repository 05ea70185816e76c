"""Telling listeners how far a run is, whoever works on it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from spheroseg_widgets.jobs import background
from spheroseg_widgets.store import jobs
from spheroseg_widgets.store.progress import RunProgress

from .base import ProjectBase

log = logging.getLogger(__name__)

LEAST_SECONDS_BETWEEN = 0.1
"""Listeners hear of a run at most ten times a second."""
LOOK_SECONDS = 1.0
"""How often a run is looked at that another process works on."""

RunListener = Callable[[RunProgress], object]


class RunWatch:
    """Tells the listeners of a run, from a thread that is there while there are some and more may come.

    Parameters
    ----------
    project : ProjectBase
        Whose run it is.
    run_id : int
        Its row.
    progress : callable
        Returns how far it is.
    """

    def __init__(self, project: ProjectBase, run_id: int, progress: Callable[[], RunProgress]) -> None:
        self._project = project
        self._run_id = run_id
        self._progress = progress
        self._listeners: dict[int, RunListener] = {}
        self._number = 0
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None

    def on_change(self, listener: RunListener) -> Callable[[], None]:
        """Add a listener, as `Run.on_change` does; returns how to leave."""
        with self._lock:
            number, self._number = self._number, self._number + 1
            self._listeners[number] = listener

        def leave() -> None:
            with self._lock:
                self._listeners.pop(number, None)
            self._wake.set()

        self.start()
        self._wake.set()
        return leave

    def start(self) -> None:
        """Watch, unless nobody listens; again, where the run had ended and goes on."""
        with self._lock:
            if self._listeners and (self._thread is None or not self._thread.is_alive()):
                self._thread = threading.Thread(target=self._tell, name=f"spheroseg-watch-{self._run_id}", daemon=True)
                self._thread.start()

    def look(self) -> None:
        """Look at once."""
        self._wake.set()

    def _tell(self) -> None:
        """Tell listeners of every state that differs from what they were told last."""
        told: dict[int, RunProgress] = {}
        elsewhere = _Elsewhere(self._project, self._run_id)
        leave = self._project.changes.on_change(lambda _kind, _ids: self._wake.set())
        try:
            while True:
                self._wake.clear()
                try:
                    seen = self._progress()
                    elsewhere.tell(seen)
                except Exception:
                    log.debug("run %s cannot be read", self._run_id, exc_info=True)
                    return
                with self._lock:
                    listeners = dict(self._listeners)
                    if not listeners or (seen.finished and all(told.get(n) == seen for n in listeners)):
                        self._thread = None
                        return
                for number, listener in listeners.items():
                    if told.get(number) == seen:
                        continue
                    told[number] = seen
                    try:
                        listener(seen)
                    except Exception:
                        log.exception("a listener of run %s failed", self._run_id)
                time.sleep(LEAST_SECONDS_BETWEEN)
                self._wake.wait(LOOK_SECONDS)
        finally:
            leave()


class _Elsewhere:
    """Tells this process of the results of a run that another one works on."""

    def __init__(self, project: ProjectBase, run_id: int) -> None:
        self._project = project
        self._run_id = run_id
        self._ended: set[int] | None = None

    def tell(self, seen: RunProgress) -> None:
        """Tell of the images that ended since the last time."""
        if self._ended is not None and len(self._ended) == seen.done + seen.failed:
            return
        live = background.serving_of(self._project.database, self._project.id, self._run_id)
        with self._project.database.read() as connection:
            ended = jobs.ended_images(connection, self._run_id)
        fresh = ended - (self._ended or set())
        first, self._ended = self._ended is None, ended
        if fresh and not first and (live is None or not live.alive):
            self._project.changes.tell("results", sorted(fresh))
