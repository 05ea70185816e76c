"""What a widget needs to go through the images that await review (TypeScript: `frontend/gallery/review/`)."""

from __future__ import annotations

import itertools
import uuid
from typing import Any, ClassVar

import pandas as pd

from spheroseg_widgets.errors import StoreError
from spheroseg_widgets.project.decisions import Decided, Decision, decide, excludable_objects, take_back
from spheroseg_widgets.project.project import Project

from .flag_words import flag_sentences
from .may_act import MayAct
from .rpc import Call, rpc_method
from .strings import text

DIGITS = 4
"""Significant digits of an area: more are not shown."""


class Reviewing(MayAct):
    """A widget of a project that hands out what awaits review and stores what a person decides.

    Its page calls ``review.queue``, ``review.objects``, ``review.decide`` and ``review.undo``. Decisions can be taken
    back as long as this kernel lives.
    """

    also: ClassVar[tuple[str, ...]] = ("flags", "review")

    project: Project

    def __init__(self, **traits: Any) -> None:
        self._decided: dict[int, Decided] = {}
        self._decision_numbers = itertools.count(1)
        super().__init__(**traits)

    @rpc_method("review.queue")
    def _answer_queue(self, params: dict[str, Any], _buffers: list[memoryview], call: Call) -> dict[str, Any]:
        ids = params.get("ids")
        if ids is None:
            table = self.project.review_queue()
        else:  # these, in this order, flagged or not; what is not in the project is left out
            table = self.project.flags().set_index("image_id", drop=False)
            table = table.loc[[one for one in dict.fromkeys(map(int, ids)) if one in table.index]]
        call.check()
        return {"items": [_item(row) for row in table.to_dict("records")]}

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
        self._check_may_act()
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
        self._check_may_act()
        number = int(params["undo"])
        decided = self._decided.get(number)
        if decided is None:
            raise StoreError(text("review.forgotten"))
        take_back(self.project, decided)
        del self._decided[number]


def _item(row: dict[Any, Any]) -> dict[str, Any]:
    """Write a row of flags as the page reads it."""
    return {
        "id": int(row["image_id"]), "name": str(row["name"]), "plate": _text(row["plate"]), "well": _text(row["well"]),
        "time_h": None if pd.isna(row["time_h"]) else float(row["time_h"]), "flags": list(row["flags"]),
        "sentences": flag_sentences(row),
    }  # fmt: skip


def _text(value: Any) -> str | None:
    return None if pd.isna(value) else str(value)


def _number(value: Any, scale: float = 1.0) -> float | None:
    return None if pd.isna(value) else float(f"{float(value) * scale:.{DIGITS}g}")
