"""How sure a result is: an image's expected overlap with the truth, and what speaks against each of its objects."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

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
    missed = float(foreground[~mask & (foreground > MAY_BE)].sum())
    if not mask.any():
        return least_area / (least_area + missed)
    return float(foreground[mask].sum() / (mask.sum() + missed))


def object_confidence(
    labels: NDArray[np.int32], foreground: NDArray[np.float32], distance: NDArray[np.float32] | None
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

    Returns
    -------
    (n + 1,) float32
        By label, 0 to 1; that of the background means nothing.
    """
    inside = np.flatnonzero(labels > 0)
    of_inside = labels.ravel()[inside]
    mean = np.bincount(of_inside, foreground.ravel()[inside]) / np.maximum(np.bincount(of_inside), 1)
    if distance is None or not len(inside):
        return mean.astype(np.float32)
    smooth = cv2.GaussianBlur(distance, (0, 0), 1.0)
    peak, seam = np.full((2, len(mean)), 1e-6, np.float32)
    np.maximum.at(peak, of_inside, smooth.ravel()[inside])
    one, other = touching(labels)
    height = np.minimum(smooth.ravel()[one], smooth.ravel()[other])
    for side in (one, other):
        np.maximum.at(seam, labels.ravel()[side], height)
    divided = 1 - np.minimum(seam / peak, 1)
    return (mean * np.sqrt(np.minimum(peak / SURE_PEAK, 1) * divided)).astype(np.float32)
