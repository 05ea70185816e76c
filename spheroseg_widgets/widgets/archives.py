"""A widget that hands out exports: an archive is written in the project's folder, the page fetches it in parts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

from spheroseg_widgets.errors import ExportError
from spheroseg_widgets.exports.archive import write_archive
from spheroseg_widgets.project.project import Project

from .base import SpheroWidget
from .rpc import Answer, Call, rpc_method

EXPORTS = "exports"
"""Folder of a project that archives are written to."""
PART_BYTES = 1024 * 1024


class HandsOutArchives(SpheroWidget):
    """A widget of a project whose page gets archives (browser half: `frontend/shared/archive.ts`)."""

    also: ClassVar[tuple[str, ...]] = ("archive",)
    project: Project

    def __init__(self, **traits: Any) -> None:
        self._archives: dict[str, Path] = {}
        super().__init__(**traits)

    def make_archive(self, formats: Sequence[str], images: Sequence[int] | None = None) -> dict[str, Any]:
        """Write an archive of tables, masks and outlines; returns what the page has to know to fetch it.

        Raises
        ------
        ExportError
            An unknown format, or the project's folder cannot be written.
        """
        stamp = datetime.now().astimezone().strftime("%Y-%m-%d-%H%M%S-%f")
        path = self.project.folder / EXPORTS / f"{self.project.folder.name}-{stamp}.zip"
        count = write_archive(path, lambda folder: self.project.export(folder, formats, images=images))
        self._archives[path.name] = path
        return {"name": path.name, "bytes": path.stat().st_size, "files": count, "path": str(path)}

    @rpc_method("part")
    def _part(self, params: dict[str, Any], _buffers: list[memoryview], _call: Call) -> Answer:
        """Return a part of an archive that was made here."""
        path = self._archives.get(str(params["name"]))
        if path is None:
            raise ExportError(f"{params['name']}: this archive is not known here; export again")
        with path.open("rb") as file:
            file.seek(int(params["offset"]))
            return Answer(None, [file.read(PART_BYTES)])
