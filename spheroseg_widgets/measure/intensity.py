"""Grey values inside outlined objects, on the original pixels."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import ndimage

from spheroseg_widgets.outlines.outlines import Outlines
from spheroseg_widgets.outlines.rasterise import object_pixels, pasted

INTENSITY_COLUMNS = ("intensity_mean", "intensity_sd", "contrast_to_rim")
RIM_PX = 5


def measure_intensity(outlines: Outlines, pixels: NDArray[Any], rim_px: int = RIM_PX) -> pd.DataFrame:
    """Measure grey values of every object.

    Parameters
    ----------
    outlines : Outlines
        In pixels of the image.
    pixels : (h, w) any numeric dtype
        Original values.
    rim_px : int
        Width of the rim outside an object, in pixels; its holes and other objects are left out of it.

    Returns
    -------
    DataFrame
        One row an object, columns `INTENSITY_COLUMNS`; NaN where there are no pixels.
    """
    height, width = pixels.shape
    drawn = [object_pixels(outlines, index, height, width) for index in range(len(outlines))]
    anything = pasted(drawn, height, width)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * rim_px + 1, 2 * rim_px + 1))
    rows = []
    for index, (mask, top, left) in enumerate(drawn):
        if not mask.any():
            rows.append([np.nan] * 3)
            continue
        up, before = min(rim_px, top), min(rim_px, left)
        under, after = min(rim_px, height - top - mask.shape[0]), min(rim_px, width - left - mask.shape[1])
        wide = np.pad(mask, ((up, under), (before, after)))
        box = np.s_[top - up : top + mask.shape[0] + under, left - before : left + mask.shape[1] + after]
        values = pixels[box]
        # A core is no background.
        filled = ndimage.binary_fill_holes(wide) if len(outlines.rings(index)) > 1 else wide
        rim = cv2.dilate(filled.astype(np.uint8), kernel).astype(bool) & ~filled & ~anything[box]
        inside = values[wide].astype(np.float64)
        mean = inside.mean()
        contrast = mean - values[rim].astype(np.float64).mean() if rim.any() else np.nan
        rows.append([mean, inside.std(), contrast])
    return pd.DataFrame(rows, columns=list(INTENSITY_COLUMNS), dtype=np.float64)
