"""Opening a project's folder, or making one."""

from __future__ import annotations

from pathlib import Path

from spheroseg_widgets.errors import StoreError
from spheroseg_widgets.store import experiment
from spheroseg_widgets.store.database import Database

from .base import current_author
from .description import DESCRIPTION, STORE, read_description, write_description
from .project import Project


def open_project(
    path: str | Path, *, create: bool = False, store: str | Path | None = None, name: str | None = None
) -> Project:
    """Open a project's folder.

    Parameters
    ----------
    path : str or Path
        The folder.
    create : bool
        Make it when it does not exist.
    store : str or Path, optional
        A SQLite file elsewhere (a local disk, when the folder lies on a network share) or the URL of a PostgreSQL
        database (``postgresql://ROLE@HOST/DATABASE``); written to `project.toml` when the project is made, a URL without
        its password.
    name : str, optional
        How a project that is made is called; by default as its folder. A PostgreSQL database holds one of each name.

    Raises
    ------
    StoreError
        No project there, or its store cannot be opened.
    StoreVersionError
        A newer version of this package wrote the store.

    Warns
    -----
    UserWarning
        The URL holds a password, which was not written to `project.toml`.
    """
    folder = Path(path).expanduser().resolve()
    made = create and not (folder / DESCRIPTION).exists()
    if made:
        write_description(folder, name or folder.name, STORE if store is None else str(store))
    told = read_description(folder, store)
    try:
        database = Database.open(told.store, create=True, cache=folder / "cache")
        try:
            experiment.enter_project(database, told.name, current_author(), told.key)
        except StoreError:
            database.close()
            raise
    except StoreError:
        if made:
            (folder / DESCRIPTION).unlink(missing_ok=True)  # so that the next try may name another store
        raise
    return Project(folder, database, told.name, told.given)
