"""The outlines of an image while they are edited: a revision, and the operations made on it."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from spheroseg_widgets.imaging.regions import Regions
from spheroseg_widgets.measure.objects import measure_objects
from spheroseg_widgets.measure.shape import measure_shape
from spheroseg_widgets.outlines.flags import touches_border
from spheroseg_widgets.outlines.outlines import Outlines
from spheroseg_widgets.segmentation.confidence import LOW_CONFIDENCE

DEFAULT_CLASS = "spheroid"

BORDER, LOW, EDITED, PRIMARY = 1, 2, 4, 8
"""Bits of the column `flags` (TypeScript: `FLAG` in `frontend/editor/store.ts`)."""

PERSON = "person"
"""`primary_by` of the outline that a person said is the spheroid of its image."""

CARRIED = ("track", "primary_by", "parents")
"""What a revision says of an outline beside its shape and class."""

Rings = list[NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Operation:
    """One change of one outline, as it is sent, stored and applied.

    Parameters
    ----------
    id : str
        UUIDv7 made in the browser.
    kind : {"put", "delete"}
        Add or replace the outline, or take it away.
    outline_id : str
    class_name : str
    label : str
        Key of the string that names it.
    rings : list of (n, 2) float32
        For "put": all rings of the outline.
    step : str
        Operations of one step are taken together or not at all; "" is a step of its own.
    parents : list of str
        Ids of the outlines it was made from by merging or slicing.
    primary : bool, optional
        Whether a person says that it is the spheroid of its image; None leaves that as it is.
    """

    id: str
    kind: Literal["put", "delete"]
    outline_id: str
    class_name: str = DEFAULT_CLASS
    label: str = ""
    rings: Rings = field(default_factory=list)
    step: str = ""
    parents: list[str] = field(default_factory=list)
    primary: bool | None = None

    def to_json(self) -> dict[str, Any]:
        """Return what the edit log keeps; the geometry as base64, exact."""
        blob = Outlines.from_rings([self.rings]).to_bytes() if self.kind == "put" else b""
        return {
            "kind": self.kind, "outline_id": self.outline_id, "class_name": self.class_name, "label": self.label,
            "geometry": b64encode(blob).decode("ascii"), "step": self.step, "parents": self.parents,
            "primary": self.primary,
        }  # fmt: skip

    @classmethod
    def from_json(cls, operation_id: str, stored: Mapping[str, Any]) -> Operation:
        """Read what `to_json` gave."""
        blob = b64decode(stored["geometry"])
        return cls(
            id=operation_id,
            kind="put" if stored["kind"] == "put" else "delete",
            outline_id=str(stored["outline_id"]),
            class_name=str(stored["class_name"]),
            label=str(stored["label"]),
            rings=Outlines.from_bytes(blob).rings(0) if blob else [],
            step=str(stored.get("step", "")),
            parents=list(stored.get("parents") or []),
            primary=stored.get("primary"),
        )


@dataclass(slots=True)
class Entry:
    """An outline of a document: its rings, and its row of the revision it comes from."""

    rings: Rings
    row: dict[str, Any]
    edited: bool = False


class Document:
    """A revision of an image with a draft's operations applied.

    Parameters
    ----------
    outlines : Outlines
    rows : DataFrame
        Of the revision, one an outline.
    base : int or None
        Its id; None where the image has no revision.
    height, width : int
        Of the image.
    """

    def __init__(self, outlines: Outlines, rows: pd.DataFrame, base: int | None, height: int, width: int) -> None:
        self.base = base
        self.height, self.width = height, width
        self.n_operations = 0
        names = [str(name) for name in rows]
        # Column by column: `to_dict` asks of every value what it is, and takes six times as long.
        values = zip(*(rows[name].tolist() for name in rows), strict=True)
        records = [dict(zip(names, row, strict=True)) for row in values]
        self._base = {str(row["outline_id"]): Entry(outlines.rings(i), row) for i, row in enumerate(records)}
        self._entries = dict(self._base)
        self._outlines: Outlines | None = outlines

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def ids(self) -> list[str]:
        """Outline ids, in the order of the outlines."""
        return list(self._entries)

    def rings(self, outline_id: str) -> Rings | None:
        """Return the rings of an outline, None where there is none of this id."""
        entry = self._entries.get(outline_id)
        return None if entry is None else entry.rings

    def entry(self, outline_id: str) -> Entry | None:
        """Return an outline with its row, None where there is none of this id."""
        return self._entries.get(outline_id)

    def class_of(self, outline_id: str) -> str:
        """Return the class of an outline; that of new ones where there is none of this id."""
        entry = self._entries.get(outline_id)
        return (entry.row.get("class_name") if entry else None) or DEFAULT_CLASS

    def apply(self, operation: Operation) -> None:
        """Apply an operation; taking away what is not there changes nothing."""
        self.n_operations += 1
        self._outlines = None
        if operation.kind == "delete":
            self._entries.pop(operation.outline_id, None)
            return
        if operation.primary:  # of an image one is
            for other, entry in self._entries.items():
                if other != operation.outline_id and is_primary(entry):
                    self._entries[other] = replace(entry, row={**entry.row, "primary_by": None}, edited=True)
        known = operation.outline_id in self._entries
        self._entries[operation.outline_id] = self._put(operation)
        if not known and operation.outline_id in self._base:  # it is back, and in its place
            order = [*self._base, *(outline_id for outline_id in self._entries if outline_id not in self._base)]
            self._entries = {one: self._entries[one] for one in order if one in self._entries}

    def _put(self, operation: Operation) -> Entry:
        """Return the outline as an operation makes it: the revision's own where that is what it gives back."""
        base = self._base.get(operation.outline_id)
        row: dict[str, Any] = {"outline_id": operation.outline_id} if base is None else base.row
        entry = self._entries.get(operation.outline_id, base)
        primary = entry is not None and is_primary(entry) if operation.primary is None else operation.primary
        primary_by = PERSON if primary else None
        if base is not None and _same(operation, base):
            if primary == is_primary(base):
                return base
            return replace(base, row={**base.row, "primary_by": primary_by}, edited=True)
        # A model's confidence is of the outline it drew, not of what a person made of it.
        row = {**row, "class_name": operation.class_name, "confidence": None, "parents": operation.parents or None,
               "primary_by": primary_by}  # fmt: skip
        return Entry(operation.rings, row, edited=True)

    def outlines(self) -> Outlines:
        """Return the outlines as they are now."""
        if self._outlines is None:
            self._outlines = Outlines.from_rings([entry.rings for entry in self._entries.values()])
        return self._outlines

    def columns(
        self, classes: Sequence[str] = ()
    ) -> tuple[list[str], list[str], NDArray[np.uint8], NDArray[np.float32], NDArray[np.uint8]]:
        """Return what the browser draws by: ids, classes, class index, confidence and flags of each outline.

        Parameters
        ----------
        classes : sequence of str
            Classes to be listed whether an outline has them or not.
        """
        return self.ids, *self._columns(list(self._entries.values()), self.outlines(), classes)

    def _columns(
        self, entries: Sequence[Entry], outlines: Outlines, classes: Sequence[str]
    ) -> tuple[list[str], NDArray[np.uint8], NDArray[np.float32], NDArray[np.uint8]]:
        names = [str(entry.row.get("class_name") or DEFAULT_CLASS) for entry in entries]
        listed = list(dict.fromkeys([DEFAULT_CLASS, *classes, *names]))
        confidence = np.array([_number(entry.row.get("confidence")) for entry in entries], np.float32)
        flags = np.array(
            [(EDITED if entry.edited else 0) | (PRIMARY if is_primary(entry) else 0) for entry in entries], np.uint8
        )
        if entries:
            flags |= np.where(touches_border(outlines, self.height, self.width), BORDER, 0).astype(np.uint8)
            flags |= np.where(confidence < LOW_CONFIDENCE, LOW, 0).astype(np.uint8)
        return listed, np.array([listed.index(n) for n in names], np.uint8), confidence, flags

    def described(
        self, entries: Mapping[int, Entry], classes: Sequence[str]
    ) -> tuple[Outlines, list[str], NDArray[np.uint8], NDArray[np.float32], NDArray[np.uint8], dict[str, list[str]]]:
        """Return what the browser draws outlines by that need not be there now, by a number: `columns` and `parents`."""
        outlines = Outlines.from_rings([entry.rings for entry in entries.values()])
        parents = {str(number): found for number, entry in entries.items() if (found := _parents(entry))}
        return outlines, *self._columns(list(entries.values()), outlines, classes), parents

    def parents(self) -> dict[str, list[str]]:
        """Return what outlines were made from, by id, of those that were made from any."""
        return {one: found for one, entry in self._entries.items() if (found := _parents(entry))}

    def frame(self) -> pd.DataFrame:
        """Return one row an outline: id, class, confidence, flags, its geometry (shapely) and its shape in px."""
        outlines = self.outlines()
        ids, classes, index, confidence, flags = self.columns()
        about = pd.DataFrame({
            "outline_id": ids, "class": [classes[i] for i in index], "confidence": confidence.astype(np.float64),
            "touches_border": (flags & BORDER) > 0, "edited": (flags & EDITED) > 0,
            "primary": (flags & PRIMARY) > 0,
        })  # fmt: skip
        about["geometry"] = pd.Series([outlines.shapely(i) for i in range(len(outlines))], dtype=object)
        return about.join(measure_shape(outlines))

    def measured(self, pixels: NDArray[Any] | Regions) -> tuple[Outlines, pd.DataFrame]:
        """Return outlines and rows of a revision, measured as a run measures them.

        Parameters
        ----------
        pixels : (height, width) any numeric dtype, or Regions
            Original grey values; of a file only what lies around the outlines is read.
        """
        outlines = self.outlines()
        rows = [entry.row for entry in self._entries.values()]
        about = pd.DataFrame({
            "outline_id": self.ids,
            "class_name": [row.get("class_name") or DEFAULT_CLASS for row in rows],
            "confidence": [_number(row.get("confidence")) for row in rows],
            **{name: pd.Series([row.get(name) for row in rows], dtype=object) for name in CARRIED},
            "touches_border": touches_border(outlines, self.height, self.width),
        })  # fmt: skip
        return outlines, about.join(measure_objects(outlines, pixels))


