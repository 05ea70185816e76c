"""The image gallery: the project's images in a virtual grid, their outlines, and what is selected."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import traitlets

from spheroseg_widgets.imaging.read import Plane
from spheroseg_widgets.project.project import Project
from spheroseg_widgets.store.pages import OutlinePage, outline_pages, plane_pages

from .acting import ActsOnImages
from .adding import AddsImages
from .base import STATIC
from .comparing import ComparesImages
from .contrast import percentiles_of
from .gallery_face import FACE_IMAGES, face_html, face_png
from .gallery_finding import FindsImages
from .gallery_view import View
from .later import ComesLater
from .outline_answer import ClassCodes, outlines_answer
from .reviewing import Reviewing
from .rpc import Answer, Call, rpc_method
from .strings import text
from .thumbnails import LARGE, MIME, SIZES, Picture, Thumbnails

FACE_SECONDS = 2.0
"""Time for the pictures of the static face; what is not ready by then is named without its picture."""


class Gallery(FindsImages, ActsOnImages, AddsImages, Reviewing, ComparesImages, ComesLater):
    """All images of a project, with their outlines and states; add, find and judge them, and go on in Python.

    Parameters
    ----------
    project : Project
        Whose images are shown; the gallery follows every change made to it in this process.
    cell_size : int
        Width of a card, px.
    height : int
        Largest height of the grid, px.
    show_outlines : bool
        Whether outlines are drawn over the pictures.
    show_filters : bool
        Whether the filters are open.
    view : dict, optional
        What is shown and how, as the attribute `view`.
    read_only : bool
        Show only: nothing is added, judged or changed from its pages.
    from_paths : bool
        Whether images may be added by a path or URL that this process reads.

    Attributes
    ----------
    selected_ids : list of int
        image_id of what is selected; may be set.
    """

    _esm = STATIC / "gallery.js"
    _css = STATIC / "gallery.css"
    later = STATIC / "gallery_later.js"
    section = "gallery"
    also: ClassVar[tuple[str, ...]] = ("plate",)

    selected_ids = traitlets.List(traitlets.Int()).tag(sync=True)
    cell_size = traitlets.Int(168, min=96, max=384).tag(sync=True)
    height = traitlets.Int(560, min=200).tag(sync=True)
    show_outlines = traitlets.Bool(True).tag(sync=True)  # noqa: FBT003 - a trait's default

    def __init__(
        self,
        project: Project,
        *,
        cell_size: int = 168,
        height: int = 560,
        show_outlines: bool = True,
        show_filters: bool = False,
        view: View | None = None,
        read_only: bool = False,
        from_paths: bool = True,
    ) -> None:
        self._only_shows = read_only
        self._class_codes = ClassCodes()
        self._making_thumbnails = threading.Lock()
        self._thumbnails: Thumbnails | None = None
        super().__init__(
            project, cell_size=cell_size, height=height, show_outlines=show_outlines, show_filters=show_filters,
            view=view or {}, can_add=not read_only, can_act=not read_only, from_paths=from_paths,
        )  # fmt: skip

    @traitlets.validate("can_act", "can_add")
    def _allowed(self, proposal: Any) -> bool:
        return proposal["value"] and not self._only_shows  # a page may set traits, but not give itself more

    @property
    def selected(self) -> pd.DataFrame:
        """The selected images as rows of `project.images()`, in the project's order; may be set to such rows."""
        table = self.project.images()
        return table[table["image_id"].isin(self.selected_ids)].reset_index(drop=True)

    @selected.setter
    def selected(self, rows: pd.DataFrame | Iterable[int]) -> None:
        ids = rows["image_id"] if isinstance(rows, pd.DataFrame) else rows
        self.selected_ids = [int(image_id) for image_id in ids]

    def close(self) -> None:
        """Close the gallery and stop what it does here."""
        super().close()
        if self._thumbnails is not None:
            self._thumbnails.close()

    def static_html(self) -> str:
        """Return a contact sheet of the first images."""
        return face_html(self.project.name, *self._face(), filtered=bool(self.view))

    def static_png(self) -> bytes | None:
        """Return the contact sheet's pictures side by side."""
        return face_png(*self._face())

    # What the browser asks for

    @rpc_method("thumbs")
    def _answer_thumbs(self, params: dict[str, Any], _buffers: list[memoryview], call: Call) -> Answer:
        size = int(params["size"])
        if size not in (*SIZES, LARGE):
            raise ValueError(f"thumbnails have one of the sizes {', '.join(map(str, (*SIZES, LARGE)))}, not {size}")
        wanted, gone = self._pictures(int(image_id) for image_id in params["ids"])
        fetched = self._thumbs().fetch(wanted, size, check=call.check)
        failed = [*fetched.failed.items(), *((image_id, text("gallery.not_in_project")) for image_id in gone)]
        value = {
            "ids": list(fetched.pictures),
            "lengths": [len(data) for data in fetched.pictures.values()],
            "failed": [list(pair) for pair in failed],
            "pending": fetched.pending,
            "mime": MIME,
        }
        return Answer(value, [b"".join(fetched.pictures.values())])

    @rpc_method("outlines")
    def _answer_outlines(self, params: dict[str, Any], _buffers: list[memoryview], call: Call) -> Answer:
        self._ensure()
        current = self._rows.columns["result"]
        asked = np.asarray(list(params["results"]), np.int64)
        known = asked[np.isin(asked, current[current > 0])].tolist()  # of this project, and nothing else
        with self.project.database.read() as connection:
            pages = outline_pages(connection, known)
        call.check()
        return outlines_answer(pages, self._class_codes)

    # What happens here

    def _thumbs(self) -> Thumbnails:
        with self._making_thumbnails:
            if self._thumbnails is None:
                self._thumbnails = Thumbnails(self.project.folder / "cache", percentiles_of(self.project))
            return self._thumbnails

    def _pictures(self, image_ids: Iterable[int]) -> tuple[dict[int, Picture], list[int]]:
        """Return what the thumbnails of images are made of, and the ids that are not in the project."""
        asked = list(image_ids)
        with self.project.database.read() as connection:
            planes = plane_pages(connection, self.project.id, asked)
        wanted = {
            image_id: Picture(
                at["path"], Plane.of(at["series"], at["page"], at["channel"], at["z"]), at["sha256"], at["size_bytes"],
                at["modified_at"], at["width"] * at["height"],
            )
            for image_id, at in planes.items()
        }  # fmt: skip
        return wanted, [image_id for image_id in asked if image_id not in wanted]

    def _face(self) -> tuple[pd.DataFrame, int, dict[int, bytes], dict[int, OutlinePage]]:
        table = self._ensure()
        shows = self._shows(table)
        total = self._first_of if self._first_of and not self.view else int(shows.sum())
        first = table[shows].head(FACE_IMAGES)
        wanted, _ = self._pictures(first["image_id"])
        pictures = self._thumbs().fetch(wanted, SIZES[1], seconds=FACE_SECONDS).pictures
        results = first["current_result_id"].dropna().astype(int).tolist() if self.show_outlines else []
        with self.project.database.read() as connection:
            return first, total, pictures, outline_pages(connection, results)
