"""Finding images and wells by what a person calls them."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from spheroseg_widgets.errors import StoreError
from spheroseg_widgets.imaging.url import as_path
from spheroseg_widgets.store.database import Database
from spheroseg_widgets.store.images import image_ids


def find_image(table: pd.DataFrame, which: str | Path | int) -> pd.Series:
    """Return the one row of an image, by image_id, name, stem, path or URL.

    Raises
    ------
    StoreError
        There is none, or the name belongs to several.
    """
    if isinstance(which, int | np.integer):
        found = table[table["image_id"] == which]
        if found.empty:
            raise StoreError(f"image {which}: there is none of this id in this project")
        return found.iloc[0]
    text = str(which)
    # The most particular first: a path or a stem is unique, a file name may lie in two folders.
    for column, wanted in (("path", text), ("path", str(as_path(text).resolve())), ("stem", text), ("name", text)):
        found = table[table[column] == wanted]
        if len(found) == 1:
            return found.iloc[0]
        if len(found) > 1:
            several = ", ".join(f"{row.stem} (image_id {row.image_id})" for row in found.head(5).itertuples())
            raise StoreError(f"{text}: several images are called so: {several}; name one by its stem or image_id")
    near = difflib.get_close_matches(text, [*table["name"], *table["stem"]], n=3)
    hint = f"; do you mean {' or '.join(dict.fromkeys(near))}?" if near else ""
    raise StoreError(f"{text}: no image is called so in this project{hint}")


def find_well(wells: pd.DataFrame, well: str | None, plate: str | None) -> int:
    """Return the well_id of a well, by its name and its plate's where that is needed.

    Raises
    ------
    StoreError
        There is no such well, or several plates have it.
    """
    found = wells[wells["well"] == well]
    if plate is not None:
        found = found[found["plate"] == plate]
    if found.empty:
        where = "" if plate is None else f" on plate {plate}"
        raise StoreError(f"well {well}: there is none of this name{where} in this project")
    if len(found) > 1:
        raise StoreError(f"well {well}: several plates have it ({', '.join(found['plate'])}): name one with plate=")
    return int(found["well_id"].iloc[0])


def pickable(database: Database, project_id: int, wanted: Sequence[int] | None) -> list[int]:
    """Return the image_ids of a project, or those of `wanted` that it has."""
    with database.read() as connection:
        known = image_ids(connection, project_id)
    if wanted is None:
        return known
    asked = {int(i) for i in wanted}
    return [i for i in known if i in asked]
