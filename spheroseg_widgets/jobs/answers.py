"""What workers answered, fetched on the client's own thread: a scheduler that goes meanwhile loses answers, never tasks."""

from __future__ import annotations

import asyncio
import concurrent.futures
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

Answer = tuple[Any, Any]
"""Dask's future, and the value, the error of one that failed, or None where neither can be had any more."""
GONE = (Exception, asyncio.CancelledError, concurrent.futures.CancelledError)
FETCH_SECONDS = 1.0
"""How long answers wait for others on their workers: each fetch asks every worker that has one."""
TELL_SECONDS_OF_A_WORKER = 0.0008
MOST_TELL_SECONDS = 0.25
"""A task that has ended is told of with others, so that what is handed out in their place goes out together. It waits a
quarter of a task's time, as each worker has another one in hand; and so long for each worker as a scheduler needs for a
task, as it could not keep them busy with more."""


class Answers:
    """Tasks that are waited for. That one has ended is known soon; what it answered is fetched with others.

    `as_completed(with_results=True)` fetches answers as well, one by one, and forgets the task whose answer was on its
    way when the scheduler went; nor does it tell anybody.

    Parameters
    ----------
    client : distributed.Client
        That handed the tasks out.
    tell : callable
        Called, on a thread of Dask's, when there is something new in `ended` or to take.

    Attributes
    ----------
    workers : int
        How many there are.
    task_seconds : float
        How long a task takes, about.
    """

    def __init__(self, client: Any, tell: Callable[[], object]) -> None:
        self.workers = 1
        self.task_seconds = 0.0
        self._client = client
        self._tell = tell
        self._news: deque[Any] = deque()
        """Tasks that ended, in the order of time; filled on the client's thread."""
        self._tracked: set[asyncio.Future[None]] = set()  # nobody else holds on to them
        self._ended: dict[str, Any] = {}
        self._fetching: concurrent.futures.Future[list[Answer]] | None = None
        self._fetched = 0.0

    def wait_for(self, futures: Sequence[Any], *, at_once: bool = False) -> None:
        """Have tasks waited for.

        Parameters
        ----------
        futures : sequence of distributed.Future
            Of the tasks.
        at_once : bool
            Whether the end of one is told without waiting for others.
        """
        self._client.loop.add_callback(self._track, list(futures), 1 if at_once else self._together())

    def _together(self) -> int:
        """Return how many tasks that ended are told of without waiting for more."""
        return max(min(2, self.workers), self.workers // 4)

    def _track(self, futures: list[Any], together: int) -> None:
        for future in futures:
            tracked = asyncio.ensure_future(self._until_ended(future, together))
            self._tracked.add(tracked)
            tracked.add_done_callback(self._tracked.discard)

    async def _until_ended(self, future: Any, together: int) -> None:
        with suppress(*GONE):
            await future._state.wait()  # as `distributed.wait`, which makes three tasks more for it
        self._news.append(future)
        if len(self._news) >= together or len(self._tracked) == 1:  # nothing else is under way
            self._tell()
        elif len(self._news) == 1:
            of_all = TELL_SECONDS_OF_A_WORKER * self.workers
            self._client.loop.call_later(min(MOST_TELL_SECONDS, max(of_all, self.task_seconds / 4)), self._tell)

    def ended(self) -> set[str]:
        """Return the keys of the tasks that have ended and whose answers are not here yet."""
        while self._news:
            future = self._news.popleft()
            self._ended[future.key] = future
        return set(self._ended)

    def take(self, *, at_once: bool) -> list[Answer]:
        """Return what has been fetched of `ended`, without waiting, each task once; and have more fetched.

        Parameters
        ----------
        at_once : bool
            Whether answers are to be fetched now, and not with those that follow.
        """
        came: list[Answer] = []
        if self._fetching is not None and self._fetching.done():
            came = self._fetching.result()
            self._fetching = None
        for future in [one for one in self._ended.values() if one.status != "finished"]:
            if future.status == "pending":  # its worker went, and took the answer with it: it is done again
                del self._ended[future.key]
                self.wait_for([future], at_once=at_once)
            else:
                came.append((future, _error_of(future)))
        for future, _ in came:
            self._ended.pop(future.key, None)
        due = at_once or time.monotonic() - self._fetched >= FETCH_SECONDS
        if self._ended and self._fetching is None and due:
            self._fetched = time.monotonic()
            self._fetching = asyncio.run_coroutine_threadsafe(
                self._fetch(list(self._ended.values())), self._client.loop.asyncio_loop
            )
            self._fetching.add_done_callback(lambda _done: self._tell())
        return came

    async def _fetch(self, futures: list[Any]) -> list[Answer]:
        with suppress(*GONE):
            return list(zip(futures, await self._client.gather(futures, asynchronous=True), strict=True))
        answers = []
        for future in futures:  # one that cannot be had does not cost the others
            answer = None
            with suppress(*GONE):
                [answer] = await self._client.gather([future], asynchronous=True)
            answers.append((future, answer))
        return answers


def _error_of(future: Any) -> BaseException | None:
    if future.status != "error":
        return None
    with suppress(*GONE):
        error = future.exception(timeout=1)
        return error if isinstance(error, BaseException) else None
    return None
