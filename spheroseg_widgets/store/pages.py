"""What a page of pictures needs of the store: the outlines of many revisions in one question each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from .images import chunks
from .tables import geometry, outline


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
