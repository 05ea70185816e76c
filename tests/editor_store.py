"""Whether all that editors stored is there: drafts, their operations, the revisions that closed them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol

import pandas as pd
import sqlalchemy as sa

from spheroseg_widgets.outlines.outlines import Outlines
from spheroseg_widgets.project.project import Project
from spheroseg_widgets.store.results import load_outlines
from spheroseg_widgets.store.tables import audit, draft, edit, image, result
from spheroseg_widgets.widgets.editor_document import Document, Operation, Rings

Shown = dict[str, bytes]
"""By outline: its rings, bit by bit."""


class Person(Protocol):
    """What somebody did in a page, by the operations' ids; `made` and `stored` with their image."""

    author: str
    made: Mapping[str, int]
    stored: Mapping[str, int]
    """Those the page showed as stored."""
    refused: Collection[str]
    """Those the page said were refused."""
    discarded: Collection[str]
    """Those the person threw away."""

    @property
    def kept(self) -> Collection[str]:
        """Those that lie in the browser."""


def faults(project: Project, people: Sequence[Person]) -> list[str]:
    """Return what is lost or wrong in the store; nothing where all is well."""
    with project.database.read() as connection:
        drafts = {one.id: one for one in connection.execute(sa.select(draft))}
        edits = list(connection.execute(sa.select(edit).order_by(edit.c.draft_id, edit.c.number)))
        results = {one.id: one for one in connection.execute(sa.select(result))}
        holds = _currents(connection)
        conflicts = {
            int(one) for one in connection.scalars(sa.select(audit.c.row_id).where(audit.c.action == "conflict"))
        }
        closed = {key: one for key, one in drafts.items() if one.closed_by_result_id is not None}
        made = {
            key: _replayed(connection, one, [row for row in edits if row.draft_id == key])
            for key, one in closed.items()
        }
        saved = {one.closed_by_result_id: revision(connection, one.closed_by_result_id) for one in closed.values()}
    found = _lost({str(row.id): drafts[row.draft_id] for row in edits}, people)
    for key, one in closed.items():
        by = results[one.closed_by_result_id]
        if saved[by.id] != made[key]:
            found.append(f"revision {by.id} of {by.image_id} is not what its draft holds")
        if (by.image_id, by.author, by.parent_id) != (one.image_id, one.author, one.base_result_id):
            found.append(f"revision {by.id} is by {by.author} of {by.image_id} on {by.parent_id}; its draft is not")
    for number, current in holds.items():
        chain = _chain(results, current)
        if any(results[key].image_id != number for key in chain):
            found.append(f"the revisions of {number} lead to another image")
        beside = {key for key, one in results.items() if one.image_id == number} - chain - conflicts
        found += [f"revision {key} of {number} lies beside the others without a conflict" for key in beside]
    return found


def _chain(results: Mapping[int, Any], number: int | None) -> set[int]:
    """Return a revision and those it was made from."""
    chain: set[int] = set()
    while number is not None:
        chain.add(number)
        number = results[number].parent_id
    return chain


def _lost(lies_in: Mapping[str, Any], people: Sequence[Person]) -> list[str]:
    found = []
    for person in people:
        same = [other for other in people if other.author == person.author]  # one browser may show two notebooks
        stored, discarded = (
            {one for other in same for one in getattr(other, what)} for what in ("stored", "discarded")
        )
        for one, number in person.stored.items():
            at = lies_in.get(one)
            if at is None and one not in discarded:
                found.append(f"{one} of {person.author} on {number} was shown as stored and is gone")
            if at is not None and (at.image_id, at.author) != (number, person.author):
                found.append(f"{one} of {person.author} on {number} lies with {at.author} on {at.image_id}")
        for one, number in person.made.items():
            accounted = (stored, person.refused, discarded, lies_in, person.kept)
            if not any(one in place for place in accounted):
                found.append(f"{one} of {person.author} on {number} vanished without a word")
    return found


def holding(project: Project) -> dict[int, Shown]:
    """Return what is outlined in every image by the revision that holds."""
    with project.database.read() as connection:
        known = _currents(connection)
        return {number: {} if one is None else revision(connection, one) for number, one in known.items()}


def _currents(connection: sa.Connection) -> dict[int, int | None]:
    return {one.id: one.current_result_id for one in connection.execute(sa.select(image))}


def revision(connection: sa.Connection, number: int) -> Shown:
    """Return what a revision outlines."""
    outlines, rows = load_outlines(connection, number)
    return shown(outlines, [str(one) for one in rows["outline_id"]])


def shown(outlines: Outlines, ids: Sequence[str]) -> Shown:
    """Return outlines by their ids."""
    return {one: bits(outlines.rings(at)) for at, one in enumerate(ids)}


def bits(rings: Rings) -> bytes:
    """Return the rings of one outline, bit by bit."""
    return Outlines.from_rings([rings]).to_bytes()


def _replayed(connection: sa.Connection, one: Any, operations: Sequence[Any]) -> Shown:
    """Return what a draft's operations make of the revision it was begun on."""
    outlines, rows = Outlines.empty(), pd.DataFrame()
    if one.base_result_id is not None:
        outlines, rows = load_outlines(connection, one.base_result_id)
    size = connection.execute(sa.select(image.c.height, image.c.width).where(image.c.id == one.image_id)).one()
    document = Document(outlines, rows, one.base_result_id, int(size.height), int(size.width))
    for row in operations:
        document.apply(Operation.from_json(str(row.id), row.operation))
    return shown(document.outlines(), document.ids)
