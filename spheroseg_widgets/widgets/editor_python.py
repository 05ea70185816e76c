"""What a notebook does with the outlines of an open editor: read them, add, change, delete and replace them, go to one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import pandas as pd
from shapely import Polygon

from spheroseg_widgets.errors import OutlineError, StoreError
from spheroseg_widgets.measure.definitions import to_micrometres
from spheroseg_widgets.measure.shape import SHAPE_COLUMNS
from spheroseg_widgets.outlines.outlines import Outlines
from spheroseg_widgets.store.ids import uuid7

from .base import SpheroWidget
from .editor_document import DEFAULT_CLASS, Operation, Rings
from .editor_session import EditSession
from .strings import text

Object = str | int
"""An outline: its outline_id, or its number, counted from 1 as the list of objects counts."""


class FromPython(SpheroWidget):
    """An editor whose outlines a notebook can read and change.

    Changes are checked, stored and shown as those of a person are, in one step each, and are part of the next revision.
    """

    selected_ids: list[str]
    _current: Callable[[], EditSession]
    _check_held: Callable[[int], None]
    _push_version: Callable[[EditSession], None]
    _changes: list[Callable[[int], object]]

    @property
    def outlines(self) -> pd.DataFrame:
        """One row an outline, as it is now: geometry (shapely, px), shape in px and um, class, confidence, flags.

        May be set to rows with `geometry`, and `outline_id` and `class` where they have them: those of a known outline_id
        are changed, others added, and what is left out is deleted.
        """
        with self.lock:
            session = self._current()
            frame = session.document.frame()
            size = session.row["pixel_size_um"]
        measured = to_micrometres(frame[list(SHAPE_COLUMNS)], None if pd.isna(size) else float(size))
        return frame.drop(columns=list(SHAPE_COLUMNS)).join(measured)

    @outlines.setter
    def outlines(self, rows: pd.DataFrame) -> None:
        classes = rows["class"] if "class" in rows else [None] * len(rows)
        ids = rows["outline_id"] if "outline_id" in rows else [None] * len(rows)
        with self.lock:
            known = self._current().document.ids
            puts = []
            for outline_id, name, geometry in zip(ids, classes, rows["geometry"], strict=True):
                kept = not pd.isna(outline_id) and str(outline_id) in known
                puts.append(
                    self._put(str(outline_id) if kept else str(uuid7()), geometry, None if pd.isna(name) else str(name))
                )
            left = {one.outline_id for one in puts}
            deletes = [Operation(str(uuid7()), "delete", one) for one in known if one not in left]
            self._store_step([*deletes, *puts])

    @property
    def selected(self) -> pd.DataFrame:
        """The rows of `outlines` that are selected; may be set to rows or to outlines."""
        outlines = self.outlines
        return outlines[outlines["outline_id"].isin(self.selected_ids)]

    @selected.setter
    def selected(self, which: pd.DataFrame | Iterable[Object]) -> None:
        wanted = which["outline_id"] if isinstance(which, pd.DataFrame) else which
        with self.lock:
            self.selected_ids = [self._id_of(one) for one in wanted]

    def add(self, geometry: Polygon, class_name: str = DEFAULT_CLASS) -> str:
        """Add an outline; returns its outline_id.

        Parameters
        ----------
        geometry : shapely Polygon
            In pixels of the image, x to the right and y down; with its holes.
        class_name : str

        Raises
        ------
        OutlineError
            It crosses itself, has no area, or lies outside the image.
        ConflictError
            Somebody else edits the image, or a newer revision was saved.
        """
        outline_id = str(uuid7())
        with self.lock:
            self._store_step([self._put(outline_id, geometry, class_name)])
        return outline_id

    def update(
        self,
        outline: Object,
        geometry: Polygon | None = None,
        class_name: str | None = None,
        *,
        primary: bool | None = None,
    ) -> None:
        """Change the shape or the class of an outline, or say whether it is the spheroid of its image.

        Parameters
        ----------
        outline : str or int
            outline_id, or number.
        geometry : shapely Polygon, optional
        class_name : str, optional
        primary : bool, optional
            True: this one is, and no other; False: what the rule chooses is.

        Raises
        ------
        StoreError
            There is no such outline.
        OutlineError, ConflictError
            As `add`.
        """
        with self.lock:
            put = self._put(self._id_of(outline), geometry, class_name)
            self._store_step([replace(put, primary=primary)])

    def delete(self, *outlines: Object) -> None:
        """Delete outlines, all or none of them.

        Raises
        ------
        StoreError
            There is no such outline.
        ConflictError
            As `add`.
        """
        with self.lock:
            self._store_step([Operation(str(uuid7()), "delete", self._id_of(one)) for one in outlines])

    def goto(self, outline: Object) -> None:
        """Select an outline and bring it into sight.

        Raises
        ------
        StoreError
            There is no such outline.
        """
        with self.lock:
            self.selected_ids = [self._id_of(outline)]
        self.push("goto", {"outline": self.selected_ids[0]})

    def on_change(self, callback: Callable[[int], object]) -> Callable[[], None]:
        """Call ``callback(image_id)`` after outlines were changed, here or in a page; returns how to stop it."""
        self._changes.append(callback)
        return lambda: self._changes.remove(callback)

    def _tell_changed(self, image_id: int) -> None:
        for callback in list(self._changes):
            callback(image_id)

    def _id_of(self, outline: Object) -> str:
        ids = self._current().document.ids
        if isinstance(outline, str) and outline in ids:
            return outline
        if not isinstance(outline, str) and 1 <= outline <= len(ids):
            return ids[int(outline) - 1]
        raise StoreError(f"outline {outline!r}: the open image has none of this name; it has {len(ids)}")

    def _put(self, outline_id: str, geometry: Polygon | None, class_name: str | None) -> Operation:
        """Say what an outline is to be; what is None stays as it is."""
        document = self._current().document
        rings = document.rings(outline_id) if geometry is None else _rings_of(geometry)
        name = class_name or document.class_of(outline_id)
        parents = document.parents().get(outline_id, [])
        return Operation(str(uuid7()), "put", outline_id, name, rings=rings or [], parents=parents)

    def _store_step(self, operations: Sequence[Operation]) -> None:
        session = self._current()
        self._check_held(session.image_id)
        step = str(uuid7())
        try:
            verdicts = session.store([replace(one, step=step) for one in operations])
        finally:
            self._push_version(session)
        for verdict in verdicts:
            if verdict.state == "refused":
                raise OutlineError(f"{session.row['name']}: {text(f'editor.refused.{verdict.reason}')}")
        self._tell_changed(session.image_id)


def _rings_of(geometry: Polygon) -> Rings:
    if not isinstance(geometry, Polygon) or geometry.is_empty:
        raise OutlineError(f"an outline is a shapely Polygon with an area, not {geometry!r}")
    return Outlines.from_shapely([geometry]).rings(0)
