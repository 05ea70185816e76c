"""How sure a result is: an image's expected overlap with the truth, and what speaks against each of its objects."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from spheroseg_widgets.outlines.boxes import Box, boxes_of, padded

from .centre_distance import smoothed
from .touching import touching

MAY_BE = 0.1
"""Probability from which a pixel outside of every object counts as perhaps missed."""
SURE_PEAK = 0.8
"""Centre distance, smoothed, that an object's middle reaches where the network is sure of it."""
LOW_CONFIDENCE = 0.6
"""Objects below this are worth a look: on real images kept out of training (the model card has the figures) most of
them overlap the annotation by less than 0.8."""


def expected_iou(foreground: NDArray[np.float32], mask: NDArray[np.bool_], least_area: float) -> float:
    """Return the expected intersection over union of an image's mask with what is there.

    With calibrated probabilities p the expected intersection is the sum of p over the mask, and the expected union the
    mask's area plus the sum of p over the pixels outside that may belong to a spheroid (a ratio of expectations in
    place of the expectation of a ratio: Nowozin, CVPR 2014).

    Parameters
    ----------
    foreground : (h, w) float32
        Probability of belonging to a spheroid, 0 to 1.
    mask : (h, w) bool
        What was found.
    least_area : float
        Area of the smallest object that counts, in the map's pixels: of an image where nothing was found, what the
        expected foreground is compared with. Far from 0 beside it, something may be there.

    Returns
    -------
    float
        0 to 1; 1 where nothing was found and nothing is expected.
    """
    # Faint haze all over a large field adds up to much and means nothing: only what may well be foreground counts.
    area, inside = _sum(foreground, mask)
    _, missed = _sum(foreground, ~mask & (foreground > MAY_BE))
    return inside / (area + missed) if area else least_area / (least_area + missed)


def _sum(values: NDArray[np.float32], mask: NDArray[np.bool_]) -> tuple[int, float]:
    """Return how many pixels a mask has, and the sum of their values."""
    chosen = mask.view(np.uint8)
    count = cv2.countNonZero(chosen)
    return count, cv2.mean(values, mask=chosen)[0] * count


def object_confidence(
    labels: NDArray[np.int32],
    foreground: NDArray[np.float32],
    distance: NDArray[np.float32] | None,
    boxes: Sequence[Box | None] | None = None,
) -> NDArray[np.float32]:
    """Return how sure every object is: its foreground, its middle, and what divides it from its neighbours.

    The mean foreground probability inside, times the geometric mean of two shares of 1: how far the centre distance
    rises towards `SURE_PEAK`, and how far it falls along the border with a neighbour (an object on its own has 1).
    A mean foreground alone says nothing of clumps that were divided wrongly, which is how most objects fail.

    Parameters
    ----------
    labels : (h, w) int32
        Instance labels 0..n.
    foreground : (h, w) float32
        Probability of belonging to a spheroid.
    distance : (h, w) float32 or None
        Centre distance; None leaves the mean foreground probability.
    boxes : sequence, optional
        Of each label, as `boxes_of` gives them, where they are known already.

    Returns
    -------
    (n + 1,) float32
        By label, 0 to 1; that of the background means nothing.
    """
    boxes = boxes_of(labels) if boxes is None else boxes
    sure = np.zeros(len(boxes) + 1, np.float32)
    for number, box in enumerate(boxes, start=1):
        if box is None:
            continue
        own = labels[box] == number
        sure[number] = foreground[box][own].mean(dtype=np.float64)
        if distance is not None:
            peak = max(float(smoothed(distance, box)[own].max()), 1e-6)
            divided = 1 - min(_seam(labels, distance, number, box) / peak, 1)
            sure[number] *= np.sqrt(min(peak / SURE_PEAK, 1) * divided)
    return sure


def _seam(labels: NDArray[np.int32], distance: NDArray[np.float32], number: int, box: Box) -> float:
    """Return the largest centre distance, smoothed, along the border of an object with its neighbours."""
    around = padded(box, 1)
    near = labels[around]
    if not np.any((near > 0) & (near != number)):
        return 0.0
    one, other = touching(near)
    flat = near.ravel()
    of_own = (flat[one] == number) | (flat[other] == number)
    if not of_own.any():
        return 0.0
    within = (
        slice(around[0].start, around[0].start + near.shape[0]),
        slice(around[1].start, around[1].start + near.shape[1]),
    )
    smooth = smoothed(distance, within).ravel()
    return float(np.minimum(smooth[one[of_own]], smooth[other[of_own]]).max())
