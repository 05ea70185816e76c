"""What workers answered, fetched on the client's own thread: a scheduler that goes meanwhile loses answers, never tasks."""

from __future__ import annotations

import asyncio
import concurrent.futures
from contextlib import suppress
from typing import Any

from distributed import as_completed

Answer = tuple[Any, Any]
"""Dask's future, and the value, the error of one that failed, or None where neither can be had any more."""
GONE = (Exception, asyncio.CancelledError, concurrent.futures.CancelledError)


class Answers:
    """Tasks that are waited for.

    `as_completed(with_results=True)` fetches answers as well, one by one, and forgets the task whose answer was on its
    way when the scheduler went.

    Parameters
    ----------
    client : distributed.Client
        That handed the tasks out.
    """

    def __init__(self, client: Any) -> None:
        self._client = client
        self._ended = as_completed(loop=client.loop, raise_errors=False)
        self._fetching: concurrent.futures.Future[list[Answer]] | None = None

    def wait_for(self, future: Any) -> None:
        """Have a task waited for."""
        self._ended.add(future)

    def take(self) -> list[Answer]:
        """Return what has come since, without waiting; each task once."""
        came: list[Answer] = []
        if self._fetching is not None and self._fetching.done():
            came = self._fetching.result()
            self._fetching = None
        if self._fetching is None:
            finished = []
            while self._ended.has_ready():
                future = next(self._ended)
                if future.status == "finished":
                    finished.append(future)
                else:
                    came.append((future, _error_of(future)))
            if finished:
                self._fetching = asyncio.run_coroutine_threadsafe(self._fetch(finished), self._client.loop.asyncio_loop)
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
