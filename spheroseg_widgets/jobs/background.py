"""Runs in the background of this process: a thread each, one at a time for a project, waited for at exit.

A run that is under way when Python ends would lose what its workers are still computing. So the end of the program
waits for it, and says so; an interrupt (Ctrl-C) then cancels what is left instead.
"""

from __future__ import annotations

import logging
import sys
import threading
from typing import Any

from spheroseg_widgets.store import runs
from spheroseg_widgets.store.progress import run_progress

from .dispatcher import Dispatcher, describe

log = logging.getLogger(__name__)

_lock = threading.Lock()
_under_way: dict[tuple[str, int], BackgroundRun] = {}
_turns: dict[tuple[str, int], threading.Lock] = {}


class BackgroundRun:
    """A dispatcher at work in a thread.

    Parameters
    ----------
    dispatcher : Dispatcher
        Ready to run; its `stop` ends it.
    run_id : int
        The run.
    workers, cluster
        As in `client_for`.
    """

    def __init__(self, dispatcher: Dispatcher, run_id: int, *, workers: int | None, cluster: Any) -> None:
        self.dispatcher = dispatcher
        self.run_id = run_id
        self.workers = workers
        self.cluster = cluster
        self.error: BaseException | None = None
        self.store = store_key(dispatcher)
        # A daemon, as what waits for it at exit can be interrupted, and Python's own waiting cannot.
        self.thread = threading.Thread(target=self._work, name=f"spheroseg-run-{run_id}", daemon=True)

    @property
    def alive(self) -> bool:
        """Whether the thread is still at work (the workers may be going down after the run's last image)."""
        return self.thread.is_alive()

    @property
    def reason(self) -> str | None:
        """Why it could not go on."""
        return None if self.error is None else describe(self.error)

    def _work(self) -> None:
        with _lock:
            turn = _turns.setdefault((self.store, self.dispatcher.project_id), threading.Lock())
        try:
            with turn:
                self.dispatcher.run(self.run_id, workers=self.workers, cluster=self.cluster)
        except BaseException as error:
            self.error = error
            log.debug("run %s broke", self.run_id, exc_info=error)


def store_key(dispatcher: Dispatcher) -> str:
    """Return what tells one store from another in this process."""
    return str(dispatcher.database.engine.url)


def start(dispatcher: Dispatcher, run_id: int, *, workers: int | None = None, cluster: Any = None) -> BackgroundRun:
    """Start a run in the background; behind others of its project, if there are any under way."""
    made = BackgroundRun(dispatcher, run_id, workers=workers, cluster=cluster)
    with _lock:
        for key in [key for key, other in _under_way.items() if not other.alive and other.error is None]:
            del _under_way[key]
        _under_way[made.store, run_id] = made
    made.thread.start()
    return made


def under_way(store: str, run_id: int) -> BackgroundRun | None:
    """Return the newest thread of a run in this process, also one that broke."""
    with _lock:
        return _under_way.get((store, run_id))


def of_store(store: str) -> list[BackgroundRun]:
    """Return the threads at work on a store."""
    with _lock:
        return [one for (where, _), one in _under_way.items() if where == store and one.alive]


def _finish_all() -> None:
    """Wait for what is under way when the program ends."""
    with _lock:
        alive = [one for one in _under_way.values() if one.alive]
    try:
        for one in alive:
            with one.dispatcher.database.read() as connection:
                progress = run_progress(connection, one.run_id)
            left = progress.queued + progress.running
            if left:
                print(
                    f"waiting for run {one.run_id}: {left} of {progress.total} images left (Ctrl-C cancels them)",
                    file=sys.stderr,
                )
            one.thread.join()
    except KeyboardInterrupt:
        for one in alive:
            with one.dispatcher.database.write() as connection:
                runs.cancel_jobs(connection, one.run_id)
            one.dispatcher.stop.set()
        for one in alive:
            one.thread.join(timeout=30)


# Not `atexit`: by then the thread pools that Dask needs take no more work. These run before that, newest first.
threading._register_atexit(_finish_all)  # type: ignore[attr-defined]  # private, and the only place early enough
