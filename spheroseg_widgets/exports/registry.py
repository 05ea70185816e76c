"""The formats by name. To add one: a file with a writer, and a line here; or an entry point in your package."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import entry_points
from pathlib import Path

from spheroseg_widgets.errors import ExportError

from .bundle import ExportBundle
from .coco import write_coco
from .geojson import write_geojson
from .imagej import write_imagej
from .pictures import write_labels, write_masks
from .tables import write_csv_tables, write_xlsx

Writer = Callable[[ExportBundle, Path], Iterable[Path]]

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


def formats() -> dict[str, Writer]:
    """Return every known format, those of other packages too."""
    return FORMATS | {point.name: point.load() for point in entry_points(group=ENTRY_POINTS)}


def export(bundle: ExportBundle, out: Path, names: Sequence[str]) -> list[Path]:
    """Write a bundle in several formats; returns the files.

    Raises
    ------
    ExportError
        An unknown format, or a file that cannot be written.
    """
    known = formats()
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ExportError(f"unknown format {', '.join(unknown)}; known are {', '.join(known)}")
    return [path for name in names for path in known[name](bundle, out)]
