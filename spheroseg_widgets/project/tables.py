"""The DataFrames of a project: images with their outcomes, objects with their measurements."""

from __future__ import annotations

import pandas as pd

from spheroseg_widgets.analysis.outcomes import outcomes
from spheroseg_widgets.analysis.primary import primary
from spheroseg_widgets.measure.definitions import COMPUTED_COLUMNS, PX_COLUMNS, to_micrometres
from spheroseg_widgets.store import experiment, results
from spheroseg_widgets.store.database import Database
from spheroseg_widgets.store.images import images_frame

CARRIED = ("path", "name", "stem", "plate", "well", "time_h", "site", "outcome", "review", "pixel_size_um")
"""What every object's row repeats of its image."""
LEAD = (
    "path", "name", "stem", "plate", "well", "time_h", "site", "condition", "compound", "concentration", "unit",
    "object", "outline_id", "class", "confidence", "touches_border", "is_primary", "excluded", "outcome", "review",
    "result_source", "method", *COMPUTED_COLUMNS, "pixel_size_um", "image_id", "result_id",
)  # fmt: skip


def images_and_objects(
    database: Database,
    project_id: int,
    run_id: int | None = None,
    *,
    exclude_border: bool = False,
    first: int | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return one row an image and one row an object, with outcomes and primaries decided.

    Parameters
    ----------
    run_id : int, optional
        The objects of this run instead of those that hold.
    exclude_border : bool
        As if objects that touch the image's edge were not there: they are no primary, not counted, and of no area.
    first : int, optional
        Only of the first so many images; a primary that is kept through time is known from these times alone.

    Returns
    -------
    images : DataFrame
        As `images_frame`, with touches_border (whether any outline does), area_um2 (of all outlines together; NaN
        without a result or a pixel size) and outcome.
    objects : DataFrame
        As `objects_frame`, with is_primary.
    """
    with database.read() as connection:
        table = images_frame(connection, project_id, first)
        some = None if first is None else table["image_id"].tolist()
        objects = results.objects_frame(connection, project_id, run_id, some)
    if exclude_border:
        objects = objects[~objects["touches_border"].astype(bool)].reset_index(drop=True)
        left = objects.groupby("image_id")["area_px2"].agg(["size", "sum"]).reindex(table["image_id"], fill_value=0)
        segmented = table["n_objects"].notna()
        table["n_objects"] = left["size"].set_axis(table.index).where(segmented)
        table["total_area_px2"] = left["sum"].set_axis(table.index).where(segmented)
    table["touches_border"] = table["image_id"].isin(objects["image_id"][objects["touches_border"].astype(bool)])
    table["area_um2"] = table["total_area_px2"].astype(float) * table["pixel_size_um"].astype(float) ** 2
    objects = objects.merge(table[["image_id", "well_id", "site", "time_h"]], on="image_id", how="left")
    objects["is_primary"] = primary(objects)
    table["outcome"] = outcomes(table, objects)
    return table, objects


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
