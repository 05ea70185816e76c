"""Which object of an image is *the* spheroid."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

KEPT = 0.5
"""An object near the last primary stays the primary while it is at least this large, beside the largest one."""


def primary(objects: pd.DataFrame) -> pd.Series:
    """Choose one object an image: the largest of class spheroid, kept through time by place.

    In a well that is seen several times, the object nearest to the last primary is kept when it is at least
    half as large as the largest one: a neighbour that grows past it does not take its name. Where a person said which
    one it is, it is that one, and later images follow it.

    Parameters
    ----------
    objects : DataFrame
        Columns image_id, well_id, site, time_h, class_name, excluded_object, area_px2, centroid_x_px, centroid_y_px,
        equivalent_diameter_px; primary_by where people said which one it is, missing where nobody did.

    Returns
    -------
    Series of bool
        Aligned with `objects`; excluded objects are never primary.
    """
    chosen = np.zeros(len(objects), bool)
    able = (
        (objects["class_name"] == "spheroid") & ~objects["excluded_object"].astype(bool) & objects["area_px2"].notna()
    )
    places = np.flatnonzero(able)
    if len(places):
        seen = _Seen(objects.iloc[places])
        chosen[places[seen.order[seen.picks()]]] = True
    return pd.Series(chosen, index=objects.index)


class _Seen:
    """The objects sorted by well, site, time and image: each image's lie together, and images of a well follow each other."""

    def __init__(self, objects: pd.DataFrame) -> None:
        timed = (objects["well_id"].notna() & objects["time_h"].notna()).to_numpy()
        image = objects["image_id"].to_numpy(np.int64)
        # What belongs to no well or time stands for itself: -1 and the image tell it from the others.
        well = np.where(timed, objects["well_id"].fillna(-1).to_numpy(np.float64), -1)
        site = np.where(timed, objects["site"].fillna(-1).to_numpy(np.float64), image)
        time = np.where(timed, objects["time_h"].fillna(0).to_numpy(np.float64), 0)
        self.order: NDArray[np.intp] = np.lexsort((image, time, site, well))
        well, site, time, image = (column[self.order] for column in (well, site, time, image))
        new_well = _differs(well, site)
        new_image = new_well | _differs(time, image)
        self.first: NDArray[np.intp] = np.flatnonzero(new_image)
        """Where each image begins."""
        self.count = np.diff(self.first, append=len(image))
        begins = np.flatnonzero(new_well[self.first])
        self.rank = np.arange(len(self.first)) - np.repeat(begins, np.diff(begins, append=len(self.first)))
        """How many images of the well came before each."""
        said = objects["primary_by"].notna() if "primary_by" in objects else pd.Series(data=False, index=objects.index)
        self.said = said.to_numpy()[self.order]
        """Where a person said that it is the spheroid."""
        self.area, self.x, self.y, self.diameter = (
            objects[name].to_numpy(np.float64)[self.order]
            for name in ("area_px2", "centroid_x_px", "centroid_y_px", "equivalent_diameter_px")
        )

    def picks(self) -> NDArray[np.intp]:
        """Return the place of each image's primary."""
        rows, of = self._rows(np.arange(len(self.first)))
        picks = _least(rows, of, np.where(self.said[rows], -np.inf, -self.area[rows]))
        contested = np.flatnonzero((self.rank > 0) & (self.count > 1) & ~self.said[picks])
        contested = contested[np.argsort(self.rank[contested], kind="stable")]
        # The images of one rank at once: they are of different wells, and those before them are decided by then.
        for images in np.split(contested, np.flatnonzero(np.diff(self.rank[contested])) + 1):
            if not len(images):
                continue
            last = picks[images - 1]
            rows, of = self._rows(images)
            away = np.hypot(self.x[rows] - self.x[last[of]], self.y[rows] - self.y[last[of]])
            away[np.isnan(away)] = np.inf
            near = _least(rows, of, away)
            step = np.hypot(self.x[near] - self.x[last], self.y[near] - self.y[last])
            stays = (step < self.diameter[last] / 2) & (self.area[near] >= KEPT * self.area[picks[images]])
            picks[images[stays]] = near[stays]
        return picks

    def _rows(self, images: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Return the places of the objects of images, one image after the other, and to which each belongs."""
        counts = self.count[images]
        of = np.repeat(np.arange(len(images)), counts)
        within = np.arange(len(of)) - np.repeat(np.cumsum(counts) - counts, counts)
        return self.first[images][of] + within, of


def _least(rows: NDArray[np.intp], of: NDArray[np.intp], values: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return of each group the row with the least value, the first where there are several."""
    least = np.minimum.reduceat(values, np.flatnonzero(_differs(of)))
    is_least = np.flatnonzero(values == least[of])
    return rows[is_least[_differs(of[is_least])]]


def _differs(*columns: NDArray[Any]) -> NDArray[np.bool_]:
    """Return where a row is another than the one before it in any of sorted columns; the first is."""
    out = np.ones(len(columns[0]), bool)
    out[1:] = np.logical_or.reduce([column[1:] != column[:-1] for column in columns])
    return out
