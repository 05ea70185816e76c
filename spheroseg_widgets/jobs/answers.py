"""What workers answered, fetched on the client's own thread: a scheduler that goes meanwhile loses answers, never tasks."""

from __future__ import annotations

import asyncio
import concurrent.futures
import time
from contextlib import suppress
from typing import Any

from distributed import as_completed

Answer = tuple[Any, Any]
"""Dask's future, and the value, the error of one that failed, or None where neither can be had any more."""
GONE = (Exception, asyncio.CancelledError, concurrent.futures.CancelledError)
FETCH_SECONDS = 0.4
"""How long answers wait for others on their workers: each fetch asks every worker that has one."""


class Answers:
    """Tasks that are waited for. That one has ended is known at once; what it answered is fetched with others.

    `as_completed(with_results=True)` fetches answers as well, one by one, and forgets the task whose answer was on its
    way when the scheduler went.

    Parameters
    ----------
    client : distributed.Client
        That handed the tasks out.
    """

    def __init__(self, client: Any) -> None:
        self._client = client
        self._waiting = as_completed(loop=client.loop, raise_errors=False)
        self._ended: dict[str, Any] = {}
        self._fetching: concurrent.futures.Future[list[Answer]] | None = None
        self._fetched = 0.0

    def wait_for(self, future: Any) -> None:
        """Have a task waited for."""
        self._waiting.add(future)

    def ended(self) -> set[str]:
        """Return the keys of the tasks that have ended and whose answers are not here yet."""
        while self._waiting.has_ready():
            future = next(self._waiting)
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
                self._waiting.add(future)
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
