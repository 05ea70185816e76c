"""The outcome of every image: missing data is missing, and zero is zero."""

from __future__ import annotations

import pandas as pd

MEASURED, ABSENT, NOT_FOUND, UNUSABLE, CENSORED = "measured", "absent", "not_found", "unusable", "censored"
FITTED = (MEASURED, ABSENT)
"""Outcomes that enter fits by default."""
FILLED = 0.9
"""A spheroid that covers more of the field than this has no visible edge."""


def outcomes(images: pd.DataFrame, objects: pd.DataFrame) -> pd.Series:
    """Decide the outcome of every image.

    Parameters
    ----------
    images : DataFrame
        Columns image_id, status, width, height, confirmed_outcome, current_result_id.
    objects : DataFrame
        Columns image_id, is_primary, touches_border, area_px2.

    Returns
    -------
    Series of str
        Aligned with `images`: what a person confirmed (absent, unusable); else unusable for an image that
        could not be read; else measured, censored (the primary touches the border or fills the field: a lower
        bound), or not_found (nothing there: awaits review, not a zero). Missing where it was never segmented.
    """
    primaries = objects[objects["is_primary"]].set_index("image_id")
    touching = images["image_id"].map(primaries["touches_border"]).astype("boolean").fillna(value=False).astype(bool)
    area = images["image_id"].map(primaries["area_px2"])
    found = area.notna()
    censored = found & (touching | (area > FILLED * images["width"] * images["height"]))
    out = pd.Series(NOT_FOUND, index=images.index, dtype=object)
    out[found] = MEASURED
    out[censored] = CENSORED
    out[images["current_result_id"].isna()] = None
    out[images["current_result_id"].isna() & (images["status"] == "failed")] = UNUSABLE
    confirmed = images["confirmed_outcome"].notna()
    out[confirmed] = images.loc[confirmed, "confirmed_outcome"]
    return out
