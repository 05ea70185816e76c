"""From outlines back to pixels: a pixel belongs to an object when its centre lies inside."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from .outlines import Outlines, signed_area

BAND_PIXELS = 4_000_000
"""Of a mask that are drawn at a time: counting crossings takes ten bytes each."""


def object_pixels(outlines: Outlines, index: int, height: int, width: int) -> tuple[NDArray[np.bool_], int, int]:
    """Rasterise one object within its own box.

    Returns
    -------
    mask : (h, w) bool
        Of the box, holes left out.
    top, left : int
        Where the box lies in the image.
    """
    rings = outlines.rings(index)
    bounds = np.concatenate([rings[0].min(axis=0), rings[0].max(axis=0)])
    left, top, right, bottom = (int(side) for side in pixel_boxes(bounds, height, width))
    return object_rows(rings, (left, top, right, bottom), top, bottom), top, left


def pixel_boxes(bounds: NDArray[np.floating], height: int, width: int) -> NDArray[np.intp]:
    """Return the pixels that objects may cover in an image of this size.

    Parameters
    ----------
    bounds : (..., 4)
        Least x, least y, largest x, largest y of their outer rings.

    Returns
    -------
    (..., 4) int
        Left, top, right and bottom; without any pixel where an object lies outside.
    """
    low = np.clip(np.floor(bounds[..., :2]), 0, [width, height])
    high = np.clip(np.ceil(bounds[..., 2:]), low, [width, height])
    return np.concatenate([low, high], axis=-1).astype(np.intp)


def object_rows(
    rings: Sequence[NDArray[np.floating]], box: tuple[int, int, int, int], first: int, last: int
) -> NDArray[np.bool_]:
    """Rasterise some rows of an object, within its box.

    Parameters
    ----------
    rings : list of (n, 2) arrays
        Of the object.
    box : (int, int, int, int)
        Left, top, right, bottom, as `pixel_boxes` gives it.
    first, last : int
        Rows of the image, from and up to; they lie in the box.

    Returns
    -------
    (last - first, right - left) bool
        Holes left out.
    """
    left, top, right, _ = box
    shifted = [ring.astype(np.float64) - [left, top] for ring in rings]
    step = max(1, BAND_PIXELS // max(1, right - left))
    starts = range(first - top, last - top, step)
    if len(starts) <= 1:
        return _even_odd(shifted, first - top, last - top, right - left)
    out = np.empty((last - first, right - left), bool)
    for start in starts:
        end = min(start + step, last - top)
        out[start + top - first : end + top - first] = _even_odd(shifted, start, end, right - left)
    return out


def _even_odd(rings: list[NDArray[np.float64]], top: int, bottom: int, width: int) -> NDArray[np.bool_]:
    """Fill the rows from `top` up to `bottom` by scan lines through the pixel centres.

    Time grows with the pixels plus the edges, not with their product. A centre on a left or upper border
    is inside, on a right or lower one outside: outlines that share a border never share a pixel.
    """
    start, end = np.concatenate(rings), np.concatenate([np.roll(ring, -1, axis=0) for ring in rings])
    # Both neighbours of a shared edge must compute the same crossings: from its upper end.
    down = (start[:, 1] < end[:, 1])[:, None]
    (x0, y0), (x1, y1) = np.where(down, start, end).T, np.where(down, end, start).T
    first, last = (np.clip(np.ceil(y - 0.5), top, bottom).astype(np.intp) for y in (y0, y1))
    counts = last - first
    edge = np.repeat(np.arange(len(counts)), counts)
    rows = np.arange(len(edge)) - np.repeat(np.cumsum(counts) - counts, counts) + first[edge]
    x = x0[edge] + (rows + 0.5 - y0[edge]) * (x1 - x0)[edge] / (y1 - y0)[edge]
    columns = np.clip(np.ceil(x - 0.5), 0, width).astype(np.intp)
    crossings = np.bincount((rows - top) * (width + 1) + columns, minlength=(bottom - top) * (width + 1))
    odd = (crossings % 2).astype(bool).reshape(bottom - top, width + 1)
    return np.asarray(np.logical_xor.accumulate(odd, axis=1)[:, :width])


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
    return pasted((object_pixels(outlines, index, height, width) for index in range(len(outlines))), height, width)


def pasted(drawn: Iterable[tuple[NDArray[np.bool_], int, int]], height: int, width: int) -> NDArray[np.bool_]:
    """Put what `object_pixels` gave of several objects into one mask (height, width)."""
    out = np.zeros((height, width), bool)
    for mask, top, left in drawn:
        out[top : top + mask.shape[0], left : left + mask.shape[1]] |= mask
    return out
