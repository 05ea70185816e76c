"""What is compared: some images, two revisions of one image, or a well through time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from spheroseg_widgets.errors import StoreError
from spheroseg_widgets.imaging.names import normal_well
from spheroseg_widgets.project.find import find_image
from spheroseg_widgets.project.run import Run
from spheroseg_widgets.store.database import Database
from spheroseg_widgets.store.result_frames import computed_frame, revisions_frame

from .kept import Row

LEAST, MOST = 2, 4
"""Images side by side."""
FIXED = ("plate", "site", "channel")
"""What a well's images may differ in; a series shows one of each."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """Images by their ids, in the order in which they are shown."""

    image_ids: tuple[int, ...]

    def rows(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return their rows of `Project.images()`; those that were deleted are left out."""
        by_id = table.set_index("image_id", drop=False)
        return by_id.loc[[image_id for image_id in self.image_ids if image_id in by_id.index]]


@dataclass(frozen=True, slots=True)
class WellSeries:
    """A well's images in the order of their times."""

    well: str
    fixed: tuple[tuple[str, Any], ...]

    def rows(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return the images that have a time, as rows of `Project.images()`."""
        found = table[(table["well"] == self.well) & table["time_h"].notna()]
        for name, value in self.fixed:
            found = found[found[name].isna() if value is None else found[name] == value]
        return found.sort_values(["time_h", "series", "z", "image_id"], kind="stable")


def chosen(table: pd.DataFrame, images: Sequence[str | Path | int]) -> Chosen:
    """Find 2 to 4 images by what a person calls them.

    Raises
    ------
    StoreError
        There is no such image, the name belongs to several, or one is named twice.
    ValueError
        Fewer than 2, or more than 4.
    """
    if not LEAST <= len(images) <= MOST:
        raise ValueError(f"{LEAST} to {MOST} images are compared side by side, not {len(images)}")
    ids = tuple(int(find_image(table, image)["image_id"]) for image in images)
    for number, image_id in enumerate(ids):
        if image_id in ids[:number]:
            raise StoreError(f"{images[number]}: this image is named twice")
    return Chosen(ids)


def well_series(table: pd.DataFrame, well: str, plate: str | None, site: int | None, channel: int | None) -> WellSeries:
    """Find the images of a well.

    Raises
    ------
    StoreError
        There is no such well, it has fewer than two images with a time, or they are of several plates, sites or
        channels and none was named.
    """
    name = normal_well(well)
    found = table[table["well"] == name]
    fixed: list[tuple[str, Any]] = []
    for column, wanted in zip(FIXED, (plate, site, channel), strict=True):
        there = found[column].dropna().unique().tolist()
        if wanted is not None:
            if wanted not in there:
                raise StoreError(f"well {name}: it has no images of {column} {wanted} in this project")
            found = found[found[column] == wanted]
        elif len(there) > 1:
            named = ", ".join(map(str, sorted(there)))
            raise StoreError(f"well {name}: it has images of several {column}s ({named}): name one with {column}=")
        fixed.append((column, wanted if wanted is not None else (there[0] if there else None)))
    if found.empty:
        raise StoreError(f"well {name}: there is none of this name in this project")
    series = WellSeries(name, tuple(fixed))
    count = len(series.rows(table))
    if count < LEAST:
        raise StoreError(f"well {name}: {count} of its images has a time; a series needs {LEAST} or more")
    return series


def revisions_of(database: Database, row: Row) -> pd.DataFrame:
    """Return the revisions of an image, the newest first.

    Parameters
    ----------
    row : mapping
        Of `Project.images()`.

    Returns
    -------
    DataFrame
        revision (its id), parent, source (model, edit, import), run, model, model_version, author, created_at (UTC),
        n_objects, area_px2 (of all objects), area_um2, holds (whether it is the one that holds).
    """
    with database.read() as connection:
        frame = revisions_frame(connection, int(row["image_id"]))
        how = computed_frame(connection, frame["id"].tolist())
    frame = frame.join(how[["model", "model_version"]], on="id").iloc[::-1]
    size = float("nan") if pd.isna(row["pixel_size_um"]) else float(row["pixel_size_um"])
    return pd.DataFrame(
        {
            "revision": frame["id"], "parent": frame["parent_id"], "source": frame["source"], "run": frame["run_id"],
            "model": frame["model"], "model_version": frame["model_version"], "author": frame["author"],
            "created_at": frame["created_at"], "n_objects": frame["n_objects"], "area_px2": frame["total_area_px2"],
            "area_um2": frame["total_area_px2"] * size**2, "holds": frame["id"] == row["current_result_id"],
        }
    ).reset_index(drop=True)  # fmt: skip


def two_revisions(revisions: pd.DataFrame, name: str, wanted: Sequence[Any] | None) -> tuple[int, int]:
    """Find the two revisions of an image that are compared.

    Parameters
    ----------
    revisions : DataFrame
        Of `revisions_of`.
    name : str
        Of the image.
    wanted : sequence of two, optional
        Each the id of a revision, a `Run`, or the name of a model: the newest that it made. By default what holds,
        and before it the one it was made from, or else the newest other one.

    Raises
    ------
    StoreError
        The image has no such revision, or fewer than two.
    ValueError
        Not two are named.
    """
    if wanted is not None:
        if len(wanted) != LEAST:
            raise ValueError(f"two results are compared, not {len(wanted)}")
        first, second = (_revision(revisions, name, one) for one in wanted)
        return first, second
    if len(revisions) < LEAST:
        has = "has no result yet" if revisions.empty else "has one revision, and none to compare it with"
        raise StoreError(f"{name}: {has}")
    holding = revisions[revisions["holds"]]
    after = holding.iloc[0] if len(holding) else revisions.iloc[0]
    others = revisions[revisions["revision"] != after["revision"]]
    before = others[others["revision"] == after["parent"]]
    return int((before if len(before) else others)["revision"].iloc[0]), int(after["revision"])


def _revision(revisions: pd.DataFrame, name: str, wanted: Any) -> int:
    if isinstance(wanted, Run):
        found, what = revisions[revisions["run"] == wanted.id], f"result of run {wanted.id}"
    elif isinstance(wanted, int | np.integer):
        found, what = revisions[revisions["revision"] == wanted], f"revision {wanted}"
    else:
        found, what = revisions[revisions["model"] == wanted], f"result of a model {wanted}"
    if found.empty:
        raise StoreError(f"{name}: there is no {what} of this image; it has {_told(revisions)}")
    return int(found["revision"].iloc[0])


def _told(revisions: pd.DataFrame, most: int = 5) -> str:
    made = [
        f"{row.revision} ({row.model if isinstance(row.model, str) else row.source})" for row in revisions.itertuples()
    ]
    return ", ".join(made[:most]) + (", ..." if len(made) > most else "") if made else "none"
