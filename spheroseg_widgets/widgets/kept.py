"""What was made of images and is costly to make again, as far as there is room for it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import Future
from typing import Any, Generic, TypeVar

Value = TypeVar("Value")
Row = Mapping[Hashable, Any]
"""Of `Project.images()`."""


class Kept(Generic[Value]):
    """Values by image, those used last kept; whoever asks while one is being made waits for it.

    Parameters
    ----------
    make : callable
        Makes the value of an image, given its row; what it raises goes to all who wait, and is tried again next time.
    size : callable
        Bytes that a value takes.
    most_bytes : int
        Of all values; the one that was used last is kept whatever it takes.
    """

    def __init__(self, make: Callable[[Row], Value], size: Callable[[Value], int], most_bytes: int) -> None:
        self._make = make
        self._size = size
        self._most = most_bytes
        self._kept: OrderedDict[int, Future[Value]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, row: Row) -> Value:
        """Return an image's value."""
        image_id = int(row["image_id"])
        with self._lock:
            making = self._kept.get(image_id)
            first = making is None
            if making is None:
                making = self._kept[image_id] = Future()
            self._kept.move_to_end(image_id)
        if first:
            self._fill(row, image_id, making)
        return making.result()

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._kept.clear()

    def _fill(self, row: Row, image_id: int, making: Future[Value]) -> None:
        try:
            value = self._make(row)
        except BaseException as error:  # noqa: BLE001 - whoever waits for it must hear of it
            with self._lock:
                if self._kept.get(image_id) is making:
                    del self._kept[image_id]
            making.set_exception(error)
            return
        making.set_result(value)
        with self._lock:
            made = [one for one, kept in self._kept.items() if kept.done()]
            size = sum(self._size(self._kept[one].result()) for one in made)
            for one in made[:-1]:
                if size <= self._most:
                    break
                size -= self._size(self._kept.pop(one).result())
