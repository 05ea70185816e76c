"""Pointing images to the place they were moved to."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from spheroseg_widgets.imaging.remote import state
from spheroseg_widgets.imaging.url import Url, as_path, is_url, refuse_secrets
from spheroseg_widgets.store import images
from spheroseg_widgets.store.database import Database

LOOKS = 16
"""Looks at a server at once."""


def relink(database: Database, project_id: int, old: str | Path, new: str | Path, author: str) -> int:
    """Point images below a folder to another place it was moved to, by path or URL; returns how many files.

    A copy on an object store has the time of its upload: where its size is that of the file it stands for, the time is
    taken over, or every image would look changed when it is added again.

    Raises
    ------
    StoreError
        A file of the new folder is in the project already.
    ImageError
        The new place is a URL that holds a password.
    """
    texts = [str(as_path(str(place))) if is_url(place) else str(place) for place in (old, new)]
    target = as_path(texts[1])
    if isinstance(target, Url):
        refuse_secrets(target)
    with database.write() as connection:
        count = images.relink(connection, project_id, texts[0], texts[1], author)
    if isinstance(target, Url) and count:
        _take_times_over(database, project_id, target)
    return count


def _take_times_over(database: Database, project_id: int, folder: Url) -> None:
    """Look at the files in their new place, outside of any transaction; one that is not there yet stays as it is."""
    with database.read() as connection:
        known = images.known_sources(connection, project_id)
    there = (known["uri"] == str(folder)) | known["uri"].str.startswith(f"{folder}/")
    known = known[there & known["size_bytes"].notna()]
    with ThreadPoolExecutor(LOOKS) as pool:
        found = list(pool.map(lambda uri: state(Url(uri)), known["uri"]))
    times = {
        int(row_id): now[1]
        for row_id, size, now in zip(known["id"], known["size_bytes"], found, strict=True)
        if now is not None and now[0] == size
    }
    with database.write() as connection:
        images.set_modified(connection, times)
