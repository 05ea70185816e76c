"""One row a well and time: its outcome and its spheroid."""

from __future__ import annotations

import pandas as pd

from spheroseg_widgets.measure.definitions import COMPUTED_COLUMNS, PX_COLUMNS, to_micrometres

from .outcomes import ABSENT, CENSORED, MEASURED


def wells_table(images: pd.DataFrame, objects: pd.DataFrame, wells: pd.DataFrame) -> pd.DataFrame:
    """Join images, their primary objects and the plate map.

    Parameters
    ----------
    images : DataFrame
        One row an image of a well: image_id, plate, well, well_id, time_h, site, name, pixel_size_um, outcome,
        excluded, reason, n_objects.
    objects : DataFrame
        Measured objects in px with image_id, is_primary, and how they were computed.
    wells : DataFrame
        The plate map, by well_id.

    Returns
    -------
    DataFrame
        Sorted by plate, well, time and site. Sizes are NaN unless measured or censored; 0 where a person
        confirmed that the spheroid is absent. `as_expected` is False where the count differs from the map's.
    """
    placed = images[images["well_id"].notna()]
    primaries = objects[objects["is_primary"]].set_index("image_id")
    columns = [name for name in PX_COLUMNS if name in primaries]
    how = primaries[[name for name in COMPUTED_COLUMNS if name in primaries]]
    table = placed[
        [
            "plate",
            "well",
            "well_id",
            "time_h",
            "site",
            "image_id",
            "name",
            "outcome",
            "excluded",
            "reason",
            "n_objects",
        ]
    ].reset_index(drop=True)
    measured = primaries[columns].reindex(table["image_id"]).reset_index(drop=True)
    measured.loc[~table["outcome"].isin([MEASURED, CENSORED])] = float("nan")
    sizes = [name for name in columns if name.startswith(("area", "volume", "equivalent"))]
    measured.loc[table["outcome"] == ABSENT, sizes] = 0.0
    measured = to_micrometres(measured, placed["pixel_size_um"].reset_index(drop=True))
    plan = wells.drop(columns=["plate", "well", "row", "column"], errors="ignore")
    table = table.merge(plan, on="well_id", how="left").drop(columns="well_id")
    expected = table["expected_spheroids"].fillna(1) if "expected_spheroids" in table else 1
    table["as_expected"] = table["n_objects"].fillna(0) == expected
    how = how.reindex(table["image_id"]).reset_index(drop=True)
    table = pd.concat([table, how, measured], axis=1)
    return table.sort_values(["plate", "well", "time_h", "site"], kind="stable").reset_index(drop=True)
