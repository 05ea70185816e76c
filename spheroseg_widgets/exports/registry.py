"""The formats by name. To add one: a file with a writer, and a line here; or an entry point in your package."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import entry_points
from pathlib import Path

from spheroseg_widgets.errors import ExportError

from .atomic import Job, is_full
from .bundle import ExportBundle
from .coco import write_coco
from .geojson import write_geojson
from .imagej import write_imagej
from .pictures import write_labels, write_masks
from .tables import write_csv_tables, write_xlsx

Writer = Callable[[ExportBundle, Path], Iterator[Job]]
"""Gives one `Job` a file: called, it writes the file and returns its path, or raises ExportError."""

FORMATS: dict[str, Writer] = {
    "csv": write_csv_tables,
    "xlsx": write_xlsx,
    "masks": write_masks,
    "labels": write_labels,
    "geojson": write_geojson,
    "coco": write_coco,
    "imagej": write_imagej,
}
ENTRY_POINTS = "spheroseg_widgets.exports"
SHOWN = 10
"""Failures that a message names; all of them are in the error."""


def formats() -> dict[str, Writer]:
    """Return every known format, those of other packages too."""
    return FORMATS | {point.name: point.load() for point in entry_points(group=ENTRY_POINTS)}


def export(bundle: ExportBundle, out: Path, names: Sequence[str]) -> list[Path]:
    """Write a bundle in several formats; returns the files.

    A file that cannot be written stops none of the others; only a full disk stops them all.

    Raises
    ------
    ExportError
        An unknown format, or at the end: what could not be written, with its reason (`failed`), and what was
        (`written`).
    """
    known = formats()
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ExportError(f"unknown format {', '.join(unknown)}; known are {', '.join(known)}")
    written: list[Path] = []
    failed: list[ExportError] = []
    for write_one in (job for name in names for job in known[name](bundle, out)):
        try:
            written.append(write_one())
        except ExportError as error:
            failed.append(error)
            if is_full(error):
                break
    if failed:
        raise _several(failed, written, out) from failed[0]
    return written


def _several(failed: list[ExportError], written: list[Path], out: Path) -> ExportError:
    shown = "\n".join(f"  {error}" for error in failed[:SHOWN])
    more = f"\n  and {len(failed) - SHOWN} more" if len(failed) > SHOWN else ""
    if is_full(failed[-1]):
        text = f"the export stopped, as there is no room left for {out}; {len(written)} files were written before"
    elif not written:
        text = f"no file could be written to {out}"
    else:
        text = f"{len(failed)} of {len(failed) + len(written)} files could not be written; the others are in {out}"
    return ExportError(f"{text}:\n{shown}{more}", failed=[str(e) for e in failed], written=written)
