"""Sub-pixel outlines: the level set of a probability map or of a smoothed mask.

Outlines through pixel centres are too long (circularity 0.894 whatever the size of a disc); these are not: discs of
radius 20 px and more measure a circularity within 1 % of 1, from a probability and from a mask of whole pixels.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.measure import find_contours

from .boxes import Box, boxes_of
from .fairing import fair
from .flags import areas
from .nesting import nest
from .outlines import Outlines
from .trace import trace

SMOOTHING = 1.0
MARGIN = 4
"""Pixels around an object's box: the smoothing's reach."""
CRUMB = 16.0
"""Area in square pixels below which what breaks off an object is left out."""


def contour_field(field: NDArray[np.float32], level: float = 0.5) -> Outlines:
    """Outline where a sampled field exceeds a level.

    Parameters
    ----------
    field : (h, w) float32
        Values at pixel centres.
    level : float
        The level.

    Returns
    -------
    Outlines
        Sub-pixel, with holes and islands; objects cut by the image's edge end exactly on it.
    """
    return nest(_rings(field, level, (0, 0), field.shape))


def contour_mask(mask: NDArray[np.bool_]) -> Outlines:
    """Outline a mask, smoothed with a Gaussian of sigma 1 px and then along its outline.

    Objects too small to survive the smoothing are traced along their pixel edges instead.

    Parameters
    ----------
    mask : (h, w) bool
    """
    labels, _ = ndimage.label(mask, np.ones((3, 3)))
    return contour_labels(labels.astype(np.int32), None)[0]


def contour_labels(
    labels: NDArray[np.int32],
    probability: NDArray[np.float32] | None,
    level: float = 0.5,
    boxes: Sequence[Box | None] | None = None,
) -> tuple[Outlines, NDArray[np.int32]]:
    """Outline every object of a label image.

    An object is outlined on the probability where it stands alone. Where it touches another, its mask
    smoothed with a Gaussian of sigma 1 px takes the probability's place: neighbours then share their border.

    Parameters
    ----------
    labels : (h, w) int32
        Instance labels, 0 is background.
    probability : (h, w) float32 or None
        Of being foreground; None outlines the smoothed masks.
    level : float
        Probability of the outline.
    boxes : sequence, optional
        Of each label, as `boxes_of` gives them, where they are known already.

    Returns
    -------
    outlines : Outlines
        One object a label. A label that falls into pieces, as at a neck one pixel wide, gives one object a
        piece; besides the largest only those of at least `CRUMB` square pixels.
    numbers : (n,) int32
        The label of each outline.
    """
    found: list[Outlines] = []
    numbers: list[int] = []
    for number, box in enumerate(boxes_of(labels) if boxes is None else boxes, start=1):
        if box is None:
            continue
        top, left = max(0, box[0].start - MARGIN), max(0, box[1].start - MARGIN)
        bottom, right = box[0].stop + MARGIN, box[1].stop + MARGIN
        crop = labels[top:bottom, left:right]
        own = crop == number
        rings = _rings(
            _field(own, crop, None if probability is None else probability[top:bottom, left:right], level),
            level if probability is not None else 0.5,
            (top, left),
            labels.shape,
        )
        pieces = _without_crumbs(
            nest(rings)
            if probability is not None
            else _faired(rings, _near_others(own, crop), (top, left), labels.shape)
        )
        if not len(pieces):
            pieces = _without_crumbs(trace(own).transformed(1, 1, left, top))
        found.append(pieces)
        numbers += [number] * len(pieces)
    return Outlines.concat(found), np.asarray(numbers, np.int32)


def _field(
    own: NDArray[np.bool_], crop: NDArray[np.int32], probability: NDArray[np.float32] | None, level: float
) -> NDArray[np.float32]:
    """Return the field whose level set is the object's outline."""
    if probability is None:
        return _smoothed(own)
    near_own = cv2.dilate(own.astype(np.uint8), np.ones((5, 5), np.uint8)).astype(bool)
    alone = np.where(near_own, probability, np.minimum(probability, level * 0.5))
    near_others = _near_others(own, crop)
    if not near_others.any():
        return np.asarray(alone, np.float32)
    # Scale the smoothed mask so that its half level is the outline's level.
    smooth = _smoothed(own)
    shared = smooth * (2 * level) if level <= 0.5 else 1 - (1 - smooth) * (2 * (1 - level))
    return np.asarray(np.where(near_others, shared, alone), np.float32)


def _smoothed(mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    plane = mask.astype(np.float32)
    return np.asarray(cv2.GaussianBlur(plane, (0, 0), SMOOTHING, borderType=cv2.BORDER_REFLECT), np.float32)


def _rings(
    field: NDArray[np.float32], level: float, origin: tuple[int, int], shape: tuple[int, ...]
) -> list[NDArray[np.float64]]:
    """Return closed level curves in image coordinates; a crop at the image's edge ends on that edge."""
    low = float(min(field.min(), level)) - 1.0
    # One replicated pixel carries the field to the edge and past it; the outer one closes the curve.
    clear = _off_the_level(field.astype(np.float64), level)
    padded = np.pad(np.pad(clear, 1, mode="edge"), 1, constant_values=low)
    rings = []
    height, width = shape[:2]
    for curve in find_contours(padded, level):
        ring = curve[:-1, ::-1] - 1.5 + [origin[1], origin[0]]
        ring[:, 0] = np.clip(ring[:, 0], 0, width)
        ring[:, 1] = np.clip(ring[:, 1], 0, height)
        keep = np.any(ring != np.roll(ring, 1, axis=0), axis=1)
        rings.append(ring[keep])
    return rings


def _near_others(own: NDArray[np.bool_], crop: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Mark pixels where another object decides the outline too."""
    others = ((crop > 0) & ~own).astype(np.uint8)
    return cv2.dilate(others, np.ones((5, 5), np.uint8)).astype(bool)


def _faired(
    rings: list[NDArray[np.float64]], shared: NDArray[np.bool_], origin: tuple[int, int], shape: tuple[int, ...]
) -> Outlines:
    """Return a mask's objects without their staircase; as they were where walls are too thin for that."""
    height, width = shape[:2]
    smooth = []
    for ring in rings:
        x, y = ring.T
        on_edge = (x <= 0) | (y <= 0) | (x >= width) | (y >= height)
        row = np.clip((y - origin[0]).astype(int), 0, shared.shape[0] - 1)
        column = np.clip((x - origin[1]).astype(int), 0, shared.shape[1] - 1)
        smooth.append(fair(ring, on_edge | shared[row, column], SMOOTHING))
    before, after = nest(rings), nest(smooth)
    alike = [len(before.rings(i)) for i in range(len(before))] == [len(after.rings(i)) for i in range(len(after))]
    return after if alike and all(after.shapely(i).is_valid for i in range(len(after))) else before


def _off_the_level(field: NDArray[np.float64], level: float) -> NDArray[np.float64]:
    """Keep values a thousandth of the field's range away from the level.

    A curve through a pixel's very centre may touch itself there, and is no valid polygon.
    """
    gap = 1e-3 * max(float(np.ptp(field)), 1e-6)
    near = np.where(field > level, level + gap, level - gap)
    return np.where(np.abs(field - level) < gap, near, field)


def _without_crumbs(pieces: Outlines) -> Outlines:
    if len(pieces) < 2:
        return pieces
    sizes = areas(pieces)
    return pieces.subset(np.flatnonzero((sizes >= CRUMB) | (np.arange(len(pieces)) == sizes.argmax())))
