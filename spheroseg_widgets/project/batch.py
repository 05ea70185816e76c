"""Decisions about many images at once, in few statements, and taking them back as if they had not been made."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from spheroseg_widgets.errors import StoreError
from spheroseg_widgets.store import images, judgement, well_condition
from spheroseg_widgets.store.judged import Judged, judged_many, put_back_many, reviewed_images
from spheroseg_widgets.store.metadata import metadata_of

from .find import pickable
from .metadata import change_condition
from .project import Project

Refused = list[tuple[str, str]]
"""Names of images, and why each was left as it was."""
PixelSizes = Mapping[int, tuple[float | None, str]]
"""Pixel size in um and who said so, by image."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What was decided of many images, with what `take_all_back` needs.

    Parameters
    ----------
    images : list of int
        Those of which it holds now.
    refused : list of (name, reason)
        Those of which it could not be said.
    said : mapping
        By image, what was said of it after the decision, and before.
    exclusions : mapping
        The exclusion that was made, by image.
    """

    images: list[int]
    refused: Refused
    said: Mapping[int, tuple[Judged, Judged]] = field(default_factory=dict)
    exclusions: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Treated:
    """What a condition was said of, with what `Project.set_condition` needs to take it back.

    Parameters
    ----------
    wells : DataFrame
        Those that changed, as they were: well_id, condition.
    images : list of int
        All that lie in them.
    refused : list of (name, reason)
        Of which it could not be said.
    """

    wells: pd.DataFrame
    images: list[int]
    refused: Refused


def approve_all(project: Project, image_ids: Iterable[int]) -> Batch:
    """Say of images (image_id) that their outlines are right; an image without a result is refused by name."""
    wanted = pickable_in(project, image_ids)
    with project.database.write() as connection:
        rows = reviewed_images(connection, project.id, wanted, lock=True)
        good = [one for one, row in rows.items() if row.current_result_id is not None]
        before = judged_many(connection, good)
        if spoken := [one for one in good if before[one].outcome is not None]:
            judgement.set_outcome(connection, project.id, spoken, None, "", project.author)
        changed = [one for one in good if before[one].state != "approved" or before[one].outcome is not None]
        if changed:
            judgement.set_review(connection, project.id, changed, "approved", project.author)
        after = judged_many(connection, changed)
    if changed:
        project.changes.tell("review", changed)
    refused = [(row.name, "it has no result that could be approved") for one, row in rows.items() if one not in before]
    return Batch(changed, refused, said={one: (after[one], before[one]) for one in changed})


def exclude_all(project: Project, image_ids: Iterable[int], reason: str) -> Batch:
    """Leave images (image_id) out, for a reason; one that is left out by itself already is refused by name.

    Raises
    ------
    StoreError
        No reason.
    """
    if not reason.strip():
        raise StoreError("an exclusion needs a reason; nothing was excluded")
    wanted = pickable_in(project, image_ids)
    with project.database.write() as connection:
        rows = reviewed_images(connection, project.id, wanted, lock=True)
        made = judgement.exclude_images(
            connection, project.id, list(rows), reason=reason.strip(), author=project.author
        )
    if made:
        project.changes.tell("exclude", made)
    return Batch(
        list(made),
        [(row.name, "it is excluded already") for one, row in rows.items() if one not in made],
        exclusions=made,
    )


def take_all_back(project: Project, batch: Batch) -> Refused:
    """Put everything back as it was before a decision, with who had said it and when.

    Returns
    -------
    list of (name, reason)
        Images of which something else was said meanwhile: they are left as they are.
    """
    with project.database.write() as connection:
        rows = reviewed_images(connection, project.id, batch.images, lock=True)
        left = put_back_many(connection, project.id, batch.said, project.author)
        undone = set(judgement.undo_exclusions(connection, project.id, list(batch.exclusions.values()), project.author))
    project.changes.tell("exclude" if batch.exclusions else "review", batch.images)
    again = [one for one, made in batch.exclusions.items() if made not in undone]
    return [
        *((rows[one].name, "it was judged again meanwhile") for one in left),
        *((rows[one].name, "its exclusion was undone already") for one in again),
    ]


def set_pixel_sizes(project: Project, image_ids: Iterable[int], um: float) -> PixelSizes:
    """Say how large the pixels of images (image_id) are; returns what was known before: `put_pixel_sizes` undoes it.

    Raises
    ------
    StoreError
        Not a size. Nothing was changed.
    """
    check_pixel_size(um)
    wanted = pickable_in(project, image_ids)
    with project.database.write() as connection:
        known = images.pixel_sizes(connection, wanted)
        before = {one: said for one, said in known.items() if said != (um, "user")}
        if before:
            images.set_pixel_size(connection, project.id, list(before), um, "user", project.author)
    if before:
        project.changes.tell("pixel_size", before)
    return before


def check_pixel_size(um: float) -> None:
    """Refuse what no pixel measures.

    Raises
    ------
    StoreError
    """
    if not (math.isfinite(um) and um > 0):
        raise StoreError(f"pixel size {um:g}: it must be a number of micrometres above 0; nothing was changed")


def put_pixel_sizes(project: Project, before: PixelSizes) -> None:
    """Put pixel sizes back as they were, with where they came from."""
    groups: dict[tuple[float | None, str], list[int]] = {}
    for one, said in before.items():
        groups.setdefault(said, []).append(one)
    with project.database.write() as connection:
        for (um, origin), some in groups.items():
            images.set_pixel_size(connection, project.id, some, um, origin, project.author)
    if before:
        project.changes.tell("pixel_size", before)


def set_conditions(project: Project, image_ids: Iterable[int], condition: str) -> Treated:
    """Say under which condition the wells of images (image_id) are; an image that lies in no well is refused by name."""
    wanted = pickable_in(project, image_ids)
    with project.database.write() as connection:
        wells = well_condition.wells_of(connection, project.id, wanted)
        outside = [one for one, well_id in wells.items() if well_id is None]
        inside = [one for one, well_id in wells.items() if well_id is not None]
        before, changed = change_condition(connection, project.id, inside, condition, project.author)
        names = [fields["name"] for fields in metadata_of(connection, outside).values()]
    if changed:
        project.changes.tell("map", changed)
    return Treated(before, changed, [(name, "it lies in no well, and a condition is a well's") for name in names])


def beside(project: Project, image_ids: Iterable[int]) -> list[int]:
    """Return the other images of the wells in which some lie: what is said of the wells is said of them, too."""
    wanted = pickable_in(project, image_ids)
    with project.database.read() as connection:
        wells = well_condition.wells_of(connection, project.id, wanted)
        there = well_condition.images_in(connection, (one for one in wells.values() if one is not None))
    return sorted(set(there) - set(wells))


def pickable_in(project: Project, image_ids: Iterable[int]) -> Sequence[int]:
    """Return those of some images that the project has: one that was deleted meanwhile is no part of a batch."""
    return pickable(project.database, project.id, list(image_ids))
