"""One object that was missed: where it lies in probability maps, and its outline at any level."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.segmentation import watershed

from spheroseg_widgets.outlines.contour import contour_field
from spheroseg_widgets.outlines.flags import areas
from spheroseg_widgets.outlines.outlines import Outlines

from .instances import split_objects
from .settings import Settings

LEAST_PEAK = 0.1
"""Where the probability stays below this nothing is found."""
HALO = 0.04
"""Probability down to which pixels around an object count as its own: as far as its outline can be moved."""
REACH = 4
"""Pixels of the maps that a click may lie beside an object."""
BESIDE = 0.05
"""Share of a box's side that an object may reach beyond it."""

Box = tuple[float, float, float, float]
"""Least x and y, largest x and y; a click where they are the same."""


@dataclass(frozen=True, slots=True)
class ObjectField:
    """The probabilities of one object, 0 outside of what is its own.

    Parameters
    ----------
    values : (h, w) uint8
        Probability times 255.
    left, top : int
        Column and row of the maps at which `values` begins.
    level : float
        Probability of the outline that is proposed.
    most : float
        The largest one: above it there is no outline.
    """

    values: NDArray[np.uint8]
    left: int
    top: int
    level: float
    most: float

    def outline(self, level: float | None = None) -> Outlines:
        """Return the object's outline at a level, in pixels of the maps; of several pieces the largest.

        Parameters
        ----------
        level : float, optional
            Probability of the outline; by default the proposed one.
        """
        # Between two steps of the eight bits, as in `frontend/editor/assist/level_set.ts`: no pixel lies on it.
        between = np.floor((self.level if level is None else level) * 255) + 0.5
        pieces = contour_field(self.values.astype(np.float32), float(between))
        if not len(pieces):
            return pieces
        return pieces.subset(np.array([areas(pieces).argmax()])).transformed(1, 1, self.left, self.top)


def object_field(maps: NDArray[np.uint8], box: Box, settings: Settings) -> ObjectField | None:
    """Find the object at a place or in a box.

    Parameters
    ----------
    maps : (c, h, w) uint8
        Foreground, and centre distance where the model has it, probabilities times 255.
    box : (float, float, float, float)
        In pixels of the maps.
    settings : Settings
        The run's: threshold, seed and seam level. An object fainter than the threshold is outlined at half its height.

    Returns
    -------
    ObjectField or None
        None where there is nothing. Neighbours that touch the object keep what is theirs, whatever the level; what a box
        surrounds is one object, though the network may see several that touch in it.
    """
    foreground = maps[0].astype(np.float32) / 255
    distance = maps[1].astype(np.float32) / 255 if len(maps) > 1 else None
    pointed = box[2] - box[0] < 1 and box[3] - box[1] < 1
    view = _slices(box, REACH if pointed else 0, foreground.shape)
    if not foreground[view].size or (peak := float(foreground[view].max())) < LEAST_PEAK:
        return None
    if pointed:
        here = foreground[_slices(box, 0, foreground.shape)]
        peak = float(here.max()) if here.size and here.max() >= LEAST_PEAK else peak
    threshold = settings.threshold
    level = threshold if peak >= (1 + threshold) / 2 else min(threshold, peak / 2)
    labels = split_objects(
        foreground, distance, threshold=level, seed_level=settings.seed_level, seam_level=settings.seam_level,
        min_area=1, min_confidence=0,
    )  # fmt: skip
    chosen = _pointed_at(labels, box, view) if pointed else _boxed(labels, view)
    if not chosen:
        return None
    own = np.isin(watershed(-foreground, labels, mask=foreground > HALO), chosen)
    if not pointed:
        within = np.zeros_like(own)
        within[_slices(box, 1 + BESIDE * max(box[2] - box[0], box[3] - box[1]), own.shape)] = True
        own &= within
    rows, columns = np.flatnonzero(own.any(axis=1)), np.flatnonzero(own.any(axis=0))
    if not len(rows):
        return None
    top, left = max(0, int(rows[0]) - 1), max(0, int(columns[0]) - 1)
    cut = np.s_[top : int(rows[-1]) + 2, left : int(columns[-1]) + 2]
    values = np.where(own[cut], maps[0][cut], 0).astype(np.uint8)
    most = float(values.max()) / 255
    return ObjectField(values, left, top, min(level, 0.9 * most), most)


def _slices(box: Box, by: float, shape: tuple[int, ...]) -> tuple[slice, slice]:
    """Return the rows and columns of a box that is wider by so many pixels on every side."""
    x0, y0, x1, y1 = box[0] - by, box[1] - by, box[2] + by, box[3] + by
    rows = slice(max(0, int(np.floor(y0))), max(0, min(shape[0], int(np.floor(y1)) + 1)))
    return rows, slice(max(0, int(np.floor(x0))), max(0, min(shape[1], int(np.floor(x1)) + 1)))


def _pointed_at(labels: NDArray[np.int32], box: Box, view: tuple[slice, slice]) -> list[int]:
    """Return the label nearest to a click."""
    rows, columns = np.nonzero(labels[view])
    if not len(rows):
        return []
    far = np.hypot(rows + view[0].start + 0.5 - box[1], columns + view[1].start + 0.5 - box[0])
    nearest = int(far.argmin())
    return [int(labels[view][rows[nearest], columns[nearest]])]


def _boxed(labels: NDArray[np.int32], view: tuple[slice, slice]) -> list[int]:
    """Return the label that fills most of a box, and those that lie in it and hang together with it."""
    total = np.bincount(labels.ravel())
    inside = np.bincount(labels[view].ravel(), minlength=len(total))
    inside[0] = 0
    if not inside.any():
        return []
    mostly = inside * 2 >= total
    largest = int(np.where(mostly, inside, 0).argmax()) if (mostly & (inside > 0)).any() else int(inside.argmax())
    _, groups = cv2.connectedComponents((labels > 0).astype(np.uint8), connectivity=8)
    together: Any = np.unique(labels[groups == groups[labels == largest][0]])
    return [int(one) for one in together if one == largest or (inside[one] and mostly[one])]
