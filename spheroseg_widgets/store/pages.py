"""What a page of pictures needs of the store: planes of many images, outlines of many revisions, in one question each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from .images import chunks
from .tables import geometry, image, outline, source


@dataclass(frozen=True, slots=True)
class OutlinePage:
    """The outlines of one revision, as a picture of them needs it.

    Parameters
    ----------
    blob : bytes
        As `Outlines.to_bytes` packs them.
    classes : tuple of str
        Class of each object.
    touches_border : tuple of bool
        Whether the image's edge cuts it.
    confidence : tuple of float or None
        As the model gave it; None for drawn objects.
    """

    blob: bytes
    classes: tuple[str, ...] = ()
    touches_border: tuple[bool, ...] = ()
    confidence: tuple[float | None, ...] = ()


def outline_pages(connection: sa.Connection, result_ids: Sequence[int]) -> dict[int, OutlinePage]:
    """Return the outlines of revisions by the revision's id; ids that do not exist are left out."""
    marks: dict[int, list[tuple[str, bool, float | None]]] = {}
    blobs: dict[int, bytes] = {}
    for part in chunks(list(result_ids)):
        columns = (outline.c.result_id, outline.c.class_name, outline.c.touches_border, outline.c.confidence)
        rows = sa.select(*columns).where(outline.c.result_id.in_(part)).order_by(outline.c.result_id, outline.c.number)
        for result_id, name, touches, confidence in connection.execute(rows):
            marks.setdefault(int(result_id), []).append((name, bool(touches), confidence))
        geometries = sa.select(geometry.c.result_id, geometry.c.blob).where(geometry.c.result_id.in_(part))
        blobs.update({int(result_id): bytes(blob) for result_id, blob in connection.execute(geometries)})
    out = {}
    for result_id, blob in blobs.items():
        classes, touches_border, confidences = (
            zip(*marks[result_id], strict=True) if result_id in marks else ((), (), ())
        )
        out[result_id] = OutlinePage(blob, classes, touches_border, confidences)
    return out


def plane_pages(connection: sa.Connection, project_id: int, image_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return where the pixels of images are, by image_id, in the order asked for; what is not in the project is left out.

    Of each: path, series, page, channel, z, sha256, size_bytes and modified_at of the file, None where not known, and width
    and height.
    """
    columns = (
        image.c.id, source.c.uri.label("path"), image.c.series, image.c.t.label("page"), image.c.channel, image.c.z,
        source.c.sha256, source.c.size_bytes, source.c.modified_at, image.c.width, image.c.height,
    )  # fmt: skip
    query = sa.select(*columns).join(source, source.c.id == image.c.source_id)
    found: dict[int, dict[str, Any]] = {}
    for part in chunks(list(image_ids)):
        here = query.where(image.c.project_id == project_id, image.c.deleted_at.is_(None), image.c.id.in_(part))
        found.update((int(row["id"]), dict(row)) for row in connection.execute(here).mappings())
    return {image_id: found[image_id] for image_id in image_ids if image_id in found}
