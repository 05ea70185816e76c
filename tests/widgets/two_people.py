"""People with a kernel and a page each, one project: a page does to its kernel what the browser half does.

A page sends what `frontend/editor/work.ts`, `outbox.ts`, `left.ts` and `kept.ts` send, in their order, and takes what
they take from an answer.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from spheroseg_widgets.outlines.outlines import Outlines
from spheroseg_widgets.project.project import Project
from spheroseg_widgets.store.drafts import edits_of
from spheroseg_widgets.store.ids import uuid7
from tests.editor_store import Shown, shown

from .two_kernels import FailedError, Kernel, KernelLostError, World


@dataclass(frozen=True)
class Operation:
    """One change on its way: how it is described, its geometry, and what the page showed then."""

    described: dict[str, Any]
    blob: bytes | None

    @property
    def id(self) -> str:
        return str(self.described["id"])

    @property
    def outline(self) -> str:
        return str(self.described["outline_id"])


@dataclass
class Outbox:
    """What the kernel has not acknowledged of an image, and the revision it was made on."""

    base: int | None
    waiting: list[Operation] = field(default_factory=list)


@dataclass(frozen=True)
class Kept:
    """An operation as the browser keeps it."""

    image: int
    base: int | None
    operation: Operation


class Page:
    """A person's page.

    Attributes
    ----------
    author : str
    stored : dict of str to int
        Operations that the page showed as stored, and their image.
    told : list of str
        What the page said was not stored, not saved, or offered.
    """

    def __init__(self, world: World, author: str, image: int, journal: dict[str, Kept]) -> None:
        self.world, self.author, self.image, self.journal = world, author, image, journal
        self.stored: dict[str, int] = {}
        self.made: dict[str, int] = {}
        self.refused: set[str] = set()
        self.discarded: set[str] = set()
        self.told: list[str] = []
        self.kernel = Kernel(world, author, image)
        self._leave()
        self.open(image)

    @property
    def kept(self) -> Collection[str]:
        """Operations that lie in the browser."""
        return self.journal

    def _leave(self) -> None:
        """What a page forgets when it is closed."""
        self.info: dict[str, Any] | None = None
        self.shown: Shown = {}
        self.outboxes: dict[int, Outbox] = {}
        self.history: list[tuple[str, bytes | None]] = []
        self.offered: list[str] = []
        self.barred = self.taken = False
        self.version = 0

    # The kernel

    def call(self, method: str, buffers: Sequence[bytes] = (), **params: Any) -> tuple[Any, list[bytes]]:
        return self.kernel.call(method, params, buffers)

    def restart(self) -> None:
        """Kill the kernel, where it lives; run the cell in a new one."""
        if self.kernel.alive:
            self.kernel.die()
        self.kernel = Kernel(self.world, self.author, self.image)
        self._leave()
        self.open(self.image)

    def run_again(self) -> None:
        """Close the editor in order and run the cell again."""
        if self.kernel.alive:
            self.kernel.end()
        self.restart()

    def hear(self) -> None:
        """Take what the kernel said by itself."""
        if not self.kernel.alive:
            return
        told, self.kernel.pushed = self.kernel.pushed, []
        for name, value in told:
            if name == "not_closed":
                self.told.append(f"not closed: {value['reason']}")
        versions = [value["version"] for name, value in told if name == "version" and value["image_id"] == self.image]
        if any(one is None or one > self.version for one in versions):
            self.refresh()

    # Opening

    def open(self, image: int) -> None:
        """Show an image; what is on its way of the one before goes on."""
        if not self.kernel.alive:
            return
        self.image, self.info, self.barred, self.offered = image, None, False, []
        with self.kernel.acts():
            self.kernel.editor.image_id = image
        self.refresh(fresh=True)

    def reload(self) -> None:
        self._leave()
        if self.kernel.alive:
            self.open(self.kernel.editor.image_id)

    def refresh(self, *, fresh: bool = False) -> None:
        if self.info is None and not fresh:
            return
        try:
            value, blobs = self.call("document", image_id=self.image)
        except (FailedError, KernelLostError) as error:
            self.told.append(str(error))
            return
        moved = self.info is None or value["base_revision"] != self.info["base_revision"]
        self._take(value, blobs[0])
        if fresh:
            self.history, self.offered = [], []
        if fresh or moved:
            self._find_kept()

    def _take(self, value: dict[str, Any], blob: bytes) -> None:
        base, continued = value["base_revision"], value["continued"]
        box = self.outboxes.get(self.image)
        if box is None or box.base != base:
            going_on = box.waiting if box is not None and box.base in continued else []
            self.outboxes[self.image] = Outbox(base)
            self._send_on(going_on)
        self.info, self.version = value, value["version"]
        self.shown = shown(Outlines.from_bytes(blob), value["ids"])
        for operation in self.outboxes[self.image].waiting:
            self._show(operation)

    def _send_on(self, operations: Sequence[Operation]) -> None:
        """Put operations into the open image's outbox and the journal."""
        box = self.outboxes[self.image]
        for one in operations:
            box.waiting.append(one)
            self.journal.pop(one.id, None)
            self.journal[one.id] = Kept(self.image, box.base, one)

    def _show(self, operation: Operation) -> None:
        if operation.blob is None:
            self.shown.pop(operation.outline, None)
        else:
            self.shown[operation.outline] = operation.blob

    def _find_kept(self) -> None:
        assert self.info is not None
        waiting = {one.id for one in self.outboxes[self.image].waiting}
        own = [one for one in self.journal.values() if one.image == self.image and one.operation.id not in waiting]
        here = [self.info["base_revision"], *self.info["continued"]]
        undecided = any(one["kind"] != "other" for one in self.info["drafts"])
        ours = [one.operation for one in own if one.base in here and not undecided]
        self._send_on(ours)
        for operation in ours:
            self._show(operation)
        self.offered = [one.operation.id for one in own if one.base not in here]
        if self.offered:
            self.told.append("kept")

    # Editing

    def change(self, outline: str, rings: bytes | None) -> None:
        """Move or draw an outline, or delete it; it can be undone."""
        self.history.append((outline, self.shown.get(outline)))
        self._do(outline, rings)

    def undo(self) -> None:
        if self.history and not self.barred and self.info is not None:
            self._do(*self.history.pop())

    def _do(self, outline: str, rings: bytes | None) -> None:
        described = {
            "id": str(uuid7()), "kind": "delete" if rings is None else "put", "outline_id": outline, "class_name": "spheroid",
            "label": "editor.did.draw", "step": str(uuid7()), "parents": [],
        }  # fmt: skip
        operation = Operation(described, rings)
        self.made[operation.id] = self.image
        self._send_on([operation])
        self._show(operation)

    def deliver(self, image: int, *, answered: bool = True) -> None:
        """Send what waits of an image, open or left; an answer can get lost."""
        box = self.outboxes.get(image)
        if box is None or not box.waiting:
            return
        batch = list(box.waiting)
        blobs = [one.blob for one in batch if one.blob is not None]
        try:
            value, _ = self.call(
                "operations", blobs, image_id=image, base_revision=box.base, operations=[one.described for one in batch]
            )
        except KernelLostError:
            self.told.append("not stored: the kernel does not answer")
            return
        except FailedError as error:
            self.told.append(f"not stored: {error}")
            if error.kind == "MovedOnError" and image == self.image:
                self.refresh()
            return
        if not answered:
            return
        for verdict in value["verdicts"]:
            one = str(verdict["id"])
            self.journal.pop(one, None)
            if verdict["state"] == "refused":
                self.told.append(f"refused: {verdict['reason']}")
                self.refused.add(one)
            else:
                self.stored[one] = image
        done = {one["id"] for one in value["verdicts"]}
        box.waiting = [one for one in box.waiting if one.id not in done]
        if image != self.image:
            del self.outboxes[image]
            self._save(image)
            return
        assert self.info is not None
        self.info["draft_operations"] = value["draft_operations"]
        stale = value["before"] != self.version or any(one["state"] == "refused" for one in value["verdicts"])
        self.version = max(self.version, value["version"])
        if stale:
            self.refresh()

    def save(self) -> None:
        """Ctrl+S."""
        if self.info is None or self.barred:
            return
        self.deliver(self.image)
        box = self.outboxes[self.image]
        if box.waiting:
            self.told.append("not saved")
        elif self.info["draft_operations"]:
            self._save(self.image)
        self.refresh()

    def _save(self, image: int) -> None:
        try:
            self.call("save", image_id=image)
        except (FailedError, KernelLostError) as error:
            self.told.append(f"not saved: {error}")

    # Others

    def look_around(self) -> None:
        """Ask who edits the open image."""
        if self.info is None:
            return
        try:
            value, _ = self.call("presence", image_id=self.image, editing=bool(self.history))
        except (FailedError, KernelLostError):
            return
        self.barred = value["author"] is not None or value["taken_by"] is not None

    def take_over(self) -> None:
        try:
            self.call("take_over", image_id=self.image)
        except (FailedError, KernelLostError) as error:
            self.told.append(str(error))
            return
        self.barred = False
        self.refresh()
        self.deliver(self.image)

    def decide(self, *, keep: bool) -> None:
        """Go on with what was left open, or throw it away."""
        left = [one for one in self.info["drafts"] if one["kind"] != "other"] if self.info else []
        if not left:
            return
        gone = [] if keep else operations_of(self.kernel.project, left[0]["id"])
        try:
            self.call("continue_draft" if keep else "discard_draft", image_id=self.image, draft=left[0]["id"])
        except (FailedError, KernelLostError) as error:
            self.told.append(str(error))
            return
        self.discarded.update(gone)
        self.refresh()
        assert self.info is not None
        if not keep:
            waiting = {one.id for one in self.outboxes[self.image].waiting}
            for one in list(self.journal.values()):
                ours = (one.image, one.base) == (self.image, self.info["base_revision"])
                if ours and one.operation.id not in waiting:
                    self.discarded.add(one.operation.id)
                    del self.journal[one.operation.id]
        else:
            self.history = []
        self._find_kept()

    def answer_offer(self, *, apply: bool) -> None:
        """What the browser kept of an older revision is made again on this one, or thrown away."""
        if not self.offered or self.info is None:
            return
        kept = [self.journal.pop(one) for one in self.offered if one in self.journal]
        self.offered = []
        if not apply:
            self.discarded.update(one.operation.id for one in kept)
            return
        self._send_on([one.operation for one in kept])
        for one in kept:
            self._show(one.operation)


def operations_of(project: Project, draft: str) -> list[str]:
    """Ids of a draft's operations."""
    with project.database.read() as connection:
        return [str(one) for one, _, _ in edits_of(connection, uuid.UUID(draft))]
