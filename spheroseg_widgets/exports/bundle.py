"""What an export is made of: the tables, and the images one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from spheroseg_widgets.outlines.outlines import Outlines


@dataclass(frozen=True, slots=True)
class ExportImage:
    """One image that was segmented, with its outlines.

    Parameters
    ----------
    stem : str
        Unique output name without suffix.
    path : str
        The original.
    width, height : int
        As displayed.
    pixel_size_um : float or None
    outlines : Outlines
    objects : DataFrame
        One row an outline, in the same order: outline_id, class, confidence, touches_border, ...
    """

    stem: str
    path: str
    width: int
    height: int
    pixel_size_um: float | None
    outlines: Outlines
    objects: pd.DataFrame


@dataclass(frozen=True, slots=True)
class ExportBundle:
    """Everything an export may write.

    Parameters
    ----------
    images_table, measurements : DataFrame
        `images.csv` and `measurements.csv`.
    wells : DataFrame or None
        One row a well and time, where there are wells.
    images : callable
        Gives an iterator over the images with a result; lazily, so that 20,000 need no memory.
    provenance : dict
        Of the run: model, hash, settings, versions.
    """

    images_table: pd.DataFrame
    measurements: pd.DataFrame
    wells: pd.DataFrame | None
    images: Callable[[], Iterator[ExportImage]]
    provenance: dict[str, Any] = field(default_factory=dict)
