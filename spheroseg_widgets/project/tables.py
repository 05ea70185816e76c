"""The DataFrames of a project: images with their outcomes, objects with their measurements."""

from __future__ import annotations

import pandas as pd
import sqlalchemy as sa

from spheroseg_widgets.analysis.outcomes import at_a_glance, outcomes
from spheroseg_widgets.analysis.primary import primary
from spheroseg_widgets.measure.definitions import COMPUTED_COLUMNS, PX_COLUMNS, to_micrometres
from spheroseg_widgets.store import experiment, result_frames
from spheroseg_widgets.store.candidates import candidates, with_excluded_objects
from spheroseg_widgets.store.database import Database
from spheroseg_widgets.store.images import images_frame
from spheroseg_widgets.store.overview import overview

CARRIED = ("path", "name", "stem", "plate", "well", "time_h", "site", "outcome", "review", "pixel_size_um")
"""What every object's row repeats of its image."""
LEAD = (
    "path", "name", "stem", "plate", "well", "time_h", "site", "condition", "compound", "concentration", "unit",
    "object", "outline_id", "class", "confidence", "touches_border", "is_primary", "excluded", "outcome", "review",
    "result_source", "method", *COMPUTED_COLUMNS, "pixel_size_um", "image_id", "result_id",
)  # fmt: skip


def images_table(database: Database, project_id: int) -> pd.DataFrame:
    """Return one row an image, as `images_and_objects` does, without reading all objects."""
    with database.read() as connection:
        return _with_outcomes(connection, project_id, images_frame(connection, project_id))


def overview_table(database: Database, project_id: int, *, limit: int | None = None) -> pd.DataFrame:
    """Return one row an image, quickly: what a gallery shows, sorts and filters by.

    Parameters
    ----------
    limit : int, optional
        Only the first ones, in the order in which they were added.

    Returns
    -------
    DataFrame
        Columns of `images_table`: image_id, name, plate, well, condition, well_id, site, time_h, width, height,
        pixel_size_um, status, reason, model, review, excluded, confirmed_outcome, current_result_id, n_objects,
        total_area_px2, least_confidence, result_source, edited, touches_border, tags, area_um2, outcome; and run_id.
        Words that few images differ in are categories, and numbers that may be missing are floats.
    """
    with database.read() as connection:
        table = _with_outcomes(connection, project_id, overview(connection, project_id, limit=limit))
    return table.assign(outcome=pd.Categorical(table["outcome"]))


def images_and_objects(
    database: Database, project_id: int, run_id: int | None = None, *, exclude_border: bool = False
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return one row an image and one row an object, with outcomes and primaries decided.

    Parameters
    ----------
    run_id : int, optional
        The objects of this run instead of those that hold.
    exclude_border : bool
        As if objects that touch the image's edge were not there: they are no primary, not counted, and of no area.

    Returns
    -------
    images : DataFrame
        As `images_frame`, with touches_border (whether any outline does), area_um2 (of all outlines together; NaN
        without a result or a pixel size) and outcome.
    objects : DataFrame
        As `objects_frame`, with is_primary.
    """
    with database.read() as connection:
        table = images_frame(connection, project_id)
        objects = result_frames.objects_frame(connection, project_id, run_id)
    if exclude_border:
        objects = objects[~objects["touches_border"].astype(bool)].reset_index(drop=True)
        left = objects.groupby("image_id")["area_px2"].agg(["size", "sum"]).reindex(table["image_id"], fill_value=0)
        segmented = table["n_objects"].notna()
        table["n_objects"] = left["size"].set_axis(table.index).where(segmented)
        table["total_area_px2"] = left["sum"].set_axis(table.index).where(segmented)
    table["touches_border"] = table["image_id"].isin(objects["image_id"][objects["touches_border"].astype(bool)])
    table = _with_area(table)
    objects = objects.merge(table[["image_id", "well_id", "site", "time_h"]], on="image_id", how="left")
    objects["is_primary"] = primary(objects)
    table["outcome"] = outcomes(table, objects)
    return table, objects


def _with_outcomes(connection: sa.Connection, project_id: int, table: pd.DataFrame) -> pd.DataFrame:
    """Add area and outcome; the objects are read of wells alone where it depends on which of several is the primary."""
    outcome, unsure = at_a_glance(table, with_excluded_objects(connection, project_id))
    if unsure.any():
        objects = candidates(connection, project_id, table["image_id"][unsure].tolist())
        objects["is_primary"] = primary(objects)
        outcome[unsure] = outcomes(table[unsure], objects)
    return _with_area(table).assign(outcome=outcome)


def _with_area(table: pd.DataFrame) -> pd.DataFrame:
    """Add what all outlines together cover, and leave out what served to decide the outcome."""
    area = table["total_area_px2"].astype(float) * table["pixel_size_um"].astype(float) ** 2
    return table.drop(columns=["inner_px2", "border_px2"]).assign(area_um2=area)


def measurements_table(table: pd.DataFrame, objects: pd.DataFrame, wells: pd.DataFrame) -> pd.DataFrame:
    """Join objects, their images and the plate map; px and um."""
    joined = objects.merge(
        table[["image_id", *CARRIED, "excluded"]], on="image_id", how="left", suffixes=("", "_image")
    )
    joined["excluded"] = joined["excluded"].astype(bool) | joined["excluded_object"]
    joined = joined.rename(columns={"class_name": "class", "number": "object"})
    measured = to_micrometres(joined[list(PX_COLUMNS)], joined["pixel_size_um"])
    by_id = wells.set_index("well_id")
    by_well = table.set_index("image_id")["well_id"].reindex(joined["image_id"])
    for column in ("condition", "compound", "concentration", "unit"):
        joined[column] = by_well.map(by_id[column]).to_numpy() if len(by_id) else None
    return pd.concat([joined[list(LEAD)], measured], axis=1)


def wells_map(database: Database, project_id: int) -> pd.DataFrame:
    """Return the plate map: one row a well."""
    with database.read() as connection:
        return experiment.wells_frame(connection, project_id)
