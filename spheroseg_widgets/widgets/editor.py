"""The outline editor, kernel half: it answers the browser and is what a notebook holds."""

from __future__ import annotations

import hashlib
import logging
import threading
import uuid
import warnings
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import traitlets

from spheroseg_widgets.errors import SpherosegError, StoreError
from spheroseg_widgets.project.find import pickable
from spheroseg_widgets.project.project import Project
from spheroseg_widgets.project.settling import UnsavedChangesWarning
from spheroseg_widgets.store.classes import class_names
from spheroseg_widgets.store.job_state import QUEUED

from .assisting import Assisting
from .base import KERNEL_ID, STATIC
from .editor_clipboard import Clipboard
from .editor_face import face_html, face_png
from .editor_fixing import Fixing, Image, queue_of
from .editor_keys import RemapsKeys
from .editor_layers import Layers
from .editor_planes import Planes
from .editor_presence import Presence
from .editor_python import FromPython
from .editor_revisions import Revisions
from .editor_session import EditSession
from .editor_steps import Undo
from .editor_wire import answered, area, received
from .handing_over import hand_over_as_before, hand_over_soon
from .kernel import is_kernel
from .later import ComesLater
from .rpc import Answer, Call, rpc_method

logger = logging.getLogger(__name__)


class AnotherImageError(StoreError):
    """A call is about another image than the open one: the browser asked before the kernel heard of it, or too late."""


