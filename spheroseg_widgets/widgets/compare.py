"""The comparison: images side by side, two revisions of one under a swipe, or a well through time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pandas as pd
import traitlets

from spheroseg_widgets.errors import ImageError, StoreError
from spheroseg_widgets.project.project import Project
from spheroseg_widgets.project.run import Run
from spheroseg_widgets.project.tables import images_and_objects
from spheroseg_widgets.store.pages import OutlinePage, outline_pages

from .base import STATIC, SpheroWidget
from .compare_document import image_records, revision_records
from .compare_face import MOST, Face, draw_face, face_html, face_png, held_by, revision_name
from .compare_pixels import Limits, Pixels, evenly, pack_tiles
from .compare_subject import Chosen, WellSeries, chosen, revisions_of, two_revisions, well_series
from .contrast import percentiles_of
from .kept import Row
from .outline_answer import ClassCodes, outlines_answer
from .rpc import Answer, Call, rpc_method
from .strings import text

SIDE, SWIPE, SERIES = "side", "swipe", "series"
MOST_TILES = 24
"""Of one call."""
MOST_BYTES = 3 * 1024 * 1024
"""Of one message's pixels: messages stay below 4 MiB."""
FACE_SECONDS = 2.0
"""Time for the pictures of the static face; where they take longer they are only named."""
FORGOTTEN = {"relink", "add"}
"""Kinds of changes after which a file may be another."""
JOINING = {"add", "restore", "metadata"}
"""Kinds of changes by which an image may join a series."""


