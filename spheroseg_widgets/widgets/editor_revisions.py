"""Revisions in an editor: a list of them, one restored, two merged (`frontend/editor/revisions/`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd
import traitlets

from spheroseg_widgets.errors import SpherosegError
from spheroseg_widgets.outlines.outlines import Outlines
from spheroseg_widgets.project import revisions
from spheroseg_widgets.project.project import Project
from spheroseg_widgets.store.leases import in_utc
from spheroseg_widgets.store.results import load_outlines

from .base import SpheroWidget
from .editor_session import EditSession
from .rpc import Answer, Call, rpc_method


class Revisions(SpheroWidget):
    """A widget that shows what became of its image, and gives it back."""

    project: Project
    _open: EditSession | None
    _release: Callable[[int], None]
    save: Callable[[], int | None]
    _session_of: Callable[[dict[str, Any]], EditSession]
    _check_held: Callable[[int], None]
    _push_version: Callable[[EditSession], None]
    _tell: Callable[[Sequence[tuple[int, int]]], None]

    @traitlets.observe("image_id")
    def _image_changed(self, _change: object) -> None:
        self._close_left()

    def _close_left(self) -> None:
        """Save what was changed in an image that is left; what cannot be saved stays in its draft."""
        saved = None
        with self.lock:
            session = self._open
            if session is None:
                return
            try:
                try:
                    saved = session.save() if session.unsaved else None
                finally:
                    self._release(session.image_id)
            except SpherosegError as error:
                self.push("not_closed", {"name": str(session.row["name"]), "reason": str(error)})
        if saved is not None:
            self._tell([(session.image_id, saved)])

    @rpc_method("revisions")
    def _revisions(self, params: dict[str, Any], _buffers: list[memoryview], _call: Call) -> list[dict[str, Any]]:
        with self.lock:
            image_id = self._session_of(params).image_id
        return [_sent(row) for row in revisions.history(self.project, image_id).to_dict("records")][::-1]

    @rpc_method("restore", ordered=True)
    def _restore(self, params: dict[str, Any], _buffers: list[memoryview], _call: Call) -> int:
        image_id = self._close_first(params)
        saved = revisions.restore(self.project, image_id, int(params["revision"]))
        self._follow(params, saved)
        return saved

    @rpc_method("differences")
    def _differences(self, params: dict[str, Any], _buffers: list[memoryview], _call: Call) -> Answer:
        """Answer with what differs; beside each its outlines: mine first, then theirs, empty where it has none."""
        with self.lock:
            image_id = self._session_of(params).image_id
        mine, theirs = int(params["mine"]), int(params["theirs"])
        found = revisions.differences(self.project, image_id, mine, theirs)
        with self.project.database.read() as connection:
            sides = [load_outlines(connection, one) for one in (mine, theirs)]
        blobs = []
        for outlines, rows in sides:
            at = {str(one): number for number, one in enumerate(rows["outline_id"])}
            rings = [outlines.rings(at[one.outline_id]) for one in found if one.outline_id in at]
            blobs.append(Outlines.from_rings(rings).to_bytes())
        listed = [{"outline": one.outline_id, "kind": one.kind, "suggested": one.suggested} for one in found]
        return Answer(listed, blobs)

    @rpc_method("merge", ordered=True)
    def _merge(self, params: dict[str, Any], _buffers: list[memoryview], _call: Call) -> int:
        image_id = self._close_first(params)
        choices = {str(one): str(choice) for one, choice in params["choices"].items()}
        saved = revisions.merge(self.project, image_id, int(params["mine"]), int(params["theirs"]), choices)
        self._follow(params, saved)
        return saved

    def _close_first(self, params: dict[str, Any]) -> int:
        """Save what is unsaved as a revision of its own: what replaces it must not lose it."""
        with self.lock:
            image_id = self._session_of(params).image_id
        self._check_held(image_id)
        self.save()
        return image_id

    def _follow(self, params: dict[str, Any], saved: int) -> None:
        with self.lock:
            session = self._session_of(params)
            session.refresh()
            self._push_version(session)
        self._tell([(session.image_id, saved)])


def _sent(row: dict[Any, Any]) -> dict[str, Any]:
    known = {str(name): None if pd.isna(value) else value for name, value in row.items()}
    made = in_utc(pd.Timestamp(row["created_at"]).to_pydatetime()).isoformat()
    whole = {name: None if pd.isna(row[name]) else int(row[name]) for name in ("parent_id", "run_id", "note_of")}
    return {**known, **whole, "id": int(row["id"]), "n_objects": int(row["n_objects"]), "created_at": made}
