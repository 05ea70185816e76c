"""The gallery's table of images: read in the background, the first images first, and sent by version."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import pandas as pd
import traitlets

from spheroseg_widgets.project.project import Project
from spheroseg_widgets.project.tables import overview_table
from spheroseg_widgets.store.images import image_ids

from .gallery_flags import FlagColumn
from .gallery_rows import RowTable, columns_of
from .opens_images import OpensImages
from .rpc import Answer, Call, rpc_method

SETTLE_SECONDS = 0.15
"""Changes that come together are read together."""
FIRST = 240
"""Images that are read first, for the first screen: all rows of a large project take a second and more."""
FIRST_SCREEN_SECONDS = 0.5
"""The rest is read after this: before, it would slow down the pictures of the first screen."""
WAITING, WORKING, THERE = "waiting", "working", "there"


class ShowsTable(OpensImages):
    """A widget that shows a project's table of images and follows every change made to it in this process.

    Attributes
    ----------
    flags_state : {"waiting", "working", "there"}
        Whether the table has flags; those of a large project wait until a page shows something of them.
    """

    project_name = traitlets.Unicode("").tag(sync=True)
    rows_version = traitlets.Int(0).tag(sync=True)
    run = traitlets.Dict().tag(sync=True)
    flags_state = traitlets.Enum([WAITING, WORKING, THERE], WAITING).tag(sync=True)

    def __init__(self, project: Project, **traits: Any) -> None:
        self.project = project
        self._table: pd.DataFrame | None = None
        self._rows = RowTable()
        self._flags = FlagColumn()
        self._first_of = 0  # so many images there are, while only the first are read
        self._first_reading, self._reading = threading.Lock(), threading.Lock()
        self._stale = threading.Event()
        self._reader: threading.Thread | None = None
        self._run_id: int | None = None
        self._leave_run: Callable[[], None] = lambda: None
        self._closing = False
        super().__init__(project_name=project.name, **traits)
        self._leave_project = project.on_change(self._hear)
        self._changed()

    def reload(self) -> None:
        """Read the project again."""
        with self._reading:
            self._read()
        self.error = ""  # an earlier reading may have failed

    def close(self) -> None:
        """Close the widget and stop what it does here."""
        self._leave_project()
        with self.lock:
            self._closing = True
            self._leave_run()
        super().close()

    @rpc_method("rows")
    def _answer_rows(self, params: dict[str, Any], _buffers: list[memoryview], call: Call) -> Answer:
        self._ensure()
        call.check()
        with self.lock:
            packed = self._rows.pack(int(params.get("since", 0)))
            return Answer({**packed.value, "first_of": self._first_of}, [packed.buffer])

    @rpc_method("want_flags")
    def _answer_want_flags(self, _params: dict[str, Any], _buffers: list[memoryview], _call: Call) -> None:
        if not self._flags.wanted:
            self._flags.wanted = True
            self._changed()

    def _hear(self, kind: str, _image_ids: list[int]) -> None:
        if kind != "view":  # a saved view is of no image
            self._changed()

    def _changed(self) -> None:
        """Have the table read again soon, on a thread of its own; the caller never waits."""
        self._stale.set()
        with self.lock:
            if self._reader is None:
                self._reader = threading.Thread(target=self._follow, name="spheroseg-gallery", daemon=True)
                self._reader.start()

    def _follow(self) -> None:
        first = self._table is None
        while True:
            if not first:
                time.sleep(SETTLE_SECONDS)
            first = False
            self._stale.clear()
            began = time.monotonic()
            self.try_reload()
            # A large project in the middle of a run is read a third of the time, not all of it.
            time.sleep(min(3.0, 2 * (time.monotonic() - began)) if self._stale.is_set() else 0)
            with self.lock:
                if not self._stale.is_set():
                    self._reader = None
                    return

    def _ensure(self) -> pd.DataFrame:
        """Return the table as far as it is read; the first images of it at least."""
        with self._first_reading:
            if self._table is None:
                first = overview_table(self.project.database, self.project.id, limit=FIRST)
                with self.project.database.read() as connection:
                    count = len(image_ids(connection, self.project.id)) if len(first) == FIRST else len(first)
                self._take(first, count if count > len(first) else 0)
            assert self._table is not None
            return self._table

    def _read(self) -> None:
        fresh = self._table is None
        self._ensure()
        if self._first_of:
            time.sleep(FIRST_SCREEN_SECONDS)
        if self._first_of or not fresh:
            self._take(overview_table(self.project.database, self.project.id))
        self._follow_run()
        self._read_flags()

    def _read_flags(self) -> None:
        table = self._ensure()
        if not self._flags.due(len(table)):
            return
        if self.flags_state == WAITING:
            self.flags_state = WORKING
        if self._flags.read(self.project):
            self._take(table)
        self.flags_state = THERE

    def _take(self, table: pd.DataFrame, first_of: int = 0) -> None:
        table = self._flags.beside(table)
        columns = columns_of(table)
        with self.lock:
            changed = self._rows.update(columns)
            self._table, self._first_of = table, first_of
        if changed:
            self.rows_version = self._rows.version

    def _follow_run(self) -> None:
        run = self.project.last_run()
        if run is None:
            return
        with self.lock:
            if self._closing or run.id == self._run_id:  # a reading that began before the closing must not listen again
                return
            self._run_id = run.id
            self._leave_run()
            self._leave_run = run.on_change(lambda progress: self.set_trait("run", asdict(progress)))
