"""Adding files to a project: found, probed, parsed by name, turned into rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from spheroseg_widgets.errors import ImageError
from spheroseg_widgets.exports.stems import unique_stems
from spheroseg_widgets.imaging.listing import list_files, probe_many
from spheroseg_widgets.imaging.names import NameTable, ParsedName, parse_names
from spheroseg_widgets.imaging.read import FileInfo, Plane, planes
from spheroseg_widgets.imaging.url import Place
from spheroseg_widgets.store import experiment, images
from spheroseg_widgets.store.tables import image


@dataclass(slots=True, repr=False)
class Added:
    """What adding files did.

    Parameters
    ----------
    image_ids : list of int
        New images.
    n_known : int
        Images that were there already.
    failed : list of (path, reason)
        Files that cannot be used; they are stored with their reason.
    skipped : list of (path, reason)
        Not added.
    changed : list of (path, what)
        Known files whose content is another one by now; results there are of the old content.
    names : NameTable
        What their names said.
    warnings : list of str
        Pixel sizes that disagree, and the like.
    """

    image_ids: list[int] = field(default_factory=list)
    n_known: int = 0
    failed: list[tuple[str, str]] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    changed: list[tuple[str, str]] = field(default_factory=list)
    names: NameTable = field(default_factory=NameTable)
    warnings: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return "\n".join(part for part in (str(self.names), self.outcome()) if part)

    def outcome(self) -> str:
        """Say what was done, without what the names say."""
        lines = [f"{len(self.image_ids)} images added, {self.n_known} known already"]
        lines += [f"  cannot be used: {path}: {reason}" for path, reason in self.failed]
        lines += [f"  skipped: {path}: {reason}" for path, reason in self.skipped]
        lines += [f"  changed since it was added: {path}: {what}" for path, what in self.changed]
        return "\n".join(lines + [f"  note: {warning}" for warning in self.warnings])

    # Shown in a notebook as it is printed: a list of 20,000 ids tells nobody anything.
    __repr__ = __str__


def survey(paths: Iterable[str | Place], names: str) -> tuple[Added, list[FileInfo | ImageError], list[Place]]:
    """Look at files without storing anything."""
    listing = list_files(paths)
    # On a slow share every call counts: folders are resolved once, not file by file.
    folders = {folder: folder.resolve() for folder in {f.parent for f in listing.files if isinstance(f, Path)}}
    files = [folders[file.parent] / file.name if isinstance(file, Path) else file for file in listing.files]
    added = Added(skipped=listing.skipped, names=parse_names(files, names))
    return added, probe_many(files), files


def store_files(
    connection: sa.Connection,
    project_id: int,
    author: str,
    added: Added,
    probed: Sequence[FileInfo | ImageError],
    files: Sequence[Place],
    *,
    pixel_size_um: float | None,
    channel: int,
    modality: str,
) -> None:
    """Write sources and images of a survey; fills `added`."""
    sources: list[dict[str, Any]] = []
    found = []
    for path, info in zip(files, probed, strict=True):
        if isinstance(info, ImageError):
            added.failed.append((info.path, info.reason))
            sources.append({"uri": str(path), "problem": info.reason})
            continue
        try:
            found.append((path, info, planes(info, channel=channel, modality=modality)))
        except ImageError as error:
            added.failed.append((error.path, error.reason))
            sources.append({"uri": str(path), "problem": error.reason})
            continue
        sources.append({
            "uri": str(path), "size_bytes": info.size_bytes, "modified_at": info.modified_at,
            "format": info.format, "dtype": info.dtype, "axes": info.axes,
            "n_pages": len(found[-1][2]), "problem": None,
        })  # fmt: skip
        added.warnings += [f"{path.name}: {text}" for text in (*info.warnings, *info.pixel_size.warnings)]
    added.changed = images.update_changed_sources(connection, project_id, sources, sizes_of(found), author)
    keys = ("uri", "size_bytes", "modified_at", "format", "dtype", "axes", "n_pages", "problem")
    ids = images.add_sources(connection, project_id, [{k: s.get(k) for k in keys} for s in sources], author)
    rows = [
        row
        for path, info, given in found
        for row in _rows(path, info, given, added.names.parsed.get(path), ids[str(path)], pixel_size_um)
    ]
    _place_in_wells(connection, project_id, author, rows)
    _with_stems(connection, project_id, rows)
    added.image_ids, added.n_known = images.add_images(connection, project_id, rows, author)
    sizes = {row["pixel_size_um"] for row in rows}
    if len(sizes) > 1:
        named = ", ".join("unknown" if size is None else f"{size:.4g} um" for size in sizes)
        added.warnings.append(f"pixel sizes differ within this batch: {named}")


def sizes_of(found: Sequence[tuple[Place, FileInfo, Sequence[Plane]]]) -> dict[str, tuple[int, int]]:
    """Return width and height as displayed, by path."""
    return {str(path): (info.width, info.height) for path, info, _ in found}


def _rows(
    path: Place,
    info: FileInfo,
    given: Sequence[Plane],
    name: ParsedName | None,
    source_id: int,
    pixel_size_um: float | None,
) -> list[dict[str, Any]]:
    parsed = name or ParsedName()
    size = (pixel_size_um, "user") if pixel_size_um is not None else (info.pixel_size.um, info.pixel_size.source)
    out = []
    for index, plane in enumerate(given):
        label = path.stem if len(given) == 1 else f"{path.stem}_t{index:03d}"
        out.append({
            "source_id": source_id, "series": plane.series, "t": plane.t, "z": "" if plane.z is None else str(plane.z),
            "channel": plane.channel, "site": parsed.site, "name": path.name if len(given) == 1 else f"{path.name} [{index}]",
            "stem": label, "plate": parsed.plate, "well": parsed.well, "time_h": parsed.time_h,
            "acquired_at": info.acquired_at, "width": info.width, "height": info.height,
            "pixel_size_um": size[0], "pixel_size_source": size[1], "warnings": list(info.pixel_size.warnings),
        })  # fmt: skip
    return out


def _place_in_wells(connection: sa.Connection, project_id: int, author: str, rows: list[dict[str, Any]]) -> None:
    """Turn the names of plates and wells into their rows."""
    plates: dict[str, int] = {}
    wells: dict[str, dict[str, int]] = {}
    for name in dict.fromkeys(row["plate"] or experiment.DEFAULT_PLATE for row in rows if row["well"]):
        plates[name] = experiment.ensure_plate(connection, project_id, name, author)
        wanted = [row["well"] for row in rows if row["well"] and (row["plate"] or experiment.DEFAULT_PLATE) == name]
        wells[name] = experiment.ensure_wells(connection, plates[name], wanted)
    for row in rows:
        plate, well = row.pop("plate") or experiment.DEFAULT_PLATE, row.pop("well")
        row["plate_id"] = plates[plate] if well else None
        row["well_id"] = wells[plate][well] if well else None


def _with_stems(connection: sa.Connection, project_id: int, rows: list[dict[str, Any]]) -> None:
    """Give every new image an output name of its own; known ones keep theirs."""
    key = ("source_id", "series", "t", "z", "channel", "site")
    query = sa.select(image.c.stem, *(image.c[name] for name in key)).where(image.c.project_id == project_id)
    known = {tuple(row[1:]): str(row[0]) for row in connection.execute(query)}
    fresh = [row for row in rows if tuple(row[name] for name in key) not in known]
    for row, stem in zip(fresh, unique_stems([row["stem"] for row in fresh], known.values()), strict=True):
        row["stem"] = stem
