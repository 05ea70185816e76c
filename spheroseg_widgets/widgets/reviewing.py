"""What a widget needs to go through the images that await review (TypeScript: `frontend/gallery/review/`)."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from spheroseg_widgets.errors import StoreError
from spheroseg_widgets.project.decisions import Decided, Decision, decide, excludable_objects, take_back
from spheroseg_widgets.project.project import Project

from .base import SpheroWidget
from .rpc import Call, rpc_method
from .strings import text

ABOUT = ("image_id", "name", "plate", "well", "time_h", "reason")
"""What the page is told of an image beside its flags; the reason is that of a failure."""
DIGITS = 4
"""Significant digits of the numbers that flags were decided by: more are not shown."""


class Reviewing(SpheroWidget):
    """A widget of a project that hands out what awaits review and stores what a person decides.

    Its page calls ``review.queue``, ``review.objects``, ``review.decide`` and ``review.undo``. Decisions can be taken
    back as long as this kernel lives.
    """

    project: Project

    def __init__(self, **traits: Any) -> None:
        self._decided: dict[int, Decided] = {}
        self._decision_numbers = itertools.count(1)
        super().__init__(**traits)

    @rpc_method("review.queue")
    def _answer_queue(self, params: dict[str, Any], _buffers: list[memoryview], call: Call) -> dict[str, Any]:
        ids = params.get("ids")
        table = _waiting(self.project) if ids is None else _these(self.project, [int(one) for one in ids])
        call.check()
        return {"items": _items(table)}

    @rpc_method("review.objects")
    def _answer_objects(self, params: dict[str, Any], _buffers: list[memoryview], _call: Call) -> dict[str, Any]:
        table, pixel_size_um = excludable_objects(self.project, int(params["image"]))
        scale, unit = (1.0, "px²") if pixel_size_um is None else (pixel_size_um**2, "µm²")
        rows = zip(table["outline_id"], table["number"], table["area_px2"], strict=True)
        return {
            "objects": [
                {"outline": str(outline), "number": int(number), "unit": unit, "area": _number(area, scale)}
                for outline, number, area in rows
            ]
        }

    @rpc_method("review.decide", ordered=True)
    def _answer_decide(self, params: dict[str, Any], _buffers: list[memoryview], _call: Call) -> dict[str, Any]:
        asked = dict(params["decision"])
        outline = asked.get("outline")
        decision = Decision(
            str(asked["kind"]), str(asked.get("reason", "")), str(asked.get("scope", "image")),
            None if outline is None else uuid.UUID(str(outline)),
        )  # fmt: skip
        decided = decide(self.project, int(params["image"]), decision)
        number = next(self._decision_numbers)
        self._decided[number] = decided
        return {"undo": number}

    @rpc_method("review.undo", ordered=True)
    def _answer_undo(self, params: dict[str, Any], _buffers: list[memoryview], _call: Call) -> None:
        number = int(params["undo"])
        decided = self._decided.get(number)
        if decided is None:
            raise StoreError(text("review.forgotten"))
        take_back(self.project, decided)
        del self._decided[number]


def _waiting(project: Project) -> pd.DataFrame:
    """Return the images that await review, in the order in which they are to be looked at."""
    queue: Callable[[], pd.DataFrame] | None = getattr(project, "review_queue", None)
    if queue is not None:
        return queue()
    table = project.images()
    open_ = (table["review"] == "unreviewed") & ~table["excluded"].astype(bool) & table["confirmed_outcome"].isna()
    return table[open_ & table["outcome"].notna()]


def _these(project: Project, ids: Sequence[int]) -> pd.DataFrame:
    """Return these images in this order, flagged or not; those that are not in the project are left out."""
    flags: Callable[[], pd.DataFrame] | None = getattr(project, "flags", None)
    table = (project.images() if flags is None else flags()).set_index("image_id", drop=False)
    return table.loc[[one for one in dict.fromkeys(ids) if one in table.index]]


def _items(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Write rows as the page reads them: what the image is, its flags, and the numbers they were decided by."""
    about = [*ABOUT, "flags"] if "flags" in table else [*ABOUT]
    others = [str(name) for name in table.columns if name not in {*about, "site"}]
    numbers = [name for name in others if table[name].dtype.kind == "f"] if "flags" in table else []
    return [_item(row, numbers) for row in table[[*about, *numbers]].to_dict("records")]


def _item(row: dict[str, Any], numbers: Sequence[str]) -> dict[str, Any]:
    return {
        "id": int(row["image_id"]), "name": str(row["name"]), "plate": _text(row["plate"]), "well": _text(row["well"]),
        "time_h": None if pd.isna(row["time_h"]) else float(row["time_h"]), "reason": _text(row["reason"]),
        "flags": list(row.get("flags", ())), "numbers": {name: _number(row[name]) for name in numbers if np.isfinite(row[name])},
    }  # fmt: skip


def _text(value: Any) -> str | None:
    return None if pd.isna(value) else str(value)


def _number(value: Any, scale: float = 1.0) -> float | None:
    return None if pd.isna(value) else float(f"{float(value) * scale:.{DIGITS}g}")
