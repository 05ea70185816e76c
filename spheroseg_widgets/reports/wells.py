"""Tables and choices for a reader: wells by time in words and numbers, and which images a sheet shows."""

from __future__ import annotations

import numpy as np
import pandas as pd

from spheroseg_widgets.analysis.outcomes import CENSORED
from spheroseg_widgets.project.project import Project

from .style import three_digits

NO_TIME = -1.0


def wells_unit(wells: pd.DataFrame) -> str:
    """Return "um", or "px" where no pixel size is known."""
    return "um" if wells["equivalent_diameter_um"].notna().any() else "px"


def wells_by_time(wells: pd.DataFrame) -> pd.DataFrame:
    """Return the equivalent diameter, one row a well and one column a time.

    Parameters
    ----------
    wells : DataFrame
        As `Project.wells()` gives it.

    Returns
    -------
    DataFrame
        plate (where there are several), well, condition (where there is one), then the times. A cell is a number
        where the spheroid was measured, a text where it was not: its outcome, "excluded", or a lower bound.
    """
    column = f"equivalent_diameter_{wells_unit(wells)}"
    lead = [name for name in ("plate", "well", "condition") if name in wells and wells[name].notna().any()]
    if "plate" in lead and len(wells["plate"].unique()) == 1:
        lead.remove("plate")
    times = sorted(wells["time_h"].astype(float).fillna(NO_TIME).unique())
    rows = []
    for key, series in wells.groupby(lead, sort=False, dropna=False):
        by_time = dict(iter(series.groupby(series["time_h"].astype(float).fillna(NO_TIME))))
        cells = [_cell(by_time[time], column) if time in by_time else None for time in times]
        rows.append([*(key if isinstance(key, tuple) else (key,)), *cells])
    titles = [f"{hours:g} h" if hours != NO_TIME else "no time" for hours in times]
    return pd.DataFrame(rows, columns=[*lead, *titles])


def wells_long(wells: pd.DataFrame) -> pd.DataFrame:
    """Return one row a well and time with what a reader asks for first."""
    unit = wells_unit(wells)
    names = {
        "plate": "plate", "well": "well", "condition": "condition", "time_h": "time, h", "outcome": "outcome",
        "excluded": "excluded", "n_objects": "objects", f"equivalent_diameter_{unit}": f"equivalent diameter, {unit}",
        f"area_{unit}2": f"area, {unit}2", f"volume_sphere_{unit}3": f"volume of the sphere, {unit}3", "circularity": "circularity",
    }  # fmt: skip
    kept = [name for name in names if name in wells and (name != "plate" or len(wells["plate"].unique()) > 1)]
    table = wells[kept].rename(columns=names)
    table["outcome"] = (
        table["outcome"].astype(object).where(table["outcome"].notna(), "not segmented").str.replace("_", " ")
    )
    table["objects"] = table["objects"].astype("Int64")
    return table


def images_long(project: Project) -> pd.DataFrame:
    """Return one row an image, for pictures that belong to no well: its outcome and its largest spheroid."""
    images, objects = project.images(), project.measurements()
    unit = "um" if objects["equivalent_diameter_um"].notna().any() else "px"
    first = objects[objects["is_primary"]].set_index("image_id")
    table = pd.DataFrame(
        {
            "image": images["name"],
            "outcome": images["outcome"]
            .astype(object)
            .where(images["outcome"].notna(), images["status"])
            .str.replace("_", " "),
            "excluded": images["excluded"],
            "objects": images["n_objects"].astype("Int64"),
        }
    )
    for column in (f"equivalent_diameter_{unit}", f"area_{unit}2", "circularity"):
        table[column.replace(f"_{unit}", f", {unit}")] = images["image_id"].map(first[column])
    return table


def sheet_images(images: pd.DataFrame, most: int) -> tuple[pd.DataFrame, str]:
    """Choose the images of a contact sheet, and say how.

    Parameters
    ----------
    images : DataFrame
        As `Project.images()` gives it.
    most : int
        How many fit.

    Returns
    -------
    chosen : DataFrame
        All in order of well and time if they fit; else the last time of every well; of too many wells, every
        k-th.
    note : str
        One sentence.
    """
    ordered = images.sort_values(["plate", "well", "time_h", "image_id"], kind="stable", na_position="last")
    if len(ordered) <= most:
        return ordered, f"All {len(ordered)} images."
    placed = ordered[ordered["well"].notna()]
    chosen, note = ordered, ""
    if len(placed):
        chosen = placed.groupby(["plate", "well", "site"], sort=False, dropna=False).tail(1)
        note = "the last time of every well"
    if len(chosen) > most:
        chosen = chosen.iloc[np.unique(np.linspace(0, len(chosen) - 1, most).round().astype(int))]
        note = note + ", of these evenly chosen" if note else "evenly chosen"
    return chosen, f"{len(chosen)} of {len(ordered)} images: {note}."


def _cell(rows: pd.DataFrame, column: str) -> object:
    """Return what a reader needs of one well and time; the mean of several sites."""
    kept = rows[~rows["excluded"].astype(bool)]
    if kept.empty:
        return "excluded"
    values = kept[column].dropna()
    if values.empty:
        outcome = kept["outcome"].dropna()
        if outcome.isin(["measured", CENSORED]).any():
            return "no pixel size"
        return str(outcome.iloc[0]).replace("_", " ") if len(outcome) else "not segmented"
    mean = float(values.mean())
    return f"\u2265 {three_digits(mean)}" if (kept["outcome"] == CENSORED).any() else mean
