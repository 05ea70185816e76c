"""Work that several ask for: whoever asked last is served first, and what nobody waits for any more is not begun."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, wait
from contextlib import contextmanager
from typing import Generic, TypeVar

CHECK_SECONDS = 0.05
"""Whoever waits looks this often whether the answer is still wanted."""

Key = TypeVar("Key")
Item = TypeVar("Item")
Result = TypeVar("Result")


class _Piece(Generic[Key, Item, Result]):
    """One thing to do, for all who ask for it at the time."""

    def __init__(self, key: Key, item: Item) -> None:
        self.key = key
        self.item = item
        self.future: Future[Result] = Future()
        self.waiting = 0
        self.begun = False


class NewestFirst(Generic[Key, Item, Result]):
    """Threads that work off requests; none runs while there is nothing to do.

    Parameters
    ----------
    work : callable
        Makes a result of a key and its item; called in several threads at once.
    threads : int
        How many at most.
    """

    def __init__(self, work: Callable[[Key, Item], Result], threads: int) -> None:
        self._work = work
        self._width = threads
        self._lock = threading.Lock()
        self._pieces: dict[Key, _Piece[Key, Item, Result]] = {}
        self._requests: list[list[_Piece[Key, Item, Result]]] = []
        self._threads: set[threading.Thread] = set()
        self._closed = False
        self._asked_at = float("-inf")

    @property
    def rested(self) -> float:
        """Seconds for which nobody has asked for anything; 0 while somebody waits."""
        with self._lock:
            return 0.0 if self._requests else time.monotonic() - self._asked_at

    @contextmanager
    def asking(self, wanted: Mapping[Key, Item]) -> Iterator[dict[Key, Future[Result]]]:
        """Have things made as long as the block lasts.

        Parameters
        ----------
        wanted : mapping
            Item by key, the most wanted first.

        Yields
        ------
        dict
            Future by key. What has not begun when the block ends stays undone, unless somebody else asks for it; what
            has begun is finished.
        """
        pieces = self._add(wanted)
        try:
            yield {piece.key: piece.future for piece in pieces}
        finally:
            self._leave(pieces)

    def close(self) -> None:
        """Begin nothing more, and wait for what has begun."""
        with self._lock:
            self._closed = True
            threads = list(self._threads)
        for thread in threads:
            thread.join()

    def _add(self, wanted: Mapping[Key, Item]) -> list[_Piece[Key, Item, Result]]:
        with self._lock:
            pieces = [self._pieces.setdefault(key, _Piece(key, item)) for key, item in wanted.items()]
            for piece in pieces:
                piece.waiting += 1
            self._requests.append(pieces)
            self._asked_at = time.monotonic()
            for _ in range(0 if self._closed else min(self._width - len(self._threads), len(pieces))):
                thread = threading.Thread(target=self._serve, name="thumbnails", daemon=True)
                self._threads.add(thread)
                thread.start()
        return pieces

    def _leave(self, pieces: list[_Piece[Key, Item, Result]]) -> None:
        with self._lock:
            self._requests = [request for request in self._requests if request is not pieces]
            self._asked_at = time.monotonic()
            for piece in pieces:
                piece.waiting -= 1
                if not piece.begun and not piece.waiting:
                    self._pieces.pop(piece.key)

    def _serve(self) -> None:
        while (piece := self._next()) is not None:
            try:
                piece.future.set_result(self._work(piece.key, piece.item))
            except Exception as error:  # noqa: BLE001 - whoever waits hears of it
                piece.future.set_exception(error)
            with self._lock:
                self._pieces.pop(piece.key)

    def _next(self) -> _Piece[Key, Item, Result] | None:
        with self._lock:
            left = (piece for request in reversed(self._requests) for piece in request if not piece.begun)
            piece = None if self._closed else next(left, None)
            if piece is None:
                self._threads.discard(threading.current_thread())
            else:
                piece.begun = True
            return piece


def wait_for(futures: Mapping[Key, Future[Result]], seconds: float, check: Callable[[], None]) -> None:
    """Wait until all is done or the time is over; `check` is called now and then, and what it raises ends the wait."""
    until = time.monotonic() + seconds
    left = set(futures.values())
    while left and (rest := until - time.monotonic()) > 0:
        left = wait(left, timeout=min(rest, CHECK_SECONDS)).not_done
        check()