class Compare(SpheroWidget):
    """Compare images: 2 to 4 side by side, two revisions of one by a swipe, or a well through time.

    Parameters
    ----------
    project : Project
        Whose images are compared; the comparison follows every change made to it in this process.
    images : sequence of str, Path or int, optional
        2 to 4 images by name, stem, path or image_id: side by side, their views linked.
    image : str, Path or int, optional
        Instead, one image of which two revisions are compared.
    results : sequence of two, optional
        Which revisions of `image`: each the id of a revision, a `Run`, or the name of a model (the newest result that
        it made). By default what holds, and what it was made from.
    show_outlines : bool
        Whether outlines are drawn over the pictures.
    shared_contrast : bool
        Whether the same grey values are black and white in all pictures, so that their brightness can be compared;
        otherwise each is stretched by itself.

    Attributes
    ----------
    mode : {"side", "swipe", "series"}
        What is shown.
    results : list of int
        The two revisions under the swipe; may be set.
    image_id : int or None
        Of a series the image that is looked at; may be set.
    show_outlines, shared_contrast : bool
        May be set.

    Raises
    ------
    StoreError
        There is no such image, well or revision.
    ValueError
        Not 2 to 4 images, not two results, or neither images nor an image.

    Examples
    --------
    >>> Compare(plate, images=["B07_48h.tif", "C07_48h.tif"])  # doctest: +SKIP
    >>> Compare(plate, image="B07_48h.tif", results=["resunet-spheroid", "resunet-spheroid-fast"])  # doctest: +SKIP
    >>> Compare.of_well(plate, "B07")  # doctest: +SKIP
    """

    _esm = STATIC / "compare.js"
    _css = STATIC / "compare.css"
    section = "compare"
    also = ("gallery",)

    mode = traitlets.Unicode(SIDE).tag(sync=True)
    project_name = traitlets.Unicode("").tag(sync=True)
    results = traitlets.List(traitlets.Int()).tag(sync=True)
    image_id = traitlets.Int(None, allow_none=True).tag(sync=True)
    show_outlines = traitlets.Bool(True).tag(sync=True)  # noqa: FBT003 - a trait's default
    shared_contrast = traitlets.Bool(True).tag(sync=True)  # noqa: FBT003 - a trait's default
    autoplay = traitlets.Bool(False).tag(sync=True)  # noqa: FBT003 - a trait's default

    def __init__(
        self,
        project: Project,
        images: Sequence[str | Path | int] | None = None,
        *,
        image: str | Path | int | None = None,
        results: Sequence[int | Run | str] | None = None,
        show_outlines: bool = True,
        shared_contrast: bool = True,
        _series: WellSeries | None = None,
        _autoplay: bool = False,
    ) -> None:
        self.project = project
        self._leave: Callable[[], None] = lambda: None
        self._rows: dict[int, Row] = {}
        self._names: dict[int, str] = {}
        self._revisions: set[int] = set()
        self._codes = ClassCodes()
        self._pixels = Pixels(lambda: percentiles_of(project))
        self._pixels_version = 0  # counts up where the files may be others than they were
        super().__init__(
            project_name=project.name, show_outlines=show_outlines, shared_contrast=shared_contrast, autoplay=_autoplay
        )
        try:
            self._begin(images, image, results, _series)
        except Exception:
            self.close()
            raise
        self._leave = project.on_change(self._changed)

    def _begin(
        self,
        images: Sequence[str | Path | int] | None,
        image: str | Path | int | None,
        results: Sequence[int | Run | str] | None,
        series: WellSeries | None,
    ) -> None:
        """Find what is compared, and read it."""
        self._subject: Chosen | WellSeries
        pair: tuple[int, ...] = ()
        if series is not None:
            self.mode, self._subject = SERIES, series
        elif (images is None) == (image is None):
            raise ValueError("name either images=[...] to see them side by side, or one image=... to swipe its results")
        elif images is not None:
            if results is not None:
                raise ValueError("results are compared of one image: name it with image=")
            self._subject = chosen(self.project.images(), images)
        else:
            assert image is not None
            row = self.project.image(image)
            self.mode, self._subject = SWIPE, Chosen((int(row["image_id"]),))
            pair = two_revisions(revisions_of(self.project.database, row), str(row["name"]), results)
        self._read()
        self.results = list(pair)
        if series is not None:
            self.image_id = next(iter(self._rows))

    @classmethod
    def of_well(
        cls,
        project: Project,
        well: str,
        *,
        plate: str | None = None,
        site: int | None = None,
        channel: int | None = None,
        show_outlines: bool = True,
        shared_contrast: bool = True,
        autoplay: bool = False,
    ) -> Compare:
        """Show a well through time: a film strip, and playback.

        Parameters
        ----------
        project : Project
            Whose well it is.
        well : str
            As B07 or B7.
        plate : str, optional
            Which plate; needed where several have images of this well. So are `site` and `channel`.
        site, channel : int, optional
            Which field of view, and which channel.
        show_outlines, shared_contrast : bool
            As in `Compare`.
        autoplay : bool
            Play when it is first shown; not where the reader's system asks for less motion.

        Raises
        ------
        StoreError
            There is no such well, it has fewer than two images with a time, or several plates, sites or channels.
        """
        series = well_series(project.images(), well, plate, site, channel)
        return cls(
            project, show_outlines=show_outlines, shared_contrast=shared_contrast, _series=series, _autoplay=autoplay
        )

    @property
    def images(self) -> pd.DataFrame:
        """The compared images as rows of `project.images()`, in the order in which they are shown."""
        return self._subject.rows(self.project.images()).reset_index(drop=True)

    @property
    def revisions(self) -> pd.DataFrame:
        """The revisions of the image under the swipe, the newest first; of other comparisons none.

        Columns: revision (its id), parent, source, run, model, model_version, author, created_at (UTC), n_objects,
        area_px2 and area_um2 (of all objects), holds.
        """
        rows = self._present() if self.mode == SWIPE else []
        return revisions_of(self.project.database, rows[0]) if rows else pd.DataFrame()

    def reload(self) -> None:
        """Read the project and the files again."""
        self._forget_pixels()
        self._read()
        self.push("changed", None)

    def close(self) -> None:
        """Close the comparison and forget its pixels."""
        self._leave()
        super().close()
        self._pixels.clear()

    # What the browser asks for

    @rpc_method("document")
    def _document(self, _params: dict[str, Any], _buffers: list[memoryview], call: Call) -> dict[str, Any]:
        records = self._read()
        call.check()
        known = {record["id"] for record in records}
        missing = (
            [] if isinstance(self._subject, WellSeries) else [i for i in self._subject.image_ids if i not in known]
        )
        gone = [{"id": i, "name": self._names.get(i, str(i)), "reason": text("compare.gone")} for i in missing]
        revisions = revision_records(self.revisions)
        with self.lock:
            self._revisions |= {one["id"] for one in revisions} | {one["result"] for one in records}
        series = self._subject if isinstance(self._subject, WellSeries) else None
        title = "" if series is None else " ".join(filter(None, [dict(series.fixed)["plate"], series.well]))
        return {"title": title, "images": records, "gone": gone, "revisions": revisions, "pixels": self._pixels_version}

    @rpc_method("tiles")
    def _tiles(self, params: dict[str, Any], _buffers: list[memoryview], call: Call) -> Answer:
        row = self._row(int(params["image"]))
        level = int(params["level"])
        places = [(int(column), int(line)) for column, line in params["tiles"]][:MOST_TILES]
        try:
            shared = self._shared_limits() if params["shared"] else None
            call.check()
            limits = shared or self._pixels.limits(row)
            pixels, finer = self._pixels.at(row, level)
            call.check()
            made = pack_tiles(pixels, limits, finer, places, MOST_BYTES)
        except ImageError as error:
            return Answer({"failed": error.reason, "contrast": "", "tiles": [], "lengths": []})
        value = {
            "failed": None, "contrast": "shared" if shared else "own", "tiles": [list(place) for place in made],
            "lengths": [len(tile) for tile in made.values()],
        }  # fmt: skip
        return Answer(value, [b"".join(made.values())])

    @rpc_method("outlines")
    def _outlines(self, params: dict[str, Any], _buffers: list[memoryview], _call: Call) -> Answer:
        asked = [int(result) for result in params["results"]]
        with self.lock:
            known = [result for result in asked if result in self._revisions]  # of these images, and nothing else
        with self.project.database.read() as connection:
            pages = outline_pages(connection, known)
        return outlines_answer(pages, self._codes)

    # How it looks where nothing runs

    def static_html(self) -> str:
        """Return the pictures side by side; of a long series some, evenly spread."""
        return face_html(self._title(), self._faces())

    def static_png(self) -> bytes | None:
        """Return the pictures side by side."""
        return face_png(self._faces())

    def _faces(self) -> list[Face]:
        """Draw the pictures, as long as a cell may take; what is read for it is kept for the browser."""
        made: Future[list[Face]] = Future()

        def draw() -> None:
            try:
                made.set_result([draw_face(self._pixels, *one) for one in self._to_draw()])
            except Exception as error:  # noqa: BLE001 - whoever waits must hear of it
                made.set_exception(error)

        threading.Thread(target=draw, name="spheroseg-face", daemon=True).start()
        try:
            return made.result(FACE_SECONDS)
        except TimeoutError:
            return [
                Face(str(row["name"]), "", None, text("gallery.face.pending")) for row in evenly(self._present(), MOST)
            ]

    def _to_draw(self) -> Iterator[tuple[Row, str, Limits | None, OutlinePage | None]]:
        rows = self._present()
        if self.mode == SWIPE:
            pairs = [(row, result) for row in rows for result in self.results]
        else:
            pairs = [(row, held_by(row)) for row in evenly(rows, MOST)]
        with self.project.database.read() as connection:
            pages = outline_pages(connection, [result for _, result in pairs] if self.show_outlines else [])
        names = {record["id"]: revision_name(record) for record in revision_records(self.revisions)}
        limits = self._shared_limits() if self.shared_contrast else None
        for row, result in pairs:
            yield row, names.get(result, str(row["name"])), limits, pages.get(result)

    def _title(self) -> str:
        rows = self._present()
        if self.mode == SERIES:
            return text("compare.face_series", name=f"{self.project.name}, {rows[0]['well']}", n=len(rows))
        return str(rows[0]["name"]) if self.mode == SWIPE and rows else self.project.name

    # What happens here

    def _read(self) -> list[dict[str, Any]]:
        """Read what is compared anew; returns its records."""
        table, objects = images_and_objects(self.project.database, self.project.id)
        rows = self._subject.rows(table)
        if rows.empty:
            raise StoreError(text("compare.nothing_left"))
        with self.lock:
            self._rows = {int(row["image_id"]): row for row in rows.to_dict("records")}
            self._names |= {image_id: str(row["name"]) for image_id, row in self._rows.items()}
            left = self.image_id is not None and self.image_id not in self._rows
        if left:  # the image that was looked at is gone
            self.image_id = None
        return image_records(rows, objects)

    def _present(self) -> list[Row]:
        with self.lock:
            return list(self._rows.values())

    def _row(self, image_id: int) -> Row:
        with self.lock:
            if image_id not in self._rows:
                raise StoreError(f"image {image_id}: it is not among the compared images")
            return self._rows[image_id]

    def _shared_limits(self) -> Limits | None:
        rows = self._present()
        return self._pixels.shared_limits(rows) if len(rows) > 1 else None

    def _changed(self, kind: str, image_ids: Sequence[int]) -> None:
        with self.lock:
            shown = set(self._rows)
        if isinstance(self._subject, Chosen):
            shown |= set(self._subject.image_ids)  # one that was deleted may come back
            joins = False
        else:
            joins = kind in JOINING
        if kind in FORGOTTEN:
            self._forget_pixels()
        if joins or not image_ids or not shown.isdisjoint(image_ids):
            self.push("changed", None)

    def _forget_pixels(self) -> None:
        self._pixels.clear()
        with self.lock:
            self._pixels_version += 1

    @traitlets.validate("results")
    def _known_results(self, proposal: Any) -> list[int]:
        wanted = [int(result) for result in proposal["value"]]
        if self.mode == SWIPE:
            try:
                two_revisions(self.revisions, next(iter(self._names.values())), wanted)
            except (StoreError, ValueError) as error:
                raise traitlets.TraitError(str(error)) from error
        elif wanted:
            raise traitlets.TraitError("results are compared of one image: Compare(project, image=...)")
        return wanted

    @traitlets.validate("image_id")
    def _known_image(self, proposal: Any) -> int | None:
        image_id = proposal["value"]
        with self.lock:
            if image_id is not None and (self.mode != SERIES or image_id not in self._rows):
                raise traitlets.TraitError(f"image {image_id}: it is not in the series that is shown")
        return image_id
