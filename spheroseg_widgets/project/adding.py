"""Adding many files a portion at a time: progress is told, and what is added stays if the rest is called off."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from spheroseg_widgets.errors import StoreError
from spheroseg_widgets.imaging.names import ParsedName
from spheroseg_widgets.imaging.url import Place

from .files import Added
from .sheet import Sheet

if TYPE_CHECKING:
    from .project import Project

LEAST_PORTION = 100
PORTIONS = 20
"""Each portion asks the store what it knows, so there are not many more than these."""


def add_in_portions(
    project: Project,
    files: Sequence[Place],
    names: Mapping[str, ParsedName | None],
    *,
    pixel_size_um: float | None = None,
    modality: str = "brightfield",
    progress: Callable[[int, int], object] = lambda _done, _total: None,
    check: Callable[[], object] = lambda: None,
) -> Added:
    """Add files to a project.

    Parameters
    ----------
    project : Project
    files : sequence of Path or Url
        As `files.find_files` gives them.
    names : mapping
        What is known of each file, by path.
    pixel_size_um, modality
        As in `Project.add`.
    progress : callable
        Called with the number of files done and of all.
    check : callable
        Called before each portion; raises to leave out the rest.

    Returns
    -------
    Added
        Of all portions together.
    """
    out = Added()
    portion = max(LEAST_PORTION, -(-len(files) // PORTIONS))
    for at in range(0, len(files), portion):
        check()
        progress(at, len(files))
        some = [str(file) for file in files[at : at + portion]]
        added = project.add(some, names=names, pixel_size_um=pixel_size_um, modality=modality)
        out.image_ids += added.image_ids
        out.n_known += added.n_known
        out.failed += added.failed
        out.skipped += added.skipped
        out.changed += added.changed
        out.names.parsed.update(added.names.parsed)
        out.warnings += [warning for warning in added.warnings if warning not in out.warnings]
    progress(len(files), len(files))
    return out


def enter_map(project: Project, sheet: Sheet) -> int:
    """Enter what a table says of wells; returns how many.

    Raises
    ------
    StoreError
        A well's plate is not named, and the project holds several.
    """
    plates: dict[str | None, list[dict[str, object]]] = {}
    for row in sheet.wells:
        values = {name: value for name, value in row.items() if name != "plate"}
        plates.setdefault(row["plate"], []).append(values)
    try:
        return sum(project.set_map(rows, plate) for plate, rows in plates.items())
    except ValueError as error:
        raise StoreError(f"{sheet.name}: {error}") from error
