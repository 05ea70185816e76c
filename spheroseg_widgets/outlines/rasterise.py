"""From outlines back to pixels: a pixel belongs to an object when its centre lies inside."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from skimage.draw import polygon as polygon_pixels

from .outlines import Outlines, signed_area


def object_pixels(
    outlines: Outlines, index: int, height: int, width: int
) -> tuple[NDArray[np.bool_], int, int]:
    """Rasterise one object within its own box.

    Returns
    -------
    mask : (h, w) bool
        Of the box, holes left out.
    top, left : int
        Where the box lies in the image.
    """
    outer = outlines.rings(index)[0]
    left, top = (int(v) for v in np.clip(np.floor(outer.min(axis=0)), 0, [width, height]))
    right, bottom = (int(v) for v in np.clip(np.ceil(outer.max(axis=0)), 0, [width, height]))
    mask = np.zeros((max(0, bottom - top), max(0, right - left)), bool)
    for ring in outlines.rings(index):
        ys, xs = ring[:, 1].astype(np.float64) - 0.5 - top, ring[:, 0].astype(np.float64) - 0.5 - left
        rows, columns = polygon_pixels(ys, xs, mask.shape)
        mask[rows, columns] ^= True
    return mask, top, left


def to_labels(outlines: Outlines, height: int, width: int) -> NDArray[np.int32]:
    """Rasterise to instance labels.

    Parameters
    ----------
    outlines : Outlines
        In pixels of the image.
    height, width : int
        Of the image; what lies outside is cut off.

    Returns
    -------
    (height, width) int32
        Object i has label i + 1. Where objects overlap the smaller one is on top.
    """
    labels = np.zeros((height, width), np.int32)
    areas = [signed_area(outlines.rings(i)[0]) for i in range(len(outlines))]
    for index in np.argsort(areas, kind="stable")[::-1]:
        mask, top, left = object_pixels(outlines, int(index), height, width)
        labels[top : top + mask.shape[0], left : left + mask.shape[1]][mask] = index + 1
    return labels


def to_mask(outlines: Outlines, height: int, width: int) -> NDArray[np.bool_]:
    """Rasterise to one mask (height, width): True inside any object, holes left out."""
    out = np.zeros((height, width), bool)
    for index in range(len(outlines)):
        mask, top, left = object_pixels(outlines, index, height, width)
        out[top : top + mask.shape[0], left : left + mask.shape[1]] |= mask
    return out
