"""What a widget has that adds images: calls with which a page sends files, looks into folders, and has them added."""

from __future__ import annotations

import os
import threading
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar

import traitlets

from spheroseg_widgets.errors import ImageError, SpherosegError, StoreError, TableError
from spheroseg_widgets.imaging import limits, signature
from spheroseg_widgets.imaging.listing import Listing
from spheroseg_widgets.imaging.names import ParsedName
from spheroseg_widgets.imaging.url import Place, as_path, is_url
from spheroseg_widgets.project import sheet_rows
from spheroseg_widgets.project.adding import add_in_portions, enter_map
from spheroseg_widgets.project.files import Added, find_files
from spheroseg_widgets.project.hooks import hook
from spheroseg_widgets.project.name_preview import Existing, as_json, preview, read_names
from spheroseg_widgets.project.project import Project
from spheroseg_widgets.project.sheet import Sheet, plates_of, read_sheet
from spheroseg_widgets.project.upload_offers import Wanted
from spheroseg_widgets.project.uploads import Uploads
from spheroseg_widgets.store import places

from .base import SpheroWidget
from .rpc import Call, rpc_method

DEMO_FOLDER = "demo plate"
MOST_LISTED = 200
"""Files named with a reason; the rest is counted."""


class AddsImages(SpheroWidget):
    """A widget in which images can be added (browser half: `frontend/gallery/add/`).

    A subclass sets `project` before it calls this class's constructor.

    Attributes
    ----------
    can_add : bool
        Whether images may be added from its pages; False where it only shows.
    from_paths : bool
        Whether a page may name a path or URL that this process reads; False where visitors are not to look into its
        folders.
    """

    also: ClassVar[tuple[str, ...]] = ("add",)
    project: Project

    can_add = traitlets.Bool(default_value=True).tag(sync=True)
    from_paths = traitlets.Bool(default_value=True).tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        self._uploads = Uploads(self.project.folder / "uploads", self._local_files)
        self._listing: tuple[str, Listing] | None = None
        self._adding = threading.Lock()
        self._progress: dict[str, Any] | None = None
        self._outcome: dict[str, Any] | None = None
        super().__init__(**traits)

    @rpc_method("add_state")
    def _add_state(self, _params: dict[str, Any], _buffers: list[memoryview], _call: Call) -> dict[str, Any]:
        """Say what a page that opens has to know."""
        with self.project.database.read() as connection:
            empty = places.is_empty(connection, self.project.id)
        return {
            "empty": empty,
            "demo": hook("demo_plate") is not None,
            "images": list(signature.SUFFIXES),
            "tables": list(sheet_rows.SUFFIXES),
            "unfinished": [[part.name, part.size, part.have] for part in self._uploads.unfinished()],
            "file_mb": limits.MAX_UPLOAD_FILE_MB,
            "batch_mb": limits.MAX_UPLOAD_BATCH_MB,
            "progress": self._progress,
            "outcome": self._outcome,
        }

    @rpc_method("add_offer")
    def _add_offer(self, params: dict[str, Any], _buffers: list[memoryview], _call: Call) -> list[dict[str, Any]]:
        """Say of each file whether it is taken, and how much of it is here."""
        self._check_allowed()
        wanted = [
            Wanted(tuple(map(str, parts)), int(size), int(modified), int(head), bytes.fromhex(first))
            for parts, size, modified, head, first in params["files"]
        ]
        return [asdict(offer) for offer in self._uploads.offer(wanted, int(params.get("before", 0)))]

    @rpc_method("add_chunk", ordered=True)
    def _add_chunk(self, params: dict[str, Any], buffers: list[memoryview], _call: Call) -> dict[str, Any]:
        """Take the next bytes of a file; with `whole`, its checksum, they are the last ones."""
        self._check_allowed()
        key = str(params["key"])
        try:
            have = int(params["offset"])
            if buffers and len(buffers[0]):
                have = self._uploads.write(key, have, buffers[0], int(params["checksum"]))
            stored = None
            if params.get("whole") is not None:
                stored = self._uploads.finish(key, int(params["whole"]))
                have = have if stored is not None else self._uploads.have(key)
        except ImageError as error:
            return {"have": 0, "refused": error.reason}
        if stored is None:
            return {"have": have}
        with self.project.database.read() as connection:
            known = places.has_file(connection, self.project.id, str(stored.path))
        return {"have": have, "stored": self._shown(stored.path), "known": known}

    @rpc_method("add_discard", ordered=True)
    def _add_discard(self, params: dict[str, Any], _buffers: list[memoryview], _call: Call) -> None:
        """Remove what was sent and is not in the project; without keys all parts of files, whoever sent them."""
        self._check_allowed()
        if params.get("keys") is None:
            self._uploads.discard_unfinished()
        else:
            self._uploads.discard(map(str, params["keys"]))

    @rpc_method("add_preview")
    def _add_preview(self, params: dict[str, Any], buffers: list[memoryview], call: Call) -> dict[str, Any]:
        """Say what names and a table would give; of files to be sent (`files`: their parts) or of a path (`path`)."""
        self._check_allowed()
        out: dict[str, Any] = {}
        sheet = None
        try:
            sheet = _sheet(params, buffers)
        except TableError as error:  # the names are shown all the same
            out["sheet"] = {"error": str(error)}
        if params.get("path"):
            listing = self._look(str(params["path"]), again=bool(params.get("again")))
            found, shown = listing.files, _shown_below(listing.files)
            out["skipped"] = _listed(listing.skipped)
        else:
            found = [self._uploads.place_of([str(part) for part in parts]) for parts in params["files"]]
            shown = self._shown
        call.check()
        names = read_names(found, str(params["names"]), sheet, call.check)
        with self.project.database.read() as connection:
            # Of files to be sent, content tells whether they are known, not the place where they would lie.
            sources = places.source_files(connection, self.project.id) if params.get("path") else []
            taken = places.taken_places(connection, self.project.id)
            plates = places.plate_names(connection, self.project.id)
        call.check()
        out |= as_json(preview(found, shown, names, Existing(taken, frozenset(uri for uri, _ in sources))))
        if sheet is not None:
            batch = {name.plate or "plate" for name in names.values() if name is not None and name.well}
            out["sheet"] = _sheet_json(sheet, found, plates_of(sheet, {*plates, *batch}))
        return out

    @rpc_method("add_images")
    def _add_images(self, params: dict[str, Any], buffers: list[memoryview], call: Call) -> dict[str, Any]:
        """Add what was sent (`files`: key and parts) or what lies at a path (`path`); returns what was done."""
        self._check_allowed()
        sheet = _sheet(params, buffers)
        if sheet is not None and sheet.problems:
            raise StoreError(f"{sheet.name}: {sheet.problems[0]}")
        pattern, size = str(params["names"]), params.get("pixel_size_um")
        if params.get("path"):
            found = self._look(str(params["path"])).files
            names = {str(place): name for place, name in read_names(found, pattern, sheet, call.check).items()}
        else:
            found, names = self._sent(params["files"], pattern, sheet)

        def work() -> dict[str, Any]:
            added = add_in_portions(
                self.project, found, names, pixel_size_um=None if size is None else float(size),
                modality=str(params.get("modality", "brightfield")), check=call.check,
                progress=lambda done, total: self._tell("reading", done, total),
            )  # fmt: skip
            return self._told(added, sheet)

        return self._at_work(work)

    @rpc_method("add_demo")
    def _add_demo(self, _params: dict[str, Any], _buffers: list[memoryview], _call: Call) -> dict[str, Any]:
        """Make the demo plate in the project's folder and add it, with its plate map."""
        self._check_allowed()
        make = hook("demo_plate")
        if make is None:
            raise SpherosegError("there is no demo plate here: import spheroseg_widgets rather than its parts")

        def work() -> dict[str, Any]:
            self._tell("demo", 0, 0)
            plate = make(self.project.folder / DEMO_FOLDER)
            told = self._told(self.project.add(plate.images), None)
            told["wells"] = self.project.set_map(plate.plate_map)
            return told

        return self._at_work(work)

    def _check_allowed(self) -> None:
        if not self.can_add:
            raise SpherosegError("this page only shows the project: images are added in a notebook")

    def _local_files(self) -> list[tuple[Path, int]]:
        with self.project.database.read() as connection:
            known = places.source_files(connection, self.project.id)
        return [(Path(uri), size) for uri, size in known if size is not None and not is_url(uri)]

    def _look(self, path: str, *, again: bool = False) -> Listing:
        """Find the files at a path; kept while names are tried, so that a slow share is asked once."""
        if not self.from_paths:
            raise SpherosegError("folders of this machine are not open to this page: send the files from the browser")
        kept = self._listing
        if again or kept is None or kept[0] != path:
            kept = (path, find_files([path.strip()]))
            self._listing = kept
        return kept[1]

    def _sent(
        self, files: Sequence[Sequence[Any]], pattern: str, sheet: Sheet | None
    ) -> tuple[list[Place], dict[str, ParsedName | None]]:
        """Return where files lie that were sent, and what their own names say: they may be kept under others."""
        own = {str(key): self._uploads.place_of([str(part) for part in parts]) for key, parts in files}
        says = read_names(list(own.values()), pattern, sheet)
        stored = {key: self._uploads.stored(key) for key in own}
        missing = [own[key].name for key, found in stored.items() if found is None]
        if missing:
            raise StoreError(f"{missing[0]}: has not arrived; send it again")
        names = {str(found.path): says[own[key]] for key, found in stored.items() if found is not None}
        return [as_path(path) for path in names], names

    def _at_work(self, work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """Do one piece of work at a time; what came of it is kept for a page that is opened later."""
        with self._adding:
            self._outcome = None
            try:
                self._outcome = work()
            finally:
                self._progress = None
                self.push("adding", {"progress": None, "outcome": self._outcome})
            return self._outcome

    def _tell(self, stage: str, done: int, total: int) -> None:
        self._progress = {"stage": stage, "done": done, "total": total}
        self.push("adding", {"progress": self._progress, "outcome": None})

    def _told(self, added: Added, sheet: Sheet | None) -> dict[str, Any]:
        out: dict[str, Any] = {
            "id": uuid.uuid4().hex, "added": len(added.image_ids), "known": added.n_known,
            "failed": _listed(added.failed, self._shown), "skipped": _listed(added.skipped, self._shown),
            "changed": _listed(added.changed, self._shown),
            "warnings": added.warnings[:MOST_LISTED], "wells": 0, "map_problem": "",
        }  # fmt: skip
        if sheet is not None and sheet.wells:
            try:
                out["wells"] = enter_map(self.project, sheet)
            except StoreError as error:  # the images are added: that stays said
                out["map_problem"] = str(error)
        return out

    def _shown(self, place: Place | str) -> str:
        """Return a file's name for people: below the uploads its folders and name."""
        where = as_path(place)
        if isinstance(where, Path) and where.is_relative_to(self._uploads.folder):
            return where.relative_to(self._uploads.folder).as_posix()
        return str(where) if isinstance(place, str) else where.name


def _sheet(params: dict[str, Any], buffers: list[memoryview]) -> Sheet | None:
    name = params.get("sheet")
    return None if not name else read_sheet(str(name), bytes(buffers[0]))


def _sheet_json(sheet: Sheet, found: Sequence[Place], open_plates: list[str]) -> dict[str, Any]:
    without = sheet.without_file(found) if sheet.of_images else []
    return {
        "of_images": sheet.of_images, "rows": sheet.n_rows, "used": sheet.used, "unused": sheet.unused,
        "wells": len({(row["plate"], row["well"]) for row in sheet.wells}), "open_plates": open_plates,
        "problems": [[problem.line, problem.column, problem.reason] for problem in sheet.problems],
        "matched": sum(1 for place in found if sheet.find(place) is not None) if sheet.of_images else 0,
        "without_file": [len(without), [f"{file} ({line})" for line, file in without[:MOST_LISTED]]],
    }  # fmt: skip


def _listed(pairs: Iterable[tuple[str, str]], shown: Callable[[str], str] = str) -> dict[str, Any]:
    """Return how many there are, and the first ones with their reasons."""
    every = list(pairs)
    return {"n": len(every), "some": [[shown(name), reason] for name, reason in every[:MOST_LISTED]]}


def _shown_below(files: Sequence[Place]) -> Callable[[Place], str]:
    """Return what shortens paths by the folder that all of them share."""
    shared = os.path.commonprefix([str(file) for file in files])  # noqa: RUF071 - cut at its last separator
    shared = shared.replace("\\", "/").rpartition("/")[0]
    length = len(shared) + 1 if shared else 0
    return lambda place: str(place)[length:]
