"""Which step of an image a worker is at: told by the worker through the scheduler, heard by the dispatcher."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from typing import Any

from distributed import get_worker

READING, SEGMENTING, MEASURING = "reading", "segmenting", "measuring"
LEAST_SECONDS_BETWEEN = 0.5
UNTOLD_SECONDS = 0.5
"""A step that is over sooner is not told: nobody could read it, and thousands of them would keep the scheduler busy."""


class Teller:
    """Tells of one image, from the worker that has it in hand.

    Parameters
    ----------
    topic : str
        Of Dask's events; empty tells nothing, as small images are done before anybody could read it.
    job_id, attempt : int
        Of the job.

    Attributes
    ----------
    worker : str
        Dask's name of this worker; empty where this is none.
    """

    def __init__(self, topic: str, job_id: int, attempt: int) -> None:
        self._topic = topic
        self._job = job_id, attempt
        self._told = 0.0
        self._step: object = None
        self._dask: Any = None
        with suppress(ValueError):  # not on a worker
            self._dask = get_worker()
        self.worker = "" if self._dask is None else str(self._dask.address)

    def stage(self, name: str) -> None:
        """Say that a step begins, should it last."""
        if self._topic and self._dask is not None:
            self._step = step = object()
            self._dask.loop.add_callback(self._dask.loop.call_later, UNTOLD_SECONDS, self._tell_if_at, step, name)

    def end(self) -> None:
        """Say no more: the image is done."""
        self._step = None

    def progress(self, done: int, total: int) -> None:
        """Say how far the network is with a large image, not too often."""
        if total > 1 and time.monotonic() - self._told >= LEAST_SECONDS_BETWEEN:
            self._tell(f"{SEGMENTING} {done}/{total}")

    def _tell_if_at(self, step: object, name: str) -> None:
        if self._step is step:
            self._tell(name)

    def _tell(self, stage: str) -> None:
        if self._topic and self._dask is not None:
            self._told, self._step = time.monotonic(), None
            self._dask.log_event(self._topic, [*self._job, stage])


class Heard:
    """What the workers of a run tell; filled by Dask's thread, read by the dispatcher's."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stages: dict[tuple[int, int], str] = {}

    def hear(self, event: tuple[float, Any]) -> None:
        """Take one of Dask's events."""
        job_id, attempt, stage = event[1]
        with self._lock:
            self._stages[int(job_id), int(attempt)] = str(stage)

    def take(self) -> dict[tuple[int, int], str]:
        """Return what is new since the last time: stage by job and attempt."""
        with self._lock:
            new, self._stages = self._stages, {}
        return new

    @property
    def any(self) -> bool:
        """Whether there is anything new."""
        return bool(self._stages)
