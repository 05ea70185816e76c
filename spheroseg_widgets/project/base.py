"""What every part of a project needs of it: where it is kept, who works on it, its images, their outlines."""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from spheroseg_widgets.jobs import background
from spheroseg_widgets.outlines.outlines import Outlines
from spheroseg_widgets.store import experiment, results
from spheroseg_widgets.store import images as store_images
from spheroseg_widgets.store.database import Database

from .changes import Listener, changes_of
from .find import find_image
from .settling import settle
from .tables import images_table


def current_author() -> str:
    """Return who is working: the Hub's user, else the operating system's."""
    return os.environ.get("JUPYTERHUB_USER") or getpass.getuser()


class ProjectBase:
    """A project as its parts see it: verbs are added by the classes made of this one, and runs hold on to it.

    Parameters
    ----------
    folder : Path
        Of the project.
    database : Database
        Its store.
    name : str
        How it is called.
    store : str, optional
        Where its store is, as it was given in place of what the folder says.
    """

    def __init__(self, folder: Path, database: Database, name: str, store: str | None = None) -> None:
        self.folder = folder
        self.database = database
        self.name = name
        self.store = store
        self.author = current_author()
        self.id = experiment.enter_project(database, name, self.author)
        self.changes = changes_of(str(database.engine.url), self.id)

    def __repr__(self) -> str:
        with self.database.read() as connection:
            count = len(store_images.image_ids(connection, self.id))
        return f"<Project {self.name!r}: {count} images in {self.folder}>"

    def close(self) -> None:
        """Close the store, once the runs that are under way in this process have ended (cancel them to be quick)."""
        serving = background.serving_of(self.database, self.id)
        if serving is not None:
            serving.thread.join()
        self.database.close()

    def on_change(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener(kind, image_ids)`` after every change made in this process; returns how to leave.

        Kinds: add, results, promote, save, review, exclude, confirm, pixel_size, map, relink, tag, metadata, delete,
        restore, and view (a saved view, no image). Results come on a background thread, the others on the thread that
        made the change. No ids: all images may have changed.
        """
        return self.changes.on_change(listener)

    def _settle(self) -> None:
        settle(self.database, self.id, self.changes)

    def images(self) -> pd.DataFrame:
        """Return one row an image, with its state, its outcome and what is known of it."""
        return images_table(self.database, self.id)

    def image(self, which: str | Path | int) -> pd.Series:
        """Return the row of one image, by image_id, name, stem, path or URL.

        Raises
        ------
        StoreError
            There is none, or the name belongs to several.
        """
        return find_image(self.images(), which)

    def outlines(self, image_id: int) -> tuple[Outlines, pd.DataFrame]:
        """Return the outlines that hold for an image, and their rows.

        Raises
        ------
        StoreError
            There is no such image in this project.
        """
        with self.database.read() as connection:
            store_images.check_own(connection, self.id, [image_id])
            current = results.current_result(connection, image_id)
            if current is None:
                return Outlines.empty(), pd.DataFrame()
            return results.load_outlines(connection, current)
