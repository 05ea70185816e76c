"""Work of which only the newest counts: while a slider moves, what it passed on the way is not done."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Newest(Generic[Item]):
    """Does what was asked for last, in a thread that ends when nothing is left.

    Parameters
    ----------
    work : callable
        Does an item; never two at once. It deals with its own errors.
    pause : float
        Seconds it waits for a newer item before it begins.
    """

    def __init__(self, work: Callable[[Item], None], pause: float) -> None:
        self._work = work
        self._pause = pause
        self._lock = threading.Lock()
        self._waiting: list[Item] = []
        self._busy = False

    @property
    def busy(self) -> bool:
        """Whether something is being done or waits."""
        with self._lock:
            return self._busy

    def ask(self, item: Item) -> None:
        """Have an item done in place of those that wait; returns at once."""
        with self._lock:
            self._waiting = [item]
            if self._busy:
                return
            self._busy = True
        threading.Thread(target=self._serve, name="newest", daemon=True).start()

    def forget(self) -> None:
        """Begin nothing more of what was asked for."""
        with self._lock:
            self._waiting = []

    def _serve(self) -> None:
        while True:
            time.sleep(self._pause)
            with self._lock:
                if not self._waiting:
                    self._busy = False
                    return
                item = self._waiting.pop()
            self._work(item)
