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
    database: Database, project_id: int, run_id: int | None = None, *, exclude_border: bool = False
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return one row an image and one row an object, with outcomes and primaries decided.

    Parameters
    ----------
    run_id : int, optional
        The objects of this run instead of those that hold.
    exclude_border : bool
        As if objects that touch the image's edge were not there: they are no primary, and not counted.
    """
    with database.read() as connection:
        table = images_frame(connection, project_id)
        objects = results.objects_frame(connection, project_id, run_id)
    if exclude_border:
        touching = objects["touches_border"].astype(bool)
        fewer = table["image_id"].map(objects[touching].groupby("image_id").size()).fillna(0)
        table["n_objects"] = table["n_objects"] - fewer
        objects = objects[~touching].reset_index(drop=True)
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
