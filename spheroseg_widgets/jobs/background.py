"""A dispatcher in the background of this process: a thread for a project, waited for at exit.

A run that is under way when Python ends would lose what its workers are still computing. So the end of the program
waits for it, and says so; an interrupt (Ctrl-C) then cancels what is left instead.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable

from spheroseg_widgets.store import jobs
from spheroseg_widgets.store.database import Database
from spheroseg_widgets.store.progress import run_progress

from .dispatcher import Dispatcher, describe

log = logging.getLogger(__name__)

_lock = threading.Lock()
_serving: dict[tuple[str, int], Serving] = {}


class Serving:
    """A dispatcher at work in a thread.

    Parameters
    ----------
    dispatcher : Dispatcher
        Not yet at work.

    Attributes
    ----------
    run_ids : set of int
        The runs it was started for; it works on others, too.
    error : BaseException or None
        Why it could not go on at all.
    """

    def __init__(self, dispatcher: Dispatcher) -> None:
        self.dispatcher = dispatcher
        self.run_ids: set[int] = set()
        self.error: BaseException | None = None
        # A daemon, as what waits for it at exit can be interrupted, and Python's own waiting cannot.
        self.thread = threading.Thread(target=self._work, name="spheroseg-dispatcher", daemon=True)

    @property
    def alive(self) -> bool:
        """Whether the thread is still at work (the workers may be going down after the last image)."""
        return self.thread.is_alive()

    def why(self, run_id: int) -> BaseException | None:
        """Return why a run could not go on."""
        return self.error or self.dispatcher.errors.get(run_id)

    def reason(self, run_id: int) -> str | None:
        """Return why a run could not go on, in words."""
        error = self.why(run_id)
        return None if error is None else describe(error)

    def _work(self) -> None:
        try:
            self.dispatcher.serve()
        except BaseException as error:
            self.error = error
            log.debug("a dispatcher broke", exc_info=error)


def store_key(database: Database) -> str:
    """Return what tells one store from another in this process."""
    return database.engine.url.render_as_string(hide_password=False)


def start(database: Database, project_id: int, run_id: int, changed: Callable[[list[int]], None]) -> Serving:
    """Have a run worked on in the background, by the dispatcher that is at work on its project or by a new one."""
    key = store_key(database), project_id
    with _lock:
        serving = _serving.get(key)
        if serving is None or not serving.alive or not serving.dispatcher.ask():
            serving = Serving(Dispatcher(database, project_id, changed=changed))
            _serving[key] = serving
            serving.thread.start()
        serving.dispatcher.errors.pop(run_id, None)
        serving.run_ids.add(run_id)
        return serving


def serving_of(database: Database, project_id: int, run_id: int | None = None) -> Serving | None:
    """Return the newest dispatcher of a project in this process, also one that broke; of a run, if it was its."""
    with _lock:
        found = _serving.get((store_key(database), project_id))
    return found if found is None or run_id is None or run_id in found.run_ids else None


def wake(database: Database, project_id: int) -> None:
    """Have a project's dispatcher look at once; one in another process does so several times a second."""
    serving = serving_of(database, project_id)
    if serving is not None:
        serving.dispatcher.ask()


def _finish_all() -> None:
    """Wait for what is under way when the program ends."""
    with _lock:
        alive = [one for one in _serving.values() if one.alive]
    try:
        for one in alive:
            _tell(one)
            one.thread.join()
    except KeyboardInterrupt:
        for one in alive:
            with one.dispatcher.database.write() as connection:
                for run_id in one.run_ids:
                    jobs.cancel_jobs(connection, run_id)
            one.dispatcher.stop.set()
        for one in alive:
            one.thread.join(timeout=30)


def _tell(one: Serving) -> None:
    for run_id in sorted(one.run_ids):
        with one.dispatcher.database.read() as connection:
            progress = run_progress(connection, run_id)
        left = progress.queued + progress.running
        if left:
            print(
                f"waiting for run {run_id}: {left} of {progress.total} images left (Ctrl-C cancels them)",
                file=sys.stderr,
            )


# Not `atexit`: by then the thread pools that Dask needs take no more work. These run before that, newest first.
threading._register_atexit(_finish_all)  # type: ignore[attr-defined]  # private, and the only place early enough