def is_primary(entry: Entry) -> bool:
    """Whether a person said that an outline is the spheroid of its image."""
    return isinstance(entry.row.get("primary_by"), str)  # a frame of mixed rows holds NaN where a row has none


def is_alike(one: Entry | None, other: Entry | None) -> bool:
    """Whether two states of an outline say the same of it; None is "not there"."""
    if one is None or other is None or one is other:
        return one is other
    return (
        _is_ring_for_ring(one.rings, other.rings)
        and (one.row.get("class_name") or DEFAULT_CLASS) == (other.row.get("class_name") or DEFAULT_CLASS)
        and _parents(one) == _parents(other)
        and is_primary(one) == is_primary(other)
    )


def _is_ring_for_ring(rings: Rings, others: Rings) -> bool:
    return len(rings) == len(others) and all(map(np.array_equal, rings, others))


def _same(operation: Operation, entry: Entry) -> bool:
    return (
        _is_ring_for_ring(operation.rings, entry.rings)
        and operation.class_name == (entry.row.get("class_name") or DEFAULT_CLASS)
        and operation.parents == _parents(entry)
    )


def _parents(entry: Entry) -> list[str]:
    found = entry.row.get("parents")  # a frame of mixed rows holds NaN where a row has none
    return list(found) if isinstance(found, list) else []


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else np.nan
