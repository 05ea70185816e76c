"""What gallery and monitor share: an image that is opened there is told to whoever asked for it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import traitlets

from .base import SpheroWidget

OpenCallback = Callable[[int], object]

logger = logging.getLogger(__name__)


class OpensImages(SpheroWidget):
    """A widget in which an image can be opened.

    Attributes
    ----------
    opened : int or None
        image_id of what was opened last (Enter, double click, a button); None before.
    opened_among : list of int
        image_id of the images that are to be judged with it, in their order; empty where it was opened by itself.
    opens : bool
        Whether anybody listens.
    """

    opened = traitlets.Int(None, allow_none=True).tag(sync=True)
    opened_among: traitlets.List[int] = traitlets.List(traitlets.Int()).tag(sync=True)
    opens = traitlets.Bool(False).tag(sync=True)  # noqa: FBT003 - a trait's default

    def __init__(self, **traits: Any) -> None:
        self._callbacks: list[OpenCallback] = []
        super().__init__(**traits)
        self.observe(self._tell_opened, "opened")

    def on_open(self, callback: OpenCallback) -> Callable[[], None]:
        """Call ``callback(image_id)`` when an image is opened; returns how to leave."""
        self._callbacks.append(callback)
        self.opens = True

        def leave() -> None:
            if callback in self._callbacks:
                self._callbacks.remove(callback)
            self.opens = bool(self._callbacks)

        return leave

    def _tell_opened(self, change: Any) -> None:
        if change["new"] is None:
            return
        for callback in list(self._callbacks):
            try:
                callback(int(change["new"]))
            except Exception as error:
                logger.exception("on_open of image %s failed", change["new"])
                self.push("problem", {"message": f"on_open: {type(error).__name__}: {error}"})
