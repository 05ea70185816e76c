"""Tags: words that people give to images, to find them again."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd
import sqlalchemy as sa

from spheroseg_widgets.errors import StoreError

from . import audit
from .images import check_own, chunks
from .tables import image, image_tag, tag

LONGEST = 100
"""Characters of a tag: it stands on a card."""


def add_tag(connection: sa.Connection, project_id: int, image_ids: Iterable[int], name: str, author: str) -> list[int]:
    """Give images a tag, which is made when it is new.

    Returns
    -------
    list of int
        The images that had it not yet; taking it from them again undoes this.

    Raises
    ------
    StoreError
        The tag says nothing or too much; an image of another project.
    """
    name = _checked(name)
    wanted = sorted({int(one) for one in image_ids})
    check_own(connection, project_id, wanted)
    tag_id = _find(connection, project_id, name)
    if tag_id is None and wanted:
        made = connection.execute(tag.insert().values(project_id=project_id, name=name)).inserted_primary_key
        assert made is not None
        tag_id = int(made[0])
    tagged = set() if tag_id is None else _tagged(connection, tag_id)
    fresh = [one for one in wanted if one not in tagged]
    if fresh:
        connection.execute(image_tag.insert(), [{"image_id": one, "tag_id": tag_id} for one in fresh])
        audit.record(connection, project_id, author, "tag", "image", "many", tag=name, images=fresh)
    return fresh


def remove_tag(
    connection: sa.Connection, project_id: int, image_ids: Iterable[int], name: str, author: str
) -> list[int]:
    """Take a tag from images; one that no image has any more is gone.

    Returns
    -------
    list of int
        The images that had it; giving it to them again undoes this.

    Raises
    ------
    StoreError
        The project has no such tag; an image of another project.
    """
    name = _checked(name)
    wanted = {int(one) for one in image_ids}
    check_own(connection, project_id, wanted)
    tag_id = _find(connection, project_id, name)
    if tag_id is None:
        raise StoreError(f"tag {name}: no image has it in this project")
    tagged = _tagged(connection, tag_id)
    had = sorted(wanted & tagged)
    for part in chunks(had):
        connection.execute(image_tag.delete().where(image_tag.c.tag_id == tag_id, image_tag.c.image_id.in_(part)))
    if had:
        audit.record(connection, project_id, author, "untag", "image", "many", tag=name, images=had)
    if len(had) == len(tagged):
        connection.execute(tag.delete().where(tag.c.id == tag_id))
    return had


def tags_frame(connection: sa.Connection, project_id: int) -> pd.DataFrame:
    """Return one row a tag, by name: tag, and how many images have it; those that only deleted images have are left out."""
    query = (
        sa.select(tag.c.name.label("tag"), sa.func.count().label("images"))
        .join(image_tag, image_tag.c.tag_id == tag.c.id)
        .join(image, image.c.id == image_tag.c.image_id)
        .where(tag.c.project_id == project_id, image.c.deleted_at.is_(None))
        .group_by(tag.c.name)
    )
    # Sorted here: each database has a language of its own for names.
    return pd.read_sql_query(query, connection).sort_values("tag", ignore_index=True)


def _checked(name: str) -> str:
    words = " ".join(str(name).replace("\0", " ").split())
    if not words:
        raise StoreError("a tag needs a name; nothing was changed")
    if len(words) > LONGEST:
        raise StoreError(
            f"{words[:40]}...: a tag has at most {LONGEST} characters, not {len(words)}; nothing was changed"
        )
    return words


def _find(connection: sa.Connection, project_id: int, name: str) -> int | None:
    found = connection.scalar(sa.select(tag.c.id).where(tag.c.project_id == project_id, tag.c.name == name))
    return None if found is None else int(found)


def _tagged(connection: sa.Connection, tag_id: int) -> set[int]:
    return {int(one) for one in connection.scalars(sa.select(image_tag.c.image_id).where(image_tag.c.tag_id == tag_id))}