class Editor(
    Clipboard, ComesLater, Planes, Layers, Assisting, Presence, Revisions, Undo, FromPython, Fixing, RemapsKeys
):
    """Look at an image, correct its outlines, save them as a revision.

    Parameters
    ----------
    project : Project
    image : str, Path or int, optional
        Name, stem, path or image_id; the first image by default.
    images : DataFrame or iterable, optional
        Images to go through, as of `go_through`: what is judged by a key leads to the next of them.
    read_only : bool
        Show only: no change is taken.
    classes : sequence of str
        Classes an outline can be given beside those the project has; more can be added while editing.

    Attributes
    ----------
    image_id : int
        The open image; set it to open another one. Tool and view settings stay.
    read_only : bool
        Whether it only shows.
    selected_ids : list of str
        Ids of the selected outlines, in both directions.
    queue, judged_ids : list of int
        The images it goes through, and those of them that were judged here; see `go_through`.
    shortcuts : dict
        The keys you changed, such as ``{"approve": "ctrl+enter"}``; kept for all your editors.
    locked_ids, hidden_ids : list of str
        Ids of outlines that were locked (no tool changes them) or hidden (not drawn), in both directions.

    Raises
    ------
    StoreError
        There is no such image.

    Examples
    --------
    >>> editor = Editor(plate, image="B07_48h.tif")  # doctest: +SKIP
    >>> editor.outlines["area_um2"]  # doctest: +SKIP
    """

    section = "editor"
    _esm = STATIC / "editor.js"
    _css = STATIC / "editor.css"
    later = STATIC / "editor_later.js"

    image_id = traitlets.Int().tag(sync=True)
    read_only = traitlets.Bool(default_value=False, read_only=True).tag(sync=True)
    selected_ids: traitlets.List[str] = traitlets.List(traitlets.Unicode()).tag(sync=True)
    locked_ids: traitlets.List[str] = traitlets.List(traitlets.Unicode()).tag(sync=True)
    hidden_ids: traitlets.List[str] = traitlets.List(traitlets.Unicode()).tag(sync=True)

    def __init__(
        self,
        project: Project,
        image: str | Path | int | None = None,
        *,
        images: pd.DataFrame | Iterable[Image] | None = None,
        read_only: bool = False,
        classes: Sequence[str] = (),
    ) -> None:
        self.project = project
        self._given_classes = [str(name) for name in classes]
        self._classes: list[str] | None = None
        self._only_shows = read_only  # the trait tells the browser; this cannot be changed from there
        self._session = f"{KERNEL_ID}/{uuid.uuid4().hex}"
        self._open: EditSession | None = None
        self._resting: dict[int, EditSession] = {}
        self._ahead: EditSession | None = None
        self._looking_ahead = threading.Lock()
        self._outdated = False
        self._held, self._taken, self._asking = set(), {}, threading.Lock()
        self._saved: list[Callable[[int, int], object]] = []
        self._changes: list[Callable[[int], object]] = []
        self._leave = (project.on_change(self._changed_elsewhere), project.changes.on_settle(self._save_all))
        super().__init__()
        self.set_trait("read_only", read_only)
        if is_kernel():
            hand_over_soon(self)
        try:
            if images is not None:
                self.queue = queue_of(project, images)
            self.image_id = _find(project, self.queue[0] if image is None and self.queue else image)
        except StoreError:
            self.close()
            raise

    def close(self) -> None:
        """Close the editor and the revision; operations that cannot be saved stay in their draft and are offered again."""
        for leave in self._leave:
            leave()
        hand_over_as_before(self)
        self._close_left()
        with self.lock:
            for session in (self._open, *self._resting.values()):
                if session is not None:
                    session.end()
        super().close()

    # What a notebook asks

    def save(self) -> int | None:
        """Save what was changed as a new revision; returns its id, None when nothing was changed.

        Raises
        ------
        ConflictError
            Another revision was saved meanwhile; yours is kept beside it.
        ImageError
            The original cannot be read, so nothing could be measured; the changes stay.
        """
        with self.lock:
            session = self._current()
            try:
                saved = session.save()
            finally:
                self._push_version(session)
        if saved is not None:
            self._tell([(session.image_id, saved)])
        return saved

    def _save_all(self) -> None:
        """Save what was changed in every image that was opened here: numbers are about to be taken."""
        saved: list[tuple[int, int]] = []
        with self.lock:
            for session in (self._open, *self._resting.values()):
                if session is None or not session.unsaved:
                    continue
                try:
                    revision = session.save()
                except SpherosegError as error:
                    warnings.warn(f"{session.row['name']}: {error}", UnsavedChangesWarning, stacklevel=2)
                else:
                    if revision is not None:
                        saved.append((session.image_id, revision))
                self._push_version(session)
            self._resting = {number: one for number, one in self._resting.items() if one.unsaved}
        self._tell(saved)

    def _tell(self, saved: Sequence[tuple[int, int]]) -> None:
        for image_id, revision in saved:
            for callback in list(self._saved):
                callback(image_id, revision)

    def on_saved(self, callback: Callable[[int, int], object]) -> Callable[[], None]:
        """Call ``callback(image_id, revision)`` after every save, on the thread that saves; returns how to stop it."""
        self._saved.append(callback)
        return lambda: self._saved.remove(callback)

    # What the browser asks

    @rpc_method("document")
    def _document(self, params: dict[str, Any], _buffers: list[memoryview], _call: Call) -> Answer:
        session = self._looked_at(params)
        with self.lock:
            row, document = session.row, session.document
            ids, classes, index, confidence, flags = document.columns(self._known_classes())
            size = row["pixel_size_um"]
            value = {
                "project": hashlib.sha256(f"{self.project.database.engine.url}#{self.project.id}".encode()).hexdigest()[:16],
                "image": {
                    "id": session.image_id, "name": str(row["name"]), "width": document.width, "height": document.height,
                    "pixel_size_um": None if pd.isna(size) else float(size), **asdict(session.place),
                },
                "base_revision": document.base, "draft_operations": document.n_operations, "stale": session.stale,
                "continued": session.continued(), "version": session.version, "read_only": self._only_shows,
                "drafts": [] if self._only_shows else session.other_drafts(), "classes": classes, "ids": ids,
                "parents": document.parents(),
            }  # fmt: skip
            blob = document.outlines().to_bytes()
        return Answer(value, [blob, index.tobytes(), confidence.astype("<f4").tobytes(), flags.tobytes()])

    @rpc_method("operations", ordered=True)
    def _operations(self, params: dict[str, Any], buffers: list[memoryview], _call: Call) -> Answer:
        operations = received(params["operations"], buffers)
        with self.lock:
            session = self._session_for(int(params["image_id"]))
            session.check_base(params.get("base_revision"))
            before = session.version
            try:
                verdicts = session.store(operations, partial(self._check_held, session.image_id))
            finally:
                if session.unsaved and session is not self._open:
                    self._resting[session.image_id] = session
                self._push_version(session)
            after, count = session.version, session.document.n_operations
            measured = [area(session.document.rings(verdict.outline_id)) for verdict in verdicts]
        self._tell_changed(session.image_id)
        sent, blobs = answered(verdicts)
        sent = [{**one, "area_px2": area} for one, area in zip(sent, measured, strict=True)]
        return Answer({"verdicts": sent, "before": before, "version": after, "draft_operations": count}, blobs)

    @rpc_method("save", ordered=True)
    def _save(self, params: dict[str, Any], _buffers: list[memoryview], _call: Call) -> int | None:
        image_id = int(params["image_id"])
        return self.save() if image_id == self.image_id else self._save_of(image_id)

    @rpc_method("continue_draft", ordered=True)
    def _continue_draft(self, params: dict[str, Any], _buffers: list[memoryview], _call: Call) -> None:
        with self.lock:
            session = self._session_of(params)
            self._check_held(session.image_id)  # whoever edits it in another kernel goes on with it
            session.take_over(str(params["draft"]))
            self._push_version(session)

    @rpc_method("discard_draft", ordered=True)
    def _discard_draft(self, params: dict[str, Any], _buffers: list[memoryview], _call: Call) -> None:
        with self.lock:
            session = self._session_of(params)
            self._check_held(session.image_id)
            session.discard(str(params["draft"]))

    # How it looks where nothing runs

    def static_html(self) -> str:
        """Return the image's name and the areas of its outlines, of many only of the first."""
        with self.lock:
            return face_html(self._current())

    def static_png(self) -> bytes | None:
        """Return the image with its outlines."""
        with self.lock:
            session = self._current()
            outlines, flags = session.document.outlines(), session.document.columns()[-1]
        return face_png(session.pictures, outlines, flags)

    def _current(self) -> EditSession:
        """Return the open image, reading it first where it is not open yet."""
        session = self._open
        if session is not None and session.image_id != self.image_id:
            self._open = None
            if session.unsaved:
                session.rest()
                self._resting[session.image_id] = session
            session = self._resting.pop(self.image_id, None)
            if self._ahead is not None and self._ahead.image_id == self.image_id:
                session, self._ahead = session or self._ahead, None
            self._outdated = session is not None
        if session is None:
            session = EditSession(self.project, self._session, self.image_id, read_only=self._only_shows)
            if session.row["status"] == QUEUED and not self._only_shows:  # somebody waits for it now
                with suppress(StoreError):  # it comes in its turn
                    self.project.prioritise([self.image_id])
        elif self._outdated:
            session.refresh()
        self._outdated = False
        self._open = session
        return session

    def _session_of(self, params: dict[str, Any]) -> EditSession:
        if params.get("image_id") != self.image_id:
            raise AnotherImageError("another image was opened meanwhile; open this one again to go on")
        return self._current()

    def _session_for(self, image_id: int) -> EditSession:
        """Return what is edited of an image, whichever is open: changes come late, and early, where one goes on quickly."""
        if image_id == self.image_id:
            return self._current()
        if self._open is not None and self._open.image_id == image_id:
            return self._open  # the next one was not asked for yet
        resting = self._resting.get(image_id)
        return resting or EditSession(self.project, self._session, image_id, read_only=self._only_shows)

    def _looked_at(self, params: dict[str, Any]) -> EditSession:
        """Return the open image, or, where it is asked for ahead, one that is likely to be opened next."""
        image_id = int(params["image_id"])
        if params.get("ahead") is not True or image_id == self.image_id:
            with self.lock:
                return self._session_of(params)
        with self._looking_ahead:  # and not the lock of the open image, which is being edited
            session = self._resting.get(image_id, self._ahead)
            if session is None or session.image_id != image_id:
                session = EditSession(self.project, self._session, image_id, read_only=self._only_shows)
                with self.lock:
                    if image_id == self.image_id:  # opened meanwhile: of an image there is one
                        return self._current()
                    self._ahead = session
            return session

    def _known_classes(self) -> list[str]:
        """Return the project's classes and those given; read once, as it takes a look at every outline."""
        if self._classes is None:
            with self.project.database.read() as connection:
                self._classes = [*class_names(connection, self.project.id), *self._given_classes]
        return self._classes

    def reload(self) -> None:
        """Read the open image again."""
        with self.lock:
            self._current().load()

    def _push_version(self, session: EditSession) -> None:
        self.push("version", {"image_id": session.image_id, "version": session.version})

    def _changed_elsewhere(self, kind: str, image_ids: Sequence[int]) -> None:
        # No lock here: the listener runs inside somebody's save, and two editors would wait for each other.
        if kind in {"save", "results", "promote", "pixel_size", "relink"} and (
            not image_ids or self.image_id in image_ids
        ):
            self._outdated = True
            self.push("version", {"image_id": self.image_id, "version": None})


def _find(project: Project, image: str | Path | int | None) -> int:
    if image is not None:
        return int(project.image(image)["image_id"])
    ids = pickable(project.database, project.id, None)
    if not ids:
        raise StoreError(f"{project.name}: the project has no images yet; add some with project.add(...)")
    return ids[0]
