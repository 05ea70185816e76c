"""Who edits the open image now: a lease of this kernel, which another one sees and can take over."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection

from spheroseg_widgets.errors import ConflictError, StoreError
from spheroseg_widgets.project.project import Project
from spheroseg_widgets.store import presence
from spheroseg_widgets.store.leases import new_owner
from spheroseg_widgets.store.results import current_result
from spheroseg_widgets.store.tables import now

from .base import SpheroWidget
from .editor_session import EditSession
from .rpc import Call, rpc_method

OWNER = new_owner()
LASTS = 10.0
"""Seconds an image stays held after its browser was last heard of."""
PROLONG = 4.0
"""Seconds after which a lease is written again; before, one row is read."""


class Presence(SpheroWidget):
    """A widget that says who edits its image, and holds it while it does. Editors of one kernel share the lease."""

    presence_owner = OWNER
    project: Project
    _only_shows: bool
    _session_of: Callable[[dict[str, Any]], EditSession]
    _held: set[int]
    _taken: dict[int, str]
    _open: EditSession | None
    _changed_elsewhere: Callable[[str, Sequence[int]], None]
    _asking: threading.Lock
    """Not the lock of the open image: a lease is prolonged while a large one is saved."""

    @rpc_method("presence")
    def _presence(self, params: dict[str, Any], _buffers: list[memoryview], _call: Call) -> dict[str, Any]:
        """Answer with who else edits the image; prolongs our own lease while there is something being edited."""
        image_id = int(params["image_id"])
        with self._asking:  # an image that is taken over while this looks would count as lost again
            other = self._hold(image_id) if params["editing"] and image_id not in self._taken else self._other(image_id)
            if other is not None and image_id in self._held:
                self._taken[image_id] = other.author
            taken_by = self._taken.get(image_id)
        self._notice_saved(image_id)
        return {"author": None if other is None else other.author, "taken_by": taken_by}

    @rpc_method("take_over", ordered=True)
    def _take_over(self, params: dict[str, Any], _buffers: list[memoryview], _call: Call) -> None:
        with self.lock:
            image_id = self._session_of(params).image_id
        with self._asking:
            self._hold(image_id, force=True)
            self._taken.pop(image_id, None)
        self._notice_saved(image_id)

    def _notice_saved(self, image_id: int) -> None:
        """See whether another kernel saved the open image: it tells nobody here."""
        with self.project.database.read() as connection:
            current = current_result(connection, image_id)
        session = self._open  # no lock, which one who saves holds: at worst it is read again for nothing
        if session is not None and session.image_id == image_id and session.current != current:
            self._changed_elsewhere("save", [image_id])

    def _check_held(self, image_id: int, connection: Connection | None = None) -> None:
        """Take the lease of an image that is about to be changed.

        Parameters
        ----------
        connection : sqlalchemy.Connection, optional
            Of the transaction that changes it.

        Raises
        ------
        StoreError
            The editor only shows.
        ConflictError
            Another kernel holds it, or took it over.
        """
        if self._only_shows:
            raise StoreError("this editor only shows: it was opened with read_only=True")
        other = None if image_id in self._taken else self._hold(image_id, within=connection)
        if other is not None and image_id in self._held:
            self._taken[image_id] = other.author
        if other is not None or image_id in self._taken:
            author = self._taken[image_id] if other is None else other.author
            raise ConflictError(f"edited by {author} now: take over to go on")

    def _hold(self, image_id: int, *, force: bool = False, within: Connection | None = None) -> presence.Holder | None:
        database = self.project.database
        with database.read() if within is None else nullcontext(within) as connection:
            held = presence.holder_of(connection, image_id)
        if not force and held is not None:
            if held.owner != self.presence_owner:
                return held
            if held.until - now() > timedelta(seconds=LASTS - PROLONG):
                self._held.add(image_id)
                return None
        with database.write() if within is None else nullcontext(within) as connection:
            other = presence.hold(connection, image_id, self.presence_owner, self.project.author, LASTS, force=force)
        if other is None:
            self._held.add(image_id)
        return other

    def _other(self, image_id: int) -> presence.Holder | None:
        with self.project.database.read() as connection:
            held = presence.holder_of(connection, image_id)
        return None if held is None or held.owner == self.presence_owner else held

    def _release(self, image_id: int) -> None:
        self._taken.pop(image_id, None)
        if image_id in self._held:
            self._held.discard(image_id)
            with self.project.database.write() as connection:
                presence.release(connection, image_id, self.presence_owner)
