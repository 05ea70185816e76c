"""Old tools' names and definitions, for comparing with old spreadsheets; never used by default."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
import shapely

from spheroseg_widgets.outlines.outlines import Outlines

from .shape import measure_shape

ProfileName = Literal["spheroseg", "prusek-spheroid"]
PROFILES: tuple[ProfileName, ...] = ("spheroseg", "prusek-spheroid")


def measure_as(profile: ProfileName, outlines: Outlines) -> pd.DataFrame:
    """Measure under another tool's names, with that tool's definitions.

    Only names and formulas are the old tool's: outlines stay sub-pixel, so numbers differ from old ones by
    what outlines through pixel centres cost them (perimeters about 5 % too long).

    Parameters
    ----------
    profile : {"spheroseg", "prusek-spheroid"}
        The web platform, or its author's desktop tool.
    outlines : Outlines
        In pixels.

    Returns
    -------
    DataFrame
        One row an object; NaN for degenerate outlines, as in `measure_shape`.

    Raises
    ------
    ValueError
        An unknown profile.
    """
    shape = measure_shape(outlines)
    compactness = 4 * np.pi * shape["area_px2"] / shape["perimeter_px"] ** 2
    if profile == "spheroseg":
        return pd.DataFrame(
            {
                "Area": shape["area_px2"],
                "Perimeter": shape["perimeter_px"],
                "Circularity": compactness,
                "Compactness": compactness,
                "Sphericity": np.sqrt(compactness),
            }
        )
    if profile == "prusek-spheroid":
        hull_perimeter = shape["convexity"] * shape["perimeter_px"]
        long_side, short_side = _rectangle_sides(outlines, shape["area_px2"].notna().to_numpy())
        return pd.DataFrame(
            {
                "Area": shape["area_px2"],
                "Perimeter": shape["perimeter_px"],
                "EquivalentDiameter": shape["equivalent_diameter_px"],
                "Circularity": 4 * np.pi * shape["area_px2"] / hull_perimeter**2,
                "FeretDiameterMax": long_side,
                "FeretDiameterMin": short_side,
                "FeretAspectRatio": long_side / short_side,
                # The names are swapped in the old tool's tables.
                "LengthMajorDiameterThroughCentroid": shape["minor_axis_px"],
                "LengthMinorDiameterThroughCentroid": shape["major_axis_px"],
                "Compactness": compactness,
                "Convexity": shape["convexity"],
                "Solidity": shape["solidity"],
                "Sphericity": np.sqrt(4 * np.pi * shape["area_px2"]) / shape["perimeter_px"],
            }
        )
    raise ValueError(f"unknown profile {profile!r}; there are {', '.join(PROFILES)}")


def _rectangle_sides(outlines: Outlines, usable: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Long and short side of each object's rectangle of least area; NaN where `usable` is False."""
    sides = np.full((2, len(outlines)), np.nan)
    for index in np.flatnonzero(usable):
        corners = shapely.get_coordinates(shapely.minimum_rotated_rectangle(outlines.shapely(int(index))))
        lengths = np.hypot(*np.diff(corners[:3], axis=0).T)
        sides[:, index] = lengths.max(), lengths.min()
    return sides[0], sides[1]
