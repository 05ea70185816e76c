"""Where the images of a project stand in its experiment, and which files they come from."""

from __future__ import annotations

import sqlalchemy as sa

from .tables import image, plate, source, well


def is_empty(connection: sa.Connection, project_id: int) -> bool:
    """Whether a project has no images (deleted ones do not count)."""
    query = sa.select(image.c.id).where(image.c.project_id == project_id, image.c.deleted_at.is_(None)).limit(1)
    return connection.execute(query).first() is None


def taken_places(connection: sa.Connection, project_id: int) -> dict[tuple[str, str, float | None, int], str]:
    """Return the names of images by plate, well, hours and site; images without a well are left out."""
    query = (
        sa.select(plate.c.name, well.c.name, image.c.time_h, image.c.site, image.c.name)
        .join(well, well.c.id == image.c.well_id)
        .join(plate, plate.c.id == well.c.plate_id)
        .where(image.c.project_id == project_id, image.c.deleted_at.is_(None))
    )
    return {(row[0], row[1], row[2], row[3]): row[4] for row in connection.execute(query)}


def plate_names(connection: sa.Connection, project_id: int) -> list[str]:
    """Return the names of a project's plates, those with wells."""
    query = sa.select(plate.c.name).join(well, well.c.plate_id == plate.c.id).where(plate.c.project_id == project_id)
    return sorted({str(row[0]) for row in connection.execute(query)})


def source_files(connection: sa.Connection, project_id: int) -> list[tuple[str, int | None]]:
    """Return path or URL and size in bytes of every file that the project refers to; None where it could not be read."""
    query = sa.select(source.c.uri, source.c.size_bytes).where(source.c.project_id == project_id)
    return [(str(row[0]), row[1]) for row in connection.execute(query)]


def has_file(connection: sa.Connection, project_id: int, uri: str) -> bool:
    """Whether adding a file would add nothing: the project has its images, or knows why there are none."""
    has_images = sa.exists().where(image.c.source_id == source.c.id, image.c.deleted_at.is_(None))
    query = sa.select(source.c.id).where(
        source.c.project_id == project_id, source.c.uri == uri, sa.or_(has_images, source.c.problem.is_not(None))
    )
    return connection.execute(query).first() is not None
