"""Where and when an image was taken, and how it is called: plate, well, time, name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from spheroseg_widgets.errors import StoreError

from . import audit, experiment
from .images import chunks
from .tables import image, plate, well

FIELDS = ("plate", "well", "time_h", "name", "stem")
_COLUMNS = ("plate_id", "well_id", "time_h", "name")
_PLANE = ("site", "channel", "series", "t", "z")
"""What tells images of one well and time apart."""


def metadata_of(connection: sa.Connection, image_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return `FIELDS` of images, by image; None where there is nothing."""
    query = (
        sa.select(
            image.c.id, plate.c.name.label("plate"), well.c.name.label("well"), image.c.time_h, image.c.name, image.c.stem
        )
        .outerjoin(plate, plate.c.id == image.c.plate_id)
        .outerjoin(well, well.c.id == image.c.well_id)
    )  # fmt: skip
    return {
        int(row.id): {name: getattr(row, name) for name in FIELDS}
        for part in chunks(image_ids)
        for row in connection.execute(query.where(image.c.id.in_(part)))
    }


def other_stems(connection: sa.Connection, project_id: int, image_ids: Sequence[int]) -> list[str]:
    """Return the stems of a project's other images, deleted ones too: the stems that are taken."""
    query = sa.select(image.c.id, image.c.stem).where(image.c.project_id == project_id)
    own = set(image_ids)
    return [str(row.stem) for row in connection.execute(query) if row.id not in own]


def set_metadata(
    connection: sa.Connection, project_id: int, wanted: Mapping[int, Mapping[str, Any]], author: str
) -> dict[int, dict[str, Any]]:
    """Write plate, well, time and name of images; plates and wells that are new are made.

    Parameters
    ----------
    wanted : mapping
        All `FIELDS` by image of this project; a well needs a plate.

    Returns
    -------
    dict
        What it was before, of the images that changed; written again, it undoes this.

    Raises
    ------
    StoreError
        Another image was taken in that well at that time, or has the stem; nothing is to be kept of the transaction.
    """
    before = metadata_of(connection, list(wanted))
    changed = {one: dict(fields) for one, fields in wanted.items() if before[one] != dict(fields)}
    if not changed:
        return {}
    _refuse_stems(connection, project_id, changed)
    plates, wells = _ensure_places(connection, project_id, changed.values(), author)
    rows = {
        one: {
            "plate_id": plates.get(fields["plate"]), "well_id": wells.get((fields["plate"], fields["well"])),
            "time_h": fields["time_h"], "name": fields["name"],
        }
        for one, fields in changed.items()
    }  # fmt: skip
    _refuse_doubles(connection, rows, before, wanted)
    # By way of stems that no image has, so that images may exchange theirs.
    for way in ({one: f"\n{one}" for one in rows}, {one: fields["stem"] for one, fields in changed.items()}):
        connection.execute(
            image.update().where(image.c.id == sa.bindparam("of_image")).values(stem=sa.bindparam("new_stem")),
            [{"of_image": one, "new_stem": stem} for one, stem in way.items()],
        )
    connection.execute(
        image.update()
        .where(image.c.id == sa.bindparam("of_image"))
        .values({name: sa.bindparam(f"new_{name}") for name in _COLUMNS}),
        [{"of_image": one, **{f"new_{name}": row[name] for name in _COLUMNS}} for one, row in rows.items()],
    )
    old = {one: before[one] for one in changed}
    audit.record_many(
        connection, project_id, author, "set_metadata", "image",
        {
            one: {
                when: {name: which[name] for name in FIELDS if old[one][name] != fields[name]}
                for when, which in (("before", old[one]), ("after", fields))
            }
            for one, fields in changed.items()
        },
    )  # fmt: skip
    return old


def _ensure_places(
    connection: sa.Connection, project_id: int, wanted: Iterable[Mapping[str, Any]], author: str
) -> tuple[dict[str, int], dict[tuple[str, str], int]]:
    """Return the ids of plates by name, and of wells by plate and name; those that are missing are made."""
    by_plate: dict[str, set[str]] = {}
    for fields in wanted:
        if fields["plate"] is not None:
            by_plate.setdefault(fields["plate"], set()).update({fields["well"]} - {None})
    plates = {name: experiment.ensure_plate(connection, project_id, name, author) for name in by_plate}
    return plates, {
        (name, well_name): well_id
        for name, named in by_plate.items()
        for well_name, well_id in experiment.ensure_wells(connection, plates[name], sorted(named)).items()
    }


def _refuse_stems(connection: sa.Connection, project_id: int, changed: Mapping[int, Mapping[str, Any]]) -> None:
    """Refuse a stem that another image has: files of an export are called so."""
    taken = set(other_stems(connection, project_id, list(changed)))
    for fields in changed.values():
        if fields["stem"] in taken:
            raise StoreError(f"{fields['stem']}: another image of this project has this stem; nothing was changed")
        taken.add(fields["stem"])


def _refuse_doubles(
    connection: sa.Connection,
    rows: Mapping[int, Mapping[str, Any]],
    before: Mapping[int, Mapping[str, Any]],
    wanted: Mapping[int, Mapping[str, Any]],
) -> None:
    """Refuse a second image of one well, time and plane, as one would stand for the other; those that were two may stay."""
    wells = sorted({row["well_id"] for row in rows.values() if row["well_id"] is not None})
    columns = (image.c.id, image.c.name, image.c.well_id, image.c.time_h, *(image.c[name] for name in _PLANE))
    query = sa.select(*columns).where(image.c.deleted_at.is_(None))
    there = {
        row["id"]: {**row, **rows.get(row["id"], {})}
        for column, ids in ((image.c.well_id, wells), (image.c.id, list(rows)))
        for part in chunks(ids)
        for row in connection.execute(query.where(column.in_(part))).mappings()
    }
    seen: dict[tuple[Any, ...], int] = {}
    for one in sorted(there, key=lambda one: (one in rows, one)):  # those that stay first: one that comes meets them
        row = there[one]
        place = (row["well_id"], row["time_h"], *(row[name] for name in _PLANE))
        if None in place or (first := seen.setdefault(place, one)) == one or one not in rows:
            continue
        together = first in rows and _place(before[first]) == _place(before[one])
        if not together and _place(before[one]) != _place(wanted[one]):
            raise StoreError(
                f"{row['name']}: well {wanted[one]['well']} of {wanted[one]['plate']} has an image at {row['time_h']:g} h "
                f"already, {there[first]['name']}; nothing was changed"
            )


def _place(fields: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(fields[name] for name in ("plate", "well", "time_h"))
