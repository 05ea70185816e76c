"""What a widget has in which something is done to many images at once (TypeScript: `frontend/gallery/act/`)."""

from __future__ import annotations

import itertools
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from spheroseg_widgets.errors import StoreError
from spheroseg_widgets.exports.registry import formats
from spheroseg_widgets.project import batch
from spheroseg_widgets.project.project import Project
from spheroseg_widgets.segmentation.registry import DEFAULT_MODEL, list_models

from .archives import HandsOutArchives
from .may_act import MayAct
from .rpc import Call, rpc_method
from .strings import text

MOST_LISTED = 20
"""Images named with a reason; the rest is counted."""
MOST_UNDONE = 100
"""Deeds that can be taken back; older ones stay."""

Undo = Callable[[], batch.Refused]
Params = dict[str, Any]


class ActsOnImages(HandsOutArchives, MayAct):
    """A widget of a project in which images are tagged, judged, segmented, exported and taken out, many at once.

    Its page calls ``act.*`` with the image_id of what it is about. What was done can be taken back as long as this
    kernel lives.
    """

    also: ClassVar[tuple[str, ...]] = ("act", "review")
    project: Project

    def __init__(self, *args: Any, **traits: Any) -> None:
        self._undos: OrderedDict[int, Undo] = OrderedDict()
        self._deeds = itertools.count(1)
        super().__init__(*args, **traits)

    @rpc_method("act.choices")
    def _act_choices(self, _params: Params, _buffers: list[memoryview], _call: Call) -> dict[str, Any]:
        """Say what forms offer: models (the default first), formats, conditions, tags with how many images have each."""
        names = sorted((info.name for info in list_models()), key=lambda name: name != DEFAULT_MODEL)
        return {
            "models": names, "formats": list(formats()), "tags": self.project.tags().to_numpy().tolist(),
            "conditions": sorted(self.project.map()["condition"].dropna().unique()),
        }  # fmt: skip

    @rpc_method("act.beside")
    def _act_beside(self, params: Params, _buffers: list[memoryview], _call: Call) -> int:
        """Say how many other images lie in the wells of some: what is said of the wells is said of them, too."""
        return len(batch.beside(self.project, map(int, params["ids"])))

    @rpc_method("act.tag", ordered=True)
    def _act_tag(self, params: Params, _buffers: list[memoryview], _call: Call) -> dict[str, Any]:
        """Give images a tag, or take it from them."""
        ids, name = self._asked(params), str(params["tag"])
        if params.get("take"):
            changed = self.project.untag(ids, name)
            return self._done(changed, lambda: _nothing(self.project.tag(changed, name)))
        changed = self.project.tag(ids, name)
        return self._done(changed, lambda: _nothing(self.project.untag(changed, name)))

    @rpc_method("act.metadata", ordered=True)
    def _act_metadata(self, params: Params, _buffers: list[memoryview], _call: Call) -> dict[str, Any]:
        """Say of which plate, well and time images are, how large their pixels, and under which condition their wells."""
        ids, values = self._asked(params), dict(params["values"])
        um, condition = values.pop("pixel_size_um", None), values.pop("condition", None)
        if condition is not None and not values.keys().isdisjoint({"plate", "well"}):
            raise StoreError(text("act.well_first"))
        if um is not None:
            um = float(um)
            batch.check_pixel_size(um)  # before anything is changed
        before = self.project.set_metadata(ids, **_fields(values)) if values else None
        sizes = {} if um is None else batch.set_pixel_sizes(self.project, ids, um)
        treated = None if condition is None else batch.set_conditions(self.project, ids, str(condition))
        changed = {*sizes, *([] if before is None else before["image_id"]), *(treated.images if treated else [])}

        def undo() -> batch.Refused:
            if treated is not None and treated.images:
                self.project.set_condition(treated.wells)
            if before is not None and len(before):
                self.project.set_metadata(before)
            batch.put_pixel_sizes(self.project, sizes)
            return []

        return {**self._done(sorted(map(int, changed)), undo), **_listed(treated.refused if treated else [])}

    @rpc_method("act.approve", ordered=True)
    def _act_approve(self, params: Params, _buffers: list[memoryview], _call: Call) -> dict[str, Any]:
        return self._of_batch(batch.approve_all(self.project, self._asked(params)))

    @rpc_method("act.exclude", ordered=True)
    def _act_exclude(self, params: Params, _buffers: list[memoryview], _call: Call) -> dict[str, Any]:
        return self._of_batch(batch.exclude_all(self.project, self._asked(params), str(params["reason"])))

    @rpc_method("act.delete", ordered=True)
    def _act_delete(self, params: Params, _buffers: list[memoryview], _call: Call) -> dict[str, Any]:
        """Take images out of the project; their files stay where they are."""
        gone = self.project.delete(self._asked(params))
        return self._done(gone, lambda: _nothing(self.project.restore(gone)))

    @rpc_method("act.segment", ordered=True)
    def _act_segment(self, params: Params, _buffers: list[memoryview], _call: Call) -> dict[str, Any]:
        """Start a run; taken back, it is cancelled, and what held before its results holds again, also where that is nothing."""
        ids = list(batch.pickable_in(self.project, self._asked(params)))
        if not ids:
            raise StoreError(text("act.none"))
        run = self.project.segment(model=str(params["model"]), images=ids)

        def undo() -> batch.Refused:
            run.cancel()
            self.project.undo_promote(run, first=True)
            return []

        return self._done(ids, undo, run=run.id)

    @rpc_method("act.export")
    def _act_export(self, params: Params, _buffers: list[memoryview], _call: Call) -> dict[str, Any]:
        """Write an archive of these images; the page fetches it in parts."""
        ids = list(batch.pickable_in(self.project, map(int, params["ids"])))
        if not ids:
            raise StoreError(text("act.none"))
        return self.make_archive([str(name) for name in params["formats"]], ids)

    @rpc_method("act.undo", ordered=True)
    def _act_undo(self, params: Params, _buffers: list[memoryview], _call: Call) -> dict[str, Any]:
        number = int(params["undo"])
        undo = self._undos.get(number)
        if undo is None:
            raise StoreError(text("act.forgotten"))
        self._check_may_act()
        refused = undo()
        del self._undos[number]
        return _listed(refused)

    def _asked(self, params: Params) -> list[int]:
        self._check_may_act()
        return [int(one) for one in params["ids"]]

    def _of_batch(self, decided: batch.Batch) -> dict[str, Any]:
        return {
            **self._done(decided.images, lambda: batch.take_all_back(self.project, decided)),
            **_listed(decided.refused),
        }

    def _done(self, changed: list[int], undo: Undo, **more: Any) -> dict[str, Any]:
        """Return what was done; where nothing changed there is nothing to take back."""
        number = next(self._deeds) if changed else None
        if number is not None:
            self._undos[number] = undo
            while len(self._undos) > MOST_UNDONE:
                self._undos.popitem(last=False)
        return {"n": len(changed), "undo": number, **_listed([]), **more}


def _nothing(_changed: object) -> batch.Refused:
    """Say that nothing was left as it is."""
    return []


def _fields(values: Mapping[str, Any]) -> dict[str, Any]:
    unknown = sorted(set(values) - {"plate", "well", "time_h"})
    if unknown:
        raise ValueError(f"no metadata {', '.join(unknown)}; there are plate, well, condition, time_h, pixel_size_um")
    return dict(values)


def _listed(refused: batch.Refused) -> dict[str, Any]:
    return {"refused": len(refused), "some": [list(pair) for pair in refused[:MOST_LISTED]]}
