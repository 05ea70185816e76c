"""Kernels of one project in one process, each with an editor: what belongs to a process is a kernel's own.

Calls are answered on the thread that calls, so a seed tells the whole course.
"""

from __future__ import annotations

import itertools
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

import pytest

from spheroseg_widgets.project.changes import Changes
from spheroseg_widgets.project.opening import open_project
from spheroseg_widgets.store import leases, presence
from spheroseg_widgets.store.tables import now
from spheroseg_widgets.widgets import editor_presence, editor_session
from spheroseg_widgets.widgets.editor import Editor
from spheroseg_widgets.widgets.rpc import Answer, Call


class KernelLostError(Exception):
    """There is nobody to answer."""


class FailedError(Exception):
    """The kernel answered with an error."""

    def __init__(self, error: Exception) -> None:
        super().__init__(f"{type(error).__name__}: {error}")
        self.kind = type(error).__name__


class World:
    """What kernels share: the clock that leases run by, and which of them are dead.

    Parameters
    ----------
    folder : Path
        Of the project.
    """

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.patch = patch
        self.later = timedelta()
        self.dead: set[int] = set()
        self.pids = itertools.count(10**8)  # no process has one of these
        for module in (presence, editor_presence):
            patch.setattr(module, "now", self.now)
        patch.setattr(leases, "process_lives", lambda pid: pid not in self.dead)

    def now(self) -> datetime:
        return now() + self.later


class Kernel:
    """A process with a project and an editor of its own; it hears nothing of what others do."""

    def __init__(self, world: World, author: str, image: int) -> None:
        self.world = world
        self.pid = next(world.pids)
        self.holders: WeakValueDictionary[str, editor_session.EditSession] = WeakValueDictionary()
        self.project = open_project(world.folder)
        self.project.author = author
        self.project.changes = Changes()
        self.alive = True
        with self.acts():
            self.editor = Editor(self.project, image)
        self.pushed: list[tuple[str, Any]] = []
        self.world.patch.setattr(self.editor, "push", lambda name, value, *_: self.pushed.append((name, value)))
        self.editor.presence_owner = f"{socket.gethostname()}:{self.pid}:{author}"

    @contextmanager
    def acts(self) -> Iterator[None]:
        """What belongs to a process is this one's meanwhile."""
        if not self.alive:
            raise KernelLostError
        self.world.patch.setattr(editor_session, "_holders", self.holders)
        yield

    def call(self, method: str, params: dict[str, Any], buffers: Sequence[bytes] = ()) -> tuple[Any, list[bytes]]:
        """Answer as the line to the browser does."""
        with self.acts():
            handler, _ = self.editor.rpc._methods[method]
            try:
                answer = handler(params, [memoryview(one) for one in buffers], Call(1, method))
            except Exception as error:
                raise FailedError(error) from error
        answer = answer if isinstance(answer, Answer) else Answer(answer)
        return answer.value, [bytes(one) for one in answer.buffers]

    def die(self) -> None:
        """End as a killed process does: nothing is closed, nothing given back."""
        for leave in self.editor._leave:
            leave()
        self.editor._open, self.editor._resting = None, {}  # what collects it later saves nothing
        self.alive = False
        self.world.dead.add(self.pid)
        self.project.close()

    def end(self) -> None:
        """End in order."""
        with self.acts():
            self.editor.close()
        self.die()
