"""Telling the parts of this process what changed in a project."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from typing import TypeVar

Listener = Callable[[str, list[int]], object]
Settler = Callable[[], object]
Callback = TypeVar("Callback", Listener, Settler)

log = logging.getLogger(__name__)


class Changes:
    """Listeners of one project: whoever holds it in this process, they hear of each other's changes."""

    def __init__(self) -> None:
        self._listeners: dict[int, Listener] = {}
        self._settlers: dict[int, Settler] = {}
        self._next = 0
        self._lock = threading.Lock()

    def on_change(self, listener: Listener) -> Callable[[], None]:
        """Add a listener, called as ``listener(kind, image_ids)`` on the thread of the change; returns how to leave."""
        return self._add(self._listeners, listener)

    def on_settle(self, settler: Settler) -> Callable[[], None]:
        """Add what saves an editor's open changes, called before numbers are taken; returns how to leave."""
        return self._add(self._settlers, settler)

    def _add(self, table: dict[int, Callback], callback: Callback) -> Callable[[], None]:
        with self._lock:
            number, self._next = self._next, self._next + 1
            table[number] = callback

        def leave() -> None:
            with self._lock:
                table.pop(number, None)

        return leave

    def settle(self) -> None:
        """Have every editor of this process save its open changes."""
        with self._lock:
            settlers = list(self._settlers.values())
        for settler in settlers:
            settler()

    def tell(self, kind: str, image_ids: Iterable[int] = ()) -> None:
        """Call every listener; one that fails stops neither the others nor the change, which is stored by now."""
        with self._lock:
            listeners = list(self._listeners.values())
        ids = [int(i) for i in image_ids]
        for listener in listeners:
            try:
                listener(kind, list(ids))
            except Exception:
                log.exception("a listener failed on %s", kind)


_of_project: dict[tuple[str, int], Changes] = {}
_lock = threading.Lock()


def changes_of(store: str, project_id: int) -> Changes:
    """Return the one `Changes` of a project in this process, however often it is open."""
    with _lock:
        return _of_project.setdefault((store, project_id), Changes())
