"""Grey values inside outlined objects, on the original pixels."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import cv2
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy import ndimage

from spheroseg_widgets.imaging.regions import Parts, Whole
from spheroseg_widgets.outlines.outlines import Outlines
from spheroseg_widgets.outlines.rasterise import object_rows, pixel_boxes

INTENSITY_COLUMNS = ("intensity_mean", "intensity_sd", "contrast_to_rim")
RIM_PX = 5
MOST_MASK_BYTES = 32_000_000
"""Of drawn objects that are kept: neighbours are left out of each other's rims."""
ONE_PIECE = 1 << 22
"""Pixels of the box of an object that is looked at as one; larger ones are gone through in bands."""
BAND_PIXELS = 2_000_000

Box = tuple[int, int, int, int]
"""Left, top, right and bottom."""


def measure_intensity(outlines: Outlines, pixels: NDArray[Any] | Parts, rim_px: int = RIM_PX) -> pd.DataFrame:
    """Measure grey values of every object.

    Parameters
    ----------
    outlines : Outlines
        In pixels of the image.
    pixels : (h, w) any numeric dtype, or Parts
        Original values; of parts only those around objects are read.
    rim_px : int
        Width of the rim outside an object, in pixels; its holes and other objects are left out of it.

    Returns
    -------
    DataFrame
        One row an object, columns `INTENSITY_COLUMNS`; NaN where there are no pixels.
    """
    source = Whole(pixels, again=True) if isinstance(pixels, np.ndarray) else pixels
    intensities = Intensities(outlines, source, rim_px)
    return intensity_frame([intensities.of(index) for index in range(len(outlines))])


def intensity_frame(rows: list[list[float]]) -> pd.DataFrame:
    """Return what `Intensities.of` gave of all objects as a table."""
    return pd.DataFrame(rows, columns=list(INTENSITY_COLUMNS), dtype=np.float64)


