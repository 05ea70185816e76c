"""The verbs of keeping order: tags, what an image is of, what belongs to the project, saved views, finding by expression."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import EllipsisType
from typing import Any

import pandas as pd

from spheroseg_widgets.jobs import background
from spheroseg_widgets.store import deletion, tags, views

from .base import ProjectBase
from .metadata import change_condition, change_metadata
from .query import select
from .tables import images_table


class Cataloguing(ProjectBase):
    """The part of a project that keeps its images in order; every verb is audited and told to listeners.

    What a verb returns is what its opposite takes to undo it.
    """

    def query(self, expression: str) -> pd.DataFrame:
        """Return the rows of `images` that an expression is true of, as ``area_um2 > 5e4 and edited == False``.

        Parameters
        ----------
        expression : str
            Comparisons of columns (also ``24 <= time_h < 72``), ``and``, ``or``, ``not``, arithmetic, ``in`` a list, and
            ``"late" in tags``; ``condition == None`` asks for what is missing.

        Raises
        ------
        QueryError
            It cannot be read, or names a column that is not there.
        """
        return select(images_table(self.database, self.id), expression).reset_index(drop=True)

    def tag(self, images: Iterable[int], name: str) -> list[int]:
        """Give images (image_id) a tag; returns those that had it not yet: `untag` of them undoes it.

        Raises
        ------
        StoreError
            An empty or a very long tag, or no such image.
        """
        with self.database.write() as connection:
            fresh = tags.add_tag(connection, self.id, images, name, self.author)
        self._tell("tag", fresh)
        return fresh

    def untag(self, images: Iterable[int], name: str) -> list[int]:
        """Take a tag from images (image_id); returns those that had it: `tag` of them undoes it.

        Raises
        ------
        StoreError
            No image of the project has such a tag, or there is no such image.
        """
        with self.database.write() as connection:
            had = tags.remove_tag(connection, self.id, images, name, self.author)
        self._tell("tag", had)
        return had

    def tags(self) -> pd.DataFrame:
        """Return one row a tag, by name: tag, and how many images have it."""
        with self.database.read() as connection:
            return tags.tags_frame(connection, self.id)

    def set_metadata(
        self,
        images: Sequence[int] | pd.DataFrame,
        *,
        plate: str | EllipsisType | None = ...,
        well: str | EllipsisType | None = ...,
        time_h: float | EllipsisType | None = ...,
        name: str | EllipsisType = ...,
    ) -> pd.DataFrame:
        """Say of which plate, well and time images are, or how they are called.

        Parameters
        ----------
        images : sequence of int or DataFrame
            image_id; or a table with the column image_id and any of plate, well, time_h and name, one row an image.
        plate, well : str or None, optional
            Made when they are new; None takes the image from its well. A well is on the image's plate where none is
            given; an image without one lies on the only plate of the project.
        time_h : float or None, optional
            Hours.
        name : str, optional
            What it is called; the name of its files in an export follows, and stays unique.

        Returns
        -------
        DataFrame
            The images that changed as they were before: given to this verb again, it takes the change back.

        Raises
        ------
        StoreError
            Another image of the same plane was taken in that well at that time, several plates to choose from, no such
            image, or a value that says nothing. Nothing was changed.
        """
        given = {"plate": plate, "well": well, "time_h": time_h, "name": name}
        said = {field: value for field, value in given.items() if value is not ...}
        with self.database.write() as connection:
            before = change_metadata(connection, self.id, images, said, self.author)
        self._tell("metadata", before["image_id"])
        return before

    def set_condition(self, images: Sequence[int] | pd.DataFrame, condition: str | None = None) -> pd.DataFrame:
        """Say under which condition the wells of images are; it is the wells', so all of their images have it.

        Parameters
        ----------
        images : sequence of int or DataFrame
            image_id of images that lie in wells; or a table with the columns well_id and condition, one row a well.
        condition : str, optional
            As a plate map has it; None takes it away. A table has its own.

        Returns
        -------
        DataFrame
            The wells that changed as they were before: given to this verb again, it takes the change back.

        Raises
        ------
        StoreError
            An image lies in no well, or there is no such image. Nothing was changed.
        """
        with self.database.write() as connection:
            before, changed = change_condition(connection, self.id, images, condition, self.author)
        self._tell("map", changed)
        return before

    def delete(self, images: Iterable[int]) -> list[int]:
        """Take images (image_id) out of the project; their files, results and judgement stay.

        What is queued or running of them is cancelled. Adding their files again brings them back, as `restore` does.

        Returns
        -------
        list of int
            Those that were in the project: `restore` of them undoes it.

        Raises
        ------
        StoreError
            There is no such image.
        """
        with self.database.write() as connection:
            gone = deletion.delete_images(connection, self.id, images, self.author)
        background.wake(self.database, self.id)
        self._tell("delete", gone)
        return gone

    def restore(self, images: Iterable[int]) -> list[int]:
        """Bring deleted images back, with all that was known of them; returns those that were deleted.

        Raises
        ------
        StoreError
            There is no such image.
        """
        with self.database.write() as connection:
            back = deletion.restore_images(connection, self.id, images, self.author)
        self._tell("restore", back)
        return back

    def deleted(self) -> pd.DataFrame:
        """Return one row a deleted image, the last deleted first."""
        with self.database.read() as connection:
            return deletion.deleted_frame(connection, self.id)

    def save_view(self, name: str, view: Mapping[str, Any]) -> dict[str, Any] | None:
        """Keep how images are looked at (filters, order, sizes: a gallery's), for everybody who opens the project.

        Returns
        -------
        dict or None
            The view of this name that it replaces; saved again, it undoes this, as `delete_view` does where it is None.

        Raises
        ------
        StoreError
            No name, or a view that is no JSON.
        """
        with self.database.write() as connection:
            before = views.save_view(connection, self.id, name, view, self.author)
        self.changes.tell("view")
        return before

    def views(self) -> pd.DataFrame:
        """Return one row a saved view, by name: name, view, author, created_at."""
        with self.database.read() as connection:
            return views.views_frame(connection, self.id)

    def delete_view(self, name: str) -> dict[str, Any]:
        """Forget a saved view; returns it, so that `save_view` may keep it again.

        Raises
        ------
        StoreError
            There is none of this name.
        """
        with self.database.write() as connection:
            before = views.delete_view(connection, self.id, name, self.author)
        self.changes.tell("view")
        return before

    def _tell(self, kind: str, images: Iterable[int]) -> None:
        """Tell of images that changed; none would be taken for all of them."""
        changed = list(images)
        if changed:
            self.changes.tell(kind, changed)
