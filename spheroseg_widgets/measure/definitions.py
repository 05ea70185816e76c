"""One table of every measured column: its unit, its formula, its source. Exports print it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True, slots=True)
class Definition:
    """What a column means.

    Parameters
    ----------
    column : str
        Name in px, as measured.
    unit : {"px", "px2", "px3", "deg", "", "grey"}
        Unit; the empty one is a ratio.
    formula : str
        In words and symbols: P perimeter of the outer ring, A area with holes subtracted, hull = convex hull.
    """

    column: str
    unit: str
    formula: str

    @property
    def um_column(self) -> str | None:
        """Name of the same in micrometres; None where there is no such thing."""
        if self.unit not in {"px", "px2", "px3"}:
            return None
        return self.column.removesuffix(f"_{self.unit}") + "_" + self.unit.replace("px", "um")

    @property
    def power(self) -> int:
        """Power of the pixel size in the conversion."""
        return {"px": 1, "px2": 2, "px3": 3}.get(self.unit, 0)


DEFINITIONS: tuple[Definition, ...] = (
    Definition("area_px2", "px2", "A: area of the sub-pixel outline, holes subtracted"),
    Definition("perimeter_px", "px", "P: length of the outer ring of the sub-pixel outline"),
    Definition("equivalent_diameter_px", "px", "2 sqrt(A / pi)"),
    Definition("circularity", "", "4 pi A / P^2"),
    Definition("roundness", "", "4 A / (pi major^2)"),
    Definition("solidity", "", "A / A_hull"),
    Definition("convexity", "", "P_hull / P"),
    Definition("max_feret_px", "px", "largest distance between two points of the hull"),
    Definition("min_feret_px", "px", "smallest caliper width over all directions (rotating calipers)"),
    Definition("major_axis_px", "px", "major axis of the ellipse with the same second moments"),
    Definition("minor_axis_px", "px", "minor axis of the ellipse with the same second moments"),
    Definition("eccentricity", "", "sqrt(1 - (minor / major)^2)"),
    Definition("orientation_deg", "deg", "major axis to the x axis, towards the image's top, -90 to 90 degrees"),
    Definition("aspect_ratio", "", "major / minor"),
    Definition("centroid_x_px", "px", "x of the area centroid, holes considered; 0 is the image's left edge"),
    Definition("centroid_y_px", "px", "y of the area centroid, holes considered; 0 is the image's top edge"),
    Definition("volume_sphere_px3", "px3", "estimate: pi/6 d^3, d = equivalent diameter"),
    Definition("volume_ellipsoid_px3", "px3", "estimate: pi/6 major minor^2"),
    Definition("volume_lw2_px3", "px3", "estimate: 0.5 length width^2, length = max Feret, width = min Feret"),
    Definition("intensity_mean", "grey", "mean of the original grey values inside"),
    Definition("intensity_sd", "grey", "standard deviation of the original grey values inside"),
    Definition(
        "contrast_to_rim",
        "grey",
        "mean inside less mean of a rim 5 px wide outside; holes and other objects left out",
    ),
    Definition(
        "edge_width_px",
        "px",
        "range of the grey values across the outline over their steepest slope, median of 8 arcs: wide out of focus",
    ),
)

COMPUTED_COLUMNS = {
    "model": "name of the model whose run made these outlines; empty, as the next five, where a person drew or saved "
    "them or they were imported",
    "model_version": "its version",
    "engine": "what computed the network; empty for the classical method, as precision and threshold are",
    "precision": "arithmetic of the network",
    "scale": "working scale: pixels the network saw per pixel of the image; one a plate and run",
    "threshold": "foreground probability at which the outlines lie",
}
"""How an object was computed: what its row says of its own run."""

PX_COLUMNS = tuple(definition.column for definition in DEFINITIONS)


def to_micrometres(frame: pd.DataFrame, pixel_size_um: float | pd.Series | None) -> pd.DataFrame:
    """Add the micrometre columns beside the pixel ones.

    Parameters
    ----------
    frame : DataFrame
        With measured columns in px.
    pixel_size_um : float, Series or None
        Of all rows, or one a row (aligned by index); None or NaN is unknown.

    Returns
    -------
    DataFrame
        A copy; um columns are NaN where the pixel size is unknown.
    """
    size = pd.Series(np.nan if pixel_size_um is None else pixel_size_um, index=frame.index, dtype=np.float64)
    out = {}
    for name, column in frame.items():
        out[name] = column
        definition = _BY_COLUMN.get(str(name))
        if definition is not None and definition.um_column is not None:
            out[definition.um_column] = column.astype(np.float64) * size**definition.power
    return pd.DataFrame(out, index=frame.index)


def definitions_frame() -> pd.DataFrame:
    """Return the definitions as a table: column, unit, definition; px and um columns, and how it was computed."""
    rows = []
    for definition in DEFINITIONS:
        unit = definition.unit.replace("grey", "grey value") or "ratio"
        rows.append((definition.column, unit, definition.formula))
        if definition.um_column is not None:
            rows.append((definition.um_column, unit.replace("px", "um"), definition.formula))
    rows += [(column, "", said) for column, said in COMPUTED_COLUMNS.items()]
    return pd.DataFrame(rows, columns=["column", "unit", "definition"])


_BY_COLUMN = {definition.column: definition for definition in DEFINITIONS}
