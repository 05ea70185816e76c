"""What a widget needs to show comparisons of its images in its own place (TypeScript: `frontend/gallery/compare_pane.ts`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from spheroseg_widgets.errors import StoreError
from spheroseg_widgets.project.project import Project

from .base import SpheroWidget
from .compare import Compare
from .compare_subject import FIXED
from .rpc import Call, rpc_method
from .strings import text

MOST_OPEN = 8
"""Comparisons kept for the pages of one widget: of pages that were left without closing theirs, the oldest go."""


class ComparesImages(SpheroWidget):
    """A widget of a project whose page asks for comparisons: of several images, or of the well of one through time.

    Its page calls ``compare.open``, shows the `Compare` that is named in the answer, and calls ``compare.close``.
    """

    project: Project

    def __init__(self, *arguments: Any, **traits: Any) -> None:
        self._comparisons: dict[str, Compare] = {}
        super().__init__(*arguments, **traits)

    def close(self) -> None:
        """Close the widget and the comparisons it made."""
        super().close()
        for shown in self._taken(0):
            shown.close()

    @rpc_method("compare.open", ordered=True)
    def _answer_open(self, params: dict[str, Any], _buffers: list[memoryview], _call: Call) -> dict[str, str]:
        shown = self._compare([int(image_id) for image_id in params["ids"]])
        with self.lock:
            self._comparisons[shown.model_id] = shown
        for older in self._taken(MOST_OPEN):
            older.close()
        return {"model": shown.model_id}

    @rpc_method("compare.close", ordered=True)
    def _answer_close(self, params: dict[str, Any], _buffers: list[memoryview], _call: Call) -> None:
        with self.lock:
            shown = self._comparisons.pop(str(params["model"]), None)
        if shown is not None:  # else it was one of too many
            shown.close()

    def _compare(self, image_ids: Sequence[int]) -> Compare:
        """Several images side by side; one in the series of its well."""
        if len(image_ids) != 1:
            return Compare(self.project, images=image_ids)
        row = self.project.image(image_ids[0])
        if not isinstance(row["well"], str):
            raise StoreError(text("gallery.compare_no_well", name=row["name"]))
        named: dict[str, Any] = {name: None if row[name] != row[name] else row[name] for name in FIXED}
        shown = Compare.of_well(self.project, row["well"], **named)
        if int(row["image_id"]) in shown.images["image_id"].to_numpy():
            shown.image_id = int(row["image_id"])
        return shown

    def _taken(self, most: int) -> list[Compare]:
        """Forget the oldest comparisons beyond so many, and return them."""
        with self.lock:
            old = list(self._comparisons)[: max(0, len(self._comparisons) - most)]
            return [self._comparisons.pop(name) for name in old]
