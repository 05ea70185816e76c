"""What an editor holds of one image: its row, the document, the draft, the pixels. No widget, no messages."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

import pandas as pd
from sqlalchemy import Connection

from spheroseg_widgets.errors import ConflictError, StoreError
from spheroseg_widgets.outlines.outlines import Outlines
from spheroseg_widgets.outlines.validity import Checked, check_outline
from spheroseg_widgets.project.drafts import Draft, continued_revisions, open_draft, open_drafts
from spheroseg_widgets.project.project import Project
from spheroseg_widgets.store.drafts import ELSEWHERE, STORED
from spheroseg_widgets.store.images import images_frame, place_of
from spheroseg_widgets.store.results import load_outlines

from .editor_document import Document, Operation, Rings
from .editor_pixels import Pictures, own_plane

_holders: weakref.WeakValueDictionary[str, EditSession] = weakref.WeakValueDictionary()
"""Who of this process works on a draft, by the draft's id."""


class MovedOnError(ConflictError):
    """Changes of a revision that does not hold any more: the page reads the image again and offers them."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of an operation.

    Parameters
    ----------
    operation_id, outline_id : str
    state : {"ok", "repaired", "refused"}
    reason : str
        Key of the reason; "" when it was taken as it was.
    rings : list of (n, 2) float32, None or "as_sent"
        The outline as it is here now; None where it is not here.
    """

    operation_id: str
    outline_id: str
    state: str
    reason: str = ""
    rings: Rings | str | None = "as_sent"


