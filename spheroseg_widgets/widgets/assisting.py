"""What the editor asks the kernel to outline: an object that was missed, and what the time before had (`assist.ts`)."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from spheroseg_widgets.outlines.outlines import Outlines
from spheroseg_widgets.project.assisting import propose
from spheroseg_widgets.segmentation.proposing import HALO
from spheroseg_widgets.store.images import earlier_image

from .rpc import Answer, Call, rpc_method

if TYPE_CHECKING:
    from spheroseg_widgets.project.project import Project

    from .editor_session import EditSession


class Assisting:
    """A widget that proposes outlines of its open image."""

    if TYPE_CHECKING:
        project: Project
        lock: threading.RLock
        _resting: dict[int, EditSession]
        push: Any

        def _session_of(self, params: dict[str, Any]) -> EditSession: ...

    @rpc_method("assist")
    def _assist(self, params: dict[str, Any], _buffers: list[memoryview], call: Call) -> Answer:
        """Find the object in `box` (x0, y0, x1, y1 in image pixels; a click has no size)."""
        with self.lock:
            session = self._session_of(params)
        x0, y0, x1, y1 = (float(value) for value in params["box"])

        def tell(stage: str) -> None:
            call.check()
            self.push("assist", {"ask": params["ask"], "stage": stage})

        found = propose(
            self.project, session.row.to_dict(), (x0, y0, x1, y1),
            lambda: session.pictures.get(session.pictures.own, lambda _done: call.check()),
            stop=lambda: call.cancelled, tell=tell,
        )  # fmt: skip
        if found is None:
            return Answer(None)
        field = found.field
        height, width = field.values.shape
        value = {
            "left": found.left, "top": found.top, "across": found.across, "down": found.down, "width": width,
            "height": height, "level": field.level, "least": HALO, "most": field.most, "by": found.by, "model": found.model,
        }  # fmt: skip
        return Answer(value, [field.values.tobytes()])

    @rpc_method("earlier")
    def _earlier(self, params: dict[str, Any], _buffers: list[memoryview], _call: Call) -> Answer:
        """Give the outlines of the same well and site at the time before, as they are there, saved or not."""
        with self.lock:
            session = self._session_of(params)
        with self.project.database.read() as connection:
            earlier = earlier_image(connection, self.project.id, session.image_id)
        if earlier is None:
            return Answer(None)
        with self.lock:
            resting = self._resting.get(earlier.image_id)
            if resting is not None:
                outlines, names = resting.document.outlines(), resting.document.frame()["class"].tolist()
            else:
                outlines, rows = self.project.outlines(earlier.image_id)
                names = rows["class_name"].tolist() if len(outlines) else []
        value = {"name": earlier.name, "time_h": earlier.time_h, "classes": [str(name) for name in names]}
        return Answer(value, [(outlines if len(outlines) else Outlines.empty()).to_bytes()])
