"""The outcome of every image: missing data is missing, and zero is zero."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from .primary import KEPT

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
    return _decided(images, found, found & (touching | _fills(images, area)))


def at_a_glance(images: pd.DataFrame, excluded_objects: Iterable[int]) -> tuple[pd.Series, pd.Series]:
    """Decide the outcomes of images without their objects, where the largest of them say enough.

    Parameters
    ----------
    images : DataFrame
        As of `outcomes`, and inner_px2 and border_px2: areas of the largest spheroid away from the image's border and of
        the largest at it; NaN where there is none.
    excluded_objects : iterable of int
        image_id of those of which an object is excluded.

    Returns
    -------
    outcome : Series of str
        As `outcomes` gives it.
    unsure : Series of bool
        Where it depends on which of several objects is the primary; only `outcomes` knows.
    """
    inner, border = images["inner_px2"].astype(float), images["border_px2"].astype(float)
    area = np.fmax(inner, border)
    filled, touching = _fills(images, area), border.notna() & ~(inner > border)
    # A smaller one may be the primary, see `primary`; where none of those that may be is otherwise, it does not matter.
    rivals = np.minimum(inner, border) >= KEPT * area
    unsure = rivals | (filled & ~touching) | images["image_id"].isin(set(excluded_objects))
    outcome = _decided(images, area.notna(), touching | filled)
    return outcome, unsure & images["current_result_id"].notna() & images["confirmed_outcome"].isna()


def _fills(images: pd.DataFrame, area: pd.Series) -> pd.Series:
    return area > FILLED * images["width"] * images["height"]


def _decided(images: pd.DataFrame, found: pd.Series, censored: pd.Series) -> pd.Series:
    out = pd.Series(NOT_FOUND, index=images.index, dtype=object)
    out[found] = MEASURED
    out[censored] = CENSORED
    out[images["current_result_id"].isna()] = None
    out[images["current_result_id"].isna() & (images["status"] == "failed")] = UNUSABLE
    confirmed = images["confirmed_outcome"].notna()
    out[confirmed] = images.loc[confirmed, "confirmed_outcome"]
    return out
