"""Going through images that await review in the editor, each judged by one key (`frontend/editor/fixing/`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import traitlets

from spheroseg_widgets.errors import StoreError
from spheroseg_widgets.project.find import find_image, pickable
from spheroseg_widgets.project.project import Project

from .editor_session import EditSession
from .reviewing import Reviewing
from .rpc import Call, rpc_method

Image = str | Path | int


class Fixing(Reviewing):
    """An editor that goes from one image that awaits review to the next.

    Attributes
    ----------
    queue : list of int
        image_id of the images it goes through, in this order; empty: those that `project.review_queue()` names.
    judged_ids : list of int
        Those of them that were judged here.
    """

    _only_shows: bool
    _open: EditSession | None
    _resting: dict[int, EditSession]
    _push_version: Callable[[EditSession], None]
    _tell: Callable[[Sequence[tuple[int, int]]], None]
    _check_held: Callable[[int], None]
    _release: Callable[[int], None]

    queue: traitlets.List[int] = traitlets.List(traitlets.Int()).tag(sync=True)
    judged_ids: traitlets.List[int] = traitlets.List(traitlets.Int()).tag(sync=True)

    def go_through(self, images: pd.DataFrame | Iterable[Image] | None = None) -> None:
        """Go through images one after the other, and open the first of them.

        Parameters
        ----------
        images : DataFrame or iterable, optional
            Rows with an image_id, such as those of `project.review_queue()`, or names, paths or image_ids; by default what
            awaits review, the worst first.

        Raises
        ------
        StoreError
            There is no such image, or none at all.
        """
        ids = queue_of(self.project, self.project.review_queue() if images is None else images)
        if not ids:
            raise StoreError(f"{self.project.name}: there are no images to go through")
        self.judged_ids = []
        self.queue = ids
        self.image_id = ids[0]

    def _check_may_act(self) -> None:
        if self._only_shows:
            raise StoreError("this editor only shows: it was opened with read_only=True")

    @rpc_method("review.decide", ordered=True)
    def _answer_decide(self, params: dict[str, Any], buffers: list[memoryview], call: Call) -> dict[str, Any]:
        self._check_may_act()
        self._save_of(int(params["image"]))  # what is said of it is said of that
        return super()._answer_decide(params, buffers, call)

    def _save_of(self, image_id: int) -> int | None:
        """Make a revision of what was changed in an image, open or left; returns its id, None when nothing was changed."""
        saved = None
        with self.lock:
            session = self._resting.get(image_id)
            if self._open is not None and self._open.image_id == image_id:
                session = self._open
            if session is not None and session.unsaved:
                self._check_held(image_id)
                try:
                    saved = session.save()
                finally:
                    self._push_version(session)
                    self._put_away(session)
        if saved is not None:
            self._tell([(image_id, saved)])
        return saved

    def _put_away(self, session: EditSession) -> None:
        """Let go of an image that was left, once no change of it is unsaved."""
        if self._resting.get(session.image_id) is session and not session.unsaved:
            del self._resting[session.image_id]
            self._release(session.image_id)


def queue_of(project: Project, images: pd.DataFrame | Iterable[Image]) -> list[int]:
    """Return the image_ids of images, each once, in their order.

    Raises
    ------
    StoreError
        There is no such image.
    """
    if isinstance(images, pd.DataFrame):
        wanted = [int(one) for one in images["image_id"]]
        known = set(pickable(project.database, project.id, wanted))
        gone = next((one for one in wanted if one not in known), None)
        if gone is not None:
            raise StoreError(f"image {gone}: there is none of this id in this project")
    else:
        table = project.images()
        wanted = [int(find_image(table, one)["image_id"]) for one in images]
    return list(dict.fromkeys(wanted))
