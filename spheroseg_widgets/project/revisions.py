"""Revisions of an image: their history, one of them restored, two of them merged outline by outline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa

from spheroseg_widgets.errors import StoreError
from spheroseg_widgets.outlines.outlines import Outlines
from spheroseg_widgets.store import audit
from spheroseg_widgets.store.history import history_frame
from spheroseg_widgets.store.ids import uuid7
from spheroseg_widgets.store.images import check_own
from spheroseg_widgets.store.results import KeptConflictError, current_result, load_outlines, save_edit

from .project import Project

CHOICES = ("mine", "theirs", "both")


@dataclass(frozen=True, slots=True)
class Difference:
    """An outline that two revisions do not have alike.

    Parameters
    ----------
    outline_id : str
    kind : {"changed", "mine", "theirs"}
        Both have it, differently; or only one of them has it.
    suggested : {"mine", "theirs", "both"}
        What changed since the revision both began on; both where both did.
    """

    outline_id: str
    kind: str
    suggested: str


def history(project: Project, image_id: int) -> pd.DataFrame:
    """Return the revisions of an image, oldest first: the columns of `history_frame` and number, from 1.

    Raises
    ------
    StoreError
        There is no such image in this project.
    """
    with project.database.read() as connection:
        check_own(connection, project.id, [image_id])
        frame = history_frame(connection, image_id)
    frame.insert(1, "number", range(1, len(frame) + 1))
    return frame


def restore(project: Project, image_id: int, result_id: int) -> int:
    """Save the outlines of an older revision as a new one, exactly as they were; returns its id.

    Nothing is measured again: outlines, classes, confidence and measurements are those of the older revision.

    Raises
    ------
    StoreError
        It is not a revision of this image.
    """
    with project.database.write() as connection:
        check_own(connection, project.id, [image_id])
        _check(history_frame(connection, image_id), [result_id])
        outlines, rows = load_outlines(connection, result_id)
        current = current_result(connection, image_id)
        saved = save_edit(connection, image_id, outlines, rows, parent_id=current, author=project.author)
        audit.record(connection, project.id, project.author, "restore", "result", saved, of=result_id)
    project.changes.tell("save", [image_id])
    return saved


def differences(project: Project, image_id: int, mine: int, theirs: int) -> list[Difference]:
    """Return the outlines that two revisions do not have alike.

    Raises
    ------
    StoreError
        One of them is not a revision of this image.
    """
    with project.database.read() as connection:
        check_own(connection, project.id, [image_id])
        frame = history_frame(connection, image_id)
        _check(frame, [mine, theirs])
        base = _base(connection, frame, mine)
        return _differences(_entries(connection, mine), _entries(connection, theirs), base)


def merge(project: Project, image_id: int, mine: int, theirs: int, choices: Mapping[str, str]) -> int:
    """Save a revision made of two; returns its id. Both stay.

    Parameters
    ----------
    mine, theirs : int
        The revision that was kept beside, and the one that holds.
    choices : mapping
        "mine", "theirs" or "both" by outline id, for what `differences` gives; what is not named is as suggested.
        "both" gives mine an id of its own where both have the outline.

    Raises
    ------
    StoreError
        One of them is not a revision of this image, or a choice is none.
    ConflictError
        A revision newer than theirs was saved meanwhile; the merged one is kept beside it.
    """
    wrong = sorted({choice for choice in choices.values() if choice not in CHOICES})
    if wrong:
        raise StoreError(f"choice {wrong[0]!r}: expected one of {', '.join(CHOICES)}")
    try:
        with project.database.write(commit_on=(KeptConflictError,)) as connection:
            check_own(connection, project.id, [image_id])
            frame = history_frame(connection, image_id)
            _check(frame, [mine, theirs])
            base = _base(connection, frame, mine)
            ours, other = _entries(connection, mine), _entries(connection, theirs)
            differing = {one.outline_id: one.suggested for one in _differences(ours, other, base)}
            taken: list[_Entry] = []
            for outline_id in [*other, *(one for one in ours if one not in other)]:
                choice = choices.get(outline_id, differing[outline_id]) if outline_id in differing else "theirs"
                taken += _chosen(ours.get(outline_id), other.get(outline_id), choice)
            outlines = Outlines.from_rings([rings for rings, _ in taken])
            rows = pd.DataFrame([row for _, row in taken])
            saved = save_edit(connection, image_id, outlines, rows, parent_id=theirs, author=project.author)
            audit.record(connection, project.id, project.author, "merge", "result", saved, of=mine)
    finally:
        project.changes.tell("save", [image_id])
    return saved


_Entry = tuple[list[Any], dict[str, Any]]
"""The rings of an outline and its row."""


def _base(connection: sa.Connection, frame: pd.DataFrame, result_id: int) -> dict[str, _Entry]:
    """Return the outlines of the revision that one was made from; none where it was made from none."""
    parent = frame.loc[frame["id"] == result_id, "parent_id"].iloc[0]
    return {} if pd.isna(parent) else _entries(connection, int(parent))


def _entries(connection: sa.Connection, result_id: int) -> dict[str, _Entry]:
    outlines, rows = load_outlines(connection, result_id)
    return {
        str(row["outline_id"]): (outlines.rings(at), {str(name): value for name, value in row.items()})
        for at, row in enumerate(rows.to_dict("records"))
    }


def _differences(
    mine: Mapping[str, _Entry], theirs: Mapping[str, _Entry], base: Mapping[str, _Entry]
) -> list[Difference]:
    found = []
    for one in [*theirs, *(other for other in mine if other not in theirs)]:
        ours, other, old = mine.get(one), theirs.get(one), base.get(one)
        if _alike(ours, other):
            continue
        kind = "theirs" if ours is None else "mine" if other is None else "changed"
        suggested = "mine" if _alike(other, old) else "theirs" if _alike(ours, old) else "both"
        found.append(Difference(one, kind, suggested))
    return found


def _alike(one: _Entry | None, other: _Entry | None) -> bool:
    if one is None or other is None:
        return one is other
    (rings, row), (others, other_row) = one, other
    same = len(rings) == len(others) and all(map(np.array_equal, rings, others))
    return same and row["class_name"] == other_row["class_name"]


def _chosen(mine: _Entry | None, theirs: _Entry | None, choice: str) -> list[_Entry]:
    if choice != "both":
        one = mine if choice == "mine" else theirs
        return [] if one is None else [one]
    if mine is not None and theirs is not None:
        mine = mine[0], {**mine[1], "outline_id": uuid7()}
    return [one for one in (theirs, mine) if one is not None]


def _check(frame: pd.DataFrame, result_ids: list[int]) -> None:
    for one in result_ids:
        if one not in set(frame["id"]):
            raise StoreError(f"revision {one}: there is none of this id of this image")
