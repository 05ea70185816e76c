"""Sources (files) and images (what is segmented)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import pandas as pd
import sqlalchemy as sa

from spheroseg_widgets.errors import StoreError

from . import audit
from .columns import fetch, floats, named, spelt, things, whole
from .overview import newest_job, overview
from .tables import COMPUTED, image, job, model, now, result, run, source

BATCH = 500
CLOCK_SECONDS = 0.01
"""File systems keep times to less than this; a copy of the store elsewhere rounds them."""


def chunks(values: Sequence[Any], size: int = BATCH) -> Iterable[Sequence[Any]]:
    """Cut a sequence into parts that fit into one statement."""
    return (values[at : at + size] for at in range(0, len(values), size))


def known_sources(connection: sa.Connection, project_id: int) -> pd.DataFrame:
    """Return id, uri, size_bytes, modified_at, problem of every source of the project."""
    columns = (source.c.id, source.c.uri, source.c.size_bytes, source.c.modified_at, source.c.problem)
    return pd.read_sql_query(sa.select(*columns).where(source.c.project_id == project_id), connection)


def add_sources(
    connection: sa.Connection, project_id: int, rows: Sequence[Mapping[str, Any]], author: str
) -> dict[str, int]:
    """Add files by uri; those that are known keep their row.

    Returns
    -------
    dict
        Id by uri, of all that were named.
    """
    known = set(known_sources(connection, project_id)["uri"])
    fresh = {row["uri"]: {**row, "project_id": project_id, "author": author} for row in rows if row["uri"] not in known}
    for part in chunks(list(fresh.values())):
        connection.execute(source.insert(), list(part))
    frame = known_sources(connection, project_id)
    wanted = {row["uri"] for row in rows}
    return {str(uri): int(row_id) for uri, row_id in zip(frame["uri"], frame["id"], strict=True) if uri in wanted}


def update_changed_sources(
    connection: sa.Connection,
    project_id: int,
    rows: Sequence[Mapping[str, Any]],
    sizes: Mapping[str, tuple[int, int]],
    author: str,
) -> list[tuple[str, str]]:
    """Note which known files have another size or time by now, and what their header says now.

    Parameters
    ----------
    rows : sequence of mapping
        Columns of the source table, as the files are now.
    sizes : mapping
        Width and height by uri, of files that can be read.

    Returns
    -------
    list of (uri, what)
        What changed, in words. The sha256 is forgotten: it is of the old content.
    """
    columns = ("size_bytes", "modified_at", "format", "dtype", "axes", "n_pages", "problem")
    known = {row.uri: row for row in known_sources(connection, project_id).itertuples()}
    changed = []
    for row in rows:
        uri, before = row["uri"], known.get(row["uri"])
        if before is None or row.get("size_bytes") is None:
            continue
        told = []
        if pd.notna(before.problem):
            told.append("it can be read now")
        elif before.size_bytes != row["size_bytes"]:
            told.append(f"{int(before.size_bytes)} bytes then, {row['size_bytes']} now")
        elif abs(before.modified_at - row["modified_at"]) > CLOCK_SECONDS:
            told.append("written again, with the same size")
        if not told:
            continue
        values = {name: row.get(name) for name in columns}
        connection.execute(source.update().where(source.c.id == before.id).values(**values, sha256=None))
        width, height = sizes[uri]
        of_it = (image.c.source_id == before.id, sa.or_(image.c.width != width, image.c.height != height))
        if connection.execute(image.update().where(*of_it).values(width=width, height=height)).rowcount:
            told.append(f"{width} x {height} pixels now")
        results_there = sa.select(result.c.id).join(image).where(image.c.source_id == before.id).limit(1)
        if connection.execute(results_there).first() is not None:
            told.append("its results are of the old content: segment it again")
        changed.append((str(uri), ", ".join(told)))
        audit.record(connection, project_id, author, "changed", "source", before.id, what=", ".join(told))
    return changed


def add_images(
    connection: sa.Connection, project_id: int, rows: Sequence[Mapping[str, Any]], author: str
) -> tuple[list[int], int]:
    """Add images; one that is known (source, series, t, z, channel, site) is not added again.

    Parameters
    ----------
    rows : sequence of mapping
        Columns of the image table. A stem that the project already has is refused by the table: the layer
        above makes stems unique.

    Returns
    -------
    ids : list of int
        Of the new images, in order.
    n_known : int
        How many were there already; a deleted one is restored.
    """
    key = ("source_id", "series", "t", "z", "channel", "site")
    query = sa.select(image.c.id, *(image.c[name] for name in key)).where(image.c.project_id == project_id)
    known = {tuple(row[1:]): int(row[0]) for row in connection.execute(query)}
    fresh, again = [], []
    for row in rows:
        identity = tuple(row[name] for name in key)
        if identity in known:
            again.append(known[identity])
        else:
            known[identity] = -1
            fresh.append({**row, "project_id": project_id, "author": author, "created_at": now()})
    ids: list[int] = []
    for part in chunks(fresh):
        statement = image.insert().returning(image.c.id, sort_by_parameter_order=True)
        ids += [int(row[0]) for row in connection.execute(statement, list(part))]
    for some in chunks([row_id for row_id in again if row_id > 0]):
        connection.execute(image.update().where(image.c.id.in_(some)).values(deleted_at=None))
    if ids:
        audit.record(connection, project_id, author, "add", "image", ids[0], images=len(ids))
    return ids, len(again)


def image_ids(connection: sa.Connection, project_id: int) -> list[int]:
    """Return the images of a project that are not deleted, in the order in which they were added."""
    query = sa.select(image.c.id).where(image.c.project_id == project_id, image.c.deleted_at.is_(None))
    return [int(one) for one in connection.scalars(query.order_by(image.c.id))]


@dataclass(frozen=True, slots=True)
class Place:
    """Where an image lies among those of its project that are not deleted, in the order in which they were added.

    Parameters
    ----------
    position, count : int
        The first one has position 1.
    previous, next : int or None
        image_id of those beside it.
    """

    position: int
    count: int
    previous: int | None
    next: int | None


def place_of(connection: sa.Connection, project_id: int, image_id: int) -> Place:
    """Return where an image of the project lies, without reading the others."""
    before, after = image.c.id < image_id, image.c.id > image_id
    query = sa.select(
        sa.func.count().filter(before), sa.func.count(),
        sa.func.max(image.c.id).filter(before), sa.func.min(image.c.id).filter(after),
    ).where(image.c.project_id == project_id, image.c.deleted_at.is_(None))  # fmt: skip
    earlier, count, previous, following = connection.execute(query).one()
    return Place(earlier + 1, count, previous, following)


class Earlier(NamedTuple):
    """An image of the same well and site at an earlier time."""

    image_id: int
    name: str
    time_h: float


def earlier_image(connection: sa.Connection, project_id: int, image_id: int) -> Earlier | None:
    """Return the same well, site, channel and Z at the time before; None where there is none."""
    own = image.alias()
    alike = [own.c[name] == image.c[name] for name in ("well_id", "site", "channel", "z")]
    query = (
        sa.select(image.c.id, image.c.name, image.c.time_h)
        .join(own, sa.and_(*alike, image.c.time_h < own.c.time_h))
        .where(own.c.id == image_id, image.c.project_id == project_id, image.c.deleted_at.is_(None))
        .order_by(image.c.time_h.desc(), image.c.id.desc())
        .limit(1)
    )
    found = connection.execute(query).first()
    return None if found is None else Earlier(int(found.id), str(found.name), float(found.time_h))


def check_own(connection: sa.Connection, project_id: int, image_ids: Iterable[int]) -> None:
    """Refuse images that are not the project's: the store may hold many projects.

    Raises
    ------
    StoreError
        Names those that are not.
    """
    wanted = sorted({int(i) for i in image_ids})
    own = {
        row_id
        for part in chunks(wanted)
        for row_id in connection.scalars(
            sa.select(image.c.id).where(image.c.id.in_(part), image.c.project_id == project_id)
        )
    }
    if foreign := [row_id for row_id in wanted if row_id not in own]:
        named = ", ".join(map(str, foreign[:5])) + (", ..." if len(foreign) > 5 else "")
        raise StoreError(f"image {named}: there is none of this id in this project")


IMAGE_COLUMNS = (
    "image_id", "name", "stem", "path", "source_id", "page", "n_pages", "series", "z", "channel", "site", "plate", "well",
    "condition", "well_id", "time_h", "width", "height", "pixel_size_um", "pixel_size_source", "sha256", "status", "reason",
    "seconds", "model", "model_version", "model_sha256", "review", "confirmed_outcome", "current_result_id", "n_objects",
    "total_area_px2", "least_confidence", "result_source", "warnings", *COMPUTED, "excluded", "edited", "tags",
    "touches_border", "inner_px2", "border_px2",
)  # fmt: skip
_WORDS, _NUMBERS = ("engine", "precision"), ("scale", "threshold")
"""Of how a result was computed."""


def images_frame(connection: sa.Connection, project_id: int, *, only: int | None = None) -> pd.DataFrame:
    """Return one row an image that is not deleted, in the order in which they were added; with `only`, that of one image.

    Columns: image_id, name, stem, path, page (t), series, z, channel, site, plate, well, time_h, width,
    height, pixel_size_um, pixel_size_source, sha256, status and reason of the newest job, seconds, model,
    model_version, model_sha256, engine, precision, scale and threshold of the result that holds, review, excluded
    (by itself or its well), outcome (a person's), current_result_id, n_objects, total_area_px2, least_confidence,
    result_source, edited (whether a person saved the result that holds), condition (the plate map's; None where it
    says nothing), tags (a sorted tuple), touches_border (whether any outline does), inner_px2 and border_px2 (areas of
    the largest spheroid away from the border and at it), warnings (a tuple).
    """
    seen = overview(connection, project_id, only=only)
    how = {name: result.c.computed[name] for name in COMPUTED}
    query = (
        sa.select(
            image.c.stem, source.c.uri.label("path"), source.c.id.label("source_id"), image.c.t.label("page"),
            source.c.n_pages, image.c.series, image.c.z, image.c.channel, image.c.pixel_size_source, source.c.sha256,
            newest_job(job.c.seconds).label("seconds"), sa.cast(image.c.warnings, sa.Text).label("warnings"),
            *(how[name].as_string().label(name) for name in _WORDS), *(how[name].as_float().label(name) for name in _NUMBERS),
        )
        .join(source, source.c.id == image.c.source_id)
        .outerjoin(result, result.c.id == image.c.current_result_id)
        .where(image.c.project_id == project_id, image.c.deleted_at.is_(None))
        .order_by(image.c.id)
    )  # fmt: skip
    rest = fetch(connection, query if only is None else query.where(image.c.id == only))
    models = fetch(
        connection,
        sa.select(run.c.id, model.c.version, model.c.sha256)
        .join(model, model.c.id == run.c.model_id)
        .where(run.c.project_id == project_id),
    )
    columns: dict[str, Any] = {**{str(name): column.array for name, column in seen.items()}, **rest}
    for name in ("version", "sha256"):
        columns[f"model_{name}"] = named(seen["run_id"], dict(zip(models["id"], models[name], strict=True)))
    columns |= {name: floats(rest[name]) for name in ("seconds", *_NUMBERS)}
    columns |= {name: whole(columns[name]) for name in ("well_id", "current_result_id", "n_objects")}
    columns |= {name: spelt(column) for name, column in columns.items() if isinstance(column, pd.Categorical)}
    columns |= {name: seen[name].tolist() for name in ("name", "reason")}
    warnings = {said: tuple(json.loads(said)) for said in set(rest["warnings"])}
    columns["warnings"] = [warnings[said] for said in rest["warnings"]]
    columns |= {name: things(columns[name]) for name in ("status", "condition", "warnings")}
    return pd.DataFrame({name: columns[name] for name in IMAGE_COLUMNS})


def set_source_hashes(connection: sa.Connection, hashes: Mapping[int, str]) -> None:
    """Store the sha256 of sources, when their pixels were first read."""
    if hashes:
        connection.execute(
            source.update().where(source.c.id == sa.bindparam("of_source")).values(sha256=sa.bindparam("digest")),
            [{"of_source": source_id, "digest": digest} for source_id, digest in hashes.items()],
        )


def set_pixel_size(
    connection: sa.Connection,
    project_id: int,
    image_ids: Sequence[int],
    um: float | None,
    origin: str,
    author: str,
) -> None:
    """Set the pixel size of images and who said so; every um figure follows, as only px are stored.

    Raises
    ------
    StoreError
        An image of another project.
    """
    check_own(connection, project_id, image_ids)
    for part in chunks(list(image_ids)):
        connection.execute(
            image.update().where(image.c.id.in_(part)).values(pixel_size_um=um, pixel_size_source=origin)
        )
    audit.record(connection, project_id, author, "set_pixel_size", "image", "many", um=um, images=len(image_ids))


def pixel_sizes(connection: sa.Connection, image_ids: Sequence[int]) -> dict[int, tuple[float | None, str]]:
    """Return the pixel size in um of images, and who said so, by image."""
    columns = (image.c.id, image.c.pixel_size_um, image.c.pixel_size_source)
    return {
        int(one): (um, str(origin))
        for part in chunks(image_ids)
        for one, um, origin in connection.execute(sa.select(*columns).where(image.c.id.in_(part)))
    }


def relink(connection: sa.Connection, project_id: int, old: str, new: str, author: str) -> int:
    """Point sources below one folder to another; returns how many.

    Raises
    ------
    StoreError
        A file of the new folder is in the project already.
    """
    frame = known_sources(connection, project_id)
    stem = old.rstrip("/\\")
    below = frame[[str(uri) == stem or str(uri).startswith((stem + "/", stem + "\\")) for uri in frame["uri"]]]
    others = set(frame["uri"]) - set(below["uri"])
    for row_id, uri in zip(below["id"], below["uri"], strict=True):
        rest = str(uri)[len(stem) :]
        moved = new.rstrip("/\\") + (rest.replace("\\", "/") if "://" in new and "\\" in old else rest)
        if moved in others:
            raise StoreError(f"{moved}: the project has this file already; nothing was relinked")
        connection.execute(source.update().where(source.c.id == int(row_id)).values(uri=moved))
    audit.record(connection, project_id, author, "relink", "source", "many", old=old, new=new, files=len(below))
    return len(below)


def set_modified(connection: sa.Connection, times: Mapping[int, float]) -> None:
    """Set the time of the last change of sources: a copy of the same content elsewhere has another."""
    for row_id, modified_at in times.items():
        connection.execute(source.update().where(source.c.id == row_id).values(modified_at=modified_at))
