"""`project.toml`: what a project is called, and where its store is."""

from __future__ import annotations

import json
import tomllib
import uuid
import warnings
from dataclasses import dataclass
from pathlib import Path

from spheroseg_widgets.errors import StoreError
from spheroseg_widgets.store.database import is_url
from spheroseg_widgets.store.handed_on import handed_on
from spheroseg_widgets.store.postgres import has_password, without_password

DESCRIPTION = "project.toml"
STORE = "store.sqlite"


@dataclass(frozen=True, slots=True)
class Description:
    """What is known of a project before its store is opened.

    Parameters
    ----------
    name : str
        How it is called.
    store : str or Path
        A URL, or a SQLite file.
    key : str or None
        Tells it from another folder's project of the same name, where both have the same server.
    given : str or None
        Where its store is, as it was given in place of what the folder says.
    """

    name: str
    store: str | Path
    key: str | None
    given: str | None


def read_description(folder: Path, store: str | Path | None = None) -> Description:
    """Return what a project's folder says.

    Parameters
    ----------
    folder : Path
        Of the project.
    store : str or Path, optional
        In place of what the folder says; by default what the process that started this one handed on.

    Raises
    ------
    StoreError
        There is no project, or what it says cannot be read.
    """
    path = folder / DESCRIPTION
    if not path.exists():
        raise StoreError(f"{folder}: there is no project here; open_project(..., create=True) makes one")
    try:
        settings = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise StoreError(f"{path}: cannot be read ({error})") from error
    given = handed_on(folder) if store is None else str(store)
    where = str(settings.get("store", STORE)) if given is None else given
    key = settings.get("key")
    return Description(
        name=str(settings.get("name", folder.name)),
        store=where if is_url(where) else folder / where,
        key=None if key is None else str(key),
        given=given,
    )


def write_description(folder: Path, name: str, store: str) -> None:
    """Make a project's folder and the file that says what it is called and where its store is.

    Raises
    ------
    StoreError
        The folder cannot be made.

    Warns
    -----
    UserWarning
        The URL holds a password, which was not written.
    """
    words = {"name": name, "store": store}
    if is_url(store):
        words = {"name": name, "store": without_password(store), "key": uuid.uuid4().hex}
        if has_password(store):
            warnings.warn(
                f"the password of the store is not written to {folder / DESCRIPTION}: keep it in ~/.pgpass or PGPASSWORD, "
                "else the URL must be given whenever the project is opened",
                stacklevel=3,
            )
    try:
        (folder / "cache").mkdir(parents=True, exist_ok=True)
        (folder / "uploads").mkdir(exist_ok=True)
        # A JSON string is a TOML string.
        lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in words.items()]
        (folder / DESCRIPTION).write_text("".join(lines), encoding="utf-8")
    except OSError as error:
        raise StoreError(f"{folder}: the project cannot be made here ({error.strerror})") from error
