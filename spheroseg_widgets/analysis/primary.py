"""Which object of an image is *the* spheroid."""

from __future__ import annotations

import numpy as np
import pandas as pd


def primary(objects: pd.DataFrame) -> pd.Series:
    """Choose one object an image: the largest of class spheroid, kept through time by place.

    In a well that is seen several times, the object nearest to the last primary is kept when it is at least
    half as large as the largest one: a neighbour that grows past it does not take its name.

    Parameters
    ----------
    objects : DataFrame
        Columns image_id, well_id, site, time_h, class_name, excluded_object, area_px2, centroid_x_px,
        centroid_y_px, equivalent_diameter_px.

    Returns
    -------
    Series of bool
        Aligned with `objects`; excluded objects are never primary.
    """
    chosen = pd.Series(data=False, index=objects.index)
    able = objects[(objects["class_name"] == "spheroid") & ~objects["excluded_object"] & objects["area_px2"].notna()]
    alone = able[able["well_id"].isna() | able["time_h"].isna()]
    if len(alone):
        chosen[alone.groupby("image_id")["area_px2"].idxmax()] = True
    timed = able.drop(alone.index)
    for _, series in timed.groupby(["well_id", "site"], sort=False, dropna=False):
        last: pd.Series | None = None
        for _, seen in series.groupby(["time_h", "image_id"]):
            pick = seen["area_px2"].idxmax()
            if last is not None and len(seen) > 1:
                away = np.hypot(
                    seen["centroid_x_px"] - last["centroid_x_px"],
                    seen["centroid_y_px"] - last["centroid_y_px"],
                )
                near = away.idxmin()
                within = away[near] < last["equivalent_diameter_px"] / 2
                if within and seen.loc[near, "area_px2"] >= 0.5 * seen.loc[pick, "area_px2"]:
                    pick = near
            chosen[pick] = True
            last = seen.loc[pick]
    return chosen
