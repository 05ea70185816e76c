"""The steps of an open draft, for a page that was not there when they were made: it can undo them all the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np

from .base import SpheroWidget
from .editor_document import Document, Entry, Operation, is_alike
from .editor_session import EditSession
from .rpc import Answer, Call, rpc_method


@dataclass(frozen=True, slots=True)
class Change:
    """An outline before and after a step; None is "not there"."""

    outline_id: str
    before: Entry | None
    after: Entry | None


@dataclass(frozen=True, slots=True)
class Step:
    """What was done at once: the key of the string that names it, and what it changed."""

    label: str
    changes: tuple[Change, ...]


def steps_of(document: Document, operations: Iterable[Operation]) -> list[Step]:
    """Apply operations to the document of a revision; return the steps in which they were made, oldest first.

    A step that takes the one before it back is an undo: neither is among them.
    """
    steps: list[Step] = []
    for _, group in groupby(operations, lambda one: one.step or one.id):
        changes = []
        for operation in group:
            before = document.entry(operation.outline_id)
            document.apply(operation)
            changes.append(Change(operation.outline_id, before, document.entry(operation.outline_id)))
        step = Step(operation.label, tuple(changes))
        if steps and _takes_back(step, steps[-1]):
            steps.pop()
        else:
            steps.append(step)
    return steps


def _takes_back(step: Step, last: Step) -> bool:
    was = {one.outline_id: one for one in last.changes}
    return was.keys() == {one.outline_id for one in step.changes} and all(
        is_alike(one.after, was[one.outline_id].before) and is_alike(one.before, was[one.outline_id].after)
        for one in step.changes
    )


class Undo(SpheroWidget):
    """A widget whose page can undo what an earlier page, or a kernel that is gone, did in an open draft."""

    _session_of: Callable[[dict[str, Any]], EditSession]
    _known_classes: Callable[[], list[str]]

    @rpc_method("steps")
    def _steps(self, params: dict[str, Any], _buffers: list[memoryview], call: Call) -> Answer:
        """Answer with the steps of the first so many operations; their outlines, as those of a document."""
        with self.lock:
            document, operations = self._session_of(params).begun()
        call.check()
        steps = steps_of(document, operations[: int(params["operations"])])
        states: dict[int, Entry] = {}
        number: dict[int, int] = {}

        def numbered(entry: Entry | None) -> int:
            if entry is None:
                return -1
            at = number.setdefault(id(entry), len(states))
            states[at] = entry
            return at

        told = [
            {
                "label": step.label,
                "changes": [[c.outline_id, numbered(c.before), numbered(c.after)] for c in step.changes],
            }
            for step in steps
        ]
        outlines, classes, index, confidence, flags, parents = document.described(states, self._known_classes())
        value = {"steps": told, "ids": [str(at) for at in states], "classes": classes, "parents": parents}
        return Answer(
            value,
            [
                outlines.to_bytes(),
                index.tobytes(),
                confidence.astype("<f4").tobytes(),
                flags.astype(np.uint8).tobytes(),
            ],
        )