class EditSession:
    """One image being edited. The caller holds a lock around every call.

    Parameters
    ----------
    project : Project
    session : str
        Id of the editor; its drafts carry it.
    image_id : int
    read_only : bool
        Operations and saving are refused.

    Raises
    ------
    StoreError
        There is no such image, or the store cannot be read.
    """

    def __init__(self, project: Project, session: str, image_id: int, *, read_only: bool) -> None:
        self.project, self.session, self.image_id, self.read_only = project, session, image_id, read_only
        self.version = 0
        self._taken_over = False
        self._draft: Draft | None = None
        self._shown: tuple[Any, ...] = ()
        self.load()

    def load(self) -> None:
        """Read the image's row, its revision and our own draft again."""
        with self.project.database.read() as connection:
            table = images_frame(connection, self.project.id, only=self.image_id)
            self.place = place_of(connection, self.project.id, self.image_id)
        if table.empty:
            raise StoreError(f"image {self.image_id}: there is none of this id in this project")
        self.row = table.iloc[0]
        shown = str(self.row["path"]), own_plane(self.row), int(self.row["height"]), int(self.row["width"])
        if shown != self._shown:  # its file may have been moved
            self._shown = shown
            self.pictures = Pictures(self.row.to_dict(), self.project.folder / "cache" / "pyramids")
        if not self.read_only and not self._taken_over:
            mine = [one for one in open_drafts(self.project, self.image_id) if one.session == self.session]
            if not self._is_among(mine):  # it may have been saved or discarded elsewhere
                self._hold(mine[-1] if mine else None)
        self._build()

    @property
    def current(self) -> int | None:
        """The revision that holds, as of `load`."""
        current = self.row["current_result_id"]
        return None if pd.isna(current) else int(current)

    @property
    def stale(self) -> bool:
        """Whether another revision was saved since our draft began."""
        return self._draft is not None and self._draft.base_result_id != self.current

    def continued(self) -> list[int | None]:
        """Return the revisions from which this editor's own saves led to the one that is shown."""
        return continued_revisions(self.project, self.image_id, self.session, self.document.base)

    def check_base(self, base: int | None) -> None:
        """See that changes of a revision can go on here: what was on its way while this editor saved can.

        Raises
        ------
        MovedOnError
            Somebody else saved another one.
        """
        if base != self.document.base and base not in self.continued():
            raise MovedOnError(f"{self.row['name']}: the changes were made on another revision than the open one")

    def other_drafts(self) -> list[dict[str, Any]]:
        """Return the drafts of this image that are open and not ours, as the browser shows them."""
        own = None if self._draft is None else self._draft.id
        found = []
        for draft in open_drafts(self.project, self.image_id):
            count = len(draft.operations())
            if draft.id == own or not count:
                continue
            if draft.author != self.project.author:
                kind = "other"
            else:
                kind = "left" if _holders.get(draft.id) in {None, self} else "elsewhere"
            found.append({
                "id": draft.id, "author": draft.author, "operations": count, "kind": kind,
                "changed_at": draft.updated_at.isoformat(), "stale": draft.base_result_id != self.current,
            })  # fmt: skip
        return found

    def store(
        self, operations: Sequence[Operation], check: Callable[[Connection | None], object] = lambda _: None
    ) -> list[Verdict]:
        """Check operations, store them in the draft, apply them; in this order, so that nothing is shown that is not stored.

        Parameters
        ----------
        operations : sequence of Operation
            When one of a step is refused, all of its step are.
        check : callable
            Called before anything is stored, with the connection that stores them where there is one; nothing is when it
            raises.

        Raises
        ------
        StoreError
            The store took none of them; a repeated call stores no operation twice.
        """
        self._writable()
        height, width = int(self.row["height"]), int(self.row["width"])
        taken: dict[str, tuple[Operation, Checked | None]] = {}
        refused: dict[str, str] = {}
        for _, group in groupby(operations, lambda operation: operation.step or operation.id):
            step = list(group)
            checks = [check_outline(one.rings, height, width) if one.kind == "put" else None for one in step]
            reason = next((found.reason for found in checks if found is not None and found.state == "refused"), None)
            for one, found in zip(step, checks, strict=True):
                if reason is None:
                    taken[one.id] = (one if found is None else replace(one, rings=found.rings)), found
                else:
                    refused[one.id] = reason
        told = self._append([one for one, _ in taken.values()], check)
        return [
            self._refused(one, refused[one.id]) if one.id in refused else self._took(*taken[one.id], told[one.id])
            for one in operations
        ]

    def _append(self, operations: Sequence[Operation], check: Callable[[Connection | None], object]) -> dict[str, str]:
        """Store operations; what became of each, by its id."""
        if not operations:
            return {}
        begun = self._draft is not None
        if not begun:
            check(None)  # what is not allowed begins no draft
        draft = self._draft or self._begin()
        stored = {one.id: one.to_json() for one in operations}
        try:
            told = draft.append_all(stored, check if begun else None)
        except ConflictError:
            raise
        except StoreError:
            self._check_open()
            raise
        if not begun and STORED not in told:  # they lie in other drafts: nothing was changed here
            self._hold(None)
            draft.discard()
        return dict(zip(stored, told, strict=True))

    def _took(self, operation: Operation, check: Checked | None, told: str) -> Verdict:
        if told == ELSEWHERE:
            return self._refused(operation, told)
        if told == STORED:
            self.document.apply(operation)
            self.version += 1
        if check is None or check.state == "ok":
            return Verdict(operation.id, operation.outline_id, "ok")
        kept = self.document.rings(operation.outline_id)
        return Verdict(operation.id, operation.outline_id, check.state, check.reason, kept)

    def _refused(self, operation: Operation, reason: str) -> Verdict:
        kept = self.document.rings(operation.outline_id)
        return Verdict(operation.id, operation.outline_id, "refused", reason, kept)

    def begun(self) -> tuple[Document, list[Operation]]:
        """Return the document as our draft began it, and the draft's operations; neither is what is edited here."""
        base = self.current if self._draft is None else self._draft.base_result_id
        outlines, rows = Outlines.empty(), pd.DataFrame()
        if base is not None:
            with self.project.database.read() as connection:
                outlines, rows = load_outlines(connection, base)
        stored = [] if self._draft is None else self._draft.operations()
        operations = [Operation.from_json(one["id"], one["operation"]) for one in stored]
        return Document(outlines, rows, base, int(self.row["height"]), int(self.row["width"])), operations

    def save(self) -> int | None:
        """Close the draft into a revision; returns its id, None when there is nothing to save.

        Raises
        ------
        ImageError
            The original cannot be read, so nothing could be measured; the draft stays.
        ConflictError
            Another revision was saved meanwhile; ours is kept beside it and the one that holds is shown.
        """
        self._writable()
        if self._draft is None:
            return None
        outlines, rows = self.document.measured(self.pictures.original())
        try:
            saved = self._draft.close(outlines, rows)
        except ConflictError:
            self._start_again()
            raise
        except StoreError:
            self._check_open()
            raise
        self._start_again()
        return saved

    def refresh(self) -> bool:
        """Follow a revision that was saved elsewhere; False when our own operations stand in the way."""
        if self._draft is None:
            self.version += 1
        self.load()
        return self._draft is None

    def take_over(self, draft_id: str) -> None:
        """Go on with a draft that an editor left open.

        Raises
        ------
        StoreError
            We have operations of our own, or there is no such draft of this author.
        """
        self._writable()
        if self._draft is not None and self.document.n_operations:
            raise StoreError("there are changes here already: save them first, then open what was left")
        draft = self._left(draft_id)
        holder = _holders.get(draft_id)
        if holder is not None and holder is not self:
            holder._taken_over = True
        self._hold(draft.taken_by(self.session))
        self.version += 1
        self._build()

    def discard(self, draft_id: str) -> None:
        """Throw away a draft that an editor left open."""
        self._writable()
        self._left(draft_id).discard()

    @property
    def unsaved(self) -> bool:
        """Whether there are operations that no revision holds yet."""
        return self._draft is not None

    def rest(self) -> None:
        """Free what can be read again, while another image is looked at."""
        self.pictures.forget()

    def end(self) -> None:
        """Say that this editor is gone: what it left open is offered."""
        if self._draft is not None and _holders.get(self._draft.id) is self:
            del _holders[self._draft.id]

    def _begin(self) -> Draft:
        draft = open_draft(self.project, self.image_id, self.session)
        if draft.base_result_id != self.document.base:
            # Somebody saved since we read: what is shown is not what would be changed.
            draft.discard()
            self._start_again()
            raise MovedOnError(f"{self.row['name']}: a newer revision was saved meanwhile")
        self._hold(draft)
        return draft

    def _check_open(self) -> None:
        """Let our draft go where it is not ours any more.

        Raises
        ------
        MovedOnError
            It was saved, discarded or gone on with elsewhere: what was stored in it is not here to go on with.
        """
        if not self._is_among(open_drafts(self.project, self.image_id)):
            self._start_again()
            raise MovedOnError(f"{self.row['name']}: its changes were saved, discarded or gone on with elsewhere")

    def _is_among(self, drafts: Sequence[Draft]) -> bool:
        """Whether our draft is among these, and still ours."""
        own = self._draft
        return own is not None and any((one.id, one.session) == (own.id, own.session) for one in drafts)

    def _hold(self, draft: Draft | None) -> None:
        self._draft = draft
        if draft is not None:
            _holders[draft.id] = self

    def _left(self, draft_id: str) -> Draft:
        for draft in open_drafts(self.project, self.image_id):
            if draft.id == draft_id and draft.author == self.project.author:
                return draft
        raise StoreError("these changes are not open any more")

    def _start_again(self) -> None:
        self._draft = None
        self.version += 1
        self.load()

    def _writable(self) -> None:
        if self.read_only:
            raise StoreError("this editor only shows: it was opened with read_only=True")
        if self._taken_over:
            raise StoreError(
                "another editor of this notebook went on with these changes; run the cell again to see them"
            )

    def _build(self) -> None:
        self.document, operations = self.begun()
        for operation in operations:
            self.document.apply(operation)