class Intensities:
    """The grey values of objects, one by one; quickest in an order in which neighbours follow each other.

    Parameters
    ----------
    outlines : Outlines
        In pixels of the image.
    source : Parts
        Original values.
    rim_px : int
        As in `measure_intensity`.
    """

    def __init__(self, outlines: Outlines, source: Parts, rim_px: int = RIM_PX) -> None:
        self._outlines, self._source, self._rim = outlines, source, rim_px
        height, width = source.shape
        boxes = pixel_boxes(outlines.bounds(), height, width)
        self._boxes: list[Box] = [tuple(box) for box in boxes.tolist()]
        self._near = _neighbours(boxes.astype(np.float64), rim_px)
        self._kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * rim_px + 1, 2 * rim_px + 1))
        self._drawn: OrderedDict[int, NDArray[np.bool_]] = OrderedDict()
        self._bytes = 0

    def of(self, index: int) -> list[float]:
        """Return the values of `INTENSITY_COLUMNS`."""
        if self._is_large(index):
            return self._in_bands(index)
        mask = self._mask(index)
        if not mask.any():
            return [np.nan] * 3
        wide = self._wide(index)
        values = self._source.read(slice(wide[1], wide[3]), slice(wide[0], wide[2]))
        own = self._within(index, wide)
        # A core is no background.
        filled = ndimage.binary_fill_holes(own) if len(self._outlines.rings(index)) > 1 else own
        rim = self._dilated(filled) & ~filled & ~self._others(index, wide)
        inside = values[own].astype(np.float64)
        mean = inside.mean()
        contrast = mean - values[rim].astype(np.float64).mean() if rim.any() else np.nan
        return [float(mean), float(inside.std()), float(contrast)]

    def _in_bands(self, index: int) -> list[float]:
        """Do the same a few rows at a time: sums are made of sums, and may differ from the 12th digit on."""
        wide = self._wide(index)
        inside, rim = _Moments(), _Moments()
        step = max(1, BAND_PIXELS // (wide[2] - wide[0]))
        for first in range(wide[1], wide[3], step):
            band = wide[0], first, wide[2], min(wide[3], first + step)
            # What lies above and below decides, too, what is rim here.
            around = wide[0], max(wide[1], first - self._rim), wide[2], min(wide[3], band[3] + self._rim)
            here = slice(first - around[1], band[3] - around[1])
            filled = self._within(index, around, holes=False)
            near = self._dilated(filled)[here] & ~filled[here] & ~self._others(index, band)
            values = self._source.read(slice(first, band[3]), slice(wide[0], wide[2]))
            inside.add(values[self._within(index, band)])
            rim.add(values[near])
        return [inside.mean, inside.spread, inside.mean - rim.mean]

    def _wide(self, index: int) -> Box:
        """Return the box of an object with its rim."""
        left, top, right, bottom = self._boxes[index]
        (height, width), by = self._source.shape, self._rim
        return max(0, left - by), max(0, top - by), min(width, right + by), min(height, bottom + by)

    def _dilated(self, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
        return cv2.dilate(mask.astype(np.uint8), self._kernel).astype(bool)

    def _others(self, index: int, box: Box) -> NDArray[np.bool_]:
        """Return where in a box, in or around an object, any other one is."""
        out = np.zeros((box[3] - box[1], box[2] - box[0]), bool)
        for other in self._near[index]:
            if other != index:
                out |= self._within(int(other), box)
        return out

    def _within(self, index: int, box: Box, *, holes: bool = True) -> NDArray[np.bool_]:
        """Return where in a box an object is, or with its holes filled."""
        out = np.zeros((box[3] - box[1], box[2] - box[0]), bool)
        own = self._boxes[index]
        left, top, right, bottom = max(box[0], own[0]), max(box[1], own[1]), min(box[2], own[2]), min(box[3], own[3])
        if left < right and top < bottom:
            if holes and not self._is_large(index):
                rows = self._mask(index)[top - own[1] : bottom - own[1]]
            else:
                rings = self._outlines.rings(index)
                rows = object_rows(rings if holes else rings[:1], own, top, bottom)
            out[top - box[1] : bottom - box[1], left - box[0] : right - box[0]] = rows[
                :, left - own[0] : right - own[0]
            ]
        return out

    def _is_large(self, index: int) -> bool:
        left, top, right, bottom = self._boxes[index]
        return (right - left) * (bottom - top) > ONE_PIECE

    def _mask(self, index: int) -> NDArray[np.bool_]:
        """Return the pixels of an object in its box, drawn once as long as there is room."""
        mask = self._drawn.get(index)
        if mask is None:
            box = self._boxes[index]
            mask = self._drawn[index] = object_rows(self._outlines.rings(index), box, box[1], box[3])
            self._bytes += mask.nbytes
            while self._bytes > MOST_MASK_BYTES and len(self._drawn) > 1:
                self._bytes -= self._drawn.popitem(last=False)[1].nbytes
        self._drawn.move_to_end(index)
        return mask


def _neighbours(boxes: NDArray[np.float64], by: int) -> list[NDArray[np.intp]]:
    """Return for each box (left, top, right, bottom) those that reach to within `by` pixels of it, itself among them."""
    wider = boxes + np.array([-by, -by, by, by])
    found = shapely.STRtree(shapely.box(*boxes.T)).query(shapely.box(*wider.T))
    return np.split(found[1], np.searchsorted(found[0], np.arange(1, len(boxes))))


class _Moments:
    """Mean and standard deviation of values that come in parts; NaN where there are none."""

    def __init__(self) -> None:
        self._count, self._mean, self._squares = 0, 0.0, 0.0

    def add(self, values: NDArray[Any]) -> None:
        if not values.size:
            return
        part = values.astype(np.float64)
        mean, count = float(part.mean()), self._count + part.size
        away = mean - self._mean
        self._squares += float(np.square(part - mean).sum()) + away * away * self._count * part.size / count
        self._mean += away * part.size / count
        self._count = count

    @property
    def mean(self) -> float:
        return self._mean if self._count else np.nan

    @property
    def spread(self) -> float:
        return float(np.sqrt(self._squares / self._count)) if self._count else np.nan
